package dialect

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// Encode writes an Outcome as the answer to req, appending the body to dst.
// data is the success payload. The body is well-formed whatever goes in; what
// cannot be carried is in Message.Losses. It is safe for concurrent use.
func (d *Dialect) Encode(dst []byte, req Request, o *parlance.Outcome, data Payload) Message {
	w := writer{d: d, req: &req, o: o, data: data, dst: dst}
	w.row, w.status = d.writable(o, &req)
	w.code = w.chooseCode()
	w.silence()
	w.present = w.attributes()
	m := Message{Status: w.status}
	w.shape = w.chooseShape()
	bodiless := w.status == 204 || w.status == 304 || w.status < 200
	media := ""
	switch {
	case bodiless:
		w.shape = nil
	case w.shape != nil && w.shape.graft && len(req.Body) > 0 && w.graft():
		media = w.shape.media
	case w.shape != nil:
		w.body()
		media = w.shape.media
	case o.Kind.Good() && len(data.Body) > 0:
		w.dst = append(w.dst, data.Body...)
		w.carried |= bitOf(whole, attrData)
		if media = data.ContentType; media == "" {
			media = mediaTypes[d.formOf(data.Body)]
		}
	}
	if media != "" && len(w.dst) > len(dst) {
		m.Header = append(m.Header, Pair{"Content-Type", media})
	}
	if w.shape != nil {
		m.Header = w.headers(m.Header, w.shape, w.present)
	}
	for _, s := range d.extras {
		if !s.readOnly && s.concerns(&req, w.status) {
			m.Header = w.headers(m.Header, s, w.left())
		}
	}
	if o.RetryAfter > 0 {
		// Whole seconds, rounded up so that nobody comes too early (RFC 9110, 10.2.3).
		seconds := (o.RetryAfter + time.Second - 1) / time.Second
		m.Header = append(m.Header, Pair{"Retry-After", strconv.FormatInt(int64(seconds), 10)})
		if o.RetryAfter%time.Second == 0 {
			w.carried |= bitOf(whole, attrRetryAfter)
		}
	}
	w.lose()
	m.Body, m.Losses = w.dst, w.losses
	return m
}

// Wraps reports whether Encode puts an envelope around the payload of such an
// outcome, or would otherwise not pass it on as it is.
func (d *Dialect) Wraps(req Request, o *parlance.Outcome) bool {
	w := writer{d: d, req: &req, o: o, data: Payload{Body: []byte("{}")}}
	w.row, w.status = d.writable(o, &req)
	w.code = w.chooseCode()
	w.present = w.attributes()
	return w.status == 204 || w.status == 304 || w.chooseShape() != nil
}

// formOf is the form of a payload whose type nobody said: what it begins with
// tells, else the first of the dialect's own.
func (d *Dialect) formOf(payload []byte) form {
	switch start := strings.TrimLeft(string(payload[:min(len(payload), 64)]), " \t\r\n"); {
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return formJSON
	case strings.HasPrefix(start, "<"):
		return formXML
	}
	if len(d.forms) > 0 {
		return d.forms[0]
	}
	return formJSON
}

// writer writes one Outcome.
type writer struct {
	d       *Dialect
	req     *Request
	o       *parlance.Outcome
	data    Payload
	row     *row
	status  int
	code    string // the code to write, "" for none
	shape   *shape
	present set // the attributes of the Outcome that are set
	carried set // those of the whole that were written
	dst     []byte
	losses  []parlance.Loss

	field      *parlance.Field // the record that is being written, nil outside
	fieldAt    int             // its place
	merged     bool            // it is written into the same element as the whole
	item       *parlance.Item
	itemCode   string
	itemStatus int
	note       string
	fieldsDone bool
	itemsDone  bool
}

func (w *writer) lost(attribute, reason string) {
	w.losses = append(w.losses, parlance.Loss{Attribute: attribute, Reason: reason})
}

// writable chooses the row that an Outcome is written by, and the HTTP status.
// Where it has records and nothing holds records under that status, a status
// whose shape does is taken if the records roll up to the same kind under it.
func (d *Dialect) writable(o *parlance.Outcome, req *Request) (*row, int) {
	r, status := d.statusFor(o, req)
	if len(o.Items) == 0 {
		return r, status
	}
	holds := func(status int) bool {
		return slices.ContainsFunc(d.shapes, func(s *shape) bool {
			return s.carriesItems() && !s.readOnly && s.concerns(req, status)
		})
	}
	if holds(status) {
		return r, status
	}
	for _, s := range d.shapes {
		if s.carriesItems() && len(s.status) > 0 && s.status[0].from < 400 && holds(s.status[0].from) {
			under := *o
			under.Status = s.status[0].from
			if d.rollsUp(&under, req) {
				return d.statusRow(under.Status, req), under.Status
			}
		}
	}
	return r, status
}

// statusFor chooses by the Outcome alone. A status that reads back as the same
// meaning is kept.
func (d *Dialect) statusFor(o *parlance.Outcome, req *Request) (*row, int) {
	reason := o.Reason
	if d.ownRow(o, req) == nil {
		reason = "" // a finer word that no row has cannot decide
	}
	// Beside such a word a status counts only where a row names it: of a whole
	// class it is not known that it suits.
	same := func(r *row) bool {
		return r.kind == o.Kind && r.reason == reason && (reason == o.Reason || strings.Contains(r.key, strconv.Itoa(o.Status)))
	}
	if o.Code != "" {
		if r := d.codes.byCode(o.Code, req); r != nil && same(r) {
			switch sp, ok := parseSpan(r.first); {
			case r.status != 0:
				return r, r.status
			case o.Status != 0 && same(d.statusRow(o.Status, req)):
				return r, o.Status
			case ok && sendable(sp.from):
				return r, sp.from
			}
			_, status := d.byKind(o, req)
			return r, status
		}
	}
	if o.Status != 0 && sendable(o.Status) {
		if r := d.statusRow(o.Status, req); same(r) && (o.Status <= 599 || d.owns(r)) {
			if first, ok := parseSpan(r.first); ok && first.from == first.to && first.from != o.Status && strings.Contains(r.key, r.first+",") && d.alias(r, o.Status) {
				return r, first.from // 429, 419: the first one is written
			}
			if r.status != 0 {
				return r, r.status
			}
			return r, o.Status
		}
		for _, s := range d.shapes {
			if s.carriesItems() && len(o.Items) > 0 && o.Status < 400 && s.concerns(req, o.Status) && d.rollsUp(o, req) {
				return d.statusRow(o.Status, req), o.Status
			}
			if k, ok := parlance.ParseKind(s.is); ok && k == o.Kind && k != parlance.Failed && len(s.status) > 0 && s.status.admits(o.Status) {
				return &row{kind: k}, o.Status
			}
		}
	}
	return d.byKind(o, req)
}

// rollsUp reports that the records under the Outcome's status read as its kind.
func (d *Dialect) rollsUp(o *parlance.Outcome, req *Request) bool {
	kind, _ := rollUp(d.statusRow(o.Status, req), o.Items)
	return kind == o.Kind
}

// alias reports that a status is another name for the first one of its row: it
// is a failure, and no status that HTTP defines for the kind.
func (d *Dialect) alias(r *row, status int) bool {
	if !r.kind.Failing() || d.base == nil {
		return false
	}
	return d.base.statusRow(status, &Request{}).kind != r.kind || status > 599
}

func (d *Dialect) owns(r *row) bool { return slices.Contains(d.codes.rows, r) }

func sendable(status int) bool { return status >= 200 && status <= 999 }

// ownRow is the file's row for a kind and its reason.
func (d *Dialect) ownRow(o *parlance.Outcome, req *Request) *row {
	for _, r := range d.codes.rows {
		if r.kind == o.Kind && r.reason == o.Reason && r.applies(req) {
			return r
		}
	}
	return nil
}

// byKind chooses by kind and reason, then by kind, then what stands for the
// kind, then the dialect http.
func (d *Dialect) byKind(o *parlance.Outcome, req *Request) (*row, int) {
	try := func(fits func(*row) bool) (*row, int) {
		for _, r := range d.codes.rows {
			if !r.applies(req) || !fits(r) {
				continue
			}
			sp, ok := parseSpan(r.first)
			if r.status != 0 {
				if ok && sp.from != sp.to {
					continue // a range of codes does not say which of them to write
				}
				return r, r.status
			}
			if ok && sendable(sp.from) {
				return r, sp.from
			}
			for _, s := range d.shapes {
				if s.is == r.first && len(s.status) > 0 {
					return r, s.status[0].from
				}
			}
		}
		return nil, 0
	}
	for _, fits := range []func(*row) bool{
		func(r *row) bool { return r.kind == o.Kind && r.reason == o.Reason },
		func(r *row) bool { return r.kind == o.Kind && r.reason == "" },
		func(r *row) bool { return r.kind == o.Kind && !d.told(r) },
		func(r *row) bool { return slices.Contains(r.standsFor, o.Kind) },
	} {
		// A status of its own says it without inventing a code.
		if r, status := try(func(r *row) bool { return r.status == 0 && fits(r) }); r != nil {
			return r, status
		}
		if r, status := try(fits); r != nil {
			return r, status
		}
	}
	if d.base == nil {
		return &row{kind: parlance.Internal}, 500
	}
	r, status := d.base.byKind(&parlance.Outcome{Kind: o.Kind}, req)
	if own := d.statusRow(status, req); r.kind == o.Kind && own.kind != o.Kind && o.Kind.Failing() {
		// Here that status means something else: the plain failure of its side says nothing wrong.
		plain := parlance.Invalid
		if o.Kind.ServerFault() {
			plain = parlance.Internal
		}
		if own.kind != plain && o.Kind != plain {
			return d.byKind(&parlance.Outcome{Kind: plain}, req)
		}
	}
	return r, status
}

// told reports that a row is met only by a text in the body: it says more than
// its kind.
func (d *Dialect) told(r *row) bool {
	return slices.ContainsFunc(d.telling, func(t telling) bool { return t.is == r.first })
}

// chooseCode is the vendor's code to write: the Outcome's own, unless it means
// something else here, or the one that the chosen row stands under.
func (w *writer) chooseCode() string {
	if code := w.o.Code; code != "" {
		r := w.d.codes.byCode(code, w.req)
		if r == nil || r.kind == w.o.Kind {
			return code
		}
		w.lost("code", "here "+code+" means "+r.kind.String())
	}
	if w.row.status != 0 && !slices.ContainsFunc(w.d.shapes, func(s *shape) bool { return s.is == w.row.first }) {
		return w.row.first
	}
	return ""
}

// silence drops texts by which the dialect recognises another meaning (where a
// shape's `is` hangs on a text, nothing else may say that text).
func (w *writer) silence() {
	for _, g := range w.d.telling {
		if g.is == w.row.first || !g.shape.status.admits(w.status) {
			continue
		}
		says := func(s string) bool { return s != "" && g.guard.read([]byte(s), nil) }
		if says(w.o.Detail) {
			own := *w.o
			own.Detail, w.o = "", &own
			w.lost("detail", "the text means "+g.is+" here")
		}
		for i := range w.o.Fields {
			if says(w.o.Fields[i].Message) {
				own := *w.o
				own.Fields, w.o = slices.Clone(own.Fields), &own
				own.Fields[i].Message = ""
				w.lost("fields["+strconv.Itoa(i)+"].message", "the text means "+g.is+" here")
			}
		}
	}
}

// telling is a text by which a shape is recognised.
type telling struct {
	shape *shape
	is    string
	guard *pattern
}

// guards collects the texts that a template is recognised by.
func (t *template) guards(yield func(*pattern)) {
	if t.hole != nil && t.hole.guard != nil {
		yield(t.hole.guard)
	}
	for i := range t.members {
		t.members[i].value.guards(yield)
	}
	for _, e := range t.elems {
		e.guards(yield)
	}
	if t.rest != nil {
		t.rest.value.guards(yield)
	}
}

// attributes is the set of what the Outcome holds.
func (w *writer) attributes() (s set) {
	o := w.o
	add := func(own owner, a attribute, is bool) {
		if is {
			s |= bitOf(own, a)
		}
	}
	add(whole, attrKind, true)
	add(whole, attrReason, o.Reason != "")
	add(whole, attrStatus, true)
	add(whole, attrCode, w.code != "")
	add(whole, attrTitle, o.Title != "" && o.Title != w.row.title)
	add(whole, attrDetail, o.Detail != "")
	add(whole, attrType, o.Type != "")
	add(whole, attrInstance, o.Instance != "")
	add(whole, attrRequestID, o.RequestID != "")
	add(whole, attrHelp, o.Help != "" && o.Help != w.row.help)
	add(whole, attrRetryAfter, o.RetryAfter > 0)
	add(whole, attrNote, len(o.Notes) > 0)
	add(whole, attrData, len(w.data.Body) > 0)
	for i := range o.Fields {
		s |= fieldSet(&o.Fields[i])
	}
	for i := range o.Items {
		s |= itemSet(&o.Items[i])
	}
	return s
}

func fieldSet(f *parlance.Field) (s set) {
	for _, a := range [...]attribute{attrPath, attrCode, attrMessage} {
		if fieldText(f, a) != "" {
			s |= bitOf(field, a)
		}
	}
	return s
}

func fieldText(f *parlance.Field, a attribute) string {
	switch a {
	case attrPath:
		return f.Path
	case attrCode:
		return f.Code
	case attrMessage:
		return f.Message
	}
	return ""
}

func itemSet(it *parlance.Item) (s set) {
	for a := attrNone + 1; a < attrCount; a++ {
		if a == attrKind || a == attrIndex || itemText(it, a) != "" {
			s |= bitOf(item, a)
		}
	}
	return s
}

func itemText(it *parlance.Item, a attribute) string {
	switch a {
	case attrID:
		return it.ID
	case attrIndex:
		return strconv.Itoa(it.Index)
	}
	return outcomeText(&it.Outcome, a)
}

// outcomeText is an attribute as text, "" where it is not set.
func outcomeText(o *parlance.Outcome, a attribute) string {
	switch a {
	case attrKind:
		return o.Kind.String()
	case attrReason:
		return string(o.Reason)
	case attrStatus:
		if o.Status != 0 {
			return strconv.Itoa(o.Status)
		}
	case attrCode:
		return o.Code
	case attrTitle:
		return o.Title
	case attrDetail:
		return o.Detail
	case attrType:
		return o.Type
	case attrInstance:
		return o.Instance
	case attrRequestID:
		return o.RequestID
	case attrHelp:
		return o.Help
	case attrRetryAfter:
		if o.RetryAfter > 0 {
			return strconv.FormatFloat(o.RetryAfter.Seconds(), 'f', -1, 64)
		}
	}
	return ""
}

// chooseShape is the shape that loses least, among these the smallest, among
// these the first; nil where none may be written.
func (w *writer) chooseShape() *shape {
	form := w.negotiate()
	var best *shape
	least, size := 0, 0
	named := slices.ContainsFunc(w.d.shapes, func(s *shape) bool { return s.is != "" && s.is == w.row.first })
	weigh := w.present &^ (bitOf(whole, attrKind) | bitOf(whole, attrReason) | bitOf(whole, attrStatus) |
		bitOf(item, attrKind) | bitOf(item, attrReason) | bitOf(item, attrIndex))
	for _, s := range w.d.shapes {
		if s.form != form || !w.eligible(s, named) {
			continue
		}
		lost := bits.OnesCount64(uint64(weigh &^ (s.writes | s.copies)))
		n := s.size
		switch {
		case len(s.writeFor) > 0 && admitsPath(s.writeFor, w.req.Path):
			n -= 1000 // the caller's own resource comes first
		case len(s.writeFor) > 0:
			n += 1000
		}
		if s.graft && len(w.req.Body) > 0 && w.grafts(s) {
			return s
		}
		if best == nil || lost < least || lost == least && n < size {
			best, least, size = s, lost, n
		}
	}
	return best
}

// eligible reports that a shape may be written for this outcome.
func (w *writer) eligible(s *shape, named bool) bool {
	if s.readOnly || !s.concerns(w.req, w.status) || s.body.needs()&^w.present != 0 {
		return false
	}
	if named && w.o.Kind == w.row.kind {
		return s.is == w.row.first
	}
	if s.is != "" {
		k, isKind := parlance.ParseKind(s.is)
		switch {
		case !isKind:
			return false
		case s.is == "failed":
			return w.o.Kind.Failing()
		}
		return k == w.o.Kind
	}
	if w.o.Kind.Failing() {
		return !s.carriesData()
	}
	// A record shape is for records, an error's for a failure: under a good
	// status only what holds the payload, or all that there is to say.
	return s.carriesData() || s.carriesItems() && len(w.o.Items) > 0 || w.present.has(whole, attrKind) && s.writes.has(whole, attrKind) && w.o.Kind == parlance.Partial || w.code != "" && s.body.needs().has(whole, attrCode)
}

// needs are the attributes of the whole without which the template cannot be
// written so that it reads back.
func (t *template) needs() (s set) {
	for i := range t.members {
		m := &t.members[i]
		if !m.must {
			if m.value.op == opObject && !m.optional {
				s |= m.value.needs()
			}
			continue
		}
		switch m.value.op {
		case opHole:
			if m.value.hole.guard == nil {
				s |= m.value.writes & (m.value.hole.readings[0].targets())
			}
		case opList:
			if m.value.writes.of(whole) == 0 {
				s |= firstBit(m.value.writes)
			}
		case opObject:
			s |= m.value.needs()
		}
	}
	if t.rest != nil && t.rest.value.op == opObject {
		s |= t.rest.value.needs()
	}
	if t.rest != nil && t.rest.must {
		s |= firstBit(t.rest.value.writes)
	}
	return s.of(whole) | recordBit(s, field, attrMessage) | recordBit(s, item, attrKind)
}

// recordBit stands for "there is a record of the owner".
func recordBit(s set, o owner, a attribute) set {
	if s.of(o) == 0 {
		return 0
	}
	return bitOf(o, a)
}

func firstBit(s set) set { return s & -s }

// left is what no place took so far.
func (w *writer) left() set {
	s := w.present.of(whole) &^ w.carried &^ bitOf(whole, attrStatus) &^ bitOf(whole, attrRetryAfter) &^ bitOf(whole, attrData)
	if back := w.d.statusRow(w.status, w.req); back.kind == w.o.Kind && back.reason == w.o.Reason {
		s &^= bitOf(whole, attrKind) | bitOf(whole, attrReason)
	}
	return s
}

// headers writes the fields of a shape that hold one of the attributes.
func (w *writer) headers(to []Pair, s *shape, of set) []Pair {
	for _, h := range s.headers {
		if h.value.op == opConst {
			to = append(to, Pair{h.name, h.value.text})
			continue
		}
		r := h.value.hole.readings[0]
		if of&h.value.writes == 0 {
			continue
		}
		texts := []string{w.render(h.value.hole)}
		if r.target.attr == attrNote {
			texts = w.o.Notes
		}
		for _, text := range texts {
			safe := headerText(text)
			if safe == "" {
				continue
			}
			to = append(to, Pair{h.name, safe})
			if safe == text {
				w.carried |= h.value.writes.of(whole)
			}
		}
	}
	return to
}

// headerText is a text that can stand in a header field: no control
// characters, so that nobody can add a field or a body (RFC 9110, 5.5).
func headerText(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < 0x20 || c == 0x7F {
			return ' '
		}
		return c
	}, s))
}

// lose reports every attribute that is set and was not carried.
func (w *writer) lose() {
	o := w.o
	back := w.d.statusRow(w.status, w.req)
	if w.code != "" && w.carried.has(whole, attrCode) {
		if r := w.d.codes.byCode(w.code, w.req); r != nil {
			back = r
		}
	}
	if w.shape != nil && w.shape.is != "" && !(w.shape.is == "failed" && w.status >= 400) {
		if r := choose(w.d.codes.exact[w.shape.is], w.req); r != nil {
			back = r
		} else if k, ok := parlance.ParseKind(w.shape.is); ok {
			back = &row{kind: k}
		}
	}
	kind, reason := back.kind, back.reason
	if w.carried.has(whole, attrKind) {
		kind, reason = o.Kind, ""
		if w.carried.has(whole, attrReason) {
			reason = o.Reason
		}
	}
	if len(o.Items) > 0 && w.itemsDone && w.status < 400 {
		kind = o.Kind // rolled up from the records
		if o.Kind.Failing() {
			reason = o.Reason
		}
	}
	if kind != o.Kind {
		w.lost("kind", "status "+strconv.Itoa(w.status)+" means "+kind.String()+" here")
	}
	if o.Reason != "" && reason != o.Reason {
		w.lost("reason", "there is no place for it")
	}
	for _, a := range []attribute{attrCode, attrTitle, attrDetail, attrType, attrInstance, attrRequestID, attrNote, attrRetryAfter, attrHelp} {
		t := target{whole, a}
		if !w.present.hasTarget(t) || w.carried.hasTarget(t) {
			continue
		}
		switch a {
		case attrCode:
			if o.Code == w.code {
				w.lost("code", "there is no place for it")
			}
		case attrNote:
			w.lost("notes", "there is no place for them")
		case attrRetryAfter:
			w.lost("retry_after", "the header holds whole seconds; it was rounded up")
		default:
			w.lost(a.String(), "there is no place for it")
		}
	}
	if len(w.data.Body) > 0 && !w.carried.has(whole, attrData) {
		w.lost("data", "there is no place for a payload in such an answer")
	}
	if len(o.Fields) > 0 && !w.fieldsDone {
		w.copiedField()
	}
	if len(o.Items) > 0 && !w.itemsDone {
		w.lost("items", "there is no place for them")
	}
}

// copiedField reports the Fields that do not stand in the text of another
// attribute, where the shape reads them out of it.
func (w *writer) copiedField() {
	var found []parlance.Field
	if w.shape != nil && w.shape.copies.of(field) != 0 && w.shape.body.op == opHole {
		m := matchers.Get().(*matcher)
		defer matchers.Put(m)
		m.reset()
		if m.text(w.shape.body.hole, []byte(w.render(w.shape.body.hole))) {
			var o parlance.Outcome
			f := filler{m: m, d: w.d, req: w.req}
			f.whole(&o)
			f.fields(&o)
			found = o.Fields
		}
	}
	if slices.Equal(found, w.o.Fields) {
		return
	}
	if len(found) == 0 {
		w.lost("fields", "there is no place for them")
		return
	}
	for i, f := range w.o.Fields {
		if !slices.Contains(found, f) {
			w.lost("fields["+strconv.Itoa(i)+"]", "it does not stand in the text")
		}
	}
}

// render is the text of a hole for the record or the whole that is being
// written.
func (w *writer) render(h *hole) string {
	r := h.readings[0]
	if r.pattern != nil {
		var b strings.Builder
		for _, p := range r.pattern.parts {
			switch {
			case p.hole.attr != attrNone:
				b.WriteString(w.value(p.hole))
			default:
				b.WriteString(p.literal + p.write)
			}
		}
		return b.String()
	}
	text := w.value(r.target)
	if r.target.owner == whole && (w.field != nil || w.item != nil) {
		// In a record's own element a text that is read as both is the record's.
		for _, c := range h.readings[1:] {
			if c.pattern == nil && (c.target.owner == field && w.field != nil || c.target.owner == item && w.item != nil) {
				if own := w.value(c.target); !w.merged || text == "" {
					text = own
				}
			}
		}
	}
	if text == "" && len(h.readings) > 1 && r.target.owner == item && w.item != nil {
		for _, c := range h.readings[1:] {
			if c.pattern == nil && text == "" {
				text = w.value(c.target)
			}
		}
	}
	if h.guard != nil && !h.guard.read([]byte(text), nil) {
		if w.field != nil && !w.merged {
			w.lost("fields["+strconv.Itoa(w.fieldAt)+"]."+attrMessage.String(), "the dialect is recognised by another text here")
		}
		return h.guard.canonical()
	}
	if text == "" && h.defaults {
		return h.fallback
	}
	return text
}

// value is the text of an attribute.
func (w *writer) value(t target) string {
	switch t.owner {
	case field:
		if w.field != nil {
			return fieldText(w.field, t.attr)
		}
		return ""
	case item:
		if w.item == nil {
			return ""
		}
		switch t.attr {
		case attrCode:
			return w.itemCode
		case attrStatus:
			if w.itemStatus != 0 {
				return strconv.Itoa(w.itemStatus)
			}
			return ""
		}
		return itemText(w.item, t.attr)
	}
	switch t.attr {
	case attrStatus:
		return strconv.Itoa(w.status)
	case attrCode:
		return w.code
	case attrNote:
		return w.note
	}
	if !w.present.hasTarget(t) {
		return ""
	}
	return outcomeText(w.o, t.attr)
}

// carry notes that a hole was written; for the attributes of the whole it
// checks that the text is theirs.
func (w *writer) carry(h *hole, text string) {
	for i, r := range h.readings {
		if r.pattern != nil {
			if i == 0 {
				w.carried |= r.pattern.targets().of(whole)
			}
			continue
		}
		if r.target.owner == whole && (w.field == nil && w.item == nil || w.merged || len(h.readings) == 1) && w.value(r.target) == text {
			w.carried |= r.target.bit()
		}
	}
}

// body writes the chosen shape.
func (w *writer) body() {
	switch w.shape.form {
	case formJSON:
		w.json(w.shape.body)
	case formXML:
		root := w.shape.body.root()
		name := w.shape.body.anyName
		if w.shape.body.rest == nil {
			name = root.names[0]
		}
		w.element(name, root.value)
	case formHTML:
		w.html(w.shape.body)
	case formText:
		if w.shape.body.op == opConst {
			w.dst = append(w.dst, w.shape.body.text...)
			return
		}
		text := w.render(w.shape.body.hole)
		w.dst = append(w.dst, text...)
		w.carry(w.shape.body.hole, text)
	}
}

// has reports that there is something to write at or below a place.
func (w *writer) has(t *template) bool {
	if t.writes&w.present.of(whole)&^bitOf(whole, attrNote) != 0 {
		return true
	}
	if t.writes.has(whole, attrNote) && (w.note != "" || len(w.o.Notes) > 0) {
		return true
	}
	records := (t.writes | t.copies)
	if w.field != nil {
		if records&fieldSet(w.field) != 0 {
			return true
		}
	} else if !w.fieldsDone && records.of(field)&w.present != 0 && records.of(field) != 0 {
		return true
	}
	if w.item != nil {
		s := itemSet(w.item)
		if w.itemCode != "" {
			s |= bitOf(item, attrCode)
		}
		if w.itemStatus != 0 {
			s |= bitOf(item, attrStatus)
		}
		return records&s != 0
	}
	return !w.itemsDone && records.of(item)&w.present != 0
}

// turns calls write for each element that a list is written with.
func (w *writer) turns(t *template, must bool, write func(*template)) {
	if len(t.elems) == 0 {
		return
	}
	e := t.elems[0]
	all := t.writes | t.copies
	switch {
	case all.of(item) != 0 && w.item == nil && !w.itemsDone && len(w.o.Items) > 0:
		w.itemsDone = true
		for i := range w.o.Items {
			w.withItem(&w.o.Items[i], i, t, write)
		}
	case all.of(field) != 0 && w.field == nil && !w.fieldsDone && len(w.o.Fields) > 0:
		w.fieldsDone = true
		fields := w.o.Fields
		if e.writes.of(whole) != 0 {
			w.merged = w.merges(e, &fields[0])
			if w.merged {
				w.withField(0, t, write)
				w.merged, fields = false, fields[1:]
			} else if w.has(&template{writes: e.writes.of(whole) &^ bitOf(whole, attrStatus)}) {
				write(e)
			}
		}
		for i := range fields {
			w.withField(len(w.o.Fields)-len(fields)+i, t, write)
		}
	case t.writes.has(whole, attrNote):
		for _, n := range w.o.Notes {
			w.note = n
			write(e)
		}
		w.note = ""
		w.carried |= bitOf(whole, attrNote)
	case e.op == opConst, e.writes.of(whole) != 0 && (must || w.has(&template{writes: e.writes.of(whole) &^ bitOf(whole, attrStatus)})):
		write(e)
	}
}

// merges reports that the first Field can stand in the same element as the
// whole: every text that is read as both is equal, or the whole has none.
func (w *writer) merges(e *template, f *parlance.Field) bool {
	if e.op == opHole {
		first := e.hole.readings[0]
		if first.pattern != nil || first.target.owner != whole {
			return true
		}
		for _, c := range e.hole.readings[1:] {
			if c.pattern == nil && c.target.owner == field {
				text := w.value(first.target)
				if e.hole.guard != nil {
					text = w.render(e.hole)
				}
				if text != "" && text != fieldText(f, c.target.attr) {
					return false
				}
			}
		}
		return true
	}
	for i := range e.members {
		if !w.merges(e.members[i].value, f) {
			return false
		}
	}
	return true
}

func (w *writer) withField(i int, t *template, write func(*template)) {
	f := &w.o.Fields[i]
	w.field, w.fieldAt = f, i
	e := t.elems[0]
	for _, other := range t.elems[1:] {
		if bits.OnesCount64(uint64(fieldSet(f)&^(other.writes|other.copies))) < bits.OnesCount64(uint64(fieldSet(f)&^(e.writes|e.copies))) {
			e = other
		}
	}
	write(e)
	w.field = nil
	w.loseField(i, e.writes|e.copies|t.writes)
}

func (w *writer) loseField(i int, written set) {
	for _, a := range [...]attribute{attrPath, attrCode, attrMessage} {
		if lost := (target{field, a}); fieldSet(&w.o.Fields[i]).hasTarget(lost) && !written.hasTarget(lost) {
			w.lost("fields["+strconv.Itoa(i)+"]."+a.String(), "there is no place for it")
		}
	}
}

func (w *writer) withItem(it *parlance.Item, i int, t *template, write func(*template)) {
	w.item = it
	e := t.elems[0]
	written := e.writes | e.copies
	w.itemCode, w.itemStatus = w.itemMeaning(it, written)
	write(e)
	at := "items[" + strconv.Itoa(i) + "].outcome."
	for a := attrNone + 1; a < attrCount; a++ {
		lost := target{item, a}
		switch {
		case a == attrIndex || a == attrNote || a == attrData:
		case a == attrKind || a == attrReason:
			if written.has(item, attrKind) {
				continue
			}
			probe := parlance.Outcome{Code: w.itemCode, Status: w.itemStatus}
			back := w.d.itemMeaning(&probe, w.o, w.req)
			if a == attrKind && back.kind != it.Outcome.Kind {
				w.lost(at+"kind", "it is written as "+back.kind.String())
			}
			if a == attrReason && it.Outcome.Reason != "" && back.reason != it.Outcome.Reason {
				w.lost(at+"reason", "there is no place for it")
			}
		case a == attrCode:
			if it.Outcome.Code != "" && (!written.hasTarget(lost) || w.itemCode != it.Outcome.Code) {
				w.lost(at+"code", "there is no place for it")
			}
		case a == attrStatus:
			if it.Outcome.Status != 0 && (!written.hasTarget(lost) || w.itemStatus != it.Outcome.Status) {
				w.lost(at+"status", "there is no place for it")
			}
		case a == attrID:
			if it.ID != "" && !written.hasTarget(lost) {
				w.lost("items["+strconv.Itoa(i)+"].id", "there is no place for it")
			}
		case itemText(it, a) != "" && !written.hasTarget(lost):
			w.lost(at+a.String(), "there is no place for it")
		}
	}
	if len(it.Outcome.Fields) > 0 {
		w.lost(at+"fields", "there is no place for them")
	}
	w.item, w.itemCode, w.itemStatus = nil, "", 0
}

// itemMeaning is the code and the status that a record is written with, so that
// it reads back as its kind.
func (w *writer) itemMeaning(it *parlance.Item, written set) (code string, status int) {
	o := &it.Outcome
	row, fallback := w.d.writable(&parlance.Outcome{Kind: o.Kind, Reason: o.Reason}, w.req)
	status = o.Status
	if status == 0 || w.d.statusRow(status, w.req).kind != o.Kind {
		status = fallback
	}
	code = o.Code
	if allowed := w.shape.itemCodes; len(allowed) > 0 && !slices.Contains(allowed, code) {
		code = ""
		for _, c := range allowed {
			r := w.d.codes.byCode(c, w.req)
			if r == nil {
				continue
			}
			if r.kind == o.Kind || code == "" && r.kind.Failing() == o.Kind.Failing() {
				code = c
			}
			if r.kind == o.Kind {
				break
			}
		}
		return code, status
	}
	if !written.has(item, attrStatus) {
		status = 0
		if r := w.d.codes.byCode(code, w.req); code == "" || r != nil && r.kind != o.Kind {
			code = row.first
		}
	} else if r := w.d.codes.byCode(code, w.req); w.d.codes.merged && (r == nil || r.kind != o.Kind) {
		code = strconv.Itoa(status) // codes are statuses: a foreign one has no place
	}
	return code, status
}
