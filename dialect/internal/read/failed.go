package read

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// failed reports that a good response carries the mark of a failure: something that no
// success carries. It then takes the texts of the failure, from the start. In a body that a
// shape can read, a list without another element can stand around it. The marks of the shape
// that fits do not count, and neither do members in which a success's shape that fits has a
// constant: what it reads says what they mean.
func (d *Reader) failed(m *Matcher, marked []*spec.Shape, fits *spec.Shape, req *wire.Request, res *wire.Response, start mark) bool {
	if d.bears(m, marked, fits, req, res, start) {
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
	found := d.bears(m, marked, nil, req, res, start)
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
		if _, marked := m.carries(s.Body, at, nil); marked {
			return m.Tree.Raw(at)
		}
	}
	return nil
}

// bears is failed for a body without a list around it. Of several shapes whose mark it has,
// the first counts, unless another one reads a code that the file lists.
func (d *Reader) bears(m *Matcher, marked []*spec.Shape, fits *spec.Shape, req *wire.Request, res *wire.Response, start mark) bool {
	var known *spec.Template
	if fits != nil && (fits.Is == "success" || fits.CarriesData()) && m.unread == 0 {
		known = m.inRoot(fits)
	}
	var first *spec.Shape
	for _, s := range marked {
		if s.Form != m.form || s == fits || !m.rootCarries(s, known) {
			continue
		}
		m.again(start)
		if m.body(s, res.Body) && d.listsCode(m, start, req) {
			m.mark(s, res)
			return true
		}
		first = cmp.Or(first, s)
	}
	if first == nil {
		return false
	}
	m.again(start)
	if !m.body(first, res.Body) {
		m.again(start)
	}
	m.mark(first, res)
	return true
}

// mark notes that a good response has the mark of a shape.
func (m *Matcher) mark(s *spec.Shape, res *wire.Response) {
	m.marked = true
	m.note("failure_mark", "status %d is a success, but the body has the mark of a failure (shape %q)", res.Status, s.Name)
}

// again is Back for a body that another shape is tried on.
func (m *Matcher) again(start mark) {
	m.Back(start)
	m.fields = m.fields[:0]
}

// listsCode reports that a code of the whole which was read since then is listed in the file.
func (d *Reader) listsCode(m *Matcher, since mark, req *wire.Request) bool {
	return slices.ContainsFunc(m.binds[since.taken.binds:], func(b bind) bool {
		return b.codes() && d.CodeRow(string(m.textAt(b.Extent)), "", req) != nil
	})
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

// rootCarries is carries for the whole body. In XML, the root element can be the mark.
func (m *Matcher) rootCarries(s *spec.Shape, known *spec.Template) bool {
	t := m.inRoot(s)
	if t == nil {
		return false
	}
	fits, marked := m.carries(t, 0, known)
	return marked || fits && s.Form == spec.FormXML && s.Body.Root().Mark && !m.falsy(0)
}

// carries reports that a node can be what a failure's template describes, and that it
// has a mark. known is what a success's shape that fits says of the node, nil for nothing.
func (m *Matcher) carries(t *spec.Template, n uint32, known *spec.Template) (fits, marked bool) {
	switch t = t.Resolve(); t.Op {
	case spec.OpObject:
	case spec.OpList:
		return true, m.Tree.Nodes[n].Kind == tree.List && m.elementCarries(t, n)
	default:
		return true, false
	}
	if kind := m.Tree.Nodes[n].Kind; kind != tree.Object && kind != tree.Element {
		return false, false
	}
	for i := range t.Members {
		w := &t.Members[i]
		if !w.Demanded() {
			continue
		}
		fits, mark := m.carriesMember(w, n, known.Under(w.Names))
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

// elementCarries reports that an element of a list has a mark.
func (m *Matcher) elementCarries(t *spec.Template, n uint32) bool {
	for c := range m.Tree.Children(n) {
		for _, e := range t.Elems {
			if _, marked := m.carries(e, c, nil); marked {
				return true
			}
		}
	}
	return false
}

// carriesAny is carries for the members of a node that have no name in the template.
func (m *Matcher) carriesAny(t *spec.Template, n uint32) (fits, marked bool) {
	fits = !t.Rest.Must
	for c := range m.Tree.Children(n) {
		if !m.Takes(&Selection{Unnamed: t}, c) {
			continue
		}
		if fit, mark := m.carries(t.Rest.Value, c, nil); fit && (mark || !marked) {
			fits, marked = true, mark
		}
	}
	return fits, marked
}

// carriesMember is carries for one member of a node.
func (m *Matcher) carriesMember(w *spec.Member, n uint32, known *spec.Template) (fits, marked bool) {
	c, found := m.memberOf(w, n)
	switch {
	case w.Value.Op == spec.OpConst:
		if found && m.constant(w.Value, c) {
			return true, w.Mark
		}
		return found && m.structured(c), false // one of another form says nothing
	case w.Status:
		return found || !w.Must, found && m.failing(c)
	case w.Mark && (!found || m.falsy(c) || !known.HasConstant()):
		there := found && !m.falsy(c)
		return there || !w.Must, there
	case !found:
		return !w.Must, false
	}
	fits, marked = m.carries(w.Value, c, known)
	return fits || !w.Must, fits && marked
}

// failing reports that a value is the status of a failure.
func (m *Matcher) failing(n uint32) bool {
	text := m.Tree.Value(n)
	return len(text) == 3 && (text[0] == '4' || text[0] == '5') && tree.IsDigits(string(text))
}

// structured reports that a value is an object or a list.
func (m *Matcher) structured(n uint32) bool {
	kind := m.Tree.Nodes[n].Kind
	return kind == tree.Object || kind == tree.List
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
