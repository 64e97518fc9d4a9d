package read

import (
	"slices"
	"unsafe"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// member fits one named member. A member need not be there, unless it is a
// constant or marked with !.
func (m *Matcher) member(w *spec.Member, n uint32) (fits, present bool) {
	switch {
	case w.Value.WriteOnly:
		return true, false
	case w.Text:
		return m.ownText(w, n)
	case w.Value.Op == spec.OpAbsent:
		for i := range w.Names {
			if _, found := m.find(w, n, i); found {
				return false, false
			}
		}
		return m.cut || !m.torn, false // in the part that is missing it could stand
	}
	if m.Tree.Nodes[n].Kind == tree.Element && w.Value.Resolve().Op == spec.OpList {
		return m.siblings(w, n)
	}
	// The first name whose member is filled and fits; one that is empty says
	// nothing, and leaves it to the next.
	there, empty, unfit := false, uint32(0), uint32(0)
	for i := range w.Names {
		c, found := m.find(w, n, i)
		if !found {
			continue
		}
		there = true
		if empty = c; m.Filled(w, c) {
			if !w.Optional && len(w.Names) == 1 && !m.lenient {
				return m.Value(w.Value, c), true // where it does not fit nothing is kept
			}
			before := m.Mark()
			if m.Value(w.Value, c) {
				return true, true
			}
			m.Back(before)
			unfit = c
		}
	}
	switch {
	case !there:
		return m.cut || w.Optional || !w.Must && !w.Constant, false
	case unfit == 0 && w.Must && m.nulls:
		m.unread++
		m.unfitAt(empty, "")
		return true, false
	case unfit == 0:
		// A constant in it must be there too, once the member is.
		return !w.Must && (w.Optional || m.lenient || m.cut || !w.Value.Fixed()), true
	}
	return m.unfit(w, unfit), true
}

// ownText fits the text of the element itself, beside its attributes.
func (m *Matcher) ownText(w *spec.Member, n uint32) (fits, present bool) {
	if len(m.Tree.Value(n)) == 0 && w.Value.Op != spec.OpConst {
		return !w.Must, false
	}
	return m.Value(w.Value, n) || w.Optional, true
}

// Filled reports that a member is to be looked into: it is a constant, or not
// empty, or an empty value whose type has to be right.
func (m *Matcher) Filled(w *spec.Member, c uint32) bool {
	if w.Constant || !tree.Empty(&m.Tree, c) {
		return true
	}
	kind := m.Tree.Nodes[c].Kind
	value := w.Value.Resolve()
	switch value.Op {
	case spec.OpAny:
		return false
	case spec.OpHole:
		if value.Hole.Readings[0].Target.Attr == spec.AttrData {
			return kind != tree.Null // an empty payload is one
		}
		return kind == tree.Object || kind == tree.List && !value.Hole.Readings[0].Conv.Structured()
	}
	return kind == tree.Text
}

// find is the member of that name. If it occurs twice, the last one counts, as in
// encoding/json. In XML, one with the prefix of the file goes before one with another.
func (m *Matcher) find(w *spec.Member, n uint32, i int) (at uint32, found bool) {
	times, spelled := 0, false
	for c := n + 1; c < m.Tree.Nodes[n].Next; c = m.Tree.Nodes[c].Next {
		if m.called(w, c, i) {
			times++
			if as := m.form == spec.FormXML && m.spelled(w, c, i); as || !spelled {
				at, spelled = c, as
			}
		}
	}
	if times > 1 && m.form != spec.FormXML {
		m.noteNode(at, "duplicate_key", "the member %q occurs %d times; the last one is read", w.Names[i], times)
	}
	return at, times > 0
}

// called reports that a child has one of a member's names. It compares numbers if the guide
// gave the child one.
func (m *Matcher) called(w *spec.Member, c uint32, i int) bool {
	node := &m.Tree.Nodes[c]
	if node.Slot != 0 && len(w.Slots) > 0 {
		if node.Slot != w.Slots[i] {
			return false
		}
	} else if (node.Kind == tree.Attribute) != w.Attribute || !m.Tree.KeyIs(c, w.Local(m.form, w.Names[i])) {
		return false
	}
	return (!w.Attribute || m.prefixed(w, c, i)) && (w.Spaces == nil || m.inSpace(c, w.Spaces[i]))
}

// siblings fits the elements of one name with a list.
func (m *Matcher) siblings(w *spec.Member, n uint32) (fits, present bool) {
	of := Selection{Named: w, Some: w.Must}
	if !m.any(n, of, w.Must) {
		return m.cut || !w.Must, false
	}
	before := m.Mark()
	if m.iterations(w.Value.Resolve(), n, of) {
		return true, true
	}
	m.Back(before)
	if w.Optional {
		m.unread++
		m.note("unfit_member", "the element %q has a form that the dialect does not describe", w.Names[0])
		return true, true
	}
	return false, true
}

// unfit passes over a member that has another form than the dialect knows, where it may
// be left out or its texts can be kept.
func (m *Matcher) unfit(w *spec.Member, c uint32) bool {
	passes := w.Optional || m.lenient && !w.Value.HasGuard && !w.Constant
	switch {
	case m.lenient && m.stranger(w.Value, c):
		m.unread++
		return true
	case passes:
		m.unread++
		m.unfitAt(c, "")
	}
	return passes
}

// maxSays is how many different things forms can say of the whole. A file has a handful.
const maxSays = 32

// say takes the name that a form gives: to the record around it, else to the whole. from is
// the first bind of the form. It always fits.
func (m *Matcher) say(is string, from int) bool {
	if is == "" {
		return true
	}
	for s := m.scope; s > 0; s = m.scopes[s].parent {
		if m.scopes[s].items {
			m.bound |= spec.BitOf(spec.Item, spec.AttrIs)
			m.take(spec.Target{Owner: spec.Item, Attr: spec.AttrIs}, s, m.keep([]byte(is)))
			return true
		}
	}
	at := slices.Index(m.says, is)
	if at < 0 && len(m.says) < maxSays {
		at, m.says = len(m.says), append(m.says, is)
	}
	for i := from; i < len(m.binds); i++ {
		if b := &m.binds[i]; b.said == 0 {
			b.said = uint8(at + 1)
		}
	}
	return true
}

// names is the set of the numbers of an object's names, modulo 64. once reports that every
// member has a number and none occurs twice. It saves the search for members that are
// missing.
func (m *Matcher) names(n uint32) (set uint64, once bool) {
	once = true
	nodes := m.Tree.Nodes
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		slot := nodes[c].Slot
		bit := uint64(1) << (slot & 63)
		once = once && slot != 0 && set&bit == 0
		set |= bit
	}
	return set, once
}

// simple fits a member that is one text and occurs once. It searches from a node on, and
// returns where to search for the next member.
func (m *Matcher) simple(w *spec.Member, n, from uint32) (fits, present bool, next uint32) {
	nodes := m.Tree.Nodes
	end := nodes[n].Next
	if from >= end {
		from = n + 1
	}
	c := from
	for nodes[c].Slot != w.Slots[0] {
		if c = nodes[c].Next; c >= end {
			c = n + 1
		}
		if c == from {
			return m.cut || !w.Must, false, from // another name of the same place in the set
		}
	}
	node := &nodes[c]
	next = node.Next
	switch node.Kind {
	case tree.Null:
		return !w.Must, true, next
	case tree.Text, tree.Number:
		if node.Start == node.End {
			return !w.Must, true, next
		}
		h := w.Value.Hole
		switch {
		case h.Refuses(node.Kind):
		case node.Escaped:
			fits = m.text(h, m.Tree.Value(c))
		case h.Plain:
			m.copies(h, m.scope, node)
			return true, true, next
		case h.Unused && tree.IsDigits(unsafe.String(&m.Tree.Source[node.Start], int(node.End-node.Start))):
			return true, true, next
		default:
			fits = m.text(h, m.Tree.Source[node.Start:node.End])
		}
		return fits || m.unfit(w, c), true, next
	}
	return m.unfit(w, c), true, next
}

// copies takes a text of the body for each reading of a plain hole.
func (m *Matcher) copies(h *spec.Hole, scope int32, node *tree.Node) {
	if m.later > 0 && h.Sole {
		m.losing(h, m.Tree.Source[node.Start:node.End])
	}
	var at tree.Extent
	for i := range h.Readings {
		r := &h.Readings[i]
		if r.Bit&m.wants == 0 || m.later > 0 && r.Target.Owner == spec.Whole && r.Target.Attr != spec.AttrNote {
			continue
		}
		if at.Size == 0 {
			at = m.keep(m.Tree.Source[node.Start:node.End])
		}
		m.bound |= r.Bit
		b := m.take(r.Target, scope, at)
		b.beside = h.Beside(r)
		if b.copy = i > 0 && m.later == 0 && h.Readings[0].Target.Owner == spec.Whole; h.Shared {
			m.deepen(b)
		}
	}
}
