package authoring_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// long is a text that no complaint may quote as a whole.
var long = strings.Repeat("long-ü ", 50_000)

// told checks that complaints are short, and that there are some.
func told(t *testing.T, all []parlance.Diagnostic) {
	t.Helper()
	if len(all) == 0 {
		t.Fatal("nothing is said of it")
	}
	for _, d := range all {
		if len(d.Message) > 700 || len(d.Hint) > 510 {
			t.Errorf("%s: the message has %d bytes, the hint %d", d.Rule, len(d.Message), len(d.Hint))
		}
		if !utf8.ValidString(d.Message) || !utf8.ValidString(d.Hint) {
			t.Errorf("%s: it is cut inside of a character", d.Rule)
		}
	}
}

func TestAComplaintAboutALongTextIsShort(t *testing.T) {
	t.Parallel()
	const codes = "dialect: a\ncodes: {200: success, 4xx: invalid}\n"
	quoted, word := `"`+long+`"`, strings.Repeat("w", 100_000)
	for name, source := range map[string]string{
		"a key":                 codes + quoted + ": 1\n",
		"the name":              "dialect: " + quoted + "\ncodes: {200: success}\n",
		"the language":          codes + "language: " + quoted + "\n",
		"what it extends":       "dialect: a\nextends: " + quoted + "\n",
		"a form":                codes + "forms: [" + quoted + "]\n",
		"a code":                "dialect: a\ncodes: {200: success, " + quoted + ": invalid}\n",
		"a code twice":          "dialect: a\ncodes: {200: success, " + quoted + ": invalid, " + quoted + ": invalid}\n",
		"a kind":                "dialect: a\ncodes: {200: " + quoted + "}\n",
		"a key of a row":        "dialect: a\ncodes: {200: {kind: success, " + quoted + ": 1}}\n",
		"a retry":               "dialect: a\ncodes: {400: {kind: invalid, retry: " + quoted + "}}\n",
		"a wait":                "dialect: a\ncodes: {400: {kind: invalid, retry: {after: " + quoted + "}}}\n",
		"a name after is":       codes + "shapes: [{name: s, is: " + word + ", json: {a: $detail}}]\n",
		"a name that a row has": "dialect: a\ncodes: {200: success, 400: {kind: invalid, is: " + word + "}}\n",
		"a definition":          codes + "define: {" + quoted + ": $detail}\n",
		"an unused definition":  codes + "define: {" + word + ": $detail}\n",
		"the name of a shape":   codes + "shapes: [{name: " + quoted + ", read_only: true, write_only: true, json: {a: $detail}}]\n",
		"a key of a shape":      codes + "shapes: [{name: s, " + quoted + ": 1, json: {a: $detail}}]\n",
		"a status of a shape":   codes + "shapes: [{name: s, status: " + quoted + ", json: {a: $detail}}]\n",
		"an attribute":          codes + "shapes: [{name: s, json: {a: $" + word + "}}]\n",
		"a notation":            codes + "shapes: [{name: s, json: {a: $detail:" + word + "}}]\n",
		"a pattern":             codes + "shapes: [{name: s, json: {a: '{$" + word + "} b'}}]\n",
		"a member twice":        codes + "shapes: [{name: s, json: {" + `"a|` + word + `": $detail, ` + word + ": $code}}]\n",
		"an element of XML":     codes + "shapes: [{name: s, xml: {" + quoted + ": $detail}}]\n",
		"a header":              codes + "shapes: [{name: s, headers: {" + quoted + ": $detail}}]\n",
		"a key of a sample":     codes + "samples: [{" + quoted + ": 1}]\n",
		"a sample that differs": codes + "shapes: [{name: s, status: 4xx, json: {a: $detail}}]\nsamples: [{status: 400, json: {a: " + quoted + "}, outcome: {kind: invalid, detail: b" + word + "}}]\n",
		"no YAML":               "dialect: a\n" + long + "\n" + long + ": [\n",
		"a thousand codes":      "dialect: a\ncodes: {200: success" + strings.Repeat(", aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: invalid", 100) + "}\nshapes: [{name: s, is: b, json: {a: $detail}}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told(t, authoring.Lint("a.yaml", []byte(source)))
		})
	}
}

func TestAComplaintAboutAResponseIsShort(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("a.yaml", []byte(`dialect: a
codes: {200: success, 400: invalid, b: {kind: invalid, status: 400}, known: {kind: invalid, status: 400}}
shapes:
  - {name: s, status: 200, json: {code?: $code, items?: [{id: $item, code: $item.code}]}}
  - {name: x, status: 200, xml: {Error: {Code: $code}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"a code":           `{"code":"` + long + `"}`,
		"codes of items":   `{"items":[{"id":"` + long + `","code":"` + long + `"}]}`,
		"no JSON":          `{"` + long + `"`,
		"no XML":           `<Error><` + strings.Repeat("w", 100_000) + `></Error>`,
		"a code in XML":    `<Error><Code>` + long + `</Code></Error>`,
		"an entity of XML": `<Error><Code>&` + strings.Repeat("w", 100_000) + `;</Code></Error>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told(t, d.Decode(dialect.Request{}, dialect.Response{Status: 200, Body: []byte(body)}).Diagnostics)
		})
	}
}

func TestAShortComplaintStillNamesWhatItIsAbout(t *testing.T) {
	t.Parallel()
	_, err := dialect.Compile("a.yaml", []byte("dialect: a\ncodes: {200: success}\n\""+long+"\": 1\n"))
	var faults *dialect.FileError
	if !errors.As(err, &faults) || !strings.HasPrefix(faults.Diagnostics[0].Message, `unknown key "long-ü long-ü `) || !strings.Contains(faults.Diagnostics[0].Message, `…"; expected one of dialect, title, `) {
		t.Errorf("it says %v", err)
	}
}
