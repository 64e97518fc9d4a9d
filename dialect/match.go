package dialect

import (
	"strconv"
	"strings"
	"unsafe"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// value fits node n against a template.
func (m *matcher) value(t *template, n uint32) bool {
	if t.writeOnly {
		return true
	}
	if m.steps++; m.steps > m.limit {
		return false // alternatives in alternatives would take for ever
	}
	switch t.op {
	case opConst:
		return m.constant(t, n)
	case opHole:
		return m.hole(t.hole, n)
	case opAny:
		return true
	case opObject:
		return m.object(t, n)
	case opList:
		if m.tree.Nodes[n].Kind != tree.List {
			return false
		}
		return m.turns(t, n, selection{})
	case opEither:
		for _, e := range t.elems {
			if e.writeOnly {
				continue
			}
			before := m.mark()
			if m.value(e, n) {
				return true
			}
			m.back(before)
		}
	case opReference:
		return m.value(t.def.body, n)
	}
	return false
}

func (m *matcher) constant(t *template, n uint32) bool {
	node := &m.tree.Nodes[n]
	if node.Kind == tree.Element || node.Kind == tree.Attribute {
		return string(m.tree.Value(n)) == t.text
	}
	if node.Kind != t.kind {
		return false
	}
	switch t.kind {
	case tree.Text:
		return string(m.tree.Value(n)) == t.text
	case tree.Number:
		if string(m.tree.Raw(n)) == t.text {
			return true
		}
		a, errA := strconv.ParseFloat(string(m.tree.Raw(n)), 64)
		b, errB := strconv.ParseFloat(t.text, 64)
		return errA == nil && errB == nil && a == b
	}
	return true
}

// hole takes the value of a node.
func (m *matcher) hole(h *hole, n uint32) bool {
	first := &h.readings[0]
	node := &m.tree.Nodes[n]
	switch first.target.attr {
	case attrData:
		if node.Kind != tree.Null {
			m.data = int32(n) + 1
		}
		return true
	case attrBody:
		if node.Kind == tree.Text {
			m.bind(first.target, m.tree.Value(n), false) // a document in a text
		} else {
			m.bind(first.target, m.tree.Raw(n), false)
		}
		return true
	case attrHeaders:
		if node.Kind == tree.Object {
			m.bind(first.target, m.tree.Raw(n), false)
		}
		return node.Kind == tree.Object || node.Kind == tree.Null
	}
	if first.conv.structured() {
		text, ok := first.conv.readStructured(&m.tree, n)
		if !ok {
			return false
		}
		m.bind(first.target, text, false)
		return true
	}
	switch node.Kind {
	case tree.Null:
		return h.guard == nil
	case tree.True, tree.False:
		return first.conv.notation == boolean && m.text(h, m.tree.Raw(n))
	case tree.Text, tree.Number:
		if h.plain && !node.Escaped && node.End > node.Start {
			m.copies(h, m.scope, node)
			return true
		}
		return m.text(h, m.tree.Value(n))
	case tree.Element, tree.Attribute:
		return m.text(h, m.tree.Value(n))
	}
	return false
}

// text takes a text by every reading of a hole. The first must fit; a copy that
// does not is left out.
func (m *matcher) text(h *hole, text []byte) bool {
	if h.guard != nil && !h.guard.fits(text) {
		return false
	}
	if h.defaults && string(text) == h.fallback {
		return true
	}
	for i := range h.readings {
		r := &h.readings[i]
		if r.pattern != nil {
			all, fits := r.pattern.read(text, m, m.taken[:0])
			for _, one := range all {
				m.bind(one.hole, one.text, false)
			}
			m.taken = all[:0]
			if !fits && i == 0 {
				return false
			}
			continue
		}
		if r.bit&m.wants == 0 && r.conv.notation >= pointer {
			continue // it would fit
		}
		s, ok := r.conv.read(text, m)
		if !ok {
			if i == 0 && len(text) > 0 {
				return false
			}
			continue
		}
		// A copy is one only where the attribute of the whole was really taken.
		m.bind(r.target, s, i > 0 && h.readings[0].pattern == nil && h.readings[0].target.owner == whole && m.later == 0)
	}
	return true
}

func (m *matcher) bind(t target, text []byte, copied bool) {
	if len(text) == 0 || t.bit()&m.wants == 0 || t.owner == whole && m.later > 0 && t.attr != attrNote {
		return
	}
	m.bound |= t.bit()
	m.take(t, m.scope, m.lie(text)).copy = copied
}

func (m *matcher) object(t *template, n uint32) bool {
	kind := m.tree.Nodes[n].Kind
	if t.indexed {
		if kind != tree.List {
			return false
		}
		fits, _ := m.others(t, n)
		return fits && m.say(t.is)
	}
	if kind != tree.Object && kind != tree.Element {
		return false
	}
	present := 0
	named, once := m.names(n)
	next := n + 1 // documents mostly have the members in the order of the file
	for i := range t.members {
		w := &t.members[i]
		var ok, there bool
		switch {
		case !w.simple || !once:
			ok, there = m.member(w, n)
		case named&(1<<(w.slots[0]&63)) == 0:
			ok = m.cut || !w.must
		default:
			ok, there, next = m.simple(w, n, next)
		}
		if !ok {
			return false
		}
		if there {
			present++
		}
	}
	if t.rest != nil {
		ok, there := m.others(t, n)
		if !ok {
			return false
		}
		if there {
			present++
		}
	}
	return (present > 0 || m.cut || t.lax()) && m.say(t.is)
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

// local is the name by which a member is found.
func (w *member) local(f form, name string) string {
	if f != formXML || w.attribute && strings.HasPrefix(name, "xmlns") {
		return name
	}
	return local(name)
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
