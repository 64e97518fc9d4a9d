package openapi

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// asVersion30 turns the schema of a draft 2020-12 into one of OpenAPI 3.0 (4.7.24), which
// knows neither const nor a list of types nor definitions of its own.
func asVersion30(schema *yaml.Node) {
	if schema.Kind != yaml.MappingNode {
		for _, item := range schema.Content {
			asVersion30(item)
		}
		return
	}
	out := object()
	null := false
	for i := 0; i+1 < len(schema.Content); i += 2 {
		name, value := schema.Content[i], schema.Content[i+1]
		switch name.Value {
		case "$defs":
			continue
		case "$ref":
			if strings.Contains(value.Value, "/$defs/") {
				continue // it stands for itself: any value
			}
		case "const":
			name, value, null = text("enum"), list(value), null || value.Tag == "!!null"
		case "type":
			if value.Kind == yaml.SequenceNode {
				value, null = value.Content[0], true
			}
		case "anyOf":
			value, null = withoutNull(value, null)
		}
		out.Content = append(out.Content, name, value)
	}
	if null {
		out.Content = append(out.Content, text("nullable"), node(true))
	}
	schema.Content = out.Content
	for i := 1; i < len(schema.Content); i += 2 {
		asVersion30(schema.Content[i])
	}
}

// withoutNull are the alternatives but {type: "null"}.
func withoutNull(of *yaml.Node, null bool) (*yaml.Node, bool) {
	rest := list()
	for _, item := range of.Content {
		if t := child(item, "type"); t != nil && t.Value == "null" {
			null = true
			continue
		}
		rest.Content = append(rest.Content, item)
	}
	return rest, null
}
