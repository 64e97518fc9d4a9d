package openapi

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestJSONIsReadAsTheParserOfYAMLReadsIt(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, ` {"a": [1, -2.5e3, 0, true, false, null, "x"]}`, "{\n \"a\":\n\t{\"b\": \"\\u00e9\\ud83d\\ude00\\n\\\"\\/\"}\n}\n", `{"a":{"b":[[],{}]}}`, `{"größe":"é"}`,
	} {
		n, ok := parseJSON([]byte(text))
		if !ok {
			t.Errorf("%s: it is not read", text)
			continue
		}
		var want any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		s := newSource("a.json", nil)
		got, _ := s.value(n)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestWhatIsNotJSONIsLeftToYAML(t *testing.T) {
	t.Parallel()
	for _, text := range []string{``, `[]`, `{"a":01}`, `{"a":1,}`, `{a: 1}`, `{"a":1} x`, `{"a":"\x"}`, `{"a":"`, `{"a":tru}`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", `{"a":1.}`, `{"a":-}`, `{"a":1e}`, `{"a":"\u12"}`} {
		if n, ok := parseJSON([]byte(text)); ok {
			t.Errorf("%q: got %v, want nothing", text, n)
		}
	}
}

func TestAPlaceInJSONHasItsLineAndColumn(t *testing.T) {
	t.Parallel()
	n, ok := parseJSON([]byte("{\n  \"a\": {\"b\": 1}\n}"))
	if !ok {
		t.Fatal("it is not read")
	}
	at := n.Content[1].Content[1]
	if got, want := fmt.Sprint(at.Line, ":", at.Column), "2:14"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestANodeFollowsReferences(t *testing.T) {
	t.Parallel()
	tree, err := ReadTree("a.yaml", []byte(`openapi: 3.1.0
info: {title: A, version: "1"}
paths:
  /a:
    get:
      responses:
        "404": {$ref: "#/components/responses/none"}
components:
  responses:
    none: {description: There is none}
`))
	if err != nil {
		t.Fatal(err)
	}
	r := tree.Root().Get("paths", "/a", "get", "responses", "404")
	if got := r.Get("description").Text(); got != "There is none" {
		t.Errorf("got %q", got)
	}
	if r != tree.Root().Get("components", "responses", "none") {
		t.Error("a reference and its target are two places")
	}
	if got, want := string(r.JSON()), `{"description":"There is none"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if n := tree.Root().Get("nothing", "there"); !n.IsZero() || n.Text() != "" || n.JSON() != nil {
		t.Errorf("got %v, want no value", n)
	}
}

func TestALongDocumentIsNotHeldAgainstTheSchemaAndThatIsSaid(t *testing.T) {
	t.Parallel()
	text := append([]byte(`{"openapi":"3.1.0","info":{"title":"A"},"paths":{},"x-long":"`), make([]byte, 0, MaxHeld)...)
	for len(text) < MaxHeld {
		text = append(text, "0123456789abcdef"...)
	}
	tree, err := ReadTree("a.json", append(text, `"}`...))
	if err != nil {
		t.Fatal(err)
	}
	want := "the document is longer than 4 MiB, so it was not held against the schema of OpenAPI"
	if w := tree.Warnings(); len(w) != 1 || w[0].Message != want {
		t.Errorf("got %v, want %s", w, want)
	}
}

// FuzzTree: whatever is JSON has the same value by both parsers, and no document ends the
// program.
func FuzzTree(f *testing.F) {
	files, err := filepath.Glob("testdata/cameras*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"a":{"$ref":"#/a"},"b":[1e3,"\u00e9"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if tree, err := ReadTree("a.yaml", text); err == nil {
			for _, n := range tree.Root().Members() {
				_, _ = n.JSON(), n.Resolved().Text()
			}
		}
		if _, ok := parseJSON(text); ok && !json.Valid(text) {
			t.Errorf("%q is read, and is not JSON", text)
		}
	})
}
