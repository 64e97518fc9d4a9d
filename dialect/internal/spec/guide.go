package spec

import (
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// guides marks the parts of a body that a shape reads, so that the readers can skip the
// rest. It gives each member the number of its name.
func (d *Spec) guides() {
	for _, f := range [...]Form{FormJSON, FormXML} {
		g := tree.NewGuide()
		b := guideBuilder{form: f, seen: map[place]bool{}, left: maxGuides}
		for _, s := range d.Shapes {
			switch {
			case s.Form != f || s.WriteOnly:
			case f == FormJSON:
				b.add(g, s.Body)
			default:
				b.root(g, s.Body)
			}
		}
		d.Guide[f] = g
	}
}

type guideBuilder struct {
	form Form
	seen map[place]bool
	left int // guides that may still be made
}

// maxGuides is the most guides for definitions, since files may be hostile. Deeper parts
// are read completely.
const maxGuides = 4096

// place is a definition at a guide: it need not be built there twice.
type place struct {
	guide *tree.Guide
	def   *Instance
}

// root adds the parts that the root element of an XML body reads.
func (b *guideBuilder) root(g *tree.Guide, t *Template) { b.elements(g, t.Root().Value) }

// elements adds an element, or those of a list: in XML they are siblings.
func (b *guideBuilder) elements(g *tree.Guide, t *Template) {
	if t = t.Resolve(); t.Op == OpList {
		for _, e := range t.Elems {
			b.add(g, e)
		}
		return
	}
	b.add(g, t)
}

func (b *guideBuilder) add(g *tree.Guide, t *Template) {
	if t.WriteOnly {
		return
	}
	if b.left--; b.left < 0 {
		g.All()
		return
	}
	switch t.Op {
	case OpHole:
		if t.Hole.Readings[0].Conv.Structured() {
			g.All()
		}
	case OpObject:
		b.members(g, t)
	case OpList:
		below := g.Elements(nil)
		for _, e := range t.Elems {
			b.add(below, e)
		}
	case OpEither:
		for _, e := range t.Elems {
			b.add(g, e)
		}
	case OpReference:
		if t.Def.Loops {
			g.All() // as deep as it goes
		}
		if at := (place{g, t.Def}); !b.seen[at] && !t.Def.Loops {
			b.seen[at] = true
			b.add(g, t.Def.Body)
		}
	}
}

func (b *guideBuilder) members(g *tree.Guide, t *Template) {
	t.Guided, t.Named = b.form == FormJSON, t.Named[:0]
	for i := range t.Members {
		m := &t.Members[i]
		if m.Value.WriteOnly {
			continue
		}
		if !m.Text {
			b.member(g, m)
		}
		for _, slot := range m.Slots {
			t.Named = append(t.Named, numbered{slot, uint16(i)})
		}
		if m.Must && m.Value.Op != OpAbsent || m.Constant && !m.Optional {
			t.Needed |= 1 << i
		}
		m.Simple = b.form == FormJSON && len(m.Slots) == 1 && m.Value.Op == OpHole && Textual(m.Value.Hole)
	}
	switch {
	case t.Rest == nil:
	case t.Indexed:
		b.value(g.Elements(nil), t.Rest.Value)
	default:
		b.value(g.Others(nil), t.Rest.Value)
	}
}

// member adds the parts that a member reads, and gives it the numbers of its names.
func (b *guideBuilder) member(g *tree.Guide, m *Member) {
	m.Slots = m.Slots[:0]
	for _, name := range m.Names {
		name = m.Local(b.form, name)
		if m.Attribute {
			m.Slots = append(m.Slots, g.Attribute(name))
			continue
		}
		slot, below := g.Member(name, nil)
		m.Slots = append(m.Slots, slot)
		b.value(below, m.Value)
	}
}

// value adds the parts that the value of a member reads.
func (b *guideBuilder) value(g *tree.Guide, t *Template) {
	if b.form == FormXML {
		b.elements(g, t)
		return
	}
	b.add(g, t)
}

// Textual reports that a hole takes a text, and no list or document, nor a
// truth value.
func Textual(h *Hole) bool {
	r := &h.Readings[0]
	return !r.Conv.Structured() && r.Conv.Notation != Boolean && !r.Target.document()
}
