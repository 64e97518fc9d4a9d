package dialect

import (
	"bytes"
	"fmt"
	"html"
	"strconv"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// bind is one text that a hole took.
type bind struct {
	target target
	copy   bool   // the same text was taken for an attribute of the whole
	key    bool   // it was the name of a member
	scope  int32  // the turn of a repetition in which it was taken; 0 is outside of any
	before int32  // one more than the place of the bind of the same scope and owner before it; 0 for none
	text   []byte // shares memory with the body
}

// scope is one turn of a repetition that holds holes of a record.
type scope struct {
	parent int32
	place  int32 // of the element in its list, from 0
	field  bool  // the innermost one for fields: it makes one
	item   bool  // the innermost one for items

	last  int32 // one more than the place of its last bind
	makes bool  // it makes a record
	inner bool  // a turn inside it makes one
}

// matcher fits one document against templates and collects what the holes take.
type matcher struct {
	req    Request
	res    Response
	tree   tree.Tree
	cut    bool
	binds  []bind
	scopes []scope
	scope  int32
	later  int // over 0 in turns after the first that fitted: attributes of the whole come from one element
	unread int // elements that could not be read
	data   []byte
	used   int // the most binds that there were at once
	diags  []parlance.Diagnostic
	at     []int // where the texts of the binds begin in the Outcome's own memory
}

var matchers = sync.Pool{New: func() any { return new(matcher) }}

// starts is a place for n numbers.
func (m *matcher) starts(n int) []int {
	if cap(m.at) < n {
		m.at = make([]int, n)
	}
	return m.at[:n]
}

func (m *matcher) reset() {
	m.binds, m.scopes = m.binds[:0], append(m.scopes[:0], scope{parent: -1})
	m.scope, m.later, m.unread = 0, 0, 0
	m.data, m.diags, m.cut, m.used = nil, nil, false, 0
}

// release gives the matcher back, without anything of the caller's in it. One
// that a large body has blown up is left to the garbage collector.
func (m *matcher) release() {
	if cap(m.tree.Nodes) > 1<<15 || cap(m.binds) > 1<<10 {
		return
	}
	clear(m.binds[:max(m.used, len(m.binds))])
	m.tree.Source, m.data, m.diags = nil, nil, nil
	m.req, m.res = Request{}, Response{}
	matchers.Put(m)
}

// mark is a state to come back to.
type mark struct {
	binds, scopes, diags, unread int
	data                         []byte
}

func (m *matcher) mark() mark {
	return mark{len(m.binds), len(m.scopes), len(m.diags), m.unread, m.data}
}

func (m *matcher) back(to mark) {
	m.used = max(m.used, len(m.binds))
	m.binds, m.scopes, m.diags, m.unread, m.data = m.binds[:to.binds], m.scopes[:to.scopes], m.diags[:to.diags], to.unread, to.data
}

// maxNotes is how much is told about one answer: a body of one fault a thousand
// times is told of often enough.
const maxNotes = 16

func (m *matcher) note(rule, format string, args ...any) {
	if len(m.diags) >= maxNotes {
		return
	}
	m.diags = append(m.diags, parlance.Diagnostic{Rule: rule, Severity: parlance.Warning, Message: fmt.Sprintf(format, args...)})
}

// value fits node n against a template.
func (m *matcher) value(t *template, n uint32) bool {
	switch t.op {
	case opConst:
		return m.constant(t, n)
	case opHole:
		return m.hole(t.hole, n)
	case opObject:
		return m.object(t, n)
	case opList:
		if m.tree.Nodes[n].Kind != tree.List {
			return false
		}
		return m.turns(t, n, selection{})
	case opEither:
		for _, e := range t.elems {
			before := m.mark()
			if m.value(e, n) {
				return true
			}
			m.back(before)
		}
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
	first := h.readings[0]
	node := &m.tree.Nodes[n]
	if first.target.attr == attrData {
		if node.Kind != tree.Null {
			m.data = m.tree.Raw(n)
		}
		return true
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
	case tree.Text, tree.Number, tree.Element, tree.Attribute:
		return m.text(h, m.tree.Value(n))
	}
	return false
}

// text takes a text by every reading of a hole. The first must fit; a copy that
// does not is left out.
func (m *matcher) text(h *hole, text []byte) bool {
	if h.guard != nil && !h.guard.read(text, nil) {
		return false
	}
	if h.defaults && string(text) == h.fallback {
		return true
	}
	for i, r := range h.readings {
		if r.pattern != nil {
			before := m.mark()
			fits := r.pattern.read(text, func(p part, s []byte) bool {
				if len(s) == 0 {
					return true
				}
				s, ok := p.conv.read(s)
				if ok {
					m.bind(p.hole, s, false)
				}
				return ok
			})
			if !fits {
				m.back(before)
				if i == 0 {
					return false
				}
			}
			continue
		}
		s, ok := r.conv.read(text)
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

func (m *matcher) bind(t target, text []byte, copied bool) {
	if len(text) == 0 {
		return
	}
	if t.owner == whole && m.later > 0 && t.attr != attrNote {
		return
	}
	m.binds = append(m.binds, bind{target: t, copy: copied, scope: m.scope, text: text})
}

func (m *matcher) object(t *template, n uint32) bool {
	if kind := m.tree.Nodes[n].Kind; kind != tree.Object && kind != tree.Element {
		return false
	}
	present := 0
	for i := range t.members {
		ok, there := m.member(&t.members[i], n)
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
	return present > 0 || m.cut || t.lax()
}

// member fits one named member. A member need not be there, unless it is a
// constant or marked with !.
func (m *matcher) member(w *member, n uint32) (fits, present bool) {
	if w.value.op == opList && m.tree.Nodes[n].Kind == tree.Element {
		return m.siblings(w, n)
	}
	// The first name whose member is filled and fits; one that is empty says
	// nothing, and leaves it to the next.
	there, unfit := false, false
	for _, name := range w.names {
		c, found := m.find(w, n, name)
		if !found {
			continue
		}
		there = true
		if m.says(w, c) {
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
	case w.optional:
		m.unread++
		m.note("unfit_member", "the member %q has a form that the dialect does not know", w.names[0])
		return true, true
	}
	return false, true
}

// says reports that a member is to be looked into: it is a constant, or not
// empty, or an empty value whose type has to be right.
func (m *matcher) says(w *member, c uint32) bool {
	if w.value.op == opConst || !empty(&m.tree, c) {
		return true
	}
	kind := m.tree.Nodes[c].Kind
	switch w.value.op {
	case opHole:
		return kind == tree.Object || kind == tree.List && !w.value.hole.readings[0].conv.structured()
	case opObject:
		return kind == tree.Text
	}
	return kind == tree.Text
}

// find is the member of that name, the last one where it stands twice, as
// encoding/json has it.
func (m *matcher) find(w *member, n uint32, name string) (at uint32, found bool) {
	times := 0
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if m.is(w, c, name) {
			at = c
			times++
		}
	}
	if times > 1 && m.tree.Nodes[at].Kind != tree.Element {
		m.note("duplicate_key", "the member %q stands there %d times; the last one is read", name, times)
	}
	return at, times > 0
}

func (m *matcher) is(w *member, c uint32, name string) bool {
	return (m.tree.Nodes[c].Kind == tree.Attribute) == w.attribute && m.tree.KeyIs(c, name)
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
	if t.rest.value.op == opList && m.tree.Nodes[n].Kind == tree.Element {
		return m.turns(t.rest.value, n, of), true
	}
	of.key = t.key
	return m.turns(t.entries, n, of), true
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
		for _, name := range of.named.names {
			if m.is(of.named, c, name) {
				return true
			}
		}
		return false
	case of.unnamed != nil:
		if m.tree.Nodes[c].Kind == tree.Attribute {
			return false
		}
		for i := range of.unnamed.members {
			for _, name := range of.unnamed.members[i].names {
				if m.is(&of.unnamed.members[i], c, name) {
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
	for c := n + 1; c < m.tree.Nodes[n].Next; c = m.tree.Nodes[c].Next {
		if !m.takes(&of, c) {
			continue
		}
		by := m.turn(t, c, int32(fitted+failed), of.key)
		if by < 0 {
			failed++
			continue
		}
		fitted++
		if by == 0 {
			guarded++
		}
		if by == 0 || !t.guarded() {
			m.later = later + 1 // the whole has been told of
		}
	}
	m.later = later
	if t.guarded() && guarded == 0 {
		return false // none says what the shape is recognised by
	}
	if failed > 0 && (fitted > 0 || m.cut) {
		m.unread += failed
		m.note("unread_element", "%d of %d elements could not be read", failed, failed+fitted)
		return true
	}
	return failed == 0
}

// turn fits one element of a repetition, in a scope of its own where the
// repetition holds records. It returns the place of the template that fitted,
// negative where none did.
func (m *matcher) turn(t *template, c uint32, place int32, key target) int {
	before, outer, later := m.mark(), m.scope, m.later
	if t.reads.of(field)|t.reads.of(item) != 0 {
		m.scopes = append(m.scopes, scope{parent: outer, place: place, field: t.makes(field), item: t.makes(item)})
		m.scope = int32(len(m.scopes) - 1)
	}
	if key.attr != attrNone {
		m.binds = append(m.binds, bind{target: key, key: true, scope: m.scope, text: m.tree.Key(c)})
	}
	inner := m.mark()
	by := -1
	for i, e := range t.elems {
		if i > 0 && t.guarded() {
			m.later = later + 1 // the whole is what the recognised element says
		}
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

// header fits the fields of a response's header against a shape's.
func (m *matcher) header(s *shape, h Header) bool {
	present := 0
	for _, f := range s.headers {
		given := values(h, f.name)
		if f.value.op == opConst {
			if len(given) == 0 || given[0] != f.value.text {
				return false
			}
			present++
			continue
		}
		for _, v := range given {
			if !m.text(f.value.hole, []byte(v)) {
				return false
			}
			present++
			if f.value.hole.readings[0].target.attr != attrNote {
				break
			}
		}
	}
	return present > 0 || len(s.headers) == 0
}

// page reads an HTML page: the text of the first element of each name.
func (m *matcher) page(t *template, body []byte) bool {
	present := 0
	for i := range t.members {
		w := &t.members[i]
		text, found := htmlText(body, w.names[0])
		if !found {
			if w.must {
				return false
			}
			continue
		}
		present++
		if w.value.op == opHole && !m.text(w.value.hole, text) && !w.optional {
			if w.value.hole.readings[0].target.attr == attrStatus {
				continue // a page may say more than its number
			}
			return false
		}
	}
	return present > 0
}

// htmlText is the text of the first element of that name, its white space
// folded, without what stands in tags.
func htmlText(body []byte, name string) ([]byte, bool) {
	lower := bytes.ToLower(body)
	if len(lower) != len(body) {
		lower = body // a letter that changes its length: take the page as it is
	}
	open := []byte("<" + name)
	for at := 0; ; {
		i := bytes.Index(lower[at:], open)
		if i < 0 {
			return nil, false
		}
		at += i + len(open)
		if at < len(lower) && lower[at] != '>' && lower[at] != ' ' && lower[at] != '\n' && lower[at] != '\t' && lower[at] != '\r' {
			continue // <titlebar> is not <title>
		}
		end := bytes.IndexByte(lower[at:], '>')
		if end < 0 {
			return nil, false
		}
		from := at + end + 1
		to := bytes.Index(lower[from:], []byte("</"+name))
		if to < 0 {
			return nil, false
		}
		text := bytes.Join(bytes.Fields(bytes.ToValidUTF8(stripTags(body[from:from+to]), []byte("\uFFFD"))), []byte(" "))
		return []byte(html.UnescapeString(string(text))), true
	}
}

func stripTags(s []byte) []byte {
	if bytes.IndexByte(s, '<') < 0 {
		return s
	}
	var out []byte
	inside := false
	for _, c := range s {
		switch {
		case c == '<':
			inside = true
			out = append(out, ' ')
		case c == '>' && inside:
			inside = false
		case !inside:
			out = append(out, c)
		}
	}
	return out
}
