package read

import (
	"math"
	"strconv"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// others fits every member that has no name in the template.
func (m *Matcher) others(t *spec.Template, n uint32) (fits, present bool) {
	if t.Key.Attr == spec.AttrExtra {
		m.otherExtras(t, n)
		return true, false // what no file names makes no shape fit
	}
	of := Selection{Unnamed: t}
	if !m.any(n, of, t.Rest.Must) {
		return m.cut || !t.Rest.Must, false
	}
	if t.Single() {
		if around := &m.scopes[m.scope]; t.Entries != nil && (around.item || around.within) {
			return m.errors(t, n, of)
		}
		return m.only(t, n, of)
	}
	if list := t.Rest.Value.Resolve(); list.Op == spec.OpList && m.Tree.Nodes[n].Kind == tree.Element {
		of.Some = t.Rest.Must
		return m.iterations(list, n, of), true
	}
	of.key = t.Key
	before := m.Mark()
	if m.iterations(t.Entries, n, of) {
		return true, true
	}
	m.Back(before)
	if t.Rest.Optional {
		m.unread++
		m.note("unfit_member", "the members have a form that the dialect does not describe")
		return true, true
	}
	return false, true
}

// only takes the name of the first member that the template does not name.
func (m *Matcher) only(t *spec.Template, n uint32, of Selection) (fits, present bool) {
	for c := n + 1; c < m.Tree.Nodes[n].Next; c = m.Tree.Nodes[c].Next {
		if !m.Takes(&of, c) {
			continue
		}
		before := m.Mark()
		if name, ok := t.KeyConv.Read(m.Tree.Key(c), m); ok && m.Value(t.Rest.Value, c) {
			m.bind(t.Key, name, false)
			m.further(t, n, c, of)
			return true, true
		}
		m.Back(before)
	}
	return t.Rest.Optional, true
}

// further says how many members after the one that was read could be it as well. They are
// not read, so the response cannot be a success.
func (m *Matcher) further(t *spec.Template, n, read uint32, of Selection) {
	others := int32(0)
	for c := m.Tree.Nodes[read].Next; c < m.Tree.Nodes[n].Next; c = m.Tree.Nodes[c].Next {
		if !m.Takes(&of, c) {
			continue
		}
		before := m.Mark()
		if _, ok := t.KeyConv.Read(m.Tree.Key(c), m); ok && m.Value(t.Rest.Value, c) {
			others++
		}
		m.Back(before)
	}
	if others > 0 {
		m.unread += others
		m.note("unread_element", "each of %d members can be the %s, and only the first one was read", others+1, t.Key.Attr)
	}
}

// errors takes each member that the template does not name as an error of the record around
// it. The name is its code.
func (m *Matcher) errors(t *spec.Template, n uint32, of Selection) (fits, present bool) {
	taken := int32(0)
	for c := n + 1; c < m.Tree.Nodes[n].Next; c = m.Tree.Nodes[c].Next {
		if !m.Takes(&of, c) {
			continue
		}
		if _, ok := t.KeyConv.Read(m.Tree.Key(c), m); ok && m.iteration(t.Entries, c, taken, t.Key, taken > 0, 0) >= 0 {
			m.bound |= t.Key.Bit()
			taken++
		}
	}
	return taken > 0 || t.Rest.Optional, true
}

// Selection says which children of a node an iteration visits: those of a
// member's name, those that a template does not name, or all.
type Selection struct {
	Named   *spec.Member
	Unnamed *spec.Template
	Some    bool        // a template other than $any has to take one of them
	key     spec.Target // what the children's names are
}

func (m *Matcher) Takes(of *Selection, c uint32) bool {
	switch {
	case of.Named != nil:
		for i := range of.Named.Names {
			if m.called(of.Named, c, i) {
				return true
			}
		}
		return false
	case of.Unnamed != nil:
		if m.Tree.Nodes[c].Kind == tree.Attribute || of.Unnamed.Space != "" && !m.inSpace(c, of.Unnamed.Space) {
			return false
		}
		for i := range of.Unnamed.Members {
			for j := range of.Unnamed.Members[i].Names {
				if m.called(&of.Unnamed.Members[i], c, j) {
					return false
				}
			}
		}
	}
	return true
}

// any reports that a node has such a child. One that is null counts only if none must be
// there.
func (m *Matcher) any(n uint32, of Selection, must bool) bool {
	for c := n + 1; c < m.Tree.Nodes[n].Next; c = m.Tree.Nodes[c].Next {
		if m.Takes(&of, c) && !(must && m.Tree.Nodes[c].Kind == tree.Null) {
			return true
		}
	}
	return false
}

// iterations fits each child with the first template that it fits. If a child fits none
// of them, the response cannot be a success. If no child fits, the list does not fit; if
// it must be there, what $any takes does not count.
func (m *Matcher) iterations(t *spec.Template, n uint32, of Selection) bool {
	fitted, failed, guarded, passed, beyond := 0, 0, 0, 0, 0
	later, turns, lost := m.later, m.turns, m.lost
	m.turns = min(turns, math.MaxUint8-1) + 1
	wholeRead := false // an element was read that no constant tells apart
	var apart uint64   // the elements that were read and that a constant tells apart
	texts := listsTexts(t, &of)
	records := t.Reads.Of(spec.Field)|t.Reads.Of(spec.Item) != 0
	for c := n + 1; c < m.Tree.Nodes[n].Next; c = m.Tree.Nodes[c].Next {
		if !m.Takes(&of, c) {
			continue
		}
		if node := &m.Tree.Nodes[c]; texts && lies(node) {
			inside := m.scope
			if m.later = later + spec.Btoi(wholeRead); records {
				inside = m.newScope(t, m.scope, int32(fitted+failed), c)
			}
			before := m.lost
			m.copies(t.Elems[0].Hole, inside, node)
			beyond += spec.Btoi(m.lost > before)
			fitted, wholeRead = fitted+1, true
			continue
		}
		before := m.lost
		by := m.iteration(t, c, int32(fitted+failed), of.key, wholeRead, apart)
		if by < 0 {
			if !m.lenient || !m.strangerIn(t, c, int32(fitted+failed), of.key) {
				failed++
				continue
			}
			fitted, wholeRead = fitted+1, true
			m.unread++
			continue
		}
		fitted++
		beyond += spec.Btoi(m.lost > before)
		if by == 0 {
			guarded++
		}
		switch told := t.Apart(by) && by < 64; {
		case t.Elems[by].Op == spec.OpAny:
			passed++
		case told:
			apart |= 1 << by
		case t.Elems[by].Reads.Of(spec.Whole) == 0: // such as null: the whole is told by another one
		case by == 0 || !t.Guarded():
			wholeRead = true
		}
	}
	m.later, m.turns = later, turns
	if later > 0 {
		beyond = 0 // the list around says it
	} else {
		m.lost = lost
	}
	if t.Guarded() && guarded == 0 || of.Some && passed > 0 && passed == fitted {
		return false // none says what the shape is recognized by
	}
	return m.elements(fitted, failed, beyond)
}

// listsTexts reports the template of the commonest list of all: texts.
func listsTexts(t *spec.Template, of *Selection) bool {
	return len(t.Elems) == 1 && t.Elems[0].Op == spec.OpHole && t.Elems[0].Hole.Plain && of.key.Attr == spec.AttrNone
}

// lies reports a text that can be taken as it lies.
func lies(node *tree.Node) bool {
	return node.Kind == tree.Text && !node.Escaped && node.Start < node.End
}

// elements reports whether a list fits by the numbers of its elements, and notes those that
// were not read. beyond are those whose texts of the whole came after the first ones.
func (m *Matcher) elements(fitted, failed, beyond int) bool {
	if beyond > 0 {
		m.note("unread_element", "%d elements say something of the whole, and only one of them counts", beyond+1)
	}
	if failed > 0 && (fitted > 0 || m.cut) {
		m.unread += int32(failed)
		m.note("unread_element", "%d of %d elements could not be read", failed, failed+fitted)
		return true
	}
	return failed == 0
}

// iteration fits one element of a repetition, in a scope of its own if the repetition
// holds records. It returns the place of the template that fits, or a negative number.
// Each attribute of the whole comes from one element only: wholeRead and apart say which
// templates have read some of them before.
func (m *Matcher) iteration(t *spec.Template, c uint32, place int32, key spec.Target, wholeRead bool, apart uint64) int {
	before, outer, later := m.Mark(), m.scope, m.later
	if (t.Reads.Of(spec.Field) | t.Reads.Of(spec.Item)) != 0 {
		m.scope = m.newScope(t, outer, place, c)
	}
	if key.Attr != spec.AttrNone {
		m.key(t, c, place, key)
	}
	by, lost := -1, m.lost
	for i, e := range t.Elems {
		switch {
		case t.Apart(i) && i < 64:
			m.later = later + int(apart>>i&1)
		case wholeRead || i > 0 && t.Guarded(): // the whole is what the recognized element says
			m.later = later + 1
		default:
			m.later = later
		}
		if e.WriteOnly {
			continue
		}
		if i == len(t.Elems)-1 {
			if m.Value(e, c) {
				by = i
			}
			break
		}
		inner := m.Mark()
		if m.Value(e, c) {
			by = i
			break
		}
		m.Back(inner)
		m.lost = lost
	}
	if m.scope != outer && by >= 0 && m.scopes[m.scope].item && m.passed(t.Elems[by], key, before) {
		m.scopes[m.scope].item = false
	}
	m.scope, m.later = outer, later
	if by < 0 {
		m.Back(before)
		m.lost = lost
	}
	return by
}

// passed reports that an element is no record, although its list is one of records: its
// template says nothing of one, or nothing of it stands before the place where the body is
// cut off.
func (m *Matcher) passed(by *spec.Template, key spec.Target, before mark) bool {
	return !by.AboutItem() && key.Owner != spec.Item || m.cut && len(m.binds) == int(before.taken.binds)
}

// key takes the name of a member, or the place of an element in a list.
func (m *Matcher) key(t *spec.Template, c uint32, place int32, key spec.Target) {
	m.scopes[m.scope].mapped = m.scopes[m.scope].mapped || key.Attr == spec.AttrPath
	if node := &m.Tree.Nodes[c]; t.KeyConv.Notation == spec.Plain && !node.KeyEscape && !t.Indexed {
		if node.KeyEnd > node.KeyStart {
			m.take(key, m.scope, m.keep(m.Tree.Source[node.KeyStart:node.KeyEnd])).key = true
		}
		return
	}
	name := m.Tree.Key(c)
	if t.Indexed {
		name = strconv.AppendInt(nil, int64(place), 10)
	}
	if name, ok := t.KeyConv.Read(name, m); ok && len(name) > 0 {
		m.bound |= key.Bit()
		m.take(key, m.scope, m.keep(name)).key = true
	}
}
