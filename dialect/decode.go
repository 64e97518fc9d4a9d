package dialect

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
)

// MaxBody is how much of a body is looked at, in bytes. What a caller passes
// beyond it counts as cut off there.
const MaxBody = 1 << 20

// Reader reads responses by a dialect file. It is safe for concurrent use.
type Reader struct {
	*Table
	moulds *moulds // what it met last
}

func newReader(t *Table) *Reader { return &Reader{t, new(moulds)} }

// decode reads an answer that stands in so many others.
func (d *Reader) decode(req Request, res Response, depth int) (reading Reading) {
	d.into(&reading, &req, &res, depth)
	return reading
}

// into is decode into an empty Reading, for one is large to be handed on.
func (d *Reader) into(reading *Reading, req *Request, res *Response, depth int) {
	o := &reading.Outcome
	if switches(res) {
		o.Kind, o.Status = parlance.Success, 101
		return
	}
	p := d.planFor(res.Status)
	if p.alone(req, res) {
		r := p.row
		o.Kind, o.Reason, o.Status, o.Title, o.Help = r.kind, r.reason, res.Status, r.title, r.help
		return
	}
	fill := filler{d: d, depth: depth, wants: everyAttribute}
	defer fill.release()
	shape, readable := d.fit(&fill, o, req, res)
	d.judge(&fill, o, req, res, shape, readable)
	if shape != nil {
		reading.Shape = shape.name
		reading.Enveloped = shape.carriesData() && !res.Cut
		if reading.Enveloped && fill.m != nil {
			reading.Data = fill.m.payload()
		}
	}
	if fill.m != nil && len(fill.m.diags) > 0 {
		reading.Diagnostics = slices.Clone(fill.m.diags)
	}
}

// switches reports a protocol switch (RFC 9110, 7.8): no answer, and never
// looked up.
func switches(res *Response) bool {
	return res.Status == 101 && len(values(res.Header, "Upgrade")) > 0
}

// Glance is what an answer means and what to do about it, without its texts.
type Glance struct {
	Kind     parlance.Kind
	Reason   parlance.Reason
	Decision parlance.Decision
}

// glance is Glance without extensions, into an empty one.
func (d *Reader) glance(g *Glance, req *Request, res *Response) {
	var o parlance.Outcome
	var row *row
	late := &served{res.Header, res.Received} // asked for Retry-After where the decision is to wait
	p := d.planFor(res.Status)
	switch {
	case switches(res):
		o.Kind, o.Status = parlance.Success, 101
		late = nil
	case !p.alters || p.alone(req, res):
		r := d.statusRow(res.Status, req)
		o.Kind, o.Reason, o.Status = r.kind, r.reason, res.Status
	default:
		fill := filler{d: d, wants: meaningful, lends: true}
		defer fill.release()
		s, readable := d.fit(&fill, &o, req, res)
		if fill.held(item) {
			o, late = d.decode(*req, *res, 0).Outcome, nil
			break
		}
		row = d.judge(&fill, &o, req, res, s, readable)
		o.Title, o.Help = "", ""
		if fill.bound.has(whole, attrReason) {
			o.Reason = parlance.Reason(strings.Clone(string(o.Reason))) // it was lent
		}
	}
	g.Kind, g.Reason = o.Kind, o.Reason
	d.decide(&g.Decision, req, &o, row, nil, late)
}

// fit reads the body and the header into an Outcome, but for what they say of
// records. It returns the shape that the body fits, and whether it could be read.
func (d *Reader) fit(f *filler, o *parlance.Outcome, req *Request, res *Response) (shape *shape, readable bool) {
	if len(res.Body) > MaxBody {
		res.Body, res.Cut = res.Body[:MaxBody], true
	}
	p := d.planFor(res.Status)
	var texts stretches
	if g := d.recast(p, req, res, &texts); g != nil && g.fill(f, o, res, &texts) {
		shape, readable, f.bound = g.shape, true, g.bound&f.wants
	} else {
		m := f.matcher(res)
		shape, readable = d.read(m, p, req, res)
		f.bound = m.bound
	}
	for _, s := range p.extras {
		if !p.concerns(s, req) || s.bare && (s.reads&f.wants&^f.bound == 0 || s.silent(res.Header, f.wants)) {
			continue // what it could say is known, not asked for, or not there
		}
		m := f.matcher(res)
		before := m.mark()
		switch {
		case !m.header(s, res.Header):
			m.back(before)
		case s.is != "" && (shape == nil || shape.is == "") && m.says == "": // what the body says counts first
			m.says = s.is
		}
		f.bound = m.bound
	}
	if f.m != nil {
		f.whole(o)
		if o.Fields == nil {
			f.fields(o)
		}
	}
	return shape, readable
}

// judge finds the meaning of what was read. It returns the row that rowOf would
// find for it, nil where that has to look.
func (d *Reader) judge(fill *filler, o *parlance.Outcome, req *Request, res *Response, shape *shape, readable bool) *row {
	o.Status = res.Status
	stated := o.Kind // by a $kind hole
	if stated != 0 && !d.mayState(stated, res.Status, req) {
		stated = 0
	}
	is := ""
	if fill.m != nil {
		is = fill.m.says
	}
	if is == "" && shape != nil {
		is = shape.is
	}
	r, coded := d.meaning(o, is, req)
	o.Kind, o.Reason = r.kind, firstReason(o.Reason, r.reason, stated)
	if stated != 0 {
		o.Kind = stated
	}
	if !fill.lends || r.retry.reset { // else the decision asks for it
		(&served{res.Header, res.Received}).retryAfter(o)
	}
	if o.RetryAfter == 0 && r.retry.reset {
		o.RetryAfter = fill.reset
	}
	fill.items(o, req)
	if len(o.Items) > 0 && res.Status < 400 && stated == 0 && !good(is) {
		o.Kind, o.Reason = rollUp(r, o.Items, shape != nil && shape.failuresOnly)
		if o.Kind.Failing() && fill.m.unread > 0 {
			o.Kind, o.Reason = parlance.Partial, "" // of what was not read nobody knows that it failed
		}
	}
	if fill.counted && fill.contradicts(o.Items, shape != nil && shape.failuresOnly) {
		fill.m.unread++
		fill.m.note("count_contradicts", "the answer counts other items than it lists")
	}
	if r.notUsed {
		fill.matcher(res).note("not_used", "the API says that it does not use status %d", res.Status)
	}
	if o.Kind == r.kind {
		if o.Title == "" {
			o.Title = r.title
		}
		if o.Help == "" {
			o.Help = r.help
		}
	}
	if o.Kind == parlance.Success && stated == 0 && !good(is) && d.inBodies() {
		if code := cmp.Or(o.Code, o.Family); code != "" && d.codeRow(code, is, req) == nil {
			m := fill.matcher(res)
			m.unread++
			m.note("unlisted_code", "the code %q is not listed", code)
		}
	}
	if (!readable || fill.m != nil && fill.m.unread > 0) && (o.Kind == parlance.Success || o.Kind == parlance.Empty) {
		o.Kind, o.Reason = parlance.Noted, ""
	}
	if o.Kind == r.kind && o.Reason == r.reason && coded && !d.formed && !good(is) && len(o.Items) == 0 {
		return r
	}
	return nil
}

// read finds the first shape that fits the body and leaves in m what its holes
// took. It reports false where the body of a 2xx could not be read although it
// could have decided otherwise.
func (d *Reader) read(m *matcher, p *plan, req *Request, res *Response) (fitted *shape, readable bool) {
	if p.bodyless(req, res) {
		return nil, true
	}
	success := res.Status >= 200 && res.Status < 300
	readable = true
	wanted, expected := p.wanted, p.expected
	if p.asks {
		wanted, expected = [formText + 1]bool{}, false
		for _, s := range p.shapes {
			if p.concerns(s, req) {
				wanted[s.form] = true
				expected = expected || s.expected()
			}
		}
	}
	if wanted == [formText + 1]bool{} {
		return nil, true
	}
	if res.Cut && !success {
		m.note("cut_body", "only the first %d bytes of the body were read", len(res.Body))
	}
	f, ok := m.parse(d.Spec, wanted, res.Header, res.Body)
	m.form = f
	m.limit = minSteps + stepsPerNode*len(m.tree.Nodes)
	if !ok {
		return nil, !success
	}
	if f == formNone {
		if success && !expected {
			return nil, true // a payload of another kind
		}
		if s := m.recognised(p, req, res, f); s != nil {
			return s, true
		}
		m.note("unfit_body", "the body has a form that the dialect does not have here")
		return nil, !success
	}
	for _, s := range p.shapes {
		if s.form != f || !p.concerns(s, req) {
			continue
		}
		before := m.mark()
		// What tells one failure from another must have been seen, and not be in
		// the part that is missing: the status alone says it safely.
		m.cut = res.Cut && (s.is == "" || success)
		if (len(s.headers) == 0 || m.header(s, res.Header)) && m.body(s, res.Body) {
			return s, true
		}
		m.back(before)
	}
	m.cut = res.Cut
	if s := m.recognised(p, req, res, f); s != nil {
		return s, true
	}
	if success && !expected {
		return nil, true
	}
	m.note("unfit_body", "the body has none of the forms that the dialect knows for status %d", res.Status)
	return nil, !success
}

// recognised is the shape that is known by a text, which stands somewhere in a failure's
// body of a form that fits no shape. Nothing is read of such a body but what it means.
func (m *matcher) recognised(p *plan, req *Request, res *Response, f form) *shape {
	if res.Status < 400 || f == formText {
		return nil
	}
	for _, s := range p.shapes {
		if s.form != formText || s.is == "" || !s.body.tells || len(s.headers) > 0 || !p.concerns(s, req) {
			continue
		}
		before := m.mark()
		fits := m.body(s, res.Body)
		if m.back(before); fits {
			return s
		}
	}
	return nil
}

// body fits the document, parsed before, against a shape.
func (m *matcher) body(s *shape, body []byte) bool {
	switch s.form {
	case formJSON:
		return m.straight(s.body) || m.value(s.body, 0)
	case formXML:
		return m.root(s.body)
	case formHTML:
		m.told(body)
		return m.page(s.body, body)
	}
	text := bytes.TrimSpace(body)
	if bytes.IndexByte(text, 0) >= 0 {
		m.note("broken_body", "the body is no text: it holds NUL characters")
		return false
	}
	m.told(body)
	if s.body.op == opConst {
		return string(text) == s.body.text
	}
	return len(text) > 0 && m.text(s.body.hole, bytes.ToValidUTF8(text, []byte("\uFFFD")))
}

// told notes that a text is not UTF-8.
func (m *matcher) told(text []byte) {
	if !utf8.Valid(text) {
		m.note("not_utf8", "the body is not UTF-8; what could not be read stands as U+FFFD")
	}
}

// root fits the root element.
func (m *matcher) root(t *template) bool {
	w := t.root()
	if t.rest == nil && !slices.ContainsFunc(w.names, func(name string) bool { return m.tree.KeyIs(0, local(name)) }) {
		return false
	}
	if w.value.op == opList {
		return m.turn(w.value, 0, 0, target{}, false, 0) >= 0
	}
	return m.value(w.value, 0)
}

// mayAlter reports that a response can have a body that is looked at.
func mayAlter(req *Request, status int) bool {
	return status >= 200 && status != 204 && status != 304 && req.Method != "HEAD"
}

// alters is Alters without extensions.
func (d *Reader) alters(req *Request, status int, header Header) bool {
	if !mayAlter(req, status) || status < 400 && untouched(header) {
		return false
	}
	for _, s := range d.shapes {
		if s.fits(req, status) {
			return true
		}
	}
	return false
}
