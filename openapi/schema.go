package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi/datamodel"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v4"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/parlance-api/parlance"
)

// schema is the JSON Schema of a version of the OpenAPI Specification.
type schema struct {
	compiled func() (*jsonschema.Schema, error)
}

// schemas are those of the OpenAPI Initiative, by version. Each is compiled once, if it is needed.
var schemas = map[string]schema{
	"3.0": {sync.OnceValues(func() (*jsonschema.Schema, error) { return compiled(datamodel.OpenAPI3SchemaData) })},
	"3.1": {sync.OnceValues(func() (*jsonschema.Schema, error) { return compiled(datamodel.OpenAPI31SchemaData) })},
	"3.2": {sync.OnceValues(func() (*jsonschema.Schema, error) { return compiled(datamodel.OpenAPI32SchemaData) })},
}

func compiled(text string) (*jsonschema.Schema, error) {
	var document any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{}) // nothing is fetched
	const name = "urn:parlance:openapi"
	if err := c.AddResource(name, document); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// hold reports each place that breaks the schema.
func (s *source) hold(by schema, value any) {
	compiled, err := by.compiled()
	if err != nil {
		s.report(parlance.SeverityError, nil, "openapi_document", "the schema of OpenAPI cannot be compiled: "+err.Error(), "")
		return
	}
	var broken *jsonschema.ValidationError
	if errors.As(compiled.Validate(value), &broken) {
		s.broken(broken)
	}
}

// broken reports the faults below one: of alternatives, those of the alternative that
// was meant.
func (s *source) broken(e *jsonschema.ValidationError) {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		if meant := meant(e.Causes); meant != nil {
			s.broken(meant)
			return
		}
	}
	if k, ok := e.ErrorKind.(*kind.PropertyNames); ok {
		// The library gives the depth of the object, but a path that it went later.
		if key := member(s.root, len(e.InstanceLocation), k.Property); key != nil {
			s.warn(key, []string{k.Property}, "this is not a good name for a member")
		}
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			s.broken(cause)
		}
		return
	}
	where := e.InstanceLocation
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			s.warn(s.key(append(slices.Clone(where), name)), append(slices.Clone(where), name), "this member is not known here")
		}
	case *kind.FalseSchema:
		s.warn(s.key(where), where, "this member is not known here")
	default:
		at, _ := s.place(where)
		s.warn(at, where, wording(e))
	}
}

// warn reports a place that breaks the schema.
func (s *source) warn(at *yaml.Node, where []string, text string) {
	if len(where) > 0 {
		text = clip(strings.Join(where, ".")) + ": " + text
	}
	s.report(parlance.SeverityWarning, at, "openapi_document", text, "")
}

// meant is the alternative whose faults lie deepest. A Reference, whose only fault is
// that there is no $ref, is never meant.
func meant(causes []*jsonschema.ValidationError) *jsonschema.ValidationError {
	var best *jsonschema.ValidationError
	deepest := -1
	for _, cause := range causes {
		if wantsReference(cause) {
			continue
		}
		if d := depth(cause); d > deepest {
			best, deepest = cause, d
		}
	}
	return best
}

func wantsReference(e *jsonschema.ValidationError) bool {
	if required, ok := e.ErrorKind.(*kind.Required); ok && slices.Contains(required.Missing, "$ref") {
		return true
	}
	return slices.ContainsFunc(e.Causes, wantsReference)
}

func depth(e *jsonschema.ValidationError) int {
	deepest := len(e.InstanceLocation)
	for _, cause := range e.Causes {
		deepest = max(deepest, depth(cause))
	}
	return deepest
}

// english words the messages of the library.
var english = message.NewPrinter(language.English)

// wording is what was expected and what was found.
func wording(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return "expected " + strings.Join(k.Missing, ", ")
	case *kind.Type:
		return fmt.Sprintf("expected %s, found %s", strings.Join(k.Want, " or "), k.Got)
	}
	return clip(e.ErrorKind.LocalizedString(english))
}
