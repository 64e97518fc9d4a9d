package tree

import (
	"bytes"
	"strings"
)

// Extent is the place of a text in the matcher's own memory. The same text taken
// for several attributes is kept once.
type Extent struct{ Start, Size uint32 }

// Content is the payload that stands at a node: the value, or what is between
// the tags of an element.
func Content(t *Tree, n uint32) []byte {
	node := &t.Nodes[n]
	switch {
	case node.Kind == Text && !node.Moved && node.Start > 0 && t.Source[node.Start-1] == '"' && int(node.End) < len(t.Source) && t.Source[node.End] == '"':
		return t.Source[node.Start-1 : node.End+1] // with its quotes, for without them it is no JSON
	case node.Kind != Element:
		return t.Raw(n)
	}
	// The start tag ends at the first > outside of quotes.
	quote := byte(0)
	for i := node.KeyEnd; i < node.Close; i++ {
		switch c := t.Source[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return bytes.TrimSpace(t.Source[i+1 : node.Close])
		}
	}
	return nil
}

// Empty reports that a value says nothing: null, "", {} or [].
func Empty(t *Tree, n uint32) bool {
	node := &t.Nodes[n]
	switch node.Kind {
	case Null:
		return true
	case Text:
		return node.Start == node.End
	case Object, List:
		return t.IsLeaf(n)
	case Element:
		return t.IsLeaf(n) && len(t.Value(n)) == 0
	}
	return false
}

// LocalName is the name of an element without its prefix: elements are told apart
// by it.
func LocalName(name string) string {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}
