package read

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Value fits node n against a template.
func (m *Matcher) Value(t *spec.Template, n uint32) bool {
	if t.WriteOnly {
		return true
	}
	if m.steps++; m.steps > m.limit {
		return false // alternatives in alternatives would take for ever
	}
	switch t.Op {
	case spec.OpConst:
		return m.constant(t, n)
	case spec.OpHole:
		return m.hole(t.Hole, n)
	case spec.OpAny:
		return true
	case spec.OpObject:
		if m.Tree.Nodes[n].Kind != tree.Element {
			return m.object(t, n)
		}
		m.spaces.parents = append(m.spaces.parents, n)
		fits := m.object(t, n)
		m.spaces.parents = m.spaces.parents[:len(m.spaces.parents)-1]
		return fits
	case spec.OpList:
		return m.Tree.Nodes[n].Kind == tree.List && m.iterations(t, n, Selection{Some: t.Some})
	case spec.OpEither:
		for _, e := range t.Elems {
			if e.WriteOnly {
				continue
			}
			before := m.Mark()
			if m.Value(e, n) {
				return true
			}
			m.Back(before)
		}
	case spec.OpReference:
		if body := t.Def.Body; t.Some && body.Op == spec.OpList {
			return m.Tree.Nodes[n].Kind == tree.List && m.iterations(body, n, Selection{Some: true})
		}
		return m.Value(t.Def.Body, n)
	}
	return false
}

func (m *Matcher) constant(t *spec.Template, n uint32) bool {
	node := &m.Tree.Nodes[n]
	if node.Kind == tree.Element || node.Kind == tree.Attribute {
		return string(m.Tree.Value(n)) == t.Text
	}
	if node.Kind != t.Kind {
		return false
	}
	switch t.Kind {
	case tree.Text:
		return string(m.Tree.Value(n)) == t.Text
	case tree.Number:
		if string(m.Tree.Raw(n)) == t.Text {
			return true
		}
		a, errA := strconv.ParseFloat(string(m.Tree.Raw(n)), 64)
		b, errB := strconv.ParseFloat(t.Text, 64)
		return errA == nil && errB == nil && a == b
	}
	return true
}

// hole takes the value of a node.
func (m *Matcher) hole(h *spec.Hole, n uint32) bool {
	first := &h.Readings[0]
	node := &m.Tree.Nodes[n]
	switch first.Target.Attr {
	case spec.AttrData:
		if node.Kind != tree.Null {
			m.data = int32(n) + 1
		}
		return true
	case spec.AttrBody:
		if node.Kind == tree.Text {
			m.bind(first.Target, m.Tree.Value(n), false) // a document in a text
		} else {
			m.bind(first.Target, m.Tree.Raw(n), false)
		}
		return true
	case spec.AttrHeaders:
		text, ok := first.Conv.ReadHeader(&m.Tree, n)
		if ok {
			m.bind(first.Target, text, false)
		}
		return ok || node.Kind == tree.Null
	}
	if first.Conv.Structured() {
		text, ok := first.Conv.ReadStructured(&m.Tree, n)
		if !ok {
			return false
		}
		m.bind(first.Target, text, false)
		return true
	}
	switch node.Kind {
	case tree.Null:
		return h.Guard == nil
	case tree.True, tree.False:
		return (first.Conv.Notation == spec.Boolean || first.Target.Attr == spec.AttrRetryable) && m.text(h, m.Tree.Raw(n))
	case tree.Text, tree.Number:
		if h.Refuses(node.Kind) {
			return false
		}
		if h.Plain && !node.Escaped && node.End > node.Start {
			m.copies(h, m.scope, node)
			return true
		}
		return m.text(h, m.Tree.Value(n))
	case tree.Element, tree.Attribute:
		text := m.Tree.Value(n)
		if len(text) == 0 && strangeText[first.Target.Attr] && m.holdsElements(n) {
			return false // the text is in them
		}
		return m.text(h, text)
	}
	return false
}

// holdsElements reports that other elements stand in an element.
func (m *Matcher) holdsElements(n uint32) bool {
	if m.Tree.Nodes[n].Skipped > 0 {
		return true
	}
	for c := range m.Tree.Children(n) {
		if m.Tree.Nodes[c].Kind == tree.Element {
			return true
		}
	}
	return false
}

// text takes a text by every reading of a hole. The first must fit; a copy that
// does not is left out.
func (m *Matcher) text(h *spec.Hole, text []byte) bool {
	if h.Guard != nil && !h.Guard.Fits(text) {
		return false
	}
	if h.Defaults && string(text) == h.Fallback {
		return true
	}
	if m.later > 0 && h.Sole {
		m.losing(h, text)
	}
	var kept tree.Extent // of the reading before
	for i := range h.Readings {
		r := &h.Readings[i]
		if r.Pattern != nil {
			if !m.pattern(r.Pattern, text) && i == 0 {
				return false
			}
			continue
		}
		if r.Bit&m.wants == 0 && r.Conv.Notation >= spec.Pointer {
			continue // it would fit
		}
		s, ok := r.Conv.Read(text, m)
		if !ok {
			if i == 0 && len(text) > 0 {
				return false
			}
			continue
		}
		// It is a copy only if the attribute of the whole was taken.
		if r.Extra != "" {
			m.bindExtra(r.Extra, s)
			continue
		}
		if b := m.bind(r.Target, s, i > 0 && h.Readings[0].Pattern == nil && h.Readings[0].Target.Owner == spec.Whole && m.later == 0); b != nil {
			b.beside = h.Beside(r)
			if string(m.textAt(kept)) == string(s) {
				b.Extent = kept // it is one text for both
			}
			if kept = b.Extent; h.Shared {
				m.deepen(b)
			}
		}
	}
	return true
}

// pattern takes the parts of a text, and reports whether it fits.
func (m *Matcher) pattern(p *spec.Pattern, text []byte) bool {
	all, fits := p.Read(text, m, m.taken[:0])
	for _, one := range all {
		m.bind(one.Hole, one.Text, false)
	}
	m.taken = all[:0]
	return fits
}

func (m *Matcher) bind(t spec.Target, text []byte, copied bool) *bind {
	if len(text) == 0 || t.Bit()&m.wants == 0 || t.Owner == spec.Whole && m.later > 0 && t.Attr != spec.AttrNote {
		return nil
	}
	m.bound |= t.Bit()
	b := m.take(t, m.scope, m.keep(text))
	b.copy = copied
	return b
}

// losing counts a text of the whole in a list that a later element has and nothing keeps,
// unless the whole has the same one.
func (m *Matcher) losing(h *spec.Hole, text []byte) {
	t := h.Readings[0].Target
	if len(text) == 0 || h.Readings[0].Targets()&m.wants == 0 {
		return
	}
	for i := range m.binds[:min(len(m.binds), maxSought)] {
		if b := &m.binds[i]; b.target == t && m.sameExtra(b, h) && string(m.textAt(b.Extent)) == string(text) {
			return
		}
	}
	m.lost++
}

// sameExtra reports that a text has the name of an extra that a hole gives, if it gives one.
func (m *Matcher) sameExtra(b *bind, h *spec.Hole) bool {
	name := h.Readings[0].Extra
	return name == "" || b.extra > 0 && m.extras[b.extra-1] == name
}

// maxSought is among how many texts one is sought that the whole may have.
const maxSought = 64

// deepen notes how deep a text of a record stands that the whole gets too: one that stands
// in a shallower place takes precedence.
func (m *Matcher) deepen(b *bind) {
	if b.target.Owner == spec.Whole {
		b.deep = m.turns
		m.deepest = max(m.deepest, m.turns)
	}
}

// bindExtra takes what a vendor adds, by its name.
func (m *Matcher) bindExtra(name string, text []byte) {
	at := slices.Index(m.extras, name)
	if at < 0 {
		if at = len(m.extras); at == maxExtras {
			return
		}
		m.extras = append(m.extras, name)
	}
	if b := m.bind(spec.Target{Attr: spec.AttrExtra}, text, false); b != nil {
		b.extra = uint8(at + 1)
	}
}

// maxExtras is how many extras of one response are kept.
const maxExtras = 64

// maxOtherExtra is how long an extra may be that no file names, in bytes.
const maxOtherExtra = 256

// otherExtras takes as extras the members that have no name in the template and hold a
// short line, a number or a boolean. A long text can be a trace of the inside of a system.
func (m *Matcher) otherExtras(t *spec.Template, n uint32) {
	of := Selection{Unnamed: t}
	for c := n + 1; c < m.Tree.Nodes[n].Next; c = m.Tree.Nodes[c].Next {
		if !m.Takes(&of, c) {
			continue
		}
		switch text := m.Tree.Value(c); m.Tree.Nodes[c].Kind {
		case tree.Text, tree.Number, tree.True, tree.False:
			if len(text) > maxOtherExtra || bytes.IndexByte(text, '\n') >= 0 {
				continue
			}
			m.bindExtra(string(m.Tree.Key(c)), text)
		}
	}
}

func (m *Matcher) object(t *spec.Template, n uint32) bool {
	kind, from := m.Tree.Nodes[n].Kind, len(m.binds)
	if t.Indexed {
		if kind != tree.List {
			return false
		}
		fits, _ := m.others(t, n)
		return fits && m.say(t.Is, from)
	}
	if kind != tree.Object && kind != tree.Element {
		return false
	}
	present := 0
	named, once := m.names(n)
	next := n + 1 // documents mostly have the members in the order of the file
	for i := range t.Members {
		w := &t.Members[i]
		var ok, there bool
		switch {
		case !w.Simple || !once:
			ok, there = m.member(w, n)
		case named&(1<<(w.Slots[0]&63)) == 0:
			ok = m.cut || !w.Must
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
	if t.Rest != nil {
		ok, there := m.others(t, n)
		if !ok {
			return false
		}
		if there {
			present++
		}
	}
	m.scopes[m.scope].fails = t.Fails && !m.cut // else what tells it from a success may be missing
	return (present > 0 || m.cut || t.AllOptional()) && m.say(t.Is, from)
}
