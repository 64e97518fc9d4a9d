package dialect

import (
	"strconv"

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
