package dialect

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
)

// MaxBody is how much of a body is looked at, in bytes. What a caller passes
// beyond it counts as cut off there.
const MaxBody = 1 << 20

// Decode reads an answer to req. It never fails: a body that cannot be read
// leaves the meaning of the status, and a Diagnostic. It keeps nothing of
// res.Body but Reading.Data, and is safe for concurrent use.
func (d *Dialect) Decode(req Request, res Response) Reading { return d.decode(req, res, 0) }

// decode reads an answer that stands in so many others.
func (d *Dialect) decode(req Request, res Response, depth int) Reading {
	if res.Status == 101 && len(values(res.Header, "Upgrade")) > 0 {
		// A protocol switch (RFC 9110, 7.8), not an answer: never looked up.
		return Reading{Outcome: parlance.Outcome{Kind: parlance.Success, Status: 101}}
	}
	if len(res.Body) > MaxBody {
		res.Body, res.Cut = res.Body[:MaxBody], true
	}
	m := matchers.Get().(*matcher)
	defer m.release()
	m.reset()
	m.cut, m.depth = res.Cut, depth
	m.req, m.res = req, res // in memory that is used again, for their addresses go around

	reading := Reading{}
	shape, readable := d.read(m, &m.req, &m.res)
	for _, s := range d.headerShapes() {
		if s.fits(&m.req, res.Status) {
			before := m.mark()
			if !m.header(s, res.Header) {
				m.back(before)
			}
		}
	}
	o := &reading.Outcome
	o.Status = res.Status
	fill := filler{m: m, d: d, req: &m.req}
	fill.whole(o)
	m.retryAfter(o)

	stated := o.Kind // by a $kind hole
	if !d.mayState(stated, res.Status, &m.req) {
		stated = 0
	}
	is := ""
	switch {
	case len(m.says) > 0:
		is = m.says[0]
	case shape != nil:
		is = shape.is
	}
	r := d.meaning(o, is, &m.req)
	o.Kind, o.Reason = r.kind, firstReason(o.Reason, r.reason, stated)
	if stated != 0 {
		o.Kind = stated
	}
	if o.RetryAfter == 0 && r.retry.reset {
		o.RetryAfter = fill.reset
	}
	fill.fields(o)
	fill.items(o)
	if len(o.Items) > 0 && res.Status < 400 && stated == 0 && !good(is) {
		o.Kind, o.Reason = rollUp(r, o.Items, shape != nil && shape.failuresOnly)
		if o.Kind.Failing() && m.unread > 0 {
			o.Kind, o.Reason = parlance.Partial, "" // of what was not read nobody knows that it failed
		}
	}
	if fill.contradicts(o.Items) {
		m.unread++
		m.note("count_contradicts", "the answer counts other items than it lists")
	}
	if o.Kind == r.kind {
		if o.Title == "" {
			o.Title = r.title
		}
		if o.Help == "" {
			o.Help = r.help
		}
	}
	if o.Kind == parlance.Success && stated == 0 && o.Code != "" && d.inBodies() && !good(is) && d.codeRow(o.Code, is, &m.req) == nil {
		m.unread++
		m.note("unlisted_code", "the code %q is not listed", o.Code)
	}
	if (!readable || m.unread > 0) && (o.Kind == parlance.Success || o.Kind == parlance.Empty) {
		o.Kind, o.Reason = parlance.Noted, ""
	}
	if shape != nil {
		reading.Shape = shape.name
		reading.Enveloped = shape.carriesData() && !res.Cut
		if reading.Enveloped {
			reading.Data = m.payload()
		}
	}
	reading.Diagnostics = slices.Clone(m.diags)
	return reading
}

// read finds the first shape that fits the body and leaves in m what its holes
// took. It reports false where the body of a 2xx could not be read although it
// could have decided otherwise.
func (d *Dialect) read(m *matcher, req *Request, res *Response) (fitted *shape, readable bool) {
	success := res.Status >= 200 && res.Status < 300
	readable = true
	if len(res.Body) == 0 || req.Method == "HEAD" || res.Status == 204 || res.Status == 304 || success && untouched(res.Header) {
		return nil, true
	}
	wanted, expected := [formText + 1]bool{}, false
	for _, s := range d.shapes {
		if s.fits(req, res.Status) {
			wanted[s.form] = true
			expected = expected || !s.readOnly && (s.carriesData() || s.carriesItems() || s.is == "success")
		}
	}
	if wanted == [formText + 1]bool{} {
		return nil, true
	}
	if res.Cut && !success {
		m.note("cut_body", "only the first %d bytes of the body were read", len(res.Body))
	}
	f, ok := m.parse(d, wanted, res.Header, res.Body)
	m.form = f
	if !ok {
		return nil, !success
	}
	if f == formNone {
		if success && !expected {
			return nil, true // a payload of another kind
		}
		m.note("unfit_body", "the body has a form that the dialect does not have here")
		return nil, !success
	}
	for _, s := range d.shapes {
		if s.form != f || !s.fits(req, res.Status) {
			continue
		}
		before := m.mark()
		if m.header(s, res.Header) && m.body(s, res.Body) {
			return s, true
		}
		m.back(before)
	}
	if success && !expected {
		return nil, true
	}
	m.note("unfit_body", "the body has none of the forms that the dialect knows for status %d", res.Status)
	return nil, !success
}

// body fits the document, parsed before, against a shape.
func (m *matcher) body(s *shape, body []byte) bool {
	switch s.form {
	case formJSON:
		return m.value(s.body, 0)
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

// Alters reports whether the body of such an answer can alter its meaning, or
// holds the payload in an envelope, so that it must be read (up to the reader's
// limit) before the meaning is known. Where it is false a success can be
// streamed untouched.
func (d *Dialect) Alters(req Request, status int, header Header) bool {
	if status < 200 || status == 204 || status == 304 || req.Method == "HEAD" {
		return false
	}
	if status < 400 && untouched(header) {
		return false
	}
	for _, s := range d.shapes {
		if s.fits(&req, status) {
			return true
		}
	}
	return false
}
