package dialect

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// bind is one text that a hole took. It holds no pointers, so that thousands of
// them cost the garbage collector nothing.
type bind struct {
	target target
	copy   bool  // the same text was taken for an attribute of the whole
	key    bool  // it was the name of a member
	scope  int32 // the turn of a repetition in which it was taken; 0 is outside of any
	before int32 // one more than the place of the bind of the same scope and owner before it; 0 for none
	lies
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

	last  int32 // one more than the place of its last bind
	makes bool  // it makes a record
	inner bool  // a turn inside it makes one
}

// matcher fits one document against templates and collects what the holes take.
type matcher struct {
	served
	tree   tree.Tree
	form   form
	cut    bool
	depth  int // of answers inside of answers
	steps  int // templates that were tried
	limit  int // of them
	wants  set // the attributes that are asked for
	binds  []bind
	scopes []scope
	bound  set    // the attributes that a text was taken for
	own    []byte // the texts that were taken, one behind the other
	scope  int32
	later  int    // over 0 in turns after the first that fitted: attributes of the whole come from one element
	unread int32  // elements that could not be read
	data   int32  // one more than the node of the payload; 0 for none
	says   string // what the first form says of the whole, "" for nothing
	diags  []parlance.Diagnostic
	taken  []taken  // of the pattern that is being read
	made   []int32  // the turns that make records, in the order of the document
	fields []taking // what straight took, in the order of the document
	lone   taking   // of that, what stands in no list

	origins []origin // of what straight took as it is, where a mould is made of it; else nil
}

var matchers = sync.Pool{New: func() any { return new(matcher) }}

// reset empties it. Pointers are left alone where they are as they should be:
// each that is written costs while the garbage collector runs.
func (m *matcher) reset(res *Response, depth int) {
	m.binds = m.binds[:0]
	m.own = m.own[:0]
	m.fields = m.fields[:0]
	if m.scopes = m.scopes[:0]; cap(m.scopes) == 0 {
		m.scopes = make([]scope, 0, 16)
	}
	m.scopes = append(m.scopes, scope{parent: -1})
	if m.says != "" {
		m.says = ""
	}
	if m.diags != nil {
		m.diags = nil
	}
	m.scope, m.later, m.unread, m.data = 0, 0, 0, 0
	m.cut, m.depth, m.bound = res.Cut, depth, 0
	m.served = served{res.Header, res.Received}
	m.steps, m.limit, m.wants = 0, minSteps, everyAttribute
}

// release gives the matcher back, without anything of the caller's in it. One
// that a large body has blown up is left to the garbage collector.
func (m *matcher) release() {
	if cap(m.tree.Nodes) > 1<<15 || cap(m.binds) > 1<<13 || cap(m.scopes) > 1<<13 || cap(m.fields) > 1<<12 || cap(m.own) > 1<<17 {
		return
	}
	if len(m.taken) > 0 || cap(m.taken) > 0 {
		clear(m.taken[:cap(m.taken)])
	}
	if m.tree.Source != nil {
		m.tree.Source = nil
	}
	if m.diags != nil {
		m.diags = nil
	}
	m.served = served{}
	matchers.Put(m)
}

const (
	minSteps     = 10_000 // templates that may be tried, for a body of any size
	stepsPerNode = 100

	everyAttribute = ^set(0)
)

// mark is a state to come back to. One is made for every element and
// alternative, so it has the four words that the compiler keeps in registers.
type mark struct {
	taken struct{ binds, scopes int32 }
	at    struct{ own, data int32 }
	told  struct {
		unread int32
		diags  int16 // at most maxNotes
		says   bool
	}
	bound set
}

func (m *matcher) mark() (at mark) {
	at.taken.binds, at.taken.scopes = int32(len(m.binds)), int32(len(m.scopes))
	at.at.own, at.at.data = int32(len(m.own)), m.data
	at.told.unread, at.told.diags, at.told.says = m.unread, int16(len(m.diags)), m.says != ""
	at.bound = m.bound
	return at
}

func (m *matcher) back(to mark) {
	m.binds = m.binds[:to.taken.binds]
	m.scopes = m.scopes[:to.taken.scopes]
	m.own = m.own[:to.at.own]
	m.diags = m.diags[:to.told.diags]
	m.unread, m.data, m.bound = to.told.unread, to.at.data, to.bound
	if !to.told.says && m.says != "" {
		m.says = ""
	}
}

// lying is what lies there.
func (m *matcher) lying(at lies) []byte { return m.own[at.start : at.start+at.size] }

// lies is where a text lies in the matcher's own memory. The same text taken
// for several attributes lies there once.
type lies struct{ start, size uint32 }

func (m *matcher) lie(text []byte) lies {
	at := len(m.own)
	if cap(m.own)-at < len(text) {
		m.own = slices.Grow(m.own, len(text))
	}
	m.own = m.own[:at+len(text)] // append would write the pointer each time
	copy(m.own[at:], text)
	return lies{uint32(at), uint32(len(text))}
}

// take keeps a text for an attribute, in a turn. The bind is set in place: one
// that is built beside and copied costs three times as much.
func (m *matcher) take(t target, scope int32, at lies) *bind {
	n := len(m.binds)
	if n == cap(m.binds) {
		m.binds = slices.Grow(m.binds, max(16, n))
	}
	m.binds = m.binds[:n+1]
	b := &m.binds[n]
	*b = bind{}
	b.target, b.scope, b.lies = t, scope, at
	return b
}

// turnOf makes the scope of one turn of a repetition, in place like a bind.
func (m *matcher) turnOf(t *template, outer, place int32, node uint32) int32 {
	n := len(m.scopes)
	if n == cap(m.scopes) {
		m.scopes = slices.Grow(m.scopes, max(16, n))
	}
	m.scopes = m.scopes[:n+1]
	s := &m.scopes[n]
	*s = scope{}
	s.parent, s.place, s.node = outer, place, node
	s.field, s.item, s.items, s.both = t.makes(field), t.makes(item), t.reads.of(item) != 0, t.both
	return int32(n)
}

// maxNotes is how much is told about one answer: a body of one fault a thousand
// times is told of often enough.
const maxNotes = 16

func (m *matcher) note(rule, format string, args ...any) {
	if len(m.diags) >= maxNotes {
		return
	}
	m.diags = append(m.diags, parlance.Diagnostic{Rule: rule, Severity: parlance.Warning, Message: fmt.Sprintf(format, args...), Why: why(rule)})
}

// value fits node n against a template.
func (m *matcher) value(t *template, n uint32) bool {
	if t.writeOnly {
		return true
	}
	if m.steps++; m.steps > m.limit {
		return false // alternatives in alternatives would take for ever
	}
	switch t.op {
	case opConst:
		return m.constant(t, n)
	case opHole:
		return m.hole(t.hole, n)
	case opAny:
		return true
	case opObject:
		return m.object(t, n)
	case opList:
		if m.tree.Nodes[n].Kind != tree.List {
			return false
		}
		return m.turns(t, n, selection{})
	case opEither:
		for _, e := range t.elems {
			if e.writeOnly {
				continue
			}
			before := m.mark()
			if m.value(e, n) {
				return true
			}
			m.back(before)
		}
	case opReference:
		return m.value(t.def.body, n)
	}
	return false
}

func (m *matcher) constant(t *template, n uint32) bool {
	node := &m.tree.Nodes[n]
	if node.Kind == tree.Element || node.Kind == tree.Attribute {
		return string(m.tree.Value(n)) == t.text
	}
	if node.Kind != t.kind {
		return false
	}
	switch t.kind {
	case tree.Text:
		return string(m.tree.Value(n)) == t.text
	case tree.Number:
		if string(m.tree.Raw(n)) == t.text {
			return true
		}
		a, errA := strconv.ParseFloat(string(m.tree.Raw(n)), 64)
		b, errB := strconv.ParseFloat(t.text, 64)
		return errA == nil && errB == nil && a == b
	}
	return true
}

// hole takes the value of a node.
func (m *matcher) hole(h *hole, n uint32) bool {
	first := &h.readings[0]
	node := &m.tree.Nodes[n]
	switch first.target.attr {
	case attrData:
		if node.Kind != tree.Null {
			m.data = int32(n) + 1
		}
		return true
	case attrBody:
		if node.Kind == tree.Text {
			m.bind(first.target, m.tree.Value(n), false) // a document in a text
		} else {
			m.bind(first.target, m.tree.Raw(n), false)
		}
		return true
	case attrHeaders:
		if node.Kind == tree.Object {
			m.bind(first.target, m.tree.Raw(n), false)
		}
		return node.Kind == tree.Object || node.Kind == tree.Null
	}
	if first.conv.structured() {
		text, ok := first.conv.readStructured(&m.tree, n)
		if !ok {
			return false
		}
		m.bind(first.target, text, false)
		return true
	}
	switch node.Kind {
	case tree.Null:
		return h.guard == nil
	case tree.True, tree.False:
		return first.conv.notation == boolean && m.text(h, m.tree.Raw(n))
	case tree.Text, tree.Number:
		if h.plain && !node.Escaped && node.End > node.Start {
			m.copies(h, m.scope, node)
			return true
		}
		return m.text(h, m.tree.Value(n))
	case tree.Element, tree.Attribute:
		return m.text(h, m.tree.Value(n))
	}
	return false
}

// text takes a text by every reading of a hole. The first must fit; a copy that
// does not is left out.
func (m *matcher) text(h *hole, text []byte) bool {
	if h.guard != nil && !m.guards(h.guard, text) {
		return false
	}
	if h.defaults && string(text) == h.fallback {
		return true
	}
	for i := range h.readings {
		r := &h.readings[i]
		if r.pattern != nil {
			all, fits := r.pattern.read(text, m, m.taken[:0])
			for _, one := range all {
				m.bind(one.hole, one.text, false)
			}
			m.taken = all[:0]
			if !fits && i == 0 {
				return false
			}
			continue
		}
		if r.bit&m.wants == 0 && r.conv.notation >= pointer {
			continue // it would fit
		}
		s, ok := r.conv.read(text, m)
		if !ok {
			if i == 0 && len(text) > 0 {
				return false
			}
			continue
		}
		// A copy is one only where the attribute of the whole was really taken.
		m.bind(r.target, s, i > 0 && h.readings[0].pattern == nil && h.readings[0].target.owner == whole && m.later == 0)
	}
	return true
}

func (m *matcher) guards(p *pattern, text []byte) bool {
	_, fits := p.read(text, m, nil)
	return fits
}

func (m *matcher) bind(t target, text []byte, copied bool) {
	if len(text) == 0 || t.bit()&m.wants == 0 || t.owner == whole && m.later > 0 && t.attr != attrNote {
		return
	}
	m.bound |= t.bit()
	m.take(t, m.scope, m.lie(text)).copy = copied
}

func (m *matcher) object(t *template, n uint32) bool {
	kind := m.tree.Nodes[n].Kind
	if t.indexed {
		if kind != tree.List {
			return false
		}
		fits, _ := m.others(t, n)
		return fits && m.say(t.is)
	}
	if kind != tree.Object && kind != tree.Element {
		return false
	}
	present := 0
	named, once := m.names(n)
	next := n + 1 // documents mostly have the members in the order of the file
	for i := range t.members {
		w := &t.members[i]
		var ok, there bool
		switch {
		case !w.simple || !once:
			ok, there = m.member(w, n)
		case named&(1<<(w.slots[0]&63)) == 0:
			ok = m.cut || !w.must
		default:
			ok, there, next = m.simple(w, n, next)
		}
		if !ok {
			return false
		}
		if there {
			present++
		}
	}
	if t.rest != nil {
		ok, there := m.others(t, n)
		if !ok {
			return false
		}
		if there {
			present++
		}
	}
	return (present > 0 || m.cut || t.lax()) && m.say(t.is)
}

// names are the numbers of the names that an object has, modulo 64, and
// whether each of them stands there once and every member has one. It spares a
// look for each member that is not there.
func (m *matcher) names(n uint32) (set uint64, once bool) {
	once = true
	nodes := m.tree.Nodes
	for c := n + 1; c < nodes[n].Next; c = nodes[c].Next {
		slot := nodes[c].Slot
		bit := uint64(1) << (slot & 63)
		once = once && slot != 0 && set&bit == 0
		set |= bit
	}
	return set, once
}

// simple fits a member that is one text, which is there once. It begins to look
// at from, and returns where the next member may stand.
func (m *matcher) simple(w *member, n, from uint32) (fits, present bool, next uint32) {
	nodes := m.tree.Nodes
	end := nodes[n].Next
	if from >= end {
		from = n + 1
	}
	c := from
	for nodes[c].Slot != w.slots[0] {
		if c = nodes[c].Next; c >= end {
			c = n + 1
		}
		if c == from {
			return m.cut || !w.must, false, from // another name of the same place in the set
		}
	}
	node := &nodes[c]
	next = node.Next
	switch node.Kind {
	case tree.Null:
		return !w.must, true, next
	case tree.Text, tree.Number:
		if node.Start == node.End {
			return !w.must, true, next
		}
		h := w.value.hole
		switch {
		case node.Escaped:
			fits = m.text(h, m.tree.Value(c))
		case h.plain:
			m.copies(h, m.scope, node)
			return true, true, next
		case h.unused && isDigits(unsafe.String(&m.tree.Source[node.Start], int(node.End-node.Start))):
			return true, true, next
		default:
			fits = m.text(h, m.tree.Source[node.Start:node.End])
		}
		return fits || m.unfit(w), true, next
	}
	return m.unfit(w), true, next
}

// copies takes a text of the body by every reading of a plain hole.
func (m *matcher) copies(h *hole, scope int32, node *tree.Node) {
	var at lies
	for i := range h.readings {
		r := &h.readings[i]
		if r.bit&m.wants == 0 || m.later > 0 && r.target.owner == whole && r.target.attr != attrNote {
			continue
		}
		if at.size == 0 {
			at = m.lie(m.tree.Source[node.Start:node.End])
		}
		m.bound |= r.bit
		m.take(r.target, scope, at).copy = i > 0 && m.later == 0 && h.readings[0].target.owner == whole
	}
}

// unfit passes over a member that has another form than the dialect knows,
// where it may be left out.
func (m *matcher) unfit(w *member) bool {
	if w.optional {
		m.unread++
		m.note("unfit_member", "the member %q has a form that the dialect does not know", w.names[0])
	}
	return w.optional
}

// say takes over what a form says by itself: of the record that it stands in,
// else of the whole. It always fits.
func (m *matcher) say(is string) bool {
	if is == "" {
		return true
	}
	for s := m.scope; s > 0; s = m.scopes[s].parent {
		if m.scopes[s].items {
			m.bound |= bitOf(item, attrIs)
			m.take(target{item, attrIs}, s, m.lie([]byte(is)))
			return true
		}
	}
	if m.later == 0 && m.says == "" {
		m.says = is
	}
	return true
}

// member fits one named member. A member need not be there, unless it is a
// constant or marked with !.
func (m *matcher) member(w *member, n uint32) (fits, present bool) {
	switch {
	case w.value.writeOnly:
		return true, false
	case w.text:
		return m.ownText(w, n)
	case w.value.op == opAbsent:
		for i := range w.names {
			if _, found := m.find(w, n, i); found {
				return false, false
			}
		}
		return true, false
	}
	if w.value.op == opList && m.tree.Nodes[n].Kind == tree.Element {
		return m.siblings(w, n)
	}
	// The first name whose member is filled and fits; one that is empty says
	// nothing, and leaves it to the next.
	there, unfit := false, false
	for i := range w.names {
		c, found := m.find(w, n, i)
		if !found {
			continue
		}
		there = true
		if m.filled(w, c) {
			if !w.optional && len(w.names) == 1 {
				return m.value(w.value, c), true // where it does not fit nothing is kept
			}
			before := m.mark()
			if m.value(w.value, c) {
				return true, true
			}
			m.back(before)
			unfit = true
		}
	}
	switch {
	case !there:
		return m.cut || w.optional || !w.must && w.value.op != opConst, false
	case !unfit:
		return !w.must, true
	}
	return m.unfit(w), true
}

// ownText fits the text of the element itself, beside its attributes.
func (m *matcher) ownText(w *member, n uint32) (fits, present bool) {
	if len(m.tree.Value(n)) == 0 && w.value.op != opConst {
		return !w.must, false
	}
	return m.value(w.value, n) || w.optional, true
}

// filled reports that a member is to be looked into: it is a constant, or not
// empty, or an empty value whose type has to be right.
func (m *matcher) filled(w *member, c uint32) bool {
	if w.value.op == opConst || !empty(&m.tree, c) {
		return true
	}
	kind := m.tree.Nodes[c].Kind
	value := w.value.resolve()
	switch value.op {
	case opAny:
		return false
	case opHole:
		if value.hole.readings[0].target.attr == attrData {
			return kind != tree.Null // an empty payload is one
		}
		return kind == tree.Object || kind == tree.List && !value.hole.readings[0].conv.structured()
	}
	return kind == tree.Text
}

// find is the member of that name, the last one where it stands twice, as
// encoding/json has it.
func (m *matcher) find(w *member, n uint32, i int) (at uint32, found bool) {
	times := 0
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if m.called(w, c, i) {
			at = c
			times++
		}
	}
	if times > 1 && m.tree.Nodes[at].Kind != tree.Element {
		m.note("duplicate_key", "the member %q stands there %d times; the last one is read", w.names[i], times)
	}
	return at, times > 0
}

// called reports that a child has one of a member's names, by its number where
// the guide gave it one.
func (m *matcher) called(w *member, c uint32, i int) bool {
	node := &m.tree.Nodes[c]
	if node.Slot != 0 && len(w.slots) > 0 {
		return node.Slot == w.slots[i]
	}
	return (node.Kind == tree.Attribute) == w.attribute && m.tree.KeyIs(c, w.local(m.form, w.names[i]))
}

// local is the name by which a member is found.
func (w *member) local(f form, name string) string {
	if f != formXML || w.attribute && strings.HasPrefix(name, "xmlns") {
		return name
	}
	return local(name)
}

// siblings fits the elements of one name against a list.
func (m *matcher) siblings(w *member, n uint32) (fits, present bool) {
	of := selection{named: w}
	if !m.any(n, of) {
		return m.cut || !w.must, false
	}
	before := m.mark()
	if m.turns(w.value, n, of) {
		return true, true
	}
	m.back(before)
	if w.optional {
		m.unread++
		m.note("unfit_member", "the element %q has a form that the dialect does not know", w.names[0])
		return true, true
	}
	return false, true
}

// others fits every member that has no name in the template.
func (m *matcher) others(t *template, n uint32) (fits, present bool) {
	of := selection{unnamed: t}
	if !m.any(n, of) {
		return m.cut || !t.rest.must, false
	}
	if t.single() {
		return m.only(t, n, of)
	}
	if t.rest.value.op == opList && m.tree.Nodes[n].Kind == tree.Element {
		return m.turns(t.rest.value, n, of), true
	}
	of.key = t.key
	before := m.mark()
	if m.turns(t.entries, n, of) {
		return true, true
	}
	m.back(before)
	if t.rest.optional {
		m.unread++
		m.note("unfit_member", "the members have a form that the dialect does not know")
		return true, true
	}
	return false, true
}

// only takes the name of the first member that has no name of its own.
func (m *matcher) only(t *template, n uint32, of selection) (fits, present bool) {
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if !m.takes(&of, c) {
			continue
		}
		before := m.mark()
		if name, ok := t.keyConv.read(m.tree.Key(c), m); ok && m.value(t.rest.value, c) {
			m.bind(t.key, name, false)
			return true, true
		}
		m.back(before)
	}
	return t.rest.optional, true
}

// selection is which children of a node a repetition goes through: those of a
// member's name, those that a template does not name, or all.
type selection struct {
	named   *member
	unnamed *template
	key     target // what the children's names are
}

func (m *matcher) takes(of *selection, c uint32) bool {
	switch {
	case of.named != nil:
		for i := range of.named.names {
			if m.called(of.named, c, i) {
				return true
			}
		}
		return false
	case of.unnamed != nil:
		if m.tree.Nodes[c].Kind == tree.Attribute {
			return false
		}
		for i := range of.unnamed.members {
			for j := range of.unnamed.members[i].names {
				if m.called(&of.unnamed.members[i], c, j) {
					return false
				}
			}
		}
	}
	return true
}

func (m *matcher) any(n uint32, of selection) bool {
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if m.takes(&of, c) {
			return true
		}
	}
	return false
}

// turns fits each of the children against the first of the templates that it
// fits. One that fits none forbids success; if none at all fits, the list does
// not.
func (m *matcher) turns(t *template, n uint32, of selection) bool {
	fitted, failed, guarded := 0, 0, 0
	later := m.later
	told := false    // the whole has been told of by an element that nothing tells apart
	var apart uint64 // and by which of those that a constant does
	texts := len(t.elems) == 1 && t.elems[0].op == opHole && t.elems[0].hole.plain && of.key.attr == attrNone
	records := t.reads.of(field)|t.reads.of(item) != 0
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if !m.takes(&of, c) {
			continue
		}
		if node := &m.tree.Nodes[c]; texts && node.Kind == tree.Text && !node.Escaped && node.Start < node.End {
			// The commonest list of all: texts, taken as they lie.
			inside := m.scope
			if m.later = later + btoi(told); records {
				inside = m.turnOf(t, m.scope, int32(fitted+failed), c)
			}
			m.copies(t.elems[0].hole, inside, node)
			fitted, told = fitted+1, true
			continue
		}
		by := m.turn(t, c, int32(fitted+failed), of.key, told, apart)
		if by < 0 {
			failed++
			continue
		}
		fitted++
		if by == 0 {
			guarded++
		}
		switch {
		case t.elems[by].apart && by < 64:
			apart |= 1 << by
		case by == 0 || !t.guarded():
			told = told || t.elems[by].op != opAny
		}
	}
	m.later = later
	if t.guarded() && guarded == 0 {
		return false // none says what the shape is recognised by
	}
	if failed > 0 && (fitted > 0 || m.cut) {
		m.unread += int32(failed)
		m.note("unread_element", "%d of %d elements could not be read", failed, failed+fitted)
		return true
	}
	return failed == 0
}

// turn fits one element of a repetition, in a scope of its own where the
// repetition holds records. It returns the place of the template that fitted,
// negative where none did. told and apart say which templates have told of the
// whole before: attributes of the whole come from one element each.
func (m *matcher) turn(t *template, c uint32, place int32, key target, told bool, apart uint64) int {
	before, outer, later := m.mark(), m.scope, m.later
	if (t.reads.of(field) | t.reads.of(item)) != 0 {
		m.scope = m.turnOf(t, outer, place, c)
	}
	if key.attr != attrNone {
		m.key(t, c, place, key)
	}
	by := -1
	for i, e := range t.elems {
		switch {
		case e.apart && i < 64:
			m.later = later + int(apart>>i&1)
		case told || i > 0 && t.guarded(): // the whole is what the recognised element says
			m.later = later + 1
		default:
			m.later = later
		}
		if e.writeOnly {
			continue
		}
		if i == len(t.elems)-1 {
			if m.value(e, c) {
				by = i
			}
			break
		}
		inner := m.mark()
		if m.value(e, c) {
			by = i
			break
		}
		m.back(inner)
	}
	m.scope, m.later = outer, later
	if by < 0 {
		m.back(before)
	}
	return by
}

// key takes the name of a member, or the place of an element in a list.
func (m *matcher) key(t *template, c uint32, place int32, key target) {
	if node := &m.tree.Nodes[c]; t.keyConv.notation == plain && !node.KeyEscape && !t.indexed {
		if node.KeyEnd > node.KeyStart {
			m.take(key, m.scope, m.lie(m.tree.Source[node.KeyStart:node.KeyEnd])).key = true
		}
		return
	}
	name := m.tree.Key(c)
	if t.indexed {
		name = strconv.AppendInt(nil, int64(place), 10)
	}
	if name, ok := t.keyConv.read(name, m); ok && len(name) > 0 {
		m.bound |= key.bit()
		m.take(key, m.scope, m.lie(name)).key = true
	}
}

// payload is what $data took, nil for nothing.
func (m *matcher) payload() []byte {
	if m.data == 0 {
		return nil
	}
	return content(&m.tree, uint32(m.data-1))
}

// content is the payload that stands at a node: the value, or what is between
// the tags of an element.
func content(t *tree.Tree, n uint32) []byte {
	node := &t.Nodes[n]
	switch {
	case node.Kind == tree.Text && !node.Moved && node.Start > 0 && t.Source[node.Start-1] == '"' && int(node.End) < len(t.Source) && t.Source[node.End] == '"':
		return t.Source[node.Start-1 : node.End+1] // with its quotes, for without them it is no JSON
	case node.Kind != tree.Element:
		return t.Raw(n)
	}
	// The start tag ends at the first > outside of quotes.
	quote := byte(0)
	for i := node.KeyEnd; i < node.Close; i++ {
		switch c := t.Source[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return bytes.TrimSpace(t.Source[i+1 : node.Close])
		}
	}
	return nil
}
