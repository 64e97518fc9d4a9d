// Package tree holds one document, JSON or XML, as a flat list of nodes over the
// bytes it was read from: one pass, no pointers, nothing copied. Both readers
// validate all that they accept and bound the depth. A [Guide] says what becomes
// nodes; without one all of the document does. The package also writes texts of
// JSON and XML (text.go).
//
// Begin reading at [Tree] and [Tree.JSON]. The package knows nothing of dialects. It
// may import the standard library and the tools below internal.
package tree

import (
	"fmt"
	"math"

	"github.com/parlance-api/parlance/internal/jsontext"
)

// MaxDepth bounds the nesting of a document. Error bodies nest a handful deep; a
// document that nests deeper than this is an attack, or no response.
const MaxDepth = 256

// Kind is what a node is.
type Kind uint8

// The kinds. The first five are JSON's scalars.
const (
	Null Kind = iota
	False
	True
	Number
	Text
	Object
	List
	Element   // XML element
	Attribute // XML attribute
)

// Node is one value with its name. Offsets are into Tree.Source.
type Node struct {
	Kind      Kind
	Escaped   bool   // the value has escapes, references, line ends to fold, or bytes that are not UTF-8
	KeyEscape bool   // the key has escapes, or bytes that are not UTF-8
	Moved     bool   // the value lies in the tree's own buffer, already unescaped
	Slot      uint16 // of the name in the guide; 0 if it has none there
	Skipped   uint16 // how many children became no nodes because the guide did not ask for them; 65,535 stands for more too
	KeyStart  uint32 // the member's or element's name, prefix dropped
	KeyEnd    uint32
	Start     uint32 // a scalar's text without quotes; a container from its first to past its last byte
	End       uint32
	Close     uint32 // of an element: the place of its end tag, or of the /> of an empty one
	Next      uint32 // index of the node after this one's descendants
}

// Tree is a parsed document. Node 0 is the root. The zero value is ready to
// use, and a used one may be used again.
type Tree struct {
	Nodes    []Node
	Source   []byte
	Repaired bool // a JSON text was not UTF-8: unreadable bytes are read as U+FFFD
	cut      bool
	open     [MaxDepth + 1]container // of JSON, what is not yet closed, from 1; 0 is what holds the root
	skipped  [MaxDepth + 1]byte      // the same of what is skipped: what closes it
	elements []element               // of XML, those not yet closed
	names    []name                  // the attributes of the XML tag that is read
	moved    []byte                  // texts that are not contiguous in Source
	scratch  []byte                  // a name with its escapes undone
}

// SyntaxError says where a document stops being one.
type SyntaxError struct {
	Offset  int
	Message string
}

// Error is the message with the place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Message, e.Offset) }

// done is the error inside the parsers at the end of a cut document.
var done = &SyntaxError{Message: "the document is cut"}

func (t *Tree) reset(source []byte, cut bool) error {
	t.Nodes, t.elements, t.moved = t.Nodes[:0], t.elements[:0], t.moved[:0]
	t.Source, t.cut, t.Repaired = source, cut, false
	if uint64(len(source)) >= math.MaxUint32 {
		return &SyntaxError{0, "the document is longer than 4 GiB"}
	}
	return nil
}

// node adds an empty node at the end. Its fields are set in place, since a copy costs three
// times as much.
func (t *Tree) node() *Node {
	n := len(t.Nodes)
	if n == cap(t.Nodes) {
		// Twice the room. What append adds to a long list, a quarter, would come to
		// five times what a large document needs; slices.Grow would take the room
		// twice in a build with the race detector.
		grown := make([]Node, n, 2*max(16, n))
		copy(grown, t.Nodes)
		t.Nodes = grown
	}
	t.Nodes = t.Nodes[:n+1]
	t.Nodes[n] = Node{}
	return &t.Nodes[n]
}

// skip counts a child that does not become a node.
func (n *Node) skip() {
	if n.Skipped < math.MaxUint16 {
		n.Skipped++
	}
}

// Children calls yield with the index of each child of node i, in document
// order, until it returns false.
func (t *Tree) Children(i uint32) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for c := i + 1; c < t.Nodes[i].Next; c = t.Nodes[c].Next {
			if !yield(c) {
				return
			}
		}
	}
}

// IsLeaf reports that node i has no children in the document, skipped ones
// included.
func (t *Tree) IsLeaf(i uint32) bool { return t.Nodes[i].Next == i+1 && t.Nodes[i].Skipped == 0 }

// KeyIs compares the name of node i.
func (t *Tree) KeyIs(i uint32, name string) bool {
	n := &t.Nodes[i]
	raw := t.Source[n.KeyStart:n.KeyEnd]
	if !n.KeyEscape {
		return string(raw) == name
	}
	if len(raw) > len(`\u0000`)*len(name) {
		return false // no escape is longer for what it says
	}
	return string(jsontext.AppendUnescaped(nil, raw)) == name
}

// Key is the name of node i, its escapes undone. It may share memory with Source.
func (t *Tree) Key(i uint32) []byte {
	n := &t.Nodes[i]
	raw := t.Source[n.KeyStart:n.KeyEnd]
	if n.KeyEscape {
		return jsontext.AppendUnescaped(nil, raw)
	}
	return raw
}

// Raw is the text of node i as it stands in Source.
func (t *Tree) Raw(i uint32) []byte {
	n := &t.Nodes[i]
	if n.Moved {
		return t.moved[n.Start:n.End]
	}
	return t.Source[n.Start:n.End]
}

// Value is the text of a scalar, an attribute, or an element's own text. The white
// space around a text of XML is dropped, unless it is written as a reference. The
// value may share memory with Source.
func (t *Tree) Value(i uint32) []byte {
	n := &t.Nodes[i]
	raw := t.Raw(i)
	switch n.Kind {
	case Text:
		if n.Escaped {
			return jsontext.AppendUnescaped(make([]byte, 0, len(raw)), raw)
		}
	case Element, Attribute:
		raw = trim(raw)
		if n.Escaped && !n.Moved {
			return appendEntities(make([]byte, 0, len(raw)), raw) // what it stands for is mostly shorter
		}
	}
	return raw
}

// trim drops what is white space to XML around a text. What more there is in
// Unicode (a no-break space) somebody meant.
func trim(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}
