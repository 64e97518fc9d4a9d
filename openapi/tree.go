package openapi

import (
	"encoding/json"
	"iter"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Tree is an OpenAPI document as its values, for tools that read other parts of it than the
// operations of a Document. It is made in a fraction of the time. It is not safe for
// concurrent use, since it notes the targets of references.
type Tree struct {
	source   *source
	warnings []parlance.Diagnostic
}

// MaxHeld is the greatest length of a document that ReadTree holds against the schema of
// OpenAPI, in bytes: 4 MiB. That takes most of the time, and finds nothing that makes a
// document unusable.
const MaxHeld = 4 << 20

// ReadTree reads a document in YAML or JSON, and checks it as Read does. The error is that
// of Read. A document that is longer than MaxHeld has a warning that says so, in place of
// those of the schema.
func ReadTree(file string, text []byte) (*Tree, error) {
	s := newSource(file, text)
	s.most = MaxHeld
	if s.check(); s.failed() {
		return nil, &dialect.FileError{Diagnostics: s.sorted(), Source: text}
	}
	return &Tree{s, s.sorted()}, nil
}

// File is the name of the document.
func (t *Tree) File() string { return t.source.file }

// Warnings are the places that break the OpenAPI Specification, in the order of the
// document.
func (t *Tree) Warnings() []parlance.Diagnostic { return t.warnings }

// Root is the whole document.
func (t *Tree) Root() Node { return Node{t, t.source.root} }

// Node is a value of a document. The zero value stands for a value that is not there.
// Two Nodes are equal if they are the same place.
type Node struct {
	tree *Tree
	n    *yaml.Node
}

// IsZero reports that there is no such value.
func (n Node) IsZero() bool { return n.n == nil }

// Resolved is the value that a reference leads to, or the value itself. It is zero for a
// reference to another file, and for one that leads to itself.
func (n Node) Resolved() Node {
	for range 32 {
		if n.IsZero() {
			return n
		}
		if n.n.Kind == yaml.AliasNode {
			n.n = n.n.Alias
		}
		ref := child(n.n, "$ref")
		if ref == nil || ref.Kind != yaml.ScalarNode {
			return n
		}
		pointer, within := strings.CutPrefix(ref.Value, "#")
		if !within || pointer != "" && !strings.HasPrefix(pointer, "/") {
			return Node{}
		}
		n.n = n.tree.source.at(pointer)
	}
	return Node{}
}

// Get is a member of an object, by its name. References on the way are followed.
func (n Node) Get(names ...string) Node {
	for _, name := range names {
		n = n.Resolved()
		if n.IsZero() || n.n.Kind != yaml.MappingNode {
			return Node{}
		}
		n.n = child(n.n, name)
	}
	return n.Resolved()
}

// Members are the members of an object, in the order of the document.
func (n Node) Members() iter.Seq2[string, Node] {
	n = n.Resolved()
	return func(yield func(string, Node) bool) {
		if n.IsZero() || n.n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.n.Content); i += 2 {
			if !yield(n.n.Content[i].Value, Node{n.tree, n.n.Content[i+1]}) {
				return
			}
		}
	}
}

// Elements are the elements of an array.
func (n Node) Elements() iter.Seq[Node] {
	n = n.Resolved()
	return func(yield func(Node) bool) {
		if n.IsZero() || n.n.Kind != yaml.SequenceNode {
			return
		}
		for _, e := range n.n.Content {
			if !yield(Node{n.tree, e}) {
				return
			}
		}
	}
}

// Text is a text, a number, true or false as it stands in the document; "" for any other
// value.
func (n Node) Text() string {
	n = n.Resolved()
	if n.IsZero() || n.n.Kind != yaml.ScalarNode || n.n.ShortTag() == "!!null" {
		return ""
	}
	return n.n.Value
}

// IsObject reports an object.
func (n Node) IsObject() bool { return n.n != nil && n.n.Kind == yaml.MappingNode }

// JSON is the value as JSON, with the members in their order. References in it stay. It is
// nil for a value that JSON does not have.
func (n Node) JSON() []byte {
	if n.IsZero() {
		return nil
	}
	text, ok := appendJSON(nil, n.n, 0)
	if !ok {
		return nil
	}
	return text
}

// maxJSON is the longest value that is written as JSON: an example of more is for no reader.
const maxJSON = 64 << 10

func appendJSON(b []byte, n *yaml.Node, depth int) ([]byte, bool) {
	if depth > maxNesting || len(b) > maxJSON {
		return nil, false
	}
	switch n.Kind {
	case yaml.AliasNode:
		return appendJSON(b, n.Alias, depth+1)
	case yaml.MappingNode:
		b = append(b, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			name, _ := json.Marshal(n.Content[i].Value) // a text can always be written
			b = append(append(b, name...), ':')
			var ok bool
			if b, ok = appendJSON(b, n.Content[i+1], depth+1); !ok {
				return nil, false
			}
		}
		return append(b, '}'), true
	case yaml.SequenceNode:
		b = append(b, '[')
		for i, e := range n.Content {
			if i > 0 {
				b = append(b, ',')
			}
			var ok bool
			if b, ok = appendJSON(b, e, depth+1); !ok {
				return nil, false
			}
		}
		return append(b, ']'), true
	}
	text, err := json.Marshal(scalar(n))
	return append(b, text...), err == nil
}
