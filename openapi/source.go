package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
)

// The bounds of a document: its values, and those that its aliases stand for.
const (
	maxValues  = 5_000_000
	maxAliased = 100_000
)

// maxWarnings bounds the faults that are told: a file that is no document at all
// would have thousands.
const maxWarnings = 200

// source is the text of a document, and what is wrong with it.
type source struct {
	file   string
	text   []byte
	root   *yaml.Node
	most   int // the greatest length that is held against the schema, 0 for any
	values int
	within int // how many aliases stand around the present value
	copies int // values that aliases stand for
	told   []parlance.Diagnostic
	places map[string]*yaml.Node // by the pointers that were followed
}

func newSource(file string, text []byte) *source { return &source{file: file, text: text} }

// check finds all that is wrong.
func (s *source) check() {
	if len(s.text) > MaxSource {
		s.report(parlance.SeverityError, nil, "file_too_large", fmt.Sprintf("the document is longer than %d MiB", MaxSource>>20), "")
		return
	}
	root, err := parse(s.text)
	if err != nil {
		s.syntax(err)
		return
	}
	if root == nil || root.Kind != yaml.MappingNode {
		s.report(parlance.SeverityError, nil, "openapi_document", "expected an OpenAPI document: an object with openapi, info and paths", "")
		return
	}
	s.root = root
	schema, ok := s.version()
	if !ok {
		return
	}
	if s.most > 0 && len(s.text) > s.most {
		s.report(parlance.SeverityWarning, nil, "openapi_document", fmt.Sprintf("the document is longer than %d MiB, so it was not held against the schema of OpenAPI", s.most>>20), "")
	} else if value, ok := s.value(s.root); ok {
		s.hold(schema, value)
	} else {
		return
	}
	(&references{source: s, state: map[*yaml.Node]walk{}}).visit(s.root)
}

// parse is the root of a document, nil for an empty one.
func parse(text []byte) (*yaml.Node, error) {
	if root, ok := parseJSON(text); ok {
		return root, nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Content) == 0 {
		return nil, err
	}
	return document.Content[0], nil
}

// version finds the schema of the document's version.
func (s *source) version() (schema, bool) {
	for i := 0; i+1 < len(s.root.Content); i += 2 {
		key, value := s.root.Content[i], s.root.Content[i+1]
		switch key.Value {
		case "openapi":
			if v, ok := schemas[majorMinor(value.Value)]; ok {
				return v, true
			}
			s.report(parlance.SeverityError, value, "openapi_version", fmt.Sprintf("openapi is %q: expected 3.0, 3.1 or 3.2", clip(value.Value)), "")
			return schema{}, false
		case "swagger":
			s.report(parlance.SeverityError, key, "openapi_version", "the document is of Swagger 2.0: expected OpenAPI 3.0, 3.1 or 3.2", "convert it with a tool such as swagger2openapi")
			return schema{}, false
		}
	}
	s.report(parlance.SeverityError, s.root, "openapi_version", "the document has no member openapi, which says its version", "begin it with: openapi: 3.1.0")
	return schema{}, false
}

func majorMinor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}

// value is the YAML as the values of JSON. It reports false if there are too many.
func (s *source) value(n *yaml.Node) (any, bool) {
	s.values++
	s.copies += min(s.within, 1)
	if s.values > maxValues || s.copies > maxAliased {
		if !s.failed() {
			s.report(parlance.SeverityError, n, "file_too_large", fmt.Sprintf("the document has more than %d values, or its aliases stand for more than %d", maxValues, maxAliased), "")
		}
		return nil, false
	}
	switch n.Kind {
	case yaml.AliasNode:
		s.within++
		defer func() { s.within-- }()
		return s.value(n.Alias)
	case yaml.MappingNode:
		return s.object(n)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, ok := s.value(item)
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	}
	return scalar(n), true
}

func (s *source) object(n *yaml.Node) (any, bool) {
	object := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, twice := object[key.Value]; twice {
			s.report(parlance.SeverityWarning, key, "openapi_document", fmt.Sprintf("%q stands here for the second time", clip(key.Value)), "keep one of them")
		}
		v, ok := s.value(n.Content[i+1])
		if !ok {
			return nil, false
		}
		object[key.Value] = v
	}
	return object, true
}

// scalar is a text, a number, true, false or null, as JSON has them.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool", "!!int", "!!float":
		if n.Value == "true" || n.Value == "false" {
			return n.Value == "true"
		}
		var v any
		if n.Decode(&v) == nil {
			switch v := v.(type) {
			case int:
				return float64(v)
			case bool, float64:
				return v
			}
		}
	}
	return n.Value
}

// report adds a fault at a place; nil is the beginning of the file.
func (s *source) report(severity parlance.Severity, at *yaml.Node, rule, message, hint string) {
	if len(s.told) >= maxWarnings {
		return
	}
	d := parlance.Diagnostic{Rule: rule, Severity: severity, File: s.file, Line: 1, Column: 1, Message: message, Hint: hint}
	if at != nil && at.Line > 0 {
		d.Line, d.Column = at.Line, at.Column
	}
	s.told = append(s.told, d)
}

// failed reports whether the document cannot be used.
func (s *source) failed() bool {
	return slices.ContainsFunc(s.told, func(d parlance.Diagnostic) bool { return d.Severity == parlance.SeverityError })
}

// sorted are the faults in the order of the file.
func (s *source) sorted() []parlance.Diagnostic {
	slices.SortStableFunc(s.told, func(a, b parlance.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(s.told, func(a, b parlance.Diagnostic) bool { return a == b })
}

// clip shortens a stranger's text for a message.
func clip(text string) string {
	const most = 80
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// syntax reports why a text is no YAML.
func (s *source) syntax(err error) {
	d := parlance.Diagnostic{Rule: "openapi_document", File: s.file, Line: 1, Message: "the document is not YAML: " + firstLine(err.Error())}
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	}
	if one != nil || errors.As(err, &one) {
		d.Message = "the document is not YAML: " + clip(one.Message)
		d.Line, d.Column = max(one.Mark.Line, 1), max(one.Mark.Column, 1)
	}
	s.told = append(s.told, d)
}
