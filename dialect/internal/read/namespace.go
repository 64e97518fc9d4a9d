package read

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// spaces is what is known of the namespaces around the element that is being fitted.
type spaces struct {
	parents []uint32 // from the root
	prefix  []byte   // of the last search
	parent  uint32   // from which it began
	space   []byte   // what it found, nil for nothing
	known   bool     // there was a search
}

// perStep is how many bytes of start tags may be looked at for one step.
const perStep = 64

// prefixed reports that an attribute has a prefix as the member has one: without a prefix it
// is of no namespace, so that type and xsi:type are two.
func (m *Matcher) prefixed(w *spec.Member, c uint32, i int) bool {
	return m.Tree.Prefixed(c) == (w.Local(m.form, w.Names[i]) != w.Names[i])
}

// spelled reports that an element or attribute has the prefix that the file writes.
func (m *Matcher) spelled(w *spec.Member, c uint32, i int) bool {
	prefix, _, found := strings.Cut(w.Names[i], ":")
	return found == m.Tree.Prefixed(c) && (!found || string(m.Tree.Prefix(c)) == prefix)
}

// inSpace reports that an element or attribute is of a namespace, or that nothing says of which it is.
func (m *Matcher) inSpace(c uint32, space string) bool {
	if space == "" {
		return true
	}
	prefix := m.Tree.Prefix(c)
	if m.Tree.Nodes[c].Kind == tree.Attribute {
		found := m.around(prefix)
		return len(found) == 0 || string(found) == space
	}
	found, own, cost := m.Tree.Declared(c, prefix)
	m.steps += cost / perStep
	if !own {
		found = m.around(prefix)
	}
	return len(found) == 0 || string(found) == space
}

// around is the namespace that the elements around declare for a prefix, nil for none.
func (m *Matcher) around(prefix []byte) []byte {
	s := &m.spaces
	if len(s.parents) == 0 {
		return nil
	}
	parent := s.parents[len(s.parents)-1]
	if s.known && s.parent == parent && string(s.prefix) == string(prefix) {
		return s.space
	}
	s.known, s.parent, s.prefix, s.space = true, parent, prefix, nil
	for _, n := range slices.Backward(s.parents) {
		if m.steps > m.limit {
			break
		}
		space, found, cost := m.Tree.Declared(n, prefix)
		if m.steps += cost / perStep; found {
			s.space = space
			break
		}
	}
	return s.space
}
