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
	said   []use   // by what stands in it
	pieces []piece // of a body, that are taken
	meant  []piece // of these what a glance has to look at, as one
	fields int     // how many Fields it has
	bound  set

	words  bool                             // of its texts some are words of the vendor's
	close  [mouldWays]atomic.Pointer[mould] // moulds of the same in which these stand, as they were
	others atomic.Uint32                    // bodies with other words
}

// gap is bytes as they are, and then a text.
type gap struct {
	before string
	kind   gapKind
	unset  *hole     // with a text that stands for none, where it has one
	beside *template // of a name: with members of other names, where it has some
}

// stretch is where a text stands in a body, of at most 2*maxMould bytes.
type stretch struct{ start, end uint16 }

// stretches are those of the texts of the gaps.
type stretches [maxGaps]stretch

type gapKind uint8

const (
	gapText  gapKind = iota // up to its closing quote, and not empty
	gapLoose                // one that may be empty
	gapNumber
)

// piece is texts with so little between them that they are copied with it.
type piece struct {
	first, last int // gaps
	uses        []use
}

// use is what a text is taken for.
type use struct {
	gap    int    // whose text it is
	own    string // of what is said: what the walk made of texts which stand in the mould
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
	beside     *template // of a name, that with the members that have their own
}

const (
	maxMould  = 2 << 10 // bytes of the body that one is made of
	maxGaps   = 32
	maxApart  = 8 // bytes between two texts of a piece
	mouldSets = 64
	mouldWays = 4 // of a set, and of the words that one was met with
)

// vocabulary are the attributes whose texts are words: a vendor has only so many,
// and the answers with one of them are mostly alike in all of them.
var vocabulary = bitOf(whole, attrCode) | bitOf(whole, attrFamily) | bitOf(whole, attrType) | bitOf(whole, attrTitle) | bitOf(field, attrCode)

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
func (d *Reader) recast(p *plan, req *Request, res *Response, at *stretches) *mould {
	if !p.moulds || res.Cut || len(res.Body) > 2*maxMould || p.bodyless(req, res) {
		return nil
	}
	of := p.of(req)
	set := &d.moulds[uint(res.Status)%mouldSets]
	for i := range set.ways {
		g := set.ways[i].Load()
		if g == nil || g.plan != p || g.of != of {
			continue
		}
		for j := range g.close {
			if c := g.close[j].Load(); c != nil && c.fits(res.Body, at) {
				return c
			}
		}
		if g.fits(res.Body, at) {
			if g.words {
				g.learn(d, res.Body)
			}
			return g
		}
	}
	if n := set.misses.Add(1); n <= 2*mouldWays || n&(n-1) == 0 {
		if g := d.mould(p, of, res.Body, 0); g != nil {
			way := n
			if n > 2*mouldWays {
				way = uint32(bits.Len32(n))
			}
			set.ways[way%mouldWays].Store(g)
		}
	}
	return nil
}

// learn makes a mould in which the words of a body stand that has other ones than
// those before, of ever fewer such bodies.
func (g *mould) learn(d *Reader, body []byte) {
	if n := g.others.Add(1); n&(n-1) == 0 {
		if c := d.mould(g.plan, g.of, body, vocabulary); c != nil {
			g.close[bits.Len32(n)%mouldWays].Store(c)
		}
	}
}

// fits finds the texts of a body that has the same bytes between them.
func (g *mould) fits(body []byte, to *stretches) bool {
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
		if !fits || gap.unset != nil && string(body[start:at]) == gap.unset.fallback || gap.beside != nil && gap.beside.names(body[start:at]) {
			return false
		}
		to[i] = stretch{uint16(start), uint16(at)}
	}
	return string(body[at:]) == g.tail
}

// fill sets what its texts are taken for. It reports false, having set nothing,
// where one cannot be read so.
func (g *mould) fill(f *filler, o *parlance.Outcome, res *Response, at *stretches) bool {
	pieces, own := g.meant, strings.Builder{}
	if !f.lends {
		pieces = g.pieces
		own.Grow(g.size(at))
		if g.fields > 0 {
			o.Fields = make([]parlance.Field, g.fields)
		}
	}
	for i := range g.said {
		if u := &g.said[i]; u.bit&f.wants != 0 {
			u.set(o, u.own)
		}
	}
	body := unsafe.String(unsafe.SliceData(res.Body), len(res.Body))
	for i := range pieces {
		p := &pieces[i]
		from, moved := body, 0
		if !f.lends {
			end := int(at[p.last].end)
			own.WriteString(body[at[p.first].start:end])
			from, moved = own.String(), own.Len()-end
		}
		for j := range p.uses {
			u := &p.uses[j]
			text := from[int(at[u.gap].start)+moved : int(at[u.gap].end)+moved]
			if u.conv != nil {
				var fits bool
				if text, fits = u.read(text, res); !fits {
					*o = parlance.Outcome{}
					return false
				}
				if u.bit&f.wants == 0 {
					continue
				}
			}
			u.set(o, text)
		}
	}
	return true
}

// size is that of the pieces.
func (g *mould) size(at *stretches) (n int) {
	for i := range g.pieces {
		n += int(at[g.pieces[i].last].end - at[g.pieces[i].first].start)
	}
	return n
}

// read reads a text in its notation, where it says something then.
func (u *use) read(text string, res *Response) (string, bool) {
	var now clock
	if u.conv.notation.timed() {
		now = &served{res.Header, res.Received}
	}
	read, ok := u.conv.read(unsafe.Slice(unsafe.StringData(text), len(text)), now) // which changes nothing in it
	return unsafe.String(unsafe.SliceData(read), len(read)), ok && len(read) > 0
}

func (u *use) set(o *parlance.Outcome, text string) {
	if u.target.owner == whole {
		setWhole(o, u.target.attr, text)
		return
	}
	switch f := &o.Fields[u.field]; u.target.attr {
	case attrPath:
		f.Path = text
	case attrCode:
		f.Code = text
	default:
		f.Message = text
	}
}

// mould makes one of a body, nil where its shape does not follow from what
// stands between the texts, or it is not fitted straight.
func (d *Reader) mould(p *plan, of uint64, body []byte, words set) *mould {
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
			return m.mould(&mould{plan: p, of: of, shape: s, fields: len(m.fields), bound: m.bound}, every, first, words)
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
func (m *matcher) mould(g *mould, every *tree.Tree, first bool, words set) *mould {
	free := m.free(words)
	asked := map[uint32]bool{} // what a shape looks at
	for _, n := range m.tree.Nodes {
		if n.Kind == tree.Text || n.Kind == tree.Number {
			asked[n.Start] = true
		}
	}
	text, from := string(m.tree.Source), uint32(0)
	gaps := map[uint32]int{} // by where their texts begin
	cut := func(start, end uint32, kind gapKind) {
		gap := gap{before: strings.Clone(text[from:start]), kind: kind} // other texts do not stay in memory
		if h := free[start].hole; h != nil && h.defaults {
			gap.unset = h
		}
		if t := free[start].beside; t != nil && len(t.members) > 0 {
			gap.beside = t
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

// free finds the texts that may be others, by where they begin in the source: but
// those that were taken for words alone.
func (m *matcher) free(words set) map[uint32]origin {
	kept := map[uint32]bool{} // of what was taken, by where it lies
	for _, b := range m.binds {
		kept[b.start] = true
	}
	for _, f := range m.fields {
		kept[f.path.start], kept[f.code.start], kept[f.message.start] = true, true, true
	}
	free := map[uint32]origin{}
	for _, o := range m.origins {
		if _, other := free[o.start]; other || o.reading == nil || o.reading.bit&words == 0 {
			free[o.start] = o
		}
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
	var uses []use
	holds := true
	put := func(at lies, u use) {
		if at.size == 0 {
			return
		}
		u.bit = u.target.bit()
		i := slices.IndexFunc(m.origins, func(o origin) bool { return o.own == at.start })
		if i < 0 || free[m.origins[i].start] == (origin{}) {
			u.own = string(m.lying(at))
			g.said = append(g.said, u)
			holds = holds && u.target.attr != attrRetryAfter // which may be until a moment, and less each time
			return
		}
		u.gap, u.conv = gaps[m.origins[i].start], m.origins[i].conv()
		g.words = g.words || u.bit&vocabulary != 0
		uses = append(uses, u)
	}
	for _, b := range m.binds {
		if b.target.attr == attrReset || b.target.attr.counts() {
			return false
		}
		put(b.lies, use{target: b.target})
	}
	for i, f := range m.fields {
		put(f.path, use{target: target{field, attrPath}, field: i})
		put(f.code, use{target: target{field, attrCode}, field: i})
		put(f.message, use{target: target{field, attrMessage}, field: i})
	}
	slices.SortStableFunc(uses, func(a, b use) int { return a.gap - b.gap })
	var meant piece
	for _, u := range uses {
		n := len(g.pieces) - 1
		if n < 0 || u.gap > g.pieces[n].last+1 || u.gap > g.pieces[n].last && len(g.gaps[u.gap].before) > maxApart {
			g.pieces, n = append(g.pieces, piece{first: u.gap}), n+1
		}
		g.pieces[n].last, g.pieces[n].uses = u.gap, append(g.pieces[n].uses, u)
		if u.bit&meaningful != 0 || u.conv != nil && u.conv.notation < pointer { // in which not every text can be read
			meant.uses = append(meant.uses, u)
		}
	}
	if len(meant.uses) > 0 {
		g.meant = []piece{meant}
	}
	return holds
}
