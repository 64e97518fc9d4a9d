package validate

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is a compiled JSON Schema. It is immutable and safe for concurrent use.
type Schema struct {
	compiled *jsonschema.Schema
	order    map[string]int // JSON pointers of the document, in its order
}

// Compile reads a JSON Schema, draft 2020-12 unless its $schema names another. These
// formats are checked: those of JSON Schema, url (a web address with a host), int32 and
// the like, and the given ones. References must be within the schema; nothing is
// fetched.
func Compile[T ~string | ~[]byte](document T, formats ...Format) (*Schema, error) {
	d, err := newDocument([]byte(document), formats)
	if err != nil {
		return nil, err
	}
	return d.schema("")
}

// MustCompile is Compile for a schema that is part of the program: it panics on an
// error.
func MustCompile[T ~string | ~[]byte](document T, formats ...Format) *Schema {
	s, err := Compile(document, formats...)
	if err != nil {
		panic(err)
	}
	return s
}

// schemaLimits bound nothing that a person would write.
var schemaLimits = limits{depth: 1000, values: 10_000_000}

// document is JSON that has schemas in it: a schema itself or an OpenAPI document.
type document struct {
	root     any
	compiler *jsonschema.Compiler
	order    map[string]int
}

// documentURL is the name of the document within the compiler; it is never shown.
const documentURL = "urn:parlance:document"

func newDocument(data []byte, own []Format) (*document, error) {
	root, refused := schemaLimits.parse(data)
	if refused != nil {
		return nil, fmt.Errorf("validate: the schema is not JSON: %w", refused.err(data))
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(jsonschema.SchemeURLLoader{}) // none: a schema must not open files
	for name := range standardFormats() {     // else draft 7 asserts them by itself
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(any) error { return nil }})
	}
	vocabulary := formats(own)
	vocabulary.Schema = anything()
	c.RegisterVocabulary(vocabulary)
	c.AssertVocabs()
	if err := c.AddResource(documentURL, root); err != nil {
		return nil, fmt.Errorf("validate: %w", err)
	}
	return &document{root, c, orderOf(data)}, nil
}

// anything is the schema that all values are good for.
func anything() *jsonschema.Schema {
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:parlance:anything", true); err != nil {
		panic(err)
	}
	return c.MustCompile("urn:parlance:anything")
}

// schema is the one at a JSON pointer of the document.
func (d *document) schema(pointer string) (*Schema, error) {
	location := documentURL
	if pointer != "" {
		location += "#" + (&url.URL{Path: pointer}).EscapedPath()
	}
	compiled, err := d.compiler.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("validate: %s", strings.ReplaceAll(err.Error(), documentURL, ""))
	}
	return &Schema{compiled, d.order}, nil
}

// orderOf numbers the names of a JSON document that was read already.
func orderOf(data []byte) map[string]int {
	order := map[string]int{}
	for d := jsontext.NewDecoder(newBuffer(data)); ; {
		if _, err := d.ReadToken(); err != nil {
			return order
		}
		pointer := string(d.StackPointer())
		if _, known := order[pointer]; !known {
			order[pointer] = len(order)
		}
	}
}

// at is the schema of the value at a location, nil where none is its own.
func (s *Schema) at(location []string) *jsonschema.Schema {
	at := s.compiled
	for _, name := range location {
		if at = child(at, name, 0); at == nil {
			return nil
		}
	}
	return at
}

// maxHops bounds how far references and alternatives are followed, for they may go
// round and branch.
const maxHops = 8

// child is the schema of a member or an item.
func child(s *jsonschema.Schema, name string, hops int) *jsonschema.Schema {
	if s == nil || hops > maxHops {
		return nil
	}
	if c := s.Properties[name]; c != nil {
		return c
	}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 {
		if i < len(s.PrefixItems) {
			return s.PrefixItems[i]
		}
		if s.Items2020 != nil {
			return s.Items2020
		}
		if items, ok := s.Items.(*jsonschema.Schema); ok {
			return items
		}
	}
	for _, other := range alike(s) {
		if c := child(other, name, hops+1); c != nil {
			return c
		}
	}
	if c, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		return c
	}
	return nil
}

// alike are the schemas of the same value.
func alike(s *jsonschema.Schema) []*jsonschema.Schema {
	all := append([]*jsonschema.Schema{}, s.AllOf...)
	if s.Ref != nil {
		all = append(all, s.Ref)
	}
	return append(append(append(all, s.AnyOf...), s.OneOf...), s.Then, s.Else)
}

// title is what the schema calls the value at a location.
func (s *Schema) title(location []string) string { return titleOf(s.at(location), 0) }

func titleOf(s *jsonschema.Schema, hops int) string {
	switch {
	case s == nil || hops > maxHops:
		return ""
	case s.Title != "":
		return s.Title
	}
	for _, other := range alike(s) {
		if title := titleOf(other, hops+1); title != "" {
			return title
		}
	}
	return ""
}

// check is what is wrong with a value, in no order.
func (s *Schema) check(value any) []violation {
	err := s.compiled.Validate(value)
	if err == nil {
		return nil
	}
	all := s.violations(err.(*jsonschema.ValidationError))
	s.relocate(value, all)
	return all
}

// asText is a value as a JSON text, for messages.
func asText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
