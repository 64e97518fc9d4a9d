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
	field  int // whose text it is, where the owner is a Field
}

type made struct {
	text []byte
	to   []use
}

// origin is where in the source a text lies that was taken as it is.
type origin struct {
	own        uint32 // where it lies in the matcher's memory
	start, end uint32
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
	if p.moulded == nil || res.Cut || len(res.Body) > 2*maxMould || p.bodyless(req, res) {
		return nil
	}
	set := &d.moulds[uint(res.Status)%mouldSets]
	for i := range set.ways {
		if g := set.ways[i].Load(); g != nil && g.shape == p.moulded {
			if g.read(m, res.Body) {
				return g.shape
			}
			m.own = m.own[:0]
			m.binds = m.binds[:0]
			m.fields = m.fields[:0]
		}
	}
	if n := set.misses.Add(1); n <= 2*mouldWays || n&(n-1) == 0 {
		if g := d.mould(p.moulded, res.Body); g != nil {
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
		if !fits {
			return false
		}
		if len(gap.to) > 0 {
			m.uses(gap.to, body[start:at])
		}
	}
	if string(body[at:]) != g.tail {
		return false
	}
	for i := range g.made {
		m.uses(g.made[i].to, g.made[i].text)
	}
	m.bound = g.bound & m.wants
	return true
}

// uses takes a text for what is asked for of its uses.
func (m *matcher) uses(to []use, text []byte) {
	var at lies
	for i := range to {
		p := &to[i]
		if p.bit&m.wants == 0 {
			continue
		}
		if at.size == 0 {
			at = m.lie(text)
		}
		if p.target.owner == whole {
			m.take(p.target, 0, at)
			continue
		}
		switch f := &m.fields[p.field]; p.target.attr {
		case attrPath:
			f.path = at
		case attrCode:
			f.code = at
		default:
			f.message = at
		}
	}
}

// mould makes one of a body, nil where it is not fitted straight.
func (d *Dialect) mould(s *shape, body []byte) *mould {
	if len(body) > maxMould || body[0] != '{' && body[0] != '[' {
		return nil
	}
	m := &matcher{origins: []origin{}}
	m.reset(&Response{Body: body}, 0)
	whole := new(tree.Tree)
	if m.tree.JSONBy(d.guide[formJSON], body, false) != nil || m.tree.Repaired || !m.straight(s.body) || m.data != 0 || whole.JSON(body, false) != nil {
		return nil
	}
	g := &mould{shape: s, fields: len(m.fields), bound: m.bound}
	taken := g.sort(m)
	asked := map[uint32]bool{}
	for _, n := range m.tree.Nodes {
		asked[n.Start] = asked[n.Start] || n.Kind == tree.Text || n.Kind == tree.Number
	}
	text, from := string(body), uint32(0)
	cut := func(start, end uint32, kind gapKind) {
		g.gaps = append(g.gaps, gap{text[from:start], kind, taken[start]})
		from = end
	}
	for i := range whole.Nodes {
		n := &whole.Nodes[i]
		if _, path := taken[n.KeyStart]; path && n.KeyEnd > n.KeyStart {
			cut(n.KeyStart, n.KeyEnd, gapText)
		}
		_, own := taken[n.Start]
		switch {
		case n.Escaped || asked[n.Start] && !own:
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

// sort finds what the texts of a walk were taken for, by where they lie in the
// source, those that nothing was taken for too. What the walk made of a text it
// makes of that one alone.
func (g *mould) sort(m *matcher) map[uint32][]use {
	taken := map[uint32][]use{}
	for _, o := range m.origins {
		taken[o.start] = nil
	}
	put := func(at lies, u use) {
		if at.size == 0 {
			return
		}
		i := slices.IndexFunc(m.origins, func(o origin) bool { return o.own == at.start })
		if i < 0 {
			g.made = append(g.made, made{m.lying(at), []use{u}})
			return
		}
		start := m.origins[i].start
		taken[start] = append(taken[start], u)
	}
	for _, b := range m.binds {
		put(b.lies, use{target: b.target, bit: b.target.bit()})
	}
	for i, f := range m.fields {
		for _, one := range [...]struct {
			lies
			attribute
		}{{f.path, attrPath}, {f.code, attrCode}, {f.message, attrMessage}} {
			put(one.lies, use{target{field, one.attribute}, bitOf(field, one.attribute), i})
		}
	}
	return taken
}
