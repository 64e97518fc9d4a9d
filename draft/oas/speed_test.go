package oas_test

import (
	"bytes"
	"fmt"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/draft/oas"
	"github.com/parlance-api/parlance/openapi"
)

// large is a document in JSON of some length, as generators write it: many operations, each
// with a schema of its own for the success and a reference for each failure.
func large(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"openapi":"3.1.0","info":{"title":"Large","version":"1"},"components":{"schemas":{"Error":{"type":"object","required":["code","message"],"properties":{"code":{"type":"string","enum":["not_found","locked"]},"message":{"type":"string"}}}}},"paths":{` + "\n")
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `"/things%d/{id}":{"get":{"operationId":"get%d","summary":"Get the thing of that number, with all that belongs to it","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],"responses":{"200":{"description":"The thing","content":{"application/json":{"schema":{"type":"object","properties":{"id":{"type":"string"},"name":{"type":"string","description":"The name of the thing as its owner wrote it"},"tags":{"type":"array","items":{"type":"string"}}}}}}},"404":{"description":"There is none","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}},"429":{"description":"Too many","headers":{"Retry-After":{"schema":{"type":"integer"}}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}}}}}`, i, i)
	}
	b.WriteString("}}\n")
	return b.Bytes()
}

// block is a document in the style in which people write YAML.
func block(n *yaml.Node) {
	n.Style = 0
	for _, e := range n.Content {
		block(e)
	}
}

// BenchmarkImport measures the import of a document of 20 MB, and its parts.
func BenchmarkImport(b *testing.B) {
	text := large(20 << 20)
	tree, err := openapi.ReadTree("large.json", text)
	if err != nil {
		b.Fatal(err)
	}
	d := oas.Describe(tree)
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tree, err := openapi.ReadTree("large.json", text)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := draft.FromDescription("large", oas.Describe(tree)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("YAML", func(b *testing.B) {
		var tree yaml.Node
		if err := yaml.Unmarshal(text, &tree); err != nil {
			b.Fatal(err)
		}
		block(&tree)
		inYAML, err := yaml.Marshal(&tree)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(inYAML)))
		for b.Loop() {
			if _, err := openapi.ReadTree("large.yaml", inYAML); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := openapi.ReadTree("large.json", text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("describe", func(b *testing.B) {
		for b.Loop() {
			oas.Describe(tree)
		}
	})
	b.Run("draft", func(b *testing.B) {
		for b.Loop() {
			if _, err := draft.FromDescription("large", d); err != nil {
				b.Fatal(err)
			}
		}
	})
}
