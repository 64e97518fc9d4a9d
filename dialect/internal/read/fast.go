package read

import (
	"math"
	"slices"
	"unsafe"

	"github.com/parlance-api/parlance/dialect/internal/read/replay"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Fast fits the document against a template, or reports false and leaves no
// trace.
func (m *Matcher) Fast(t *spec.Template) bool {
	if m.cut {
		return false
	}
	before := m.Mark()
	m.lone = fieldExtents{}
	if m.place(t, 0, &m.lone) && m.outside() {
		return true
	}
	m.Back(before)
	m.fields = m.fields[:0]
	return false
}

// fieldExtents is a Field as the places of its texts.
type fieldExtents struct {
	path, code, message tree.Extent
	own                 bool // something in it is no copy of a text of the whole
}

// outside adds the Field that is not in a list. Beside a list it is not a Field of its
// own: the Fields of the list share its texts.
func (m *Matcher) outside() bool {
	f := &m.lone
	if f.own && len(m.fields) == 0 {
		m.fields = append(m.fields, *f)
		return true
	}
	return len(m.fields) == 0 || f.path.Size+f.code.Size+f.message.Size == 0
}

// place fits a node. The texts of a Field go to f. A list of Fields fits only if f is the
// one outside of lists.
func (m *Matcher) place(t *spec.Template, n uint32, f *fieldExtents) bool {
	if t = m.choose(t, n); t == nil {
		return false
	}
	switch t.Op {
	case spec.OpConst:
		return m.constant(t, n)
	case spec.OpAny:
		m.passOver(n)
		return true
	case spec.OpHole:
		return m.one(t.Hole, n, f)
	case spec.OpObject:
		if t.Rest == nil || t.Key.Attr == spec.AttrExtra { // a member without a name here is left to Value
			return m.flat(t, n, f)
		}
		return f == &m.lone && m.named(t, n)
	case spec.OpList:
		return f == &m.lone && m.each(t, n, tree.Extent{})
	}
	return false
}

// passOver notes for a replay that a text may be any.
func (m *Matcher) passOver(n uint32) {
	if node := &m.Tree.Nodes[n]; m.origins != nil && !node.Escaped && (node.Kind == tree.Text && node.End > node.Start || node.Kind == tree.Number) {
		m.origins = append(m.origins, replay.Origin{Own: math.MaxUint32, Start: node.Start, End: node.End})
	}
}

// choose follows references, and takes the first alternative that can fit the kind of the
// node. It returns nil if none can.
func (m *Matcher) choose(t *spec.Template, n uint32) *spec.Template {
	for {
		switch t.Op {
		case spec.OpEither:
			i := slices.IndexFunc(t.Elems, func(e *spec.Template) bool { return !e.WriteOnly && m.suits(e, n) })
			if i < 0 {
				return nil
			}
			t = t.Elems[i]
		case spec.OpReference:
			if t.Def.Loops {
				return nil
			}
			t = t.Def.Body
		default:
			return t
		}
	}
}

// suits reports false if a template cannot fit a node of this kind.
func (m *Matcher) suits(t *spec.Template, n uint32) bool {
	node := &m.Tree.Nodes[n]
	switch t.Op {
	case spec.OpObject:
		return node.Kind == tree.Object || t.Indexed
	case spec.OpHole:
		return node.Kind != tree.Object && node.Kind != tree.List || !spec.Textual(t.Hole)
	case spec.OpList:
		// All elements are of one kind, so the first one decides.
		return node.Kind == tree.List && (node.Next == n+1 || len(t.Elems) != 1 || m.suits(t.Elems[0], n+1))
	}
	return true
}

// flat fits the members of an object. Most of them are in the order of the template.
func (m *Matcher) flat(t *spec.Template, n uint32, f *fieldExtents) bool {
	nodes := m.Tree.Nodes
	if nodes[n].Kind != tree.Object || !t.Guided || t.Indexed || t.Is != "" || len(t.Members) > 64 {
		return false
	}
	var seen, filled uint64
	next := 0
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		node := &nodes[c]
		i := t.Called(node.Slot, next)
		if i < 0 {
			if node.Slot == 0 {
				return false // its name is not known
			}
			continue
		}
		next = i + 1
		w, bit := &t.Members[t.Named[i].Member], uint64(1)<<t.Named[i].Member
		if seen&bit != 0 {
			return false // one of them counts
		}
		seen |= bit
		switch {
		case w.Value.Op == spec.OpHole && node.Kind == tree.Text && node.Start < node.End:
			if !m.one(w.Value.Hole, c, f) {
				return false
			}
		case !w.Constant && w.Value.Op != spec.OpAbsent && tree.Empty(&m.Tree, c):
			if m.Filled(w, c) || !w.Optional && w.Value.Fixed() {
				return false
			}
			continue
		case !m.place(w.Value, c, f):
			return false
		}
		filled |= bit
	}
	return filled&t.Needed == t.Needed && (seen != 0 || t.AllOptional())
}

// named fits an object whose names are the paths of Fields. One that has a member
// with a name of the template's is left to value.
func (m *Matcher) named(t *spec.Template, n uint32) bool {
	nodes := m.Tree.Nodes
	if nodes[n].Kind != tree.Object || t.Indexed || t.Is != "" || len(t.Members) > 0 && (!t.Guided || t.Needed != 0) || t.Key != (spec.Target{Owner: spec.Field, Attr: spec.AttrPath}) || t.KeyConv.Notation != spec.Plain || t.Rest.Value.Reads&^spec.OwnerBits[spec.Field] != 0 {
		return false
	}
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		node := &nodes[c]
		if t.Names(m.Tree.Source[node.KeyStart:node.KeyEnd]) {
			return false
		}
		path := m.keep(m.Tree.Source[node.KeyStart:node.KeyEnd])
		if m.origins != nil {
			m.origins = append(m.origins, replay.Origin{Own: path.Start, Start: node.KeyStart, End: node.KeyEnd, Beside: t})
		}
		value := m.choose(t.Rest.Value, c)
		switch {
		case node.KeyEscape || path.Size == 0 || value == nil:
			return false
		case value.Op == spec.OpList:
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
func (m *Matcher) each(t *spec.Template, n uint32, path tree.Extent) bool {
	nodes := m.Tree.Nodes
	if nodes[n].Kind != tree.List || len(t.Elems) != 1 || t.Elems[0].WriteOnly || t.Guarded() || t.Reads&^spec.OwnerBits[spec.Field] != 0 {
		return false
	}
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		if !m.field(t.Elems[0], c, path) {
			return false
		}
	}
	return true
}

// field fits a text or a flat object as a Field with a path.
func (m *Matcher) field(t *spec.Template, n uint32, path tree.Extent) bool {
	at := len(m.fields)
	if at == cap(m.fields) {
		m.fields = slices.Grow(m.fields, max(8, at))
	}
	m.fields = m.fields[:at+1]
	f := &m.fields[at]
	*f = fieldExtents{}
	f.path = path
	switch {
	case t.Op == spec.OpHole && m.Tree.Nodes[n].Start < m.Tree.Nodes[n].End && m.one(t.Hole, n, f):
	case t.Op == spec.OpObject && t.Rest == nil && m.flat(t, n, f):
	default:
		return false
	}
	if f.own {
		return true
	}
	m.fields = m.fields[:at]
	return path.Size == 0 || t.Reads&m.wants == 0 // a name alone may make one
}

// one takes a text by every reading of a hole.
func (m *Matcher) one(h *spec.Hole, n uint32, f *fieldExtents) bool {
	node := &m.Tree.Nodes[n]
	if h.Plain && !node.Escaped && (node.Kind == tree.Text || node.Kind == tree.Number && !h.Worded) {
		return m.asItIs(h, node, f)
	}
	first := &h.Readings[0]
	if first.Target.Attr == spec.AttrData || h.Refuses(node.Kind) {
		return m.hole(h, n)
	}
	if node.Kind != tree.Text && node.Kind != tree.Number || h.Guard != nil || first.Conv.Structured() {
		return false
	}
	text := m.Tree.Raw(n)
	if node.Escaped {
		text = m.Tree.Value(n)
	}
	if h.Unused && len(text) < 10 && tree.IsDigits(unsafe.String(&text[0], len(text))) || h.Defaults && string(text) == h.Fallback {
		return true
	}
	return m.converted(h, node, text, f)
}

// asItIs is one for the commonest hole of all: nothing has to be made of the text.
func (m *Matcher) asItIs(h *spec.Hole, node *tree.Node, f *fieldExtents) bool {
	var at tree.Extent
	for i := range h.Readings {
		r := &h.Readings[i]
		if r.Bit&m.wants == 0 {
			continue
		}
		if at.Size == 0 {
			at = m.keep(m.Tree.Source[node.Start:node.End])
		}
		if !m.give(f, r, at, i > 0 && h.Readings[0].Target.Owner == spec.Whole) {
			return false
		}
		m.remember(h, r, at, node)
	}
	return true
}

// converted is one for a hole with a notation.
func (m *Matcher) converted(h *spec.Hole, node *tree.Node, text []byte, f *fieldExtents) bool {
	var plainly tree.Extent // the text as it is
	from := len(m.origins)
	for i := range h.Readings {
		r := &h.Readings[i]
		if r.Pattern != nil || r.Target.Attr == spec.AttrBelow || r.Target.Attr == spec.AttrNote && i > 0 {
			return false
		}
		wanted := r.Bit&m.wants != 0
		if !wanted && (r.Conv.Notation == spec.Plain || r.Conv.Notation >= spec.Pointer) {
			continue
		}
		at := plainly
		if r.Conv.Notation != spec.Plain {
			read, ok := r.Conv.Read(text, m)
			if !ok && i == 0 {
				return false
			}
			if !ok || !wanted || len(read) == 0 {
				continue
			}
			at = m.keep(read)
		} else if at.Size == 0 {
			at = m.keep(text)
			plainly = at
		}
		if !m.give(f, r, at, i > 0 && h.Readings[0].Target.Owner == spec.Whole) {
			return false
		}
		if !node.Escaped {
			m.remember(h, r, at, node)
		}
	}
	if m.origins != nil && len(m.origins)-from < len(h.Readings) {
		m.origins = m.origins[:from] // some of it was left out, which another text may not be
	}
	return true
}

// remember keeps the origin of a text, if a replay is made of the body.
func (m *Matcher) remember(h *spec.Hole, r *spec.Reading, at tree.Extent, node *tree.Node) {
	if m.origins != nil {
		m.origins = append(m.origins, replay.Origin{Own: at.Start, Start: node.Start, End: node.End, Reading: r, Hole: h})
	}
}

// give takes a text for an attribute that has none yet: of several texts the
// first in the order of the shape counts, and not of the document.
func (m *Matcher) give(f *fieldExtents, r *spec.Reading, at tree.Extent, copied bool) bool {
	var to *tree.Extent
	switch {
	case r.Target.Owner == spec.Whole:
		if m.bound&r.Bit != 0 || r.Target.Attr == spec.AttrExtra {
			return false
		}
		m.bound |= r.Bit
		m.take(r.Target, 0, at).copy = copied
		return true
	case r.Target.Owner == spec.Item:
		return false
	case r.Target.Attr == spec.AttrPath:
		to, copied = &f.path, false
	case r.Target.Attr == spec.AttrCode:
		to = &f.code
	default:
		to = &f.message
	}
	if to.Size > 0 {
		return false
	}
	*to = at
	f.own = f.own || !copied
	m.bound |= r.Bit
	return true
}
