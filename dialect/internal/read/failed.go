package read

import (
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// failed reports that a good response carries the mark of a failure: something that no
// success carries. It then takes the texts of the failure, from the start.
func (m *Matcher) failed(marked []*spec.Shape, res *wire.Response, start mark) bool {
	for _, s := range marked {
		if s.Form != m.form {
			continue
		}
		t := s.Body
		if s.Form == spec.FormXML {
			w := t.Root()
			if t.Rest == nil && !m.rootIs(w) {
				continue
			}
			t = w.Value
		}
		if _, marked := m.carries(t, 0); !marked {
			continue
		}
		m.Back(start)
		before := m.Mark()
		if !m.body(s, res.Body) {
			m.Back(before)
		}
		m.marked = true
		m.note("failure_mark", "status %d is a success, but the body has the mark of a failure (shape %q)", res.Status, s.Name)
		return true
	}
	return false
}

// carries reports that a node can be what a failure's template describes, and that it
// has a mark.
func (m *Matcher) carries(t *spec.Template, n uint32) (fits, marked bool) {
	if t = t.Resolve(); t.Op != spec.OpObject {
		return true, false
	}
	if kind := m.Tree.Nodes[n].Kind; kind != tree.Object && kind != tree.Element {
		return false, false
	}
	for i := range t.Members {
		w := &t.Members[i]
		if w.Optional || w.Text || w.Value.Op == spec.OpAbsent || w.Value.WriteOnly {
			continue
		}
		fits, mark := m.carriesMember(w, n)
		if !fits {
			return false, false
		}
		marked = marked || mark
	}
	return true, marked
}

// carriesMember is carries for one member of a node.
func (m *Matcher) carriesMember(w *spec.Member, n uint32) (fits, marked bool) {
	c, found := m.memberOf(w, n)
	switch {
	case w.Value.Op == spec.OpConst:
		return found && m.constant(w.Value, c), w.Mark
	case w.Mark:
		there := found && !m.falsy(c)
		return there || !w.Must, there
	case !found:
		return !w.Must, false
	}
	fits, marked = m.carries(w.Value, c)
	return fits || !w.Must, fits && marked
}

// memberOf is the member by the first of its names that is there.
func (m *Matcher) memberOf(w *spec.Member, n uint32) (c uint32, found bool) {
	for i := range w.Names {
		if c, found = m.find(w, n, i); found {
			return c, true
		}
	}
	return 0, false
}

// falsy reports that a value says "no": it is empty, false or zero, or all in it is.
func (m *Matcher) falsy(n uint32) bool {
	switch m.Tree.Nodes[n].Kind {
	case tree.Null, tree.False:
		return true
	case tree.True:
		return false
	case tree.Text, tree.Number, tree.Attribute:
		return slices.Contains(noWords, string(m.Tree.Value(n)))
	case tree.Element:
		if !slices.Contains(noWords, string(m.Tree.Value(n))) {
			return false
		}
	}
	for c := range m.Tree.Children(n) {
		if !m.falsy(c) {
			return false
		}
	}
	return m.Tree.Nodes[n].Skipped == 0
}

// noWords are the texts that say "no".
var noWords = []string{"", "0", "false", "none", "null"}
