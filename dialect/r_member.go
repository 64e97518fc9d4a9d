package dialect

import (
	"unsafe"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// member fits one named member. A member need not be there, unless it is a
// constant or marked with !.
func (m *matcher) member(w *member, n uint32) (fits, present bool) {
	switch {
	case w.value.writeOnly:
		return true, false
	case w.text:
		return m.ownText(w, n)
	case w.value.op == opAbsent:
		for i := range w.names {
			if _, found := m.find(w, n, i); found {
				return false, false
			}
		}
		return true, false
	}
	if w.value.op == opList && m.tree.Nodes[n].Kind == tree.Element {
		return m.siblings(w, n)
	}
	// The first name whose member is filled and fits; one that is empty says
	// nothing, and leaves it to the next.
	there, unfit := false, false
	for i := range w.names {
		c, found := m.find(w, n, i)
		if !found {
			continue
		}
		there = true
		if m.filled(w, c) {
			if !w.optional && len(w.names) == 1 {
				return m.value(w.value, c), true // where it does not fit nothing is kept
			}
			before := m.mark()
			if m.value(w.value, c) {
				return true, true
			}
			m.back(before)
			unfit = true
		}
	}
	switch {
	case !there:
		return m.cut || w.optional || !w.must && w.value.op != opConst, false
	case !unfit:
		return !w.must, true
	}
	return m.unfit(w), true
}

// ownText fits the text of the element itself, beside its attributes.
func (m *matcher) ownText(w *member, n uint32) (fits, present bool) {
	if len(m.tree.Value(n)) == 0 && w.value.op != opConst {
		return !w.must, false
	}
	return m.value(w.value, n) || w.optional, true
}

// filled reports that a member is to be looked into: it is a constant, or not
// empty, or an empty value whose type has to be right.
func (m *matcher) filled(w *member, c uint32) bool {
	if w.value.op == opConst || !empty(&m.tree, c) {
		return true
	}
	kind := m.tree.Nodes[c].Kind
	value := w.value.resolve()
	switch value.op {
	case opAny:
		return false
	case opHole:
		if value.hole.readings[0].target.attr == attrData {
			return kind != tree.Null // an empty payload is one
		}
		return kind == tree.Object || kind == tree.List && !value.hole.readings[0].conv.structured()
	}
	return kind == tree.Text
}

// find is the member of that name, the last one where it stands twice, as
// encoding/json has it.
func (m *matcher) find(w *member, n uint32, i int) (at uint32, found bool) {
	times := 0
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if m.called(w, c, i) {
			at = c
			times++
		}
	}
	if times > 1 && m.tree.Nodes[at].Kind != tree.Element {
		m.note("duplicate_key", "the member %q stands there %d times; the last one is read", w.names[i], times)
	}
	return at, times > 0
}

// called reports that a child has one of a member's names, by its number where
// the guide gave it one.
func (m *matcher) called(w *member, c uint32, i int) bool {
	node := &m.tree.Nodes[c]
	if node.Slot != 0 && len(w.slots) > 0 {
		return node.Slot == w.slots[i]
	}
	return (node.Kind == tree.Attribute) == w.attribute && m.tree.KeyIs(c, w.local(m.form, w.names[i]))
}

// siblings fits the elements of one name against a list.
func (m *matcher) siblings(w *member, n uint32) (fits, present bool) {
	of := selection{named: w}
	if !m.any(n, of) {
		return m.cut || !w.must, false
	}
	before := m.mark()
	if m.turns(w.value, n, of) {
		return true, true
	}
	m.back(before)
	if w.optional {
		m.unread++
		m.note("unfit_member", "the element %q has a form that the dialect does not know", w.names[0])
		return true, true
	}
	return false, true
}

// unfit passes over a member that has another form than the dialect knows,
// where it may be left out.
func (m *matcher) unfit(w *member) bool {
	if w.optional {
		m.unread++
		m.note("unfit_member", "the member %q has a form that the dialect does not know", w.names[0])
	}
	return w.optional
}

// say takes over what a form says by itself: of the record that it stands in,
// else of the whole. It always fits.
func (m *matcher) say(is string) bool {
	if is == "" {
		return true
	}
	for s := m.scope; s > 0; s = m.scopes[s].parent {
		if m.scopes[s].items {
			m.bound |= bitOf(item, attrIs)
			m.take(target{item, attrIs}, s, m.lie([]byte(is)))
			return true
		}
	}
	if m.later == 0 && m.says == "" {
		m.says = is
	}
	return true
}

// names are the numbers of the names that an object has, modulo 64, and
// whether each of them stands there once and every member has one. It spares a
// look for each member that is not there.
func (m *matcher) names(n uint32) (set uint64, once bool) {
	once = true
	nodes := m.tree.Nodes
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		slot := nodes[c].Slot
		bit := uint64(1) << (slot & 63)
		once = once && slot != 0 && set&bit == 0
		set |= bit
	}
	return set, once
}

// simple fits a member that is one text, which is there once. It begins to look
// at from, and returns where the next member may stand.
func (m *matcher) simple(w *member, n, from uint32) (fits, present bool, next uint32) {
	nodes := m.tree.Nodes
	end := nodes[n].Next
	if from >= end {
		from = n + 1
	}
	c := from
	for nodes[c].Slot != w.slots[0] {
		if c = nodes[c].Next; c >= end {
			c = n + 1
		}
		if c == from {
			return m.cut || !w.must, false, from // another name of the same place in the set
		}
	}
	node := &nodes[c]
	next = node.Next
	switch node.Kind {
	case tree.Null:
		return !w.must, true, next
	case tree.Text, tree.Number:
		if node.Start == node.End {
			return !w.must, true, next
		}
		h := w.value.hole
		switch {
		case node.Escaped:
			fits = m.text(h, m.tree.Value(c))
		case h.plain:
			m.copies(h, m.scope, node)
			return true, true, next
		case h.unused && isDigits(unsafe.String(&m.tree.Source[node.Start], int(node.End-node.Start))):
			return true, true, next
		default:
			fits = m.text(h, m.tree.Source[node.Start:node.End])
		}
		return fits || m.unfit(w), true, next
	}
	return m.unfit(w), true, next
}

// copies takes a text of the body by every reading of a plain hole.
func (m *matcher) copies(h *hole, scope int32, node *tree.Node) {
	var at lies
	for i := range h.readings {
		r := &h.readings[i]
		if r.bit&m.wants == 0 || m.later > 0 && r.target.owner == whole && r.target.attr != attrNote {
			continue
		}
		if at.size == 0 {
			at = m.lie(m.tree.Source[node.Start:node.End])
		}
		m.bound |= r.bit
		m.take(r.target, scope, at).copy = i > 0 && m.later == 0 && h.readings[0].target.owner == whole
	}
}
