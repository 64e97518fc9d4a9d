package dialect

import (
	"bytes"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// lies is where a text lies in the matcher's own memory. The same text taken
// for several attributes lies there once.
type lies struct{ start, size uint32 }

// content is the payload that stands at a node: the value, or what is between
// the tags of an element.
func content(t *tree.Tree, n uint32) []byte {
	node := &t.Nodes[n]
	switch {
	case node.Kind == tree.Text && !node.Moved && node.Start > 0 && t.Source[node.Start-1] == '"' && int(node.End) < len(t.Source) && t.Source[node.End] == '"':
		return t.Source[node.Start-1 : node.End+1] // with its quotes, for without them it is no JSON
	case node.Kind != tree.Element:
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

// empty reports that a value says nothing: null, "", {} or [].
func empty(t *tree.Tree, n uint32) bool {
	node := &t.Nodes[n]
	switch node.Kind {
	case tree.Null:
		return true
	case tree.Text:
		return node.Start == node.End
	case tree.Object, tree.List:
		return t.IsLeaf(n)
	case tree.Element:
		return t.IsLeaf(n) && len(t.Value(n)) == 0
	}
	return false
}

// local is the name of an element without its prefix: elements are told apart
// by it.
func local(name string) string {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}
