package openapi_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/openapi"
)

// TestEveryDialectIsExportedAsADocumentWithoutFaults exports all dialects and reads them.
func TestEveryDialectIsExportedAsADocumentWithoutFaults(t *testing.T) {
	t.Parallel()
	all, err := catalog.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		text, err := openapi.Export(d)
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		document, err := openapi.Read(d.Name()+".yaml", text)
		if err != nil {
			t.Errorf("%s: %v\n%s", d.Name(), err, text)
			continue
		}
		for _, w := range document.Warnings() {
			t.Errorf("%s: %v", d.Name(), w)
		}
	}
}

// TestTheRestOfADocumentKeepsItsText adds the responses of a dialect to documents of each
// layout.
func TestTheRestOfADocumentKeepsItsText(t *testing.T) {
	t.Parallel()
	d, err := catalog.Open("vbapi")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/into/*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, "testdata/cameras-3.1.yaml", "testdata/cameras-3.0.json") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		merged, err := openapi.Into(file, source, d)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		document, err := openapi.Read(file, merged.Text)
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, merged.Text)
			continue
		}
		for _, w := range document.Warnings() {
			t.Errorf("%s: %v", file, w)
		}
		for _, o := range document.Operations() {
			if !slices.Contains(o.Statuses, "404") || !slices.Contains(o.Statuses, "500") {
				t.Errorf("%s: %s %s: got the statuses %v, want 404 and 500 among them", file, o.Method, o.Path, o.Statuses)
			}
		}
		if rest := without(source, merged.Text); rest != "" {
			t.Errorf("%s: the text is not kept: %q is gone\n%s", file, rest, merged.Text)
		}
		var before, after any
		if yaml.Unmarshal(source, &before) != nil || yaml.Unmarshal(merged.Text, &after) != nil || !holds(after, before) {
			t.Errorf("%s: a value is gone\n%s", file, merged.Text)
		}
		again, err := openapi.Into(file, merged.Text, d)
		if err != nil || again.Added != 0 || string(again.Text) != string(merged.Text) {
			t.Errorf("%s: the second time: got %d responses more (%v), want none", file, again.Added, err)
		}
	}
}

// without is where a text leaves another from which nothing may be taken: "" if all its
// bytes stand there in their order.
func without(source, other []byte) string {
	for i, b := range source {
		at := bytes.IndexByte(other, b)
		if at < 0 {
			return string(source[i:])
		}
		other = other[at+1:]
	}
	return ""
}

// holds reports that a document has all that another one has.
func holds(document, part any) bool {
	switch part := part.(type) {
	case map[string]any:
		whole, ok := document.(map[string]any)
		for name, value := range part {
			ok = ok && holds(whole[name], value)
		}
		return ok
	case []any:
		whole, ok := document.([]any)
		ok = ok && len(whole) == len(part)
		for i := range part {
			ok = ok && holds(whole[i], part[i])
		}
		return ok
	}
	return document == part
}
