package read

import (
	"slices"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read/replay"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// bind is one text that a hole took. It holds no pointers, so that thousands of
// them cost the garbage collector nothing.
type bind struct {
	target spec.Target
	copy   bool  // the same text was taken for an attribute of the whole
	key    bool  // it was the name of a member
	beside bool  // the same text was taken for another attribute of the record before
	extra  uint8 // one more than the place of its name in extras; 0 for none
	said   uint8 // one more than the place in says of what its form says of the whole; 0 for nothing
	kept   bool  // it is of a member of another form than the template's
	deep   uint8 // the number of repetitions around it, for a copy of a record's text that the whole gets
	scope  int32 // the turn of a repetition in which it was taken; 0 is outside of any
	before int32 // one more than the place of the bind of the same scope and owner before it; 0 for none
	tree.Extent
}

// scope is one turn of a repetition that holds holes of a record.
type scope struct {
	parent int32
	place  int32  // of the element in its list, from 0
	node   uint32 // where it stands in the document
	field  bool   // the innermost one for fields: it makes one
	item   bool   // the innermost one for items
	items  bool   // it is about items, made by it or by turns inside it
	both   bool   // it can hold a text of its own beside deeper ones
	within bool   // it is inside of an item, whose error it is
	fails  bool   // of an item: its form is that of a failure
	mapped bool   // it stands in a map of errors: a name around it is a path

	last      int32 // one more than the place of its last bind
	made      int32 // one more than the place of the Field of an item that it made; 0 for none
	makes     bool  // it makes a record
	inner     bool  // a turn inside it makes one
	placeless bool  // it, or a turn inside it, makes a record that takes its path from around it
	deeper    bool  // an error of its item stands in a turn inside it
	covered   bool  // a Field of its item stands there or in a turn inside it
}

// Matcher fits one document with templates, and collects the texts that the holes take.
type Matcher struct {
	wire.Arrival
	Tree      tree.Tree
	form      spec.Form
	status    int
	torn      bool // the body is cut off
	cut       bool
	strangers bool     // texts were kept of members of another form, perhaps in a try that was taken back
	nulls     bool     // and those that must be there may be empty
	lenient   bool     // members of another form than the dialect knows keep their texts
	depth     int      // of responses inside of responses
	steps     int      // templates that were tried
	limit     int      // of them
	wants     spec.Set // the attributes that are asked for
	binds     []bind
	scopes    []scope
	bound     spec.Set // the attributes that a text was taken for
	own       []byte   // the texts that were taken, one behind the other
	scope     int32
	turns     uint8    // repetitions around what is being fitted
	deepest   uint8    // of the binds
	later     int      // over 0 in turns after the first that fitted: attributes of the whole come from one element
	lost      int      // texts of the whole in such turns that nothing keeps
	unread    int32    // elements that could not be read
	data      int32    // one more than the node of the payload; 0 for none
	extras    []string // the names of what a vendor adds
	says      []string // what forms say of the whole
	marked    bool     // the body has the mark of a failure
	sequence  bool     // the body is the first value of several
	posted    bool     // the body is a form, read as an object
	diags     []parlance.Diagnostic
	spaces    spaces         // of XML
	taken     []spec.Taken   // of the pattern that is being read
	made      []int32        // the turns that make records, in the order of the document
	fields    []fieldExtents // what straight took, in the order of the document
	lone      fieldExtents   // of that, what stands in no list

	origins []replay.Origin // of the texts that fast took as they are, if a replay is made of the body; else nil
}

var Matchers = sync.Pool{New: func() any { return new(Matcher) }}

// Reset empties it. It does not write pointers that have the right value already:
// each write costs time while the garbage collector runs.
func (m *Matcher) Reset(res *wire.Response, depth int) {
	m.binds = m.binds[:0]
	m.own = m.own[:0]
	m.fields = m.fields[:0]
	if m.scopes = m.scopes[:0]; cap(m.scopes) == 0 {
		m.scopes = make([]scope, 0, 16)
	}
	m.scopes = append(m.scopes, scope{parent: -1})
	m.says, m.extras = m.says[:0], m.extras[:0]
	m.spaces.known, m.spaces.parents = false, m.spaces.parents[:0]
	m.nulls, m.marked, m.lenient, m.strangers, m.sequence, m.posted = false, false, false, false, false, false
	if m.diags != nil {
		m.diags = nil
	}
	m.scope, m.later, m.lost, m.unread, m.data, m.turns, m.deepest = 0, 0, 0, 0, 0, 0, 0
	m.torn, m.status, m.cut, m.depth, m.bound = res.Cut, res.Status, res.Cut, depth, 0
	m.Arrival = wire.Arrival{Header: res.Header, Received: res.Received}
	m.steps, m.limit, m.wants, m.form = 0, minSteps, EveryAttribute, spec.FormNone
}

// Release gives the matcher back, without anything of the caller's in it. One
// that a large body has blown up is left to the garbage collector.
func (m *Matcher) Release() {
	if cap(m.Tree.Nodes) > 1<<15 || cap(m.binds) > 1<<13 || cap(m.scopes) > 1<<13 || cap(m.fields) > 1<<12 || cap(m.own) > 1<<17 {
		return
	}
	if len(m.taken) > 0 || cap(m.taken) > 0 {
		clear(m.taken[:cap(m.taken)])
	}
	if m.Tree.Source != nil {
		m.Tree.Source = nil
	}
	if m.diags != nil {
		m.diags = nil
	}
	if m.spaces.known {
		m.spaces.prefix, m.spaces.space = nil, nil
	}
	m.Arrival = wire.Arrival{}
	Matchers.Put(m)
}

const (
	minSteps     = 10_000 // templates that may be tried, for a body of any size
	stepsPerNode = 100

	EveryAttribute = ^spec.Set(0)
)

// mark is a state to come back to. One is made for every element and
// alternative, so it has the four words that the compiler keeps in registers.
type mark struct {
	taken    struct{ binds, scopes int32 }
	at       struct{ own, data int32 }
	reported struct {
		unread int32
		diags  int16 // at most maxNotes
		says   int16 // at most maxSays
	}
	bound spec.Set
}

func (m *Matcher) Mark() (at mark) {
	at.taken.binds, at.taken.scopes = int32(len(m.binds)), int32(len(m.scopes))
	at.at.own, at.at.data = int32(len(m.own)), m.data
	at.reported.unread, at.reported.diags, at.reported.says = m.unread, int16(len(m.diags)), int16(len(m.says))
	at.bound = m.bound
	return at
}

func (m *Matcher) Back(to mark) {
	m.binds = m.binds[:to.taken.binds]
	m.scopes = m.scopes[:to.taken.scopes]
	m.own = m.own[:to.at.own]
	m.diags = m.diags[:to.reported.diags]
	m.unread, m.data, m.bound = to.reported.unread, to.at.data, to.bound
	m.says = m.says[:to.reported.says]
}

// textAt is the text of an extent.
func (m *Matcher) textAt(at tree.Extent) []byte { return m.own[at.Start : at.Start+at.Size] }

func (m *Matcher) keep(text []byte) tree.Extent {
	at := len(m.own)
	if cap(m.own)-at < len(text) {
		m.own = slices.Grow(m.own, len(text))
	}
	m.own = m.own[:at+len(text)] // append would write the pointer each time
	copy(m.own[at:], text)
	return tree.Extent{Start: uint32(at), Size: uint32(len(text))}
}

// take keeps a text for an attribute, in a turn. The bind is set in place: one
// that is built beside and copied costs three times as much.
func (m *Matcher) take(t spec.Target, scope int32, at tree.Extent) *bind {
	n := len(m.binds)
	if n == cap(m.binds) {
		m.binds = slices.Grow(m.binds, max(16, n))
	}
	m.binds = m.binds[:n+1]
	b := &m.binds[n]
	*b = bind{}
	b.target, b.scope, b.Extent = t, scope, at
	return b
}

// newScope makes the scope of one turn of a repetition, in place like a bind.
func (m *Matcher) newScope(t *spec.Template, outer, place int32, node uint32) int32 {
	n := len(m.scopes)
	if n == cap(m.scopes) {
		m.scopes = slices.Grow(m.scopes, max(16, n))
	}
	m.scopes = m.scopes[:n+1]
	s := &m.scopes[n]
	*s = scope{}
	s.parent, s.place, s.node = outer, place, node
	s.field, s.items, s.both = t.Makes(spec.Field), t.Reads.Of(spec.Item) != 0, t.Both
	around := &m.scopes[outer]
	s.within, s.mapped = around.item || around.within, around.mapped
	s.item = !s.within && t.Makes(spec.Item)
	return int32(n)
}

// maxNotes is how much is reported about one response: a body with one fault a thousand
// times is reported often enough.
const maxNotes = 16

func (m *Matcher) note(rule, format string, args ...any) { m.noteAt("", rule, format, args...) }

// noteAt is note with the place: a header field, or a JSON pointer.
func (m *Matcher) noteAt(at, rule, format string, args ...any) {
	if len(m.diags) >= maxNotes {
		return
	}
	m.diags = append(m.diags, parlance.Diagnostic{Rule: rule, Severity: parlance.SeverityWarning, At: at, Message: keyfile.Complain(format, args...), Why: spec.WhyOf(rule)})
}

// noteNode is note with the place of a node. Finding that takes time that grows with the
// lists around it, so it is found only for what is reported.
func (m *Matcher) noteNode(n uint32, rule, format string, args ...any) {
	if len(m.diags) < maxNotes {
		m.noteAt(m.pointer(n), rule, format, args...)
	}
}

// Noted reports that something in the response could not be read.
func (m *Matcher) Noted() bool { return len(m.diags) > 0 }

// Notes are what could not be read, until the matcher is used again.
func (m *Matcher) Notes() []parlance.Diagnostic { return m.diags }

// payload is what $data took, nil for nothing.
func (m *Matcher) payload() []byte {
	if m.data == 0 {
		return nil
	}
	return tree.Content(&m.Tree, uint32(m.data-1))
}
