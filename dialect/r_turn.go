package dialect

import (
	"strconv"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// others fits every member that has no name in the template.
func (m *matcher) others(t *template, n uint32) (fits, present bool) {
	of := selection{unnamed: t}
	if !m.any(n, of) {
		return m.cut || !t.rest.must, false
	}
	if t.single() {
		return m.only(t, n, of)
	}
	if t.rest.value.op == opList && m.tree.Nodes[n].Kind == tree.Element {
		return m.turns(t.rest.value, n, of), true
	}
	of.key = t.key
	before := m.mark()
	if m.turns(t.entries, n, of) {
		return true, true
	}
	m.back(before)
	if t.rest.optional {
		m.unread++
		m.note("unfit_member", "the members have a form that the dialect does not know")
		return true, true
	}
	return false, true
}

// only takes the name of the first member that has no name of its own.
func (m *matcher) only(t *template, n uint32, of selection) (fits, present bool) {
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if !m.takes(&of, c) {
			continue
		}
		before := m.mark()
		if name, ok := t.keyConv.read(m.tree.Key(c), m); ok && m.value(t.rest.value, c) {
			m.bind(t.key, name, false)
			return true, true
		}
		m.back(before)
	}
	return t.rest.optional, true
}

// selection is which children of a node a repetition goes through: those of a
// member's name, those that a template does not name, or all.
type selection struct {
	named   *member
	unnamed *template
	key     target // what the children's names are
}

func (m *matcher) takes(of *selection, c uint32) bool {
	switch {
	case of.named != nil:
		for i := range of.named.names {
			if m.called(of.named, c, i) {
				return true
			}
		}
		return false
	case of.unnamed != nil:
		if m.tree.Nodes[c].Kind == tree.Attribute {
			return false
		}
		for i := range of.unnamed.members {
			for j := range of.unnamed.members[i].names {
				if m.called(&of.unnamed.members[i], c, j) {
					return false
				}
			}
		}
	}
	return true
}

func (m *matcher) any(n uint32, of selection) bool {
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if m.takes(&of, c) {
			return true
		}
	}
	return false
}

// turns fits each of the children against the first of the templates that it
// fits. One that fits none forbids success; if none at all fits, the list does
// not.
func (m *matcher) turns(t *template, n uint32, of selection) bool {
	fitted, failed, guarded := 0, 0, 0
	later := m.later
	told := false    // the whole has been told of by an element that nothing tells apart
	var apart uint64 // and by which of those that a constant does
	texts := len(t.elems) == 1 && t.elems[0].op == opHole && t.elems[0].hole.plain && of.key.attr == attrNone
	records := t.reads.of(field)|t.reads.of(item) != 0
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if !m.takes(&of, c) {
			continue
		}
		if node := &m.tree.Nodes[c]; texts && node.Kind == tree.Text && !node.Escaped && node.Start < node.End {
			// The commonest list of all: texts, taken as they lie.
			inside := m.scope
			if m.later = later + btoi(told); records {
				inside = m.turnOf(t, m.scope, int32(fitted+failed), c)
			}
			m.copies(t.elems[0].hole, inside, node)
			fitted, told = fitted+1, true
			continue
		}
		by := m.turn(t, c, int32(fitted+failed), of.key, told, apart)
		if by < 0 {
			failed++
			continue
		}
		fitted++
		if by == 0 {
			guarded++
		}
		switch {
		case t.elems[by].apart && by < 64:
			apart |= 1 << by
		case by == 0 || !t.guarded():
			told = told || t.elems[by].op != opAny
		}
	}
	m.later = later
	if t.guarded() && guarded == 0 {
		return false // none says what the shape is recognised by
	}
	if failed > 0 && (fitted > 0 || m.cut) {
		m.unread += int32(failed)
		m.note("unread_element", "%d of %d elements could not be read", failed, failed+fitted)
		return true
	}
	return failed == 0
}

// turn fits one element of a repetition, in a scope of its own where the
// repetition holds records. It returns the place of the template that fitted,
// negative where none did. told and apart say which templates have told of the
// whole before: attributes of the whole come from one element each.
func (m *matcher) turn(t *template, c uint32, place int32, key target, told bool, apart uint64) int {
	before, outer, later := m.mark(), m.scope, m.later
	if (t.reads.of(field) | t.reads.of(item)) != 0 {
		m.scope = m.turnOf(t, outer, place, c)
	}
	if key.attr != attrNone {
		m.key(t, c, place, key)
	}
	by := -1
	for i, e := range t.elems {
		switch {
		case e.apart && i < 64:
			m.later = later + int(apart>>i&1)
		case told || i > 0 && t.guarded(): // the whole is what the recognised element says
			m.later = later + 1
		default:
			m.later = later
		}
		if e.writeOnly {
			continue
		}
		if i == len(t.elems)-1 {
			if m.value(e, c) {
				by = i
			}
			break
		}
		inner := m.mark()
		if m.value(e, c) {
			by = i
			break
		}
		m.back(inner)
	}
	m.scope, m.later = outer, later
	if by < 0 {
		m.back(before)
	}
	return by
}

// key takes the name of a member, or the place of an element in a list.
func (m *matcher) key(t *template, c uint32, place int32, key target) {
	if node := &m.tree.Nodes[c]; t.keyConv.notation == plain && !node.KeyEscape && !t.indexed {
		if node.KeyEnd > node.KeyStart {
			m.take(key, m.scope, m.lie(m.tree.Source[node.KeyStart:node.KeyEnd])).key = true
		}
		return
	}
	name := m.tree.Key(c)
	if t.indexed {
		name = strconv.AppendInt(nil, int64(place), 10)
	}
	if name, ok := t.keyConv.read(name, m); ok && len(name) > 0 {
		m.bound |= key.bit()
		m.take(key, m.scope, m.lie(name)).key = true
	}
}
