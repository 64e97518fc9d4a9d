package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect/authoring"
)

// compileSchema reads what parlance schema prints.
func compileSchema(t *testing.T, of ...string) *jsonschema.Schema {
	t.Helper()
	stdout, stderr, exit := invoke(t, "", append([]string{"schema"}, of...)...)
	if exit != exitClean {
		t.Fatal(stderr)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("dialect.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("dialect.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON is a YAML file as editors hand it to a schema: keys are texts. It is
// nil for what is not YAML, or not without anchors.
func asJSON(t *testing.T, file string) any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return yamlAsJSON(t, text)
}

func yamlAsJSON(t *testing.T, text []byte) any {
	t.Helper()
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil || len(document.Content) == 0 {
		return nil
	}
	var b bytes.Buffer
	if !appendYAML(&b, document.Content[0]) {
		return nil
	}
	v, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func appendYAML(b *bytes.Buffer, n *yaml.Node) bool {
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			key, _ := json.Marshal(n.Content[i].Value)
			b.Write(append(key, ':'))
			if !appendYAML(b, n.Content[i+1]) {
				return false
			}
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if !appendYAML(b, c) {
				return false
			}
		}
		b.WriteByte(']')
	case yaml.ScalarNode:
		switch {
		case n.Tag == "!!null":
			b.WriteString("null")
		case (n.Tag == "!!int" || n.Tag == "!!bool" || n.Tag == "!!float") && json.Valid([]byte(n.Value)):
			b.WriteString(n.Value)
		default:
			text, _ := json.Marshal(n.Value)
			b.Write(text)
		}
	default:
		return false
	}
	return true
}

func TestEveryDialectOfTheCatalogFitsTheSchema(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	files, err := filepath.Glob("../../catalog/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	drafts, err := filepath.Glob("../../draft/testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mended, err := filepath.Glob("../../dialect/authoring/testdata/faults/*.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(append(append(files, drafts...), mended...), "../../dialect/internal/spec/http.yaml") {
		if err := schema.Validate(asJSON(t, file)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestAnUnknownKeyDoesNotFitTheSchema(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	goldens, err := filepath.Glob("../../dialect/authoring/testdata/faults/*.golden")
	if err != nil || len(goldens) < 40 {
		t.Fatal(goldens, err)
	}
	tried := 0
	for _, golden := range goldens {
		said, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(string(said), "\n") {
			if !strings.Contains(line, "[unknown_key]") || !strings.Contains(line, "unknown key \"") && !strings.Contains(line, "key of a row") &&
				!strings.Contains(line, "key of a shape") && !strings.Contains(line, "key of a sample") {
				continue
			}
			tried++
			file := strings.TrimSuffix(golden, ".golden") + ".bad.yaml"
			if v := asJSON(t, file); v != nil && schema.Validate(v) == nil {
				t.Errorf("%s fits, and lint says %s", file, line)
			}
			break
		}
	}
	if tried == 0 {
		t.Error("no fixture has an unknown key")
	}
}

// TestTheSchemaHasTheKeysOfTheLanguage holds it to the list that lint gives with
// an unknown key.
func TestTheSchemaHasTheKeysOfTheLanguage(t *testing.T) {
	t.Parallel()
	stdout, _, _ := invoke(t, "", "schema")
	type object struct {
		Properties map[string]any `json:"properties"`
	}
	var schema struct {
		object
		Defs struct{ Row, Shape, Sample object } `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(stdout), &schema); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		file string
		has  object
	}{
		{"dialect: a\nnokey: 1\ncodes: {200: success}\n", schema.object},
		{"dialect: a\ncodes: {200: {kind: success, nokey: 1}}\n", schema.Defs.Row},
		{"dialect: a\ncodes: {200: success}\nshapes: [{text: $detail, nokey: 1}]\n", schema.Defs.Shape},
		{"dialect: a\ncodes: {200: success}\nsamples: [{response: HTTP/1.1 200 OK, outcome: {kind: success}, nokey: 1}]\n", schema.Defs.Sample},
	} {
		var said []string
		for _, d := range authoring.Lint("a.yaml", []byte(test.file)) {
			if _, list, ok := strings.Cut(d.Message, "\"nokey\"; expected one of "); ok {
				said = strings.Split(list, ", ")
			}
		}
		slices.Sort(said)
		if has := slices.Sorted(maps.Keys(test.has.Properties)); !slices.Equal(said, has) {
			t.Errorf("the schema has %v, the language %v", has, said)
		}
	}
}
