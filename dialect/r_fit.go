package dialect

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
)

// fit reads the body and the header into an Outcome, but for what they say of
// records. It returns the shape that the body fits, and whether it could be read.
func (d *Reader) fit(f *filler, o *parlance.Outcome, req *Request, res *Response) (shape *shape, readable bool) {
	if len(res.Body) > MaxBody {
		res.Body, res.Cut = res.Body[:MaxBody], true
	}
	p := d.planFor(res.Status)
	var texts stretches
	if g := d.recast(p, req, res, &texts); g != nil && g.fill(o, res, &texts, f.wants, f.lends) {
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
		readRetryAfter(o, &served{res.Header, res.Received})
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
