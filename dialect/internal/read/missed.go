package read

import (
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// missed reports that a looser success takes a body in which the records of an earlier shape
// stand, although none could be read. It notes their place. A shape for any request says
// nothing of where records stand.
func (m *Matcher) missed(p *spec.Plan, fits *spec.Shape, req *wire.Request) bool {
	for _, s := range p.Shapes {
		switch {
		case s == fits || m.cut:
			return false
		case s.Form != m.form || !p.HasRecords(s, req):
			continue
		}
		t := m.inRoot(s)
		if t == nil {
			continue
		}
		if at, found := m.recordsAt(t, 0); found {
			m.unread++
			m.noteNode(at, "unread_element", "records stand here by the shape %q, and none of them could be read", s.Name)
			return true
		}
	}
	return false
}

// recordsAt is the place of the records in a node that a template describes, if one of them
// tells more than its ID and all beside the records fits.
func (m *Matcher) recordsAt(t *spec.Template, n uint32) (at uint32, found bool) {
	t = t.Resolve()
	switch {
	case t.WriteOnly || t.Reads.Of(spec.Item) == 0:
		return 0, false
	case t.Op == spec.OpEither:
		for _, e := range t.Elems {
			if at, found = m.recordsAt(e, n); found {
				break
			}
		}
		return at, found
	case t.Op == spec.OpList:
		return n, m.Tree.Nodes[n].Kind == tree.List && m.tells(t, n, Selection{})
	case t.Op != spec.OpObject || m.Tree.IsLeaf(n) || !m.fitsBeside(t, n):
		return 0, false
	}
	for i := range t.Members {
		if at, found = m.recordsUnder(&t.Members[i], n); found {
			return at, true
		}
	}
	return n, m.mapsRecords(t, n)
}

// mapsRecords reports that the members of a node without a name in the template are records
// that tell something.
func (m *Matcher) mapsRecords(t *spec.Template, n uint32) bool {
	return t.Rest != nil && t.Entries != nil && (t.Key.Owner == spec.Item || t.Rest.Value.Reads.Of(spec.Item) != 0) && m.tells(t.Entries, n, Selection{Unnamed: t})
}

// recordsUnder is recordsAt for a member of a node.
func (m *Matcher) recordsUnder(w *spec.Member, n uint32) (at uint32, found bool) {
	if w.Value.Reads.Of(spec.Item) == 0 {
		return 0, false
	}
	c, found := m.memberOf(w, n)
	if !found {
		return 0, false
	}
	if list := w.Value.Resolve(); list.Op == spec.OpList && m.Tree.Nodes[c].Kind == tree.Element {
		return c, m.tells(list, n, Selection{Named: w})
	}
	return m.recordsAt(w.Value, c)
}

// fitsBeside reports that all members of an object fit that hold no records.
func (m *Matcher) fitsBeside(t *spec.Template, n uint32) bool {
	before := m.Mark()
	defer m.Back(before)
	for i := range t.Members {
		if w := &t.Members[i]; w.Value.Reads.Of(spec.Item) == 0 {
			if fits, _ := m.member(w, n); !fits {
				return false
			}
		}
	}
	return true
}

// tells reports that an element of a list of records says how that record fared. Elements of
// other sorts may stand in a list that passes over them.
func (m *Matcher) tells(list *spec.Template, n uint32, of Selection) bool {
	for _, e := range list.Elems {
		if e.Op == spec.OpAny {
			return false
		}
	}
	for c := n + 1; c < m.Tree.Nodes[n].Next; c = m.Tree.Nodes[c].Next {
		for _, e := range list.Elems {
			if m.Takes(&of, c) && m.tellsOne(e, c) {
				return true
			}
		}
	}
	return false
}

// tellsOne reports that a record has a code or a text, or another constant than a template
// that describes it.
func (m *Matcher) tellsOne(t *spec.Template, n uint32) bool {
	if t = t.Resolve(); t.Op == spec.OpEither {
		for _, e := range t.Elems {
			if m.tellsOne(e, n) {
				return true
			}
		}
		return false
	}
	if t.Op != spec.OpObject || m.Tree.IsLeaf(n) {
		return false
	}
	for i := range t.Members {
		w := &t.Members[i]
		c, found := m.memberOf(w, n)
		switch {
		case !found || w.Text || w.Value.WriteOnly:
		case w.Constant:
			if !m.Value(w.Value, c) {
				return true
			}
		case w.Value.Reads&spec.ItemTelling != 0 && !m.falsy(c):
			return true
		}
	}
	return false
}
