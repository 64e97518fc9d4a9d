package validate

import (
	"encoding/json"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// jsonOf is a document in JSON, of one in JSON or YAML, its names in their order.
func jsonOf(data []byte) ([]byte, error) {
	if json.Valid(data) {
		return data, nil
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, err
	}
	w := yamlWriter{left: 10_000_000, depth: 10_000}
	if err := w.node(&root); err != nil {
		return nil, err
	}
	return w.out, nil
}

// yamlWriter writes YAML as JSON. Aliases are written out, within bounds.
type yamlWriter struct {
	out   []byte
	left  int // nodes
	depth int // levels
}

func (w *yamlWriter) node(n *yaml.Node) error {
	w.left--
	w.depth--
	defer func() { w.depth++ }()
	if w.left < 0 || w.depth < 0 {
		return fmt.Errorf("line %d: the aliases of the document expand to too much", n.Line)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return w.node(n.Content[0])
	case yaml.AliasNode:
		return w.node(n.Alias)
	case yaml.MappingNode:
		return w.mapping(n)
	case yaml.SequenceNode:
		w.out = append(w.out, '[')
		for i, item := range n.Content {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			if err := w.node(item); err != nil {
				return err
			}
		}
		w.out = append(w.out, ']')
	default:
		return w.scalar(n)
	}
	return nil
}

func (w *yamlWriter) mapping(n *yaml.Node) error {
	w.out = append(w.out, '{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			return fmt.Errorf("line %d: a name must be a text", n.Content[i].Line)
		case key.ShortTag() == "!!merge": // OpenAPI 3.1.1, 4.3: only the tags of YAML's JSON schema
			return fmt.Errorf("line %d: OpenAPI has no merge key (<<); write the members out", key.Line)
		}
		w.text(key.Value)
		w.out = append(w.out, ':')
		if err := w.node(n.Content[i+1]); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *yamlWriter) scalar(n *yaml.Node) error {
	switch n.ShortTag() {
	case "!!null":
		w.out = append(w.out, "null"...)
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			return err
		}
		w.out = strconv.AppendBool(w.out, b)
	case "!!int", "!!float":
		if isNumber(n.Value) {
			w.out = append(w.out, n.Value...) // as it is written
			return nil
		}
		var v any
		if err := n.Decode(&v); err != nil {
			return err
		}
		number, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("line %d: %s is not a JSON number", n.Line, n.Value)
		}
		w.out = append(w.out, number...)
	default:
		w.text(n.Value)
	}
	return nil
}

func (w *yamlWriter) text(s string) {
	b, _ := json.Marshal(s) // a string has no error
	w.out = append(w.out, b...)
}
