package replay

import (
	"math/bits"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Replay is a response that was read once, cut at the texts that change from one
// response to the next. A response with the same bytes between its texts is read
// in a single pass: the walk over the first one found what the texts are taken
// for. A text that decided anything is kept as it was, so a response that
// fits would have been read in the same way. Package write/replay has the
// counterpart for writing.
type Replay struct {
	Plan   *spec.Plan
	Shapes int    // of the plan, up to the one that fits: those behind it were not tried
	Of     uint64 // those of them that are about the request, one bit each
	Asks   bool   // one of them is about some requests only
	Shape  *spec.Shape
	gaps   []gap
	tail   string
	said   []Taken // by what stands in it
	pieces []piece // of a body, that are taken
	meant  []piece // of these what a classification has to look at, as one
	Fields int     // how many Fields it has
	Bound  spec.Set
}

// gap is constant bytes with the text after them.
type gap struct {
	before string
	kind   gapKind
	unset  *spec.Hole     // with a text that stands for none, where it has one
	beside *spec.Template // of a name: with members of other names, where it has some
}

// Span is the place of a text in a body, of at most 2*MaxBody bytes.
type Span struct{ start, end uint16 }

// Spans are those of the texts of the gaps.
type Spans [maxGaps]Span

type gapKind uint8

const (
	gapText  gapKind = iota // up to its closing quote, and not empty
	gapLoose                // one that may be empty
	gapNumber
)

// piece is texts with so little between them that they are copied with it.
type piece struct {
	first, last int // gaps
	uses        []Taken
}

// Taken is what a text is taken for.
type Taken struct {
	gap    int    // whose text it is
	own    string // of what is said: what the walk made of texts which stand in the replay
	Target spec.Target
	Text   tree.Extent // the place that the walk took it from
	bit    spec.Set
	Field  int              // the index of the Field, if the owner is one
	conv   *spec.Conversion // nil where it is taken as it is
}

// Origin is the place in the source of the text that a text was taken from.
type Origin struct {
	Own        uint32 // its place in the matcher's memory
	Start, End uint32
	Reading    *spec.Reading // nil for a name
	Hole       *spec.Hole
	Beside     *spec.Template // of a name, that with the members that have their own
}

const (
	MaxBody  = 2 << 10 // bytes of the body that one is made of
	maxGaps  = 32
	maxApart = 8 // bytes between two texts of a piece
	maxSets  = 64
	perSet   = 4 // of a set
)

// Memory keeps the replays that were made last, in a set for each status. Making
// one costs as much as dozens of reads. The first eight responses that fit none
// each make one, and after them ever fewer do. So nothing grows, and responses
// that never look alike cost nothing.
type Memory [maxSets]struct {
	ways   [perSet]atomic.Pointer[Replay]
	misses atomic.Uint32
}

// Find is the one that a body fits, with the places of its texts; nil for none.
func (all *Memory) Find(p *spec.Plan, req *wire.Request, res *wire.Response, at *Spans) *Replay {
	for i := range all[uint(res.Status)%maxSets].ways {
		g := all[uint(res.Status)%maxSets].ways[i].Load()
		if g != nil && g.Plan == p && g.fits(res.Body, at) && (!g.Asks || g.Of == p.ShapesFor(req, g.Shapes)) {
			return g
		}
	}
	return nil
}

// Missed counts a response that none fits. It returns the place of one that is to
// be made of it, nil for most.
func (all *Memory) Missed(status int) *atomic.Pointer[Replay] {
	set := &all[uint(status)%maxSets]
	way := set.misses.Add(1)
	switch n := way; {
	case n <= 2*perSet:
	case n&(n-1) == 0:
		way = uint32(bits.Len32(n))
	default:
		return nil
	}
	return &set.ways[way%perSet]
}

// fits finds the texts of a body, if the bytes between them are the same.
func (g *Replay) fits(body []byte, to *Spans) bool {
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
		if !fits || gap.unset != nil && string(body[start:at]) == gap.unset.Fallback || gap.beside != nil && gap.beside.Names(body[start:at]) {
			return false
		}
		to[i] = Span{uint16(start), uint16(at)}
	}
	return string(body[at:]) == g.tail
}

// Fill sets the attributes from the texts. If a text cannot be read so, it
// reports false and sets nothing. If it lends, the texts stay in the memory of
// the body.
func (g *Replay) Fill(o *parlance.Outcome, res *wire.Response, at *Spans, wants spec.Set, lends bool) bool {
	pieces, own := g.meant, strings.Builder{}
	if !lends {
		pieces = g.pieces
		own.Grow(g.size(at))
		if g.Fields > 0 {
			o.Fields = make([]parlance.Field, g.Fields)
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
			if u.bit&words != 0 && spec.Unheard(u.Target.Attr, text) {
				*o = parlance.Outcome{}
				return false
			}
			u.set(o, text)
		}
	}
	return true
}

// words are the attributes of the whole that can have a few words alone.
const words = spec.Set(1<<spec.AttrKind | 1<<spec.AttrRetryable)

// size is the size of the pieces.
func (g *Replay) size(at *Spans) (n int) {
	for i := range g.pieces {
		n += int(at[g.pieces[i].last].end - at[g.pieces[i].first].start)
	}
	return n
}

// read reads a text in its notation. It reports false if the text has no value in it.
func (u *Taken) read(text string, res *wire.Response) (string, bool) {
	var now spec.Clock
	if u.conv.Notation.Timed() {
		now = &wire.Arrival{Header: res.Header, Received: res.Received}
	}
	read, ok := u.conv.Read(unsafe.Slice(unsafe.StringData(text), len(text)), now) // which changes nothing in it
	return unsafe.String(unsafe.SliceData(read), len(read)), ok && len(read) > 0
}

func (u *Taken) set(o *parlance.Outcome, text string) {
	if u.Target.Owner == spec.Whole {
		spec.SetWhole(o, u.Target.Attr, text)
		return
	}
	switch f := &o.Fields[u.Field]; u.Target.Attr {
	case spec.AttrPath:
		f.Path = text
	case spec.AttrCode:
		f.Code = text
	default:
		f.Message = text
	}
}

// conv is the notation of the text, nil for a plain text.
func (o *Origin) conv() *spec.Conversion {
	if o.Reading == nil || o.Reading.Conv.Notation == spec.Plain {
		return nil
	}
	return &o.Reading.Conv
}

// Walk is what was found in a body that is fitted straight.
type Walk struct {
	Asked   *tree.Tree // what the shapes look at
	Every   *tree.Tree // all of the body
	First   bool       // no other shape was tried before
	Origins []Origin
	Taken   []Taken // each with its text and its target
	Own     []byte  // the memory that origins point into
}

// New cuts the document of the walk. It returns nil for a document that a replay
// cannot hold. If other shapes come first, no name is free, since a name that
// they know could be in its place.
func New(g *Replay, w *Walk) *Replay {
	free := w.free()
	asked := map[uint32]bool{} // what a shape looks at
	for _, n := range w.Asked.Nodes {
		if n.Kind == tree.Text || n.Kind == tree.Number {
			asked[n.Start] = true
		}
	}
	c := cutter{g: g, free: free, text: string(w.Asked.Source), gaps: map[uint32]int{}}
	for i := range w.Every.Nodes {
		n := &w.Every.Nodes[i]
		if _, path := free[n.KeyStart]; path && n.KeyEnd > n.KeyStart {
			if !w.First {
				return nil
			}
			c.cut(n.KeyStart, n.KeyEnd, gapText)
		}
		if _, own := free[n.Start]; !n.Escaped && (own || !asked[n.Start]) {
			c.value(n, own)
		}
	}
	g.tail = strings.Clone(c.text[c.from:])
	if !g.use(w, free, c.gaps) || len(g.gaps) > maxGaps {
		return nil
	}
	return g
}

// cutter cuts a document at its texts, from the first on.
type cutter struct {
	g    *Replay
	free map[uint32]Origin
	text string
	from uint32         // what stands before it is cut
	gaps map[uint32]int // by where their texts begin
}

// value cuts at a value that may differ. One of its own is taken for something, and is not
// empty.
func (c *cutter) value(n *tree.Node, own bool) {
	switch {
	case n.Kind == tree.Number:
		c.cut(n.Start, n.End, gapNumber)
	case n.Kind == tree.Text && own:
		c.cut(n.Start, n.End, gapText)
	case n.Kind == tree.Text:
		c.cut(n.Start, n.End, gapLoose)
	}
}

func (c *cutter) cut(start, end uint32, kind gapKind) {
	gap := gap{before: strings.Clone(c.text[c.from:start]), kind: kind} // other texts do not stay in memory
	if h := c.free[start].Hole; h != nil && h.Defaults {
		gap.unset = h
	}
	if t := c.free[start].Beside; t != nil && len(t.Members) > 0 {
		gap.beside = t
	}
	c.gaps[start], c.g.gaps, c.from = len(c.g.gaps), append(c.g.gaps, gap), end
}

// free finds the texts that may differ, by their place in the source.
func (w *Walk) free() map[uint32]Origin {
	kept := map[uint32]bool{} // of what was taken, by where it lies
	for i := range w.Taken {
		kept[w.Taken[i].Text.Start] = true
	}
	free := map[uint32]Origin{}
	for _, o := range w.Origins {
		free[o.Start] = o
	}
	for _, o := range w.Origins {
		if o.conv() != nil && !kept[o.Own] {
			delete(free, o.Start) // it was dropped when it had been read: another may not be readable
		}
	}
	return free
}

// use adds a text that the walk took. It reports false for a text that a replay cannot hold.
func (g *Replay) use(w *Walk, free map[uint32]Origin, gaps map[uint32]int) bool {
	var uses []Taken
	for _, u := range w.Taken {
		switch {
		case u.Target.Attr == spec.AttrReset || u.Target.Attr.Counts():
			return false
		case u.Text.Size == 0:
			continue
		}
		u.bit = u.Target.Bit()
		i := slices.IndexFunc(w.Origins, func(o Origin) bool { return o.Own == u.Text.Start })
		if i < 0 || free[w.Origins[i].Start] == (Origin{}) {
			if u.Target.Attr == spec.AttrRetryAfter {
				return false // it may be until a moment, and less each time
			}
			u.own = string(w.Own[u.Text.Start : u.Text.Start+u.Text.Size])
			g.said = append(g.said, u)
			continue
		}
		u.gap, u.conv = gaps[w.Origins[i].Start], w.Origins[i].conv()
		uses = append(uses, u)
	}
	slices.SortStableFunc(uses, func(a, b Taken) int { return a.gap - b.gap })
	g.join(uses)
	return true
}

// join makes pieces of the texts, in the order of the document.
func (g *Replay) join(uses []Taken) {
	var meant piece
	for _, u := range uses {
		n := len(g.pieces) - 1
		if n < 0 || u.gap > g.pieces[n].last+1 || u.gap > g.pieces[n].last && len(g.gaps[u.gap].before) > maxApart {
			g.pieces, n = append(g.pieces, piece{first: u.gap}), n+1
		}
		g.pieces[n].last, g.pieces[n].uses = u.gap, append(g.pieces[n].uses, u)
		if u.bit&spec.Meaningful != 0 || u.conv != nil && u.conv.Notation < spec.Pointer { // in which not every text can be read
			meant.uses = append(meant.uses, u)
		}
	}
	if len(meant.uses) > 0 {
		g.meant = []piece{meant}
	}
}
