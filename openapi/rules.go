package openapi

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect"
)

// JSONSchema writes the JSON Schema (draft 2020-12) of the bodies of failures, as JSON. It
// is nil if the dialect writes no failure as JSON.
func JSONSchema(d *dialect.Dialect) []byte {
	e := newExport(d)
	definitions := e.failures("#/$defs/")
	if len(definitions.Content) == 0 {
		return nil
	}
	var any []*yaml.Node
	for i := 0; i+1 < len(definitions.Content); i += 2 {
		any = append(any, object("$ref", "#/$defs/"+definitions.Content[i].Value))
	}
	document := asJSON(object(
		"$schema", "https://json-schema.org/draft/2020-12/schema",
		"title", "The body of an error of "+e.title(),
		"anyOf", list(any...),
		"$defs", definitions,
	))
	var indented bytes.Buffer
	if json.Indent(&indented, []byte(document), "", "  ") != nil {
		return nil // it is JSON
	}
	return append(indented.Bytes(), '\n')
}

// failures are the schemas that failures have, by name, for a place that their references
// begin with.
func (e *export) failures(place string) *yaml.Node {
	n := object()
	for _, s := range e.schemas {
		if s.failure {
			schema := bytes.ReplaceAll(s.Schema, []byte(`"#/$defs/`), []byte(`"`+place+s.name+`/$defs/`))
			n.Content = append(n.Content, text(s.name), ofJSON(schema))
		}
	}
	return n
}

// Spectral writes a ruleset of Spectral, in YAML, that holds an OpenAPI document to the
// dialect: its statuses, and the media types, bodies and header fields of its failures.
func Spectral(d *dialect.Dialect) ([]byte, error) {
	e := newExport(d)
	rules := object()
	add := func(name string, rule *yaml.Node) {
		rules.Content = append(rules.Content, text(e.dialect.Name()+"-"+name), rule)
	}
	add("status", rule("Each status is one that the API gives", "{{property}} is no status of the API",
		"$.paths[*][*].responses", object("field", "@key", "function", "pattern", "functionOptions", object("match", e.statuses()))))
	if media := e.mediaTypes(); media != "" {
		add("media-type", rule("The body of a failure has a media type of the API", "{{property}} is no media type of its failures",
			failing+".content", object("field", "@key", "function", "pattern", "functionOptions", object("match", media))))
	}
	if definitions := e.failures("#/$defs/"); len(definitions.Content) > 0 {
		var any []*yaml.Node
		for i := 0; i+1 < len(definitions.Content); i += 2 {
			any = append(any, object("$ref", "#/$defs/"+definitions.Content[i].Value))
		}
		schema := object("$schema", "https://json-schema.org/draft/2020-12/schema", "anyOf", list(any...), "$defs", definitions)
		then := object("function", "schema", "functionOptions", object("schema", schema))
		add("body", rule("An example of a failure has the form of the API", "{{error}}", failing+".content[?(@property.match(/json/))].examples[*].value", then))
		add("body-of-one", rule("The example of a failure has the form of the API", "{{error}}", failing+".content[?(@property.match(/json/))].example", then))
	}
	for _, r := range e.responses {
		for _, name := range sortedKeys(e.headers) {
			if r.status[0] >= '4' && len(r.examples) > 0 && !slices.ContainsFunc(r.examples, func(x *exportExample) bool { return x.header[name] == nil }) {
				add(strings.ToLower(r.status+"-"+name), rule("A "+r.status+" documents its header field "+name, "the header field "+name+" is missing",
					"$.paths[*][*].responses['"+r.status+"']", object("field", "headers."+name, "function", "truthy")))
			}
		}
	}
	return written(object("rules", rules))
}

// failing is the place of the responses of failures.
const failing = "$.paths[*][*].responses[?(@property.match(/^[45]/))]"

func rule(description, message, given string, then *yaml.Node) *yaml.Node {
	return object("description", description, "message", message, "severity", "error", "given", given, "then", then)
}

// statuses is a pattern of the keys that an operation's responses may have.
func (e *export) statuses() string {
	all := []string{"default"}
	for _, r := range e.responses {
		if class, ok := strings.CutSuffix(r.status, "XX"); ok {
			all = append(all, class+"(XX|[0-9]{2})")
		} else {
			all = append(all, r.status)
		}
	}
	return "^(" + strings.Join(all, "|") + ")$"
}

// mediaTypes is a pattern of the media types of failures; "" if they have no bodies.
func (e *export) mediaTypes() string {
	var all []string
	for _, r := range e.responses {
		for _, x := range r.examples {
			if quoted := regexp.QuoteMeta(x.media); x.Kind.Failing() && x.media != "" && !slices.Contains(all, quoted) {
				all = append(all, quoted)
			}
		}
	}
	if all == nil {
		return ""
	}
	return "^(" + strings.Join(all, "|") + `)( *;.*)?$`
}
