package dialect

import (
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// mould is an answer that was read once, cut at the texts that change from one
// to the next. One that has the same bytes between its texts is read in a single
// pass: what they are taken for was found by the walk over the first (straight).
// A text that decided anything there stands in the mould as it was, so what the
// mould fits would have gone the same way. It is to reading what a program is to
// writing.
type mould struct {
	plan   *plan
	shape  *shape
	gaps   []gap
	tail   string
	made   []made // texts that the walk made of others
	fields int    // how many Fields it has
	bound  set
}

// gap is bytes as they are, and then a text.
type gap struct {
	before string
	kind   gapKind
	unset  *hole // with a text that stands for none, where it has one
	to     []use // none: nobody asks for it
}

type gapKind uint8

const (
	gapText  gapKind = iota // up to its closing quote, and not empty
	gapLoose                // one that may be empty
	gapNumber
)

// use is what a text is taken for.
type use struct {
	target target
	bit    set
	field  int         // whose text it is, where the owner is a Field
	conv   *conversion // nil where it is taken as it is
}

type made struct {
	text []byte
	to   []use
}

// origin is where in the source the text lies that a text was taken from.
type origin struct {
	own        uint32 // where the latter lies in the matcher's memory
	start, end uint32
	reading    *reading // nil for a name
	hole       *hole
}

const (
	maxMould  = 2 << 10 // bytes of the body that one is made of
	maxGaps   = 64
	mouldSets = 64
	mouldWays = 4 // of a set
)

// moulds keeps those that were made last, in a set for each status. Making one
// costs as much as ten reads: of the answers that none fits the first eight make
// one, and after them ever fewer do, so that nothing grows and answers that are
// never alike cost nothing.
type moulds [mouldSets]struct {
	ways   [mouldWays]atomic.Pointer[mould]
	misses atomic.Uint32
}

// recast reads a body by a mould and returns its shape, nil where none fits.
func (d *Dialect) recast(m *matcher, p *plan, req *Request, res *Response) *shape {
	if !p.moulds || res.Cut || len(res.Body) > 2*maxMould || p.bodyless(req, res) {
		return nil
	}
	set := &d.moulds[uint(res.Status)%mouldSets]
	for i := range set.ways {
		if g := set.ways[i].Load(); g != nil && g.plan == p {
			if g.read(m, res.Body) {
				return g.shape
			}
			m.own = m.own[:0]
			m.binds = m.binds[:0]
			m.fields = m.fields[:0]
		}
	}
	if n := set.misses.Add(1); n <= 2*mouldWays || n&(n-1) == 0 {
		if g := d.mould(p, res.Body); g != nil {
			way := n
			if n > 2*mouldWays {
				way = uint32(bits.Len32(n))
			}
			set.ways[way%mouldWays].Store(g)
		}
	}
	return nil
}

// read takes the texts of a body. It reports false where the mould does not fit.
func (g *mould) read(m *matcher, body []byte) bool {
	if g.fields > 0 && m.wants.of(field) != 0 {
		if cap(m.fields) < g.fields {
			m.fields = make([]taking, 0, 2*g.fields)
		}
		m.fields = m.fields[:g.fields]
		clear(m.fields)
	}
	at := 0
	for i := range g.gaps {
		gap := &g.gaps[i]
		start := at + len(gap.before)
		if start > len(body) || string(body[at:start]) != gap.before {
			return false
		}
		fits := false
		if gap.kind == gapNumber {
			at, fits = tree.NumberEnd(body, start)
		} else {
			at, fits = tree.TextEnd(body, start)
			fits = fits && (at > start || gap.kind == gapLoose)
		}
		if !fits || gap.unset != nil && string(body[start:at]) == gap.unset.fallback || len(gap.to) > 0 && !m.uses(gap.to, body[start:at]) {
			return false
		}
	}
	if string(body[at:]) != g.tail {
		return false
	}
	for i := range g.made {
		_ = m.uses(g.made[i].to, g.made[i].text) // it is taken as it is
	}
	m.bound = g.bound & m.wants
	return true
}

// uses takes a text for what is asked for of its uses. It reports false where it
// cannot be read as one of them, or leaves nothing of it.
func (m *matcher) uses(to []use, text []byte) bool {
	var plainly lies
	for i := range to {
		u := &to[i]
		if u.bit&m.wants == 0 && (u.conv == nil || u.conv.notation >= pointer) {
			continue // it would fit
		}
		at := plainly
		if u.conv != nil {
			read, ok := u.conv.read(text, m)
			if !ok || len(read) == 0 {
				return false
			}
			if u.bit&m.wants == 0 {
				continue
			}
			at = m.lie(read)
		} else if at.size == 0 {
			at = m.lie(text)
			plainly = at
		}
		if u.target.owner == whole {
			m.take(u.target, 0, at)
			continue
		}
		switch f := &m.fields[u.field]; u.target.attr {
		case attrPath:
			f.path = at
		case attrCode:
			f.code = at
		default:
			f.message = at
		}
	}
	return true
}

// mould makes one of a body, nil where its shape does not follow from what
// stands between the texts, or it is not fitted straight.
func (d *Dialect) mould(p *plan, body []byte) *mould {
	if len(body) > maxMould || body[0] != '{' && body[0] != '[' {
		return nil
	}
	m := &matcher{origins: []origin{}}
	m.reset(&Response{Body: body}, 0)
	every := new(tree.Tree)
	if m.tree.JSONBy(d.guide[formJSON], body, false) != nil || m.tree.Repaired || every.JSON(body, false) != nil {
		return nil
	}
	first := true
	for _, s := range p.shapes {
		m.origins = m.origins[:0]
		switch {
		case s.form != formJSON:
			continue
		case m.straight(s.body) && m.data == 0:
			return m.mould(&mould{plan: p, shape: s, fields: len(m.fields), bound: m.bound}, every, first)
		case !m.rulesOut(s.body, 0):
			return nil
		}
		first = false
	}
	return nil
}

// rulesOut reports that a template does not fit a node, whatever the texts in it.
func (m *matcher) rulesOut(t *template, n uint32) bool {
	node := &m.tree.Nodes[n]
	switch t.op {
	case opConst:
		return node.Kind != t.kind
	case opList:
		return node.Kind != tree.List
	case opEither:
		return !slices.ContainsFunc(t.elems, func(e *template) bool { return e.writeOnly || !m.rulesOut(e, n) })
	case opObject:
		if node.Kind != tree.Object {
			return !t.indexed
		}
		for i := range t.members {
			w := &t.members[i]
			there, fits := false, false
			for c := range m.tree.Children(n) {
				if slices.Contains(w.slots, m.tree.Nodes[c].Slot) {
					there, fits = true, fits || w.value.op == opAbsent || !m.rulesOut(w.value, c)
				}
			}
			if w.value.op == opAbsent && there || w.must && !fits {
				return true
			}
		}
	}
	return false
}

// mould cuts the document that was fitted. Beside shapes that come first no name
// is free, for one that they know could stand there.
func (m *matcher) mould(g *mould, every *tree.Tree, first bool) *mould {
	free := g.free(m)
	asked := map[uint32]bool{} // what a shape looks at
	for _, n := range m.tree.Nodes {
		if n.Kind == tree.Text || n.Kind == tree.Number {
			asked[n.Start] = true
		}
	}
	text, from := string(m.tree.Source), uint32(0)
	cut := func(start, end uint32, kind gapKind) {
		gap := gap{before: text[from:start], kind: kind}
		if f := free[start]; f != nil {
			gap.to, gap.unset = f.to, f.unset
		}
		g.gaps, from = append(g.gaps, gap), end
	}
	for i := range every.Nodes {
		n := &every.Nodes[i]
		if n.KeyEnd > n.KeyStart && free[n.KeyStart] != nil {
			if !first {
				return nil
			}
			cut(n.KeyStart, n.KeyEnd, gapText)
		}
		switch {
		case n.Escaped || asked[n.Start] && free[n.Start] == nil:
		case n.Kind == tree.Number:
			cut(n.Start, n.End, gapNumber)
		case n.Kind == tree.Text && asked[n.Start]:
			cut(n.Start, n.End, gapText)
		case n.Kind == tree.Text:
			cut(n.Start, n.End, gapLoose)
		}
	}
	if g.tail = text[from:]; len(g.gaps) > maxGaps {
		return nil
	}
	return g
}

// free finds the texts that may be others, by where they begin in the source,
// and what they are taken for. What else a walk took is the mould's own.
func (g *mould) free(m *matcher) map[uint32]*gap {
	kept := map[uint32]bool{} // of what was taken, by where it lies
	for _, b := range m.binds {
		kept[b.start] = true
	}
	for _, f := range m.fields {
		kept[f.path.start], kept[f.code.start], kept[f.message.start] = true, true, true
	}
	free := map[uint32]*gap{}
	for _, o := range m.origins {
		f := free[o.start]
		if f == nil {
			f = &gap{}
			free[o.start] = f
		}
		if o.hole != nil && o.hole.defaults {
			f.unset = o.hole
		}
	}
	for _, o := range m.origins {
		if o.reading != nil && o.reading.conv.notation != plain && !kept[o.own] {
			delete(free, o.start) // it was dropped when it had been read: another may not be readable
		}
	}
	put := func(at lies, u use) {
		if at.size == 0 {
			return
		}
		i := slices.IndexFunc(m.origins, func(o origin) bool { return o.own == at.start })
		if i < 0 || free[m.origins[i].start] == nil {
			g.made = append(g.made, made{m.lying(at), []use{u}})
			return
		}
		if r := m.origins[i].reading; r != nil && r.conv.notation != plain {
			u.conv = &r.conv
		}
		f := free[m.origins[i].start]
		f.to = append(f.to, u)
	}
	for _, b := range m.binds {
		put(b.lies, use{target: b.target, bit: b.target.bit()})
	}
	for i, f := range m.fields {
		put(f.path, use{target: target{field, attrPath}, bit: pathBit, field: i})
		put(f.code, use{target: target{field, attrCode}, bit: codeBit, field: i})
		put(f.message, use{target: target{field, attrMessage}, bit: messageBit, field: i})
	}
	return free
}
