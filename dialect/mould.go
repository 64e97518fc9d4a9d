package dialect

import (
	"math/bits"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/parlance-api/parlance"
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
	of     uint64 // the shapes of the plan that the request was a matter of
	shape  *shape
	gaps   []gap
	tail   string
	uses   []use // in the order of the gaps
	fields int   // how many Fields it has
	bound  set

	converts bool // a text is read in a notation
}

// gap is bytes as they are, and then a text.
type gap struct {
	before string
	kind   gapKind
	unset  *hole // with a text that stands for none, where it has one
}

// ends are where the texts of the gaps end in a body.
type ends [maxGaps]uint32

type gapKind uint8

const (
	gapText  gapKind = iota // up to its closing quote, and not empty
	gapLoose                // one that may be empty
	gapNumber
)

// use is what a text is taken for.
type use struct {
	gap    int    // whose text it is, negative for one of the mould's own
	own    string // that the walk made of texts which stand in the mould
	target target
	bit    set
	field  int         // which Field's it is, where the owner is one
	conv   *conversion // nil where it is taken as it is
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
	maxGaps   = 32
	maxConvs  = 4 // texts of one that are read in a notation
	mouldSets = 64
	mouldWays = 4 // of a set
)

// moulds keeps those that were made last, in a set for each status. Making one
// costs as much as dozens of reads: of the answers that none fits the first eight make
// one, and after them ever fewer do, so that nothing grows and answers that are
// never alike cost nothing.
type moulds [mouldSets]struct {
	ways   [mouldWays]atomic.Pointer[mould]
	misses atomic.Uint32
}

// recast finds the mould that a body fits, and where its texts lie; nil where
// none fits.
func (d *Dialect) recast(p *plan, req *Request, res *Response, at *ends) *mould {
	if !p.moulds || res.Cut || len(res.Body) > 2*maxMould || p.bodyless(req, res) {
		return nil
	}
	of := p.of(req)
	set := &d.moulds[uint(res.Status)%mouldSets]
	for i := range set.ways {
		if g := set.ways[i].Load(); g != nil && g.plan == p && g.of == of && g.fits(res.Body, at) {
			return g
		}
	}
	if n := set.misses.Add(1); n <= 2*mouldWays || n&(n-1) == 0 {
		if g := d.mould(p, of, res.Body); g != nil {
			way := n
			if n > 2*mouldWays {
				way = uint32(bits.Len32(n))
			}
			set.ways[way%mouldWays].Store(g)
		}
	}
	return nil
}

// fits finds the texts of a body that has the same bytes between them.
func (g *mould) fits(body []byte, to *ends) bool {
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
		if !fits || gap.unset != nil && string(body[start:at]) == gap.unset.fallback {
			return false
		}
		to[i] = uint32(at)
	}
	return string(body[at:]) == g.tail
}

// text is that of a gap.
func (g *mould) text(i int, body []byte, to *ends) []byte {
	start := uint32(len(g.gaps[i].before))
	if i > 0 {
		start += to[i-1]
	}
	return body[start:to[i]]
}

// fill sets what its texts are taken for. It reports false, having set nothing,
// where one cannot be read so.
func (g *mould) fill(f *filler, o *parlance.Outcome, res *Response, to *ends) bool {
	var read [maxConvs][]byte
	size, convs, last := 0, 0, -1
	for i := range g.uses {
		if f.lends && !g.converts {
			break // nothing can fail, or has to be made room for
		}
		switch u := &g.uses[i]; {
		case u.gap < 0:
		case u.conv != nil:
			if u.bit&f.wants == 0 && u.conv.notation >= pointer {
				continue // it would fit
			}
			var now clock
			if u.conv.notation.timed() {
				now = &served{res.Header, res.Received}
			}
			text, ok := u.conv.read(g.text(u.gap, res.Body, to), now)
			if !ok || len(text) == 0 {
				return false
			}
			if u.bit&f.wants != 0 {
				read[convs], convs, size = text, convs+1, size+len(text)
			}
		case u.bit&f.wants != 0 && u.gap != last:
			last, size = u.gap, size+len(g.text(u.gap, res.Body, to))
		}
	}
	if g.fields > 0 && f.wants.of(field) != 0 {
		o.Fields = make([]parlance.Field, g.fields)
	}
	var own []byte
	if !f.lends {
		own = make([]byte, 0, size)
	}
	keep := func(text []byte) string {
		if f.lends {
			return unsafe.String(unsafe.SliceData(text), len(text))
		}
		own = append(own, text...)
		return unsafe.String(&own[len(own)-len(text)], len(text))
	}
	convs, last = 0, -1
	text := "" // of the last gap
	for i := range g.uses {
		u := &g.uses[i]
		if u.bit&f.wants == 0 {
			continue
		}
		value := u.own
		switch {
		case u.gap < 0:
		case u.conv != nil:
			value = keep(read[convs])
			convs++
		default:
			if u.gap != last {
				last, text = u.gap, keep(g.text(u.gap, res.Body, to))
			}
			value = text
		}
		if u.target.owner == whole {
			setWhole(o, u.target.attr, value)
			continue
		}
		switch f := &o.Fields[u.field]; u.target.attr {
		case attrPath:
			f.Path = value
		case attrCode:
			f.Code = value
		default:
			f.Message = value
		}
	}
	return true
}

// mould makes one of a body, nil where its shape does not follow from what
// stands between the texts, or it is not fitted straight.
func (d *Dialect) mould(p *plan, of uint64, body []byte) *mould {
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
	for i, s := range p.shapes {
		m.origins = m.origins[:0]
		switch {
		case s.form != formJSON || of>>i&1 == 0:
			continue
		case m.straight(s.body) && m.data == 0:
			return m.mould(&mould{plan: p, of: of, shape: s, fields: len(m.fields), bound: m.bound}, every, first)
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
	free := m.free()
	asked := map[uint32]bool{} // what a shape looks at
	for _, n := range m.tree.Nodes {
		if n.Kind == tree.Text || n.Kind == tree.Number {
			asked[n.Start] = true
		}
	}
	text, from := string(m.tree.Source), uint32(0)
	gaps := map[uint32]int{} // by where their texts begin
	cut := func(start, end uint32, kind gapKind) {
		gap := gap{before: strings.Clone(text[from:start]), kind: kind} // nobody's texts stay in memory
		if h := free[start].hole; h != nil && h.defaults {
			gap.unset = h
		}
		gaps[start], g.gaps, from = len(g.gaps), append(g.gaps, gap), end
	}
	for i := range every.Nodes {
		n := &every.Nodes[i]
		if _, path := free[n.KeyStart]; path && n.KeyEnd > n.KeyStart {
			if !first {
				return nil
			}
			cut(n.KeyStart, n.KeyEnd, gapText)
		}
		_, own := free[n.Start]
		switch {
		case n.Escaped || asked[n.Start] && !own:
		case n.Kind == tree.Number:
			cut(n.Start, n.End, gapNumber)
		case n.Kind == tree.Text && own:
			cut(n.Start, n.End, gapText)
		case n.Kind == tree.Text:
			cut(n.Start, n.End, gapLoose)
		}
	}
	g.tail = strings.Clone(text[from:])
	if !g.use(m, free, gaps) || len(g.gaps) > maxGaps {
		return nil
	}
	return g
}

// free finds the texts that may be others, by where they begin in the source.
func (m *matcher) free() map[uint32]origin {
	kept := map[uint32]bool{} // of what was taken, by where it lies
	for _, b := range m.binds {
		kept[b.start] = true
	}
	for _, f := range m.fields {
		kept[f.path.start], kept[f.code.start], kept[f.message.start] = true, true, true
	}
	free := map[uint32]origin{}
	for _, o := range m.origins {
		free[o.start] = o
	}
	for _, o := range m.origins {
		if o.conv() != nil && !kept[o.own] {
			delete(free, o.start) // it was dropped when it had been read: another may not be readable
		}
	}
	return free
}

// conv is the notation that the text was read in, nil for as it is.
func (o *origin) conv() *conversion {
	if o.reading == nil || o.reading.conv.notation == plain {
		return nil
	}
	return &o.reading.conv
}

// use notes what the walk took. It reports false for what a mould does not hold.
func (g *mould) use(m *matcher, free map[uint32]origin, gaps map[uint32]int) bool {
	convs, holds := 0, true
	put := func(at lies, u use) {
		if at.size == 0 {
			return
		}
		u.gap, u.bit = -1, u.target.bit()
		i := slices.IndexFunc(m.origins, func(o origin) bool { return o.own == at.start })
		if i < 0 {
			u.own = string(m.lying(at))
		} else if o := m.origins[i]; free[o.start] == (origin{}) {
			u.own = string(m.lying(at))
		} else if u.gap, u.conv = gaps[o.start], o.conv(); u.conv != nil {
			convs++
		}
		g.uses = append(g.uses, u)
	}
	for _, b := range m.binds {
		holds = holds && b.target.attr != attrReset && !b.target.attr.counts()
		put(b.lies, use{target: b.target})
	}
	for i, f := range m.fields {
		put(f.path, use{target: target{field, attrPath}, field: i})
		put(f.code, use{target: target{field, attrCode}, field: i})
		put(f.message, use{target: target{field, attrMessage}, field: i})
	}
	slices.SortStableFunc(g.uses, func(a, b use) int { return a.gap - b.gap })
	g.converts = convs > 0
	return holds && convs <= maxConvs
}
