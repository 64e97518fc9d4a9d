package dialect

import (
	"math"
	"slices"
	"unsafe"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// straight fits the document against a template, or reports false and leaves no
// trace.
func (m *matcher) straight(t *template) bool {
	if m.cut {
		return false
	}
	before := m.mark()
	m.lone = taking{}
	if m.place(t, 0, &m.lone) && m.outside() {
		return true
	}
	m.back(before)
	m.fields = m.fields[:0]
	return false
}

// taking is a Field as the places of its texts.
type taking struct {
	path, code, message lies
	own                 bool // something in it is no copy of a text of the whole
}

// outside adds the Field that stands in no list. Beside a list it is none: its
// texts are lent to those in it.
func (m *matcher) outside() bool {
	f := &m.lone
	if f.own && len(m.fields) == 0 {
		m.fields = append(m.fields, *f)
		return true
	}
	return len(m.fields) == 0 || f.path.size+f.code.size+f.message.size == 0
}

// place fits a node. What it says of a Field goes to f; a list of them can
// stand only where f is the lone one.
func (m *matcher) place(t *template, n uint32, f *taking) bool {
	if t = m.choose(t, n); t == nil {
		return false
	}
	switch t.op {
	case opConst:
		return m.constant(t, n)
	case opAny:
		if node := &m.tree.Nodes[n]; m.origins != nil && !node.Escaped && (node.Kind == tree.Text && node.End > node.Start || node.Kind == tree.Number) {
			m.origins = append(m.origins, origin{own: math.MaxUint32, start: node.Start, end: node.End})
		}
		return true
	case opHole:
		return m.one(t.hole, n, f)
	case opObject:
		if t.rest == nil {
			return m.flat(t, n, f)
		}
		return f == &m.lone && m.named(t, n)
	case opList:
		return f == &m.lone && m.each(t, n, lies{})
	}
	return false
}

// choose follows references and, of alternatives, takes the first that can fit
// by the kind of the node; nil where none can.
func (m *matcher) choose(t *template, n uint32) *template {
	for {
		switch t.op {
		case opEither:
			i := slices.IndexFunc(t.elems, func(e *template) bool { return !e.writeOnly && m.suits(e, n) })
			if i < 0 {
				return nil
			}
			t = t.elems[i]
		case opReference:
			if t.def.loops {
				return nil
			}
			t = t.def.body
		default:
			return t
		}
	}
}

// suits reports false where a template cannot fit a node, as the kind shows.
func (m *matcher) suits(t *template, n uint32) bool {
	node := &m.tree.Nodes[n]
	switch t.op {
	case opObject:
		return node.Kind == tree.Object || t.indexed
	case opHole:
		return node.Kind != tree.Object && node.Kind != tree.List || !textual(t.hole)
	case opList:
		// The elements that are fitted are all of one kind, so what cannot be the
		// first of them is none.
		return node.Kind == tree.List && (node.Next == n+1 || len(t.elems) != 1 || m.suits(t.elems[0], n+1))
	}
	return true
}

// flat fits the members of an object, which mostly stand in the order of the
// template.
func (m *matcher) flat(t *template, n uint32, f *taking) bool {
	nodes := m.tree.Nodes
	if nodes[n].Kind != tree.Object || !t.guided || t.indexed || t.is != "" || len(t.members) > 64 {
		return false
	}
	var seen, filled uint64
	next := 0
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		node := &nodes[c]
		i := t.called(node.Slot, next)
		if i < 0 {
			if node.Slot == 0 {
				return false // its name is not known
			}
			continue
		}
		next = i + 1
		w, bit := &t.members[t.named[i].member], uint64(1)<<t.named[i].member
		if seen&bit != 0 {
			return false // one of them counts
		}
		seen |= bit
		switch {
		case w.value.op == opHole && node.Kind == tree.Text && node.Start < node.End:
			if !m.one(w.value.hole, c, f) {
				return false
			}
		case w.value.op != opConst && w.value.op != opAbsent && empty(&m.tree, c):
			if m.filled(w, c) {
				return false
			}
			continue
		case !m.place(w.value, c, f):
			return false
		}
		filled |= bit
	}
	return filled&t.needed == t.needed && (seen != 0 || t.lax())
}

// named fits an object whose names are the paths of Fields. One that has a member
// with a name of the template's is left to value.
func (m *matcher) named(t *template, n uint32) bool {
	nodes := m.tree.Nodes
	if nodes[n].Kind != tree.Object || t.indexed || t.is != "" || len(t.members) > 0 && (!t.guided || t.needed != 0) || t.key != (target{field, attrPath}) || t.keyConv.notation != plain || t.rest.value.reads&^ownerBits[field] != 0 {
		return false
	}
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		node := &nodes[c]
		if t.names(m.tree.Source[node.KeyStart:node.KeyEnd]) {
			return false
		}
		path := m.lie(m.tree.Source[node.KeyStart:node.KeyEnd])
		if m.origins != nil {
			m.origins = append(m.origins, origin{own: path.start, start: node.KeyStart, end: node.KeyEnd, beside: t})
		}
		value := m.choose(t.rest.value, c)
		switch {
		case node.KeyEscape || path.size == 0 || value == nil:
			return false
		case value.op == opList:
			if node.Next == c+1 || !m.each(value, c, path) {
				return false
			}
		case !m.field(value, c, path):
			return false
		}
	}
	return nodes[n].Next > n+1
}

// each fits the elements of a list as Fields with a path.
func (m *matcher) each(t *template, n uint32, path lies) bool {
	nodes := m.tree.Nodes
	if nodes[n].Kind != tree.List || len(t.elems) != 1 || t.elems[0].writeOnly || t.guarded() || t.reads&^ownerBits[field] != 0 {
		return false
	}
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		if !m.field(t.elems[0], c, path) {
			return false
		}
	}
	return true
}

// field fits a text or a flat object as a Field with a path.
func (m *matcher) field(t *template, n uint32, path lies) bool {
	at := len(m.fields)
	if at == cap(m.fields) {
		m.fields = slices.Grow(m.fields, max(8, at))
	}
	m.fields = m.fields[:at+1]
	f := &m.fields[at]
	*f = taking{}
	f.path = path
	switch {
	case t.op == opHole && m.tree.Nodes[n].Start < m.tree.Nodes[n].End && m.one(t.hole, n, f):
	case t.op == opObject && t.rest == nil && m.flat(t, n, f):
	default:
		return false
	}
	if f.own {
		return true
	}
	m.fields = m.fields[:at]
	return path.size == 0 || t.reads&m.wants == 0 // a name alone may make one
}

// one takes a text by every reading of a hole.
func (m *matcher) one(h *hole, n uint32, f *taking) bool {
	node := &m.tree.Nodes[n]
	if h.plain && !node.Escaped && (node.Kind == tree.Text || node.Kind == tree.Number) {
		// The commonest of all: nothing has to be made of it.
		var at lies
		for i := range h.readings {
			r := &h.readings[i]
			if r.bit&m.wants == 0 {
				continue
			}
			if at.size == 0 {
				at = m.lie(m.tree.Source[node.Start:node.End])
			}
			if !m.give(f, r, at, i > 0 && h.readings[0].target.owner == whole) {
				return false
			}
			if m.origins != nil {
				m.origins = append(m.origins, origin{own: at.start, start: node.Start, end: node.End, reading: r, hole: h})
			}
		}
		return true
	}
	first := &h.readings[0]
	if first.target.attr == attrData {
		return m.hole(h, n)
	}
	if node.Kind != tree.Text && node.Kind != tree.Number || h.guard != nil || first.conv.structured() {
		return false
	}
	text := m.tree.Raw(n)
	if node.Escaped {
		text = m.tree.Value(n)
	}
	switch {
	case h.unused && len(text) < 10 && isDigits(unsafe.String(&text[0], len(text))), h.defaults && string(text) == h.fallback:
		return true
	}
	var plainly lies // the text as it is
	from := len(m.origins)
	for i := range h.readings {
		r := &h.readings[i]
		if r.pattern != nil {
			return false
		}
		wanted := r.bit&m.wants != 0
		if !wanted && (r.conv.notation == plain || r.conv.notation >= pointer) {
			continue
		}
		at := plainly
		if r.conv.notation != plain {
			read, ok := r.conv.read(text, m)
			if !ok && i == 0 {
				return false
			}
			if !ok || !wanted || len(read) == 0 {
				continue
			}
			at = m.lie(read)
		} else if at.size == 0 {
			at = m.lie(text)
			plainly = at
		}
		if !m.give(f, r, at, i > 0 && first.target.owner == whole) {
			return false
		}
		if m.origins != nil && !node.Escaped {
			m.origins = append(m.origins, origin{own: at.start, start: node.Start, end: node.End, reading: r, hole: h})
		}
	}
	if m.origins != nil && len(m.origins)-from < len(h.readings) {
		m.origins = m.origins[:from] // some of it was left out, which another text may not be
	}
	return true
}

// give takes a text for an attribute that has none yet: of several texts the
// first in the order of the shape counts, and not of the document.
func (m *matcher) give(f *taking, r *reading, at lies, copied bool) bool {
	var to *lies
	switch {
	case r.target.owner == whole:
		if m.bound&r.bit != 0 {
			return false
		}
		m.bound |= r.bit
		m.take(r.target, 0, at)
		return true
	case r.target.owner == item:
		return false
	case r.target.attr == attrPath:
		to, copied = &f.path, false
	case r.target.attr == attrCode:
		to = &f.code
	default:
		to = &f.message
	}
	if to.size > 0 {
		return false
	}
	*to = at
	f.own = f.own || !copied
	m.bound |= r.bit
	return true
}
