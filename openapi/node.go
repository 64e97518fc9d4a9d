package openapi

import (
	"bytes"
	"encoding/json"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// object makes a YAML mapping of names and values, in this order. A value is a text, a
// number, true, false, nil, a *yaml.Node, or a list of these. A nil node leaves its name
// out.
func object(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i+1 < len(pairs); i += 2 {
		if value, ok := pairs[i+1].(*yaml.Node); ok && value == nil {
			continue
		}
		n.Content = append(n.Content, text(pairs[i].(string)), node(pairs[i+1]))
	}
	return n
}

func list(values ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: values}
}

func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		n.Style = yaml.SingleQuotedStyle // a status is a text
	}
	return n
}

// node is a value of JSON as YAML.
func node(value any) *yaml.Node {
	switch v := value.(type) {
	case *yaml.Node:
		return v
	case string:
		return text(v)
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	case int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(v)}
	}
	return text("")
}

// ofJSON is a JSON document as YAML, its names in their order; nil if it is not JSON.
func ofJSON(document []byte) *yaml.Node {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	n, err := next(d)
	if err != nil || d.More() {
		return nil
	}
	return n
}

func next(d *json.Decoder) (*yaml.Node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		n := object()
		if v == '[' {
			n = list()
		}
		for d.More() {
			child, err := next(d) // of an object, names and values by turns
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, child)
		}
		_, err := d.Token()
		return n, err
	case json.Number:
		tag := "!!float"
		if _, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			tag = "!!int"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v.String()}, nil
	default:
		return node(v), nil
	}
}

// written is a node as a YAML document.
func written(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}
