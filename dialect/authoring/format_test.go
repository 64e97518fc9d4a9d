package authoring_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

func TestAFileIsLaidOutInOneWay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, source, want string }{
		{"the keys stand in one order, each with its comments", `# the file
samples: []   # none
# what it means
codes: {404: not_found}
  # of the codes
# what it is
dialect: a
# the end
`, `# the file
# what it is
dialect: a
# what it means
codes: {404: not_found}
# of the codes
samples: []   # none
# the end
`},
		{"two blanks, and no empty lines", "dialect: a\n\ncodes:\n    404:   not_found   # gone\n\n    # the server's\n    500:\n        kind:   internal\n", `dialect: a
codes:
  404: not_found     # gone
  # the server's
  500:
    kind: internal
`},
		{"lists stand deeper than their key", "dialect: a\nsource:\n- one\n-   two\nshapes:\n- name: x\n  json:\n  - a: $detail\n    b: 1\n- {name: y,text: $detail}\n", `dialect: a
source:
  - one
  - two
shapes:
  - name: x
    json:
      - a: $detail
        b: 1
  - {name: y, text: $detail}
`},
		{"one blank inside brackets' commas and colons", "dialect: a\ncodes: { 404 : not_found,500: { kind: internal ,help: \"a, b\" } }\n", "dialect: a\ncodes: {404: not_found, 500: {kind: internal, help: \"a, b\"}}\n"},
		{"quotes only where they are needed", `dialect: "a"
title: 'An API'
source: ["one: two", "a # b", 'it', "yes", "12", "1.0", "", " a", "b ", "null", "~", "*", "a:b", "a: b"]
support: {"contact": 'it', after: "12"}
shapes:
  - {name: "x", json: {"a": "detail", "b!": "$detail", c: 'field.code', d: "{_}", "@e": "$code:int"}}
`, `dialect: a
title: An API
source: ["one: two", "a # b", 'it', "yes", "12", "1.0", "", " a", "b ", "null", "~", "*", "a:b", "a: b"]
support: {contact: it, after: "12"}
shapes:
  - {name: x, json: {a: "detail", b!: $detail, c: 'field.code', d: "{_}", "@e": $code:int}}
`},
		{"a text of several lines keeps them", "dialect: a\nsamples:\n- response: |\n    HTTP/1.1 200 OK\n\n    # no comment\n      deeper\n  outcome: {kind: success}\n- response: >-\n        folded\n        text\n", `dialect: a
samples:
  - response: |
      HTTP/1.1 200 OK

      # no comment
        deeper
    outcome: {kind: success}
  - response: >-
      folded
      text
`},
		{"what stands in several lines stays so", "dialect: a\ncodes: {\n  404: not_found,   # gone\n  500: internal\n}\ntitle: \"two\n  lines\"\nsource:\n    plain\n      text\n", "dialect: a\ntitle: \"two\n  lines\"\nsource: plain\n      text\ncodes: {\n  404: not_found,   # gone\n  500: internal\n}\n"},
		{"comments beside what moves keep their column", "dialect: \"a\"      # one\ntitle: b          # two\n", "dialect: a        # one\ntitle: b          # two\n"},
		{"windows lines and a byte order mark", "\ufeffdialect: a\r\ncodes: {404: not_found}\r\n", "dialect: a\ncodes: {404: not_found}\n"},
		{"keys that nobody knows come last, in their order", "zeta: 1\ndialect: a\nalpha: 2\n", "dialect: a\nzeta: 1\nalpha: 2\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := authoring.Format([]byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			again, err := authoring.Format(got)
			if err != nil || !bytes.Equal(again, got) {
				t.Errorf("a second time, %v\n%s", err, again)
			}
		})
	}
}

func TestWhatIsNoDialectFileIsNotLaidOut(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"", "a: [", "- a\n", "a: &b 1\n", "a: !!str 1\n", "a: 1\n---\nb: 2\n", "a: 1\na: 2\n"} {
		var faults *dialect.FileError
		if out, err := authoring.Format([]byte(source)); !errors.As(err, &faults) || len(faults.Diagnostics) == 0 {
			t.Errorf("%q: %v\n%s", source, err, out)
		}
	}
}

func TestTheCatalogIsLaidOutSoAndMeansTheSame(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../catalog/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, "../internal/spec/http.yaml") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := authoring.Format(source)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		sameValues(t, source, got)
		if want := bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n")); !bytes.Equal(got, want) {
			t.Errorf("%s is laid out otherwise; run parlance fmt -w %s", file, file)
		}
	}
}

// sameValues holds two files to the same plain values.
func sameValues(t *testing.T, a, b []byte) {
	t.Helper()
	var before, after any
	if err := yaml.Unmarshal(a, &before); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, &after); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("it means something else\n%s\nnow\n%s", a, b)
	}
}

// FuzzFormat: whatever is laid out means what it meant, and is not laid out
// otherwise a second time.
func FuzzFormat(f *testing.F) {
	// Small ones: a fuzzer spends its time on making large ones smaller. The
	// catalog is held by the test above.
	for _, source := range []string{
		"# a\ndialect: a\ncodes:\n  200, 201: success   # b\n  404: {kind: not_found, help: \"a, b\"}\nshapes:\n  - name: c\n    json: {a?: $detail, b: [{'d': 1}]}\nsamples:\n  - response: |\n      HTTP/1.1 404\n\n      {}\n    outcome: {kind: not_found}\n",
		"a: 1 # b\n# c\nb:\n - 1\n # d\n - - 2\n   - 3\n", "a: |2\n    b\n\nc: >+\n  d\n\ne: 'f\n\n  g'\n", "{a: b, c: [d, e: f]}\n",
		"a: {b, c: , d: }\n", "? a\n: b\n", "a:\n  b\n  c\nd: - 1\n", "--- # x\na: 1\n...\n", "a:\n-\n  b: 1\n- # y\n  c: 2\n", "a: \"b\\\n  c\"\n", "é: \"ü\" # ö\n",
	} {
		f.Add([]byte(source))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		once, err := authoring.Format(source)
		var faults *dialect.FileError
		if errors.As(err, &faults) {
			return
		}
		if err != nil {
			t.Skip(err) // rather than change what it means
		}
		if source = bytes.TrimPrefix(source, []byte("\ufeff")); !bytes.HasSuffix(source, []byte("\n")) {
			source = append(bytes.Clone(source), '\n')
		}
		sameValues(t, source, once)
		twice, err := authoring.Format(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("a second time, %v\n%s\nbefore\n%s", err, twice, once)
		}
	})
}
