package dialect

import (
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// guides says which parts of a body any shape asks for, so that the readers
// pass over the rest; and it gives every member the number of its name.
func (d *Spec) guides() {
	for _, f := range [...]form{formJSON, formXML} {
		g := tree.NewGuide()
		b := guideBuilder{form: f, seen: map[place]bool{}, left: maxGuides}
		for _, s := range d.shapes {
			switch {
			case s.form != f || s.writeOnly:
			case f == formJSON:
				b.add(g, s.body)
			default:
				b.root(g, s.body)
			}
		}
		d.guide[f] = g
	}
}

type guideBuilder struct {
	form form
	seen map[place]bool
	left int // guides that may still be made
}

// maxGuides bounds what the definitions of a stranger's file can grow to: what
// is beyond is taken whole.
const maxGuides = 4096

// place is a definition at a guide: it need not be built there twice.
type place struct {
	guide *tree.Guide
	def   *instance
}

// root adds what the root element of an XML body asks for.
func (b *guideBuilder) root(g *tree.Guide, t *template) { b.elements(g, t.root().value) }

// elements adds an element, or those of a list: in XML they are siblings.
func (b *guideBuilder) elements(g *tree.Guide, t *template) {
	if t = t.resolve(); t.op == opList {
		for _, e := range t.elems {
			b.add(g, e)
		}
		return
	}
	b.add(g, t)
}

func (b *guideBuilder) add(g *tree.Guide, t *template) {
	if t.writeOnly {
		return
	}
	if b.left--; b.left < 0 {
		g.All()
		return
	}
	switch t.op {
	case opHole:
		if t.hole.readings[0].conv.structured() {
			g.All()
		}
	case opObject:
		b.members(g, t)
	case opList:
		below := g.Elements(nil)
		for _, e := range t.elems {
			b.add(below, e)
		}
	case opEither:
		for _, e := range t.elems {
			b.add(g, e)
		}
	case opReference:
		if t.def.loops {
			g.All() // as deep as it goes
		}
		if at := (place{g, t.def}); !b.seen[at] && !t.def.loops {
			b.seen[at] = true
			b.add(g, t.def.body)
		}
	}
}

func (b *guideBuilder) members(g *tree.Guide, t *template) {
	for i := range t.members {
		m := &t.members[i]
		if m.text || m.value.writeOnly {
			continue
		}
		m.slots = m.slots[:0]
		for _, name := range m.names {
			if b.form == formXML && !(m.attribute && strings.HasPrefix(name, "xmlns")) {
				name = local(name)
			}
			if m.attribute {
				m.slots = append(m.slots, g.Attribute(name))
				continue
			}
			slot, below := g.Member(name, nil)
			m.slots = append(m.slots, slot)
			if b.form == formXML {
				b.elements(below, m.value)
			} else {
				b.add(below, m.value)
			}
		}
	}
	t.guided, t.named = b.form == formJSON, t.named[:0]
	for i := range t.members {
		m := &t.members[i]
		if m.value.writeOnly {
			continue
		}
		for _, slot := range m.slots {
			t.named = append(t.named, numbered{slot, uint16(i)})
		}
		if m.must || m.value.op == opConst && !m.optional {
			t.needed |= 1 << i
		}
		m.simple = b.form == formJSON && len(m.slots) == 1 && m.value.op == opHole && !m.value.writeOnly && textual(m.value.hole)
	}
	if t.rest == nil {
		return
	}
	below := g.Others
	if t.indexed {
		below = g.Elements
	}
	if b.form == formXML {
		b.elements(below(nil), t.rest.value)
	} else {
		b.add(below(nil), t.rest.value)
	}
}

// textual reports that a hole takes a text, and no list or document, nor a
// truth value.
func textual(h *hole) bool {
	r := &h.readings[0]
	return !r.conv.structured() && r.conv.notation != boolean && r.target.attr != attrData && r.target.attr != attrBody && r.target.attr != attrHeaders
}
