package read

import (
	"bytes"
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// failed reports that a good response carries the mark of a failure: something that no
// success carries. It then takes the texts of the failure, from the start. In a body that a
// shape can read, a list without another element can stand around it. The marks of the shape
// that fits do not count: what it reads says what they mean.
func (d *Reader) failed(m *Matcher, marked []*spec.Shape, fits *spec.Shape, res *wire.Response, start mark) bool {
	if m.bears(marked, fits, res, start) {
		return true
	}
	if m.form != spec.FormJSON || m.cut || !marks(d.Spec, afterBracket(res.Body)) {
		return false
	}
	inner := loneObject(marked, res)
	if inner == nil || m.Tree.JSON(inner, false) != nil {
		return false
	}
	res.Body = inner
	found := m.bears(marked, nil, res, start)
	m.note("wrapped_body", "the body is a list around what the dialect knows; its first object was read")
	return found
}

// afterBracket is a body behind the brackets of lists; nil if it does not begin with one.
func afterBracket(body []byte) []byte {
	if body = beginning(body); bytes.HasPrefix(body, []byte("[")) {
		return bytes.TrimLeft(body, "["+blanks)
	}
	return nil
}

// loneObject is the only element of a list, or of lists in each other, if it is an object with
// the mark of a failure; nil for another body. It is looked for beside, since the tree of a
// success is still needed.
func loneObject(marked []*spec.Shape, res *wire.Response) []byte {
	m := Matchers.Get().(*Matcher)
	defer m.Release()
	m.Reset(res, 0)
	if m.Tree.JSON(res.Body, false) != nil {
		return nil
	}
	at, nodes := uint32(0), m.Tree.Nodes
	for nodes[at].Kind == tree.List {
		if at++; int(at) == len(nodes) || nodes[at].Next != nodes[0].Next {
			return nil
		}
	}
	for _, s := range marked {
		if s.Form != spec.FormJSON {
			continue
		}
		if _, marked := m.carries(s.Body, at); marked {
			return m.Tree.Raw(at)
		}
	}
	return nil
}

// bears is failed for a body without a list around it.
func (m *Matcher) bears(marked []*spec.Shape, fits *spec.Shape, res *wire.Response, start mark) bool {
	for _, s := range marked {
		if s.Form != m.form || s == fits {
			continue
		}
		t := m.inRoot(s)
		if t == nil {
			continue
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

// inRoot is the template of the first node of a body. It is nil if a shape of XML has another
// root than the body.
func (m *Matcher) inRoot(s *spec.Shape) *spec.Template {
	if s.Form != spec.FormXML {
		return s.Body
	}
	w := s.Body.Root()
	if s.Body.Rest == nil && !m.rootIs(w) {
		return nil
	}
	return w.Value
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
	if t.AnyMember() {
		fits, mark := m.carriesAny(t, n)
		return fits, fits && (marked || mark)
	}
	return true, marked
}

// carriesAny is carries for the members of a node that have no name in the template.
func (m *Matcher) carriesAny(t *spec.Template, n uint32) (fits, marked bool) {
	fits = !t.Rest.Must
	for c := range m.Tree.Children(n) {
		if !m.Takes(&Selection{Unnamed: t}, c) {
			continue
		}
		if fit, mark := m.carries(t.Rest.Value, c); fit && (mark || !marked) {
			fits, marked = true, mark
		}
	}
	return fits, marked
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
