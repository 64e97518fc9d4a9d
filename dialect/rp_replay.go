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
	lies   lies // where it was taken from the walk
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

// find is the one that a body fits, with the places of its texts; nil for none.
func (all *moulds) find(p *plan, of uint64, res *Response, at *stretches) *mould {
	for i := range all[uint(res.Status)%mouldSets].ways {
		g := all[uint(res.Status)%mouldSets].ways[i].Load()
		if g != nil && g.plan == p && g.of == of && g.fits(res.Body, at) {
			return g
		}
	}
	return nil
}

// missed counts a response that none fits. It returns the place of one that is to
// be made of it, nil for most.
func (all *moulds) missed(status int) *atomic.Pointer[mould] {
	set := &all[uint(status)%mouldSets]
	way := set.misses.Add(1)
	switch n := way; {
	case n <= 2*mouldWays:
	case n&(n-1) == 0:
		way = uint32(bits.Len32(n))
	default:
		return nil
	}
	return &set.ways[way%mouldWays]
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
// where one cannot be read so. If it lends, the texts stay where they are in the
// body.
func (g *mould) fill(o *parlance.Outcome, res *Response, at *stretches, wants set, lends bool) bool {
	pieces, own := g.meant, strings.Builder{}
	if !lends {
		pieces = g.pieces
		own.Grow(g.size(at))
		if g.fields > 0 {
			o.Fields = make([]parlance.Field, g.fields)
		}
	}
	for i := range g.said {
		if u := &g.said[i]; u.bit&wants != 0 {
			u.set(o, u.own)
		}
	}
	body := unsafe.String(unsafe.SliceData(res.Body), len(res.Body))
	for i := range pieces {
		p := &pieces[i]
		from, moved := body, 0
		if !lends {
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
				if u.bit&wants == 0 {
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

// conv is the notation that the text was read in, nil for as it is.
func (o *origin) conv() *conversion {
	if o.reading == nil || o.reading.conv.notation == plain {
		return nil
	}
	return &o.reading.conv
}

// walk is what was found in a body that is fitted straight.
type walk struct {
	asked   *tree.Tree // what the shapes look at
	every   *tree.Tree // all of the body
	first   bool       // no other shape was tried before
	origins []origin
	taken   []use  // each with its text and its target
	own     []byte // the memory that origins point into
}

// newMould cuts the document that was walked over. It returns nil for one that a
// mould does not hold. Beside shapes that come first no name is free, for one that
// they know could stand there.
func newMould(g *mould, w *walk) *mould {
	free := w.free()
	asked := map[uint32]bool{} // what a shape looks at
	for _, n := range w.asked.Nodes {
		if n.Kind == tree.Text || n.Kind == tree.Number {
			asked[n.Start] = true
		}
	}
	text, from := string(w.asked.Source), uint32(0)
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
	for i := range w.every.Nodes {
		n := &w.every.Nodes[i]
		if _, path := free[n.KeyStart]; path && n.KeyEnd > n.KeyStart {
			if !w.first {
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
	if !g.use(w, free, gaps) || len(g.gaps) > maxGaps {
		return nil
	}
	return g
}

// free finds the texts that may be others, by where they begin in the source.
func (w *walk) free() map[uint32]origin {
	kept := map[uint32]bool{} // of what was taken, by where it lies
	for i := range w.taken {
		kept[w.taken[i].lies.start] = true
	}
	free := map[uint32]origin{}
	for _, o := range w.origins {
		free[o.start] = o
	}
	for _, o := range w.origins {
		if o.conv() != nil && !kept[o.own] {
			delete(free, o.start) // it was dropped when it had been read: another may not be readable
		}
	}
	return free
}

// use notes what the walk took. It reports false for what a mould does not hold.
func (g *mould) use(w *walk, free map[uint32]origin, gaps map[uint32]int) bool {
	var uses []use
	for _, u := range w.taken {
		switch {
		case u.target.attr == attrReset || u.target.attr.counts():
			return false
		case u.lies.size == 0:
			continue
		}
		u.bit = u.target.bit()
		i := slices.IndexFunc(w.origins, func(o origin) bool { return o.own == u.lies.start })
		if i < 0 || free[w.origins[i].start] == (origin{}) {
			if u.target.attr == attrRetryAfter {
				return false // it may be until a moment, and less each time
			}
			u.own = string(w.own[u.lies.start : u.lies.start+u.lies.size])
			g.said = append(g.said, u)
			continue
		}
		u.gap, u.conv = gaps[w.origins[i].start], w.origins[i].conv()
		uses = append(uses, u)
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
	return true
}
