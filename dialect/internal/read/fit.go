package read

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/meaning"
	"github.com/parlance-api/parlance/dialect/internal/read/replay"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// fit reads the body and the header into an Outcome, without their records. It returns the
// shape that the body fits, and whether the body could be read.
func (d *Reader) fit(f *filler, o *parlance.Outcome, req *wire.Request, res *wire.Response) (shape *spec.Shape, readable bool) {
	if len(res.Body) > MaxBody {
		res.Body, res.Cut = res.Body[:MaxBody], true
	}
	p := d.PlanFor(res.Status)
	var texts replay.Spans
	if g := d.Recall(p, req, res, &texts); g != nil && g.Fill(o, res, &texts, f.wants, f.lends) {
		shape, readable, f.bound = g.Shape, true, g.Bound&f.wants
	} else {
		m := f.matcher(res)
		shape, readable = d.Read(m, p, req, res)
		f.bound = m.bound
	}
	for _, s := range p.Extras {
		if !p.Concerns(s, req) || s.Bare && (s.Reads&f.wants&^f.bound == 0 || s.Silent(res.Header, f.wants)) {
			continue // what it could say is known, not asked for, or not there
		}
		f.header(s, res, shape)
	}
	if f.m != nil {
		f.whole(o, req)
		if o.Fields == nil {
			f.fields(o)
		}
	}
	return shape, readable
}

// header reads a shape that has only headers. The name that the form of the body gives
// takes precedence over the one of the header.
func (f *filler) header(s *spec.Shape, res *wire.Response, body *spec.Shape) {
	m := f.matcher(res)
	before := m.Mark()
	switch {
	case !m.Header(s, res.Header):
		told := len(m.diags)
		m.Back(before)
		m.diags = m.diags[:told] // what is wrong with the header is reported all the same
	case s.Is != "" && (body == nil || body.Is == "") && len(m.says) == 0:
		m.says = append(m.says, s.Is)
	}
	f.bound = m.bound
}

// interpret finds the meaning of a response that was read. It returns the row that rowOf
// would find, or nil if rowOf has to search for it.
func (d *Reader) interpret(fill *filler, o *parlance.Outcome, req *wire.Request, res *wire.Response, shape *spec.Shape, readable bool) *spec.Row {
	o.Status = res.Status
	stated := o.Kind // by a $kind hole
	if stated != 0 && !d.MayState(stated, res.Status, req) {
		fill.contradict(stated, res)
		stated = 0
	}
	is := fill.says(shape, req)
	r, coded := d.row(fill, o, is, req, res)
	o.Kind, o.Reason = r.Kind, meaning.FirstReason(o.Reason, r.Reason, stated)
	if stated != 0 {
		o.Kind = stated
	}
	fill.wait(o, r, res)
	fill.failuresOnly = shape != nil && shape.FailuresOnly
	fill.items(o, req)
	own := stated != 0 || meaning.Good(is) // the response says its kind by itself
	fill.roll(o, r, res, own, is != "")
	if r.NotUsed {
		fill.matcher(res).note("not_used", "the API says that it does not use status %d", res.Status)
	}
	fill.words(o, r)
	if o.Kind == parlance.KindSuccess && !own && d.InBodies() {
		fill.listed(o, is, req, res)
	}
	fill.doubt(o, res, shape, readable)
	fill.commonTexts(d, o, req, res, shape)
	if coded && !meaning.Good(is) && d.isRow(o, r) {
		return r
	}
	return nil
}

// commonTexts takes the texts of a failure that the file does not read by the forms that most
// APIs use.
func (f *filler) commonTexts(d *Reader, o *parlance.Outcome, req *wire.Request, res *wire.Response, shape *spec.Shape) {
	if f.mayTell(req, res) && f.lacksTexts(o, shape) {
		f.common = f.matcher(res).common(d, o, req, shape == nil || f.namesAlone(), res)
	}
}

// row is the row of an Outcome, and whether its code found it. A good one does not hold for
// the status of a failure if a part of the body could not be read: that may be what failed.
func (d *Reader) row(fill *filler, o *parlance.Outcome, is string, req *wire.Request, res *wire.Response) (*spec.Row, bool) {
	r, coded := d.Meaning(o, is, req)
	if r.Kind.Good() && res.Status >= 400 && fill.unread() > 0 {
		return d.StatusRow(res.Status, req), false
	}
	return r, coded
}

// isRow reports that an Outcome means just what a row says, so that it need not be searched
// for again.
func (d *Reader) isRow(o *parlance.Outcome, r *spec.Row) bool {
	return o.Kind == r.Kind && o.Reason == r.Reason && !d.ByForm && len(o.Items) == 0
}

// words gives an Outcome the words of its row for what the response does not say.
func (f *filler) words(o *parlance.Outcome, r *spec.Row) {
	if o.Kind == r.Kind {
		o.Title, o.Help = cmp.Or(o.Title, r.Title), cmp.Or(o.Help, r.Help)
	}
}

// mayTell reports that the body of a response can hold the texts of a failure.
func (f *filler) mayTell(req *wire.Request, res *wire.Response) bool {
	return (res.Status >= 400 || f.contradicted()) && len(res.Body) > 0 && req.Method != "HEAD"
}

// wait reads when to come back: Retry-After, else the time that the row asks for.
func (f *filler) wait(o *parlance.Outcome, r *spec.Row, res *wire.Response) {
	if !f.lends || r.Retry.Reset { // else the decision asks for it
		if v := f.d.ReadRetryAfter(o, &wire.Arrival{Header: res.Header, Received: res.Received}); v != "" {
			f.matcher(res).unfitHeader("Retry-After", v)
		}
	}
	if o.RetryAfter <= 0 && r.Retry.Reset {
		o.RetryAfter = spec.LongerWait(o.RetryAfter, f.reset)
	}
}

// listed notes the code of a success that the file does not list: the success is not
// certain.
func (f *filler) listed(o *parlance.Outcome, is string, req *wire.Request, res *wire.Response) {
	if code := cmp.Or(o.Code, o.Family); code != "" && f.d.CodeRow(code, is, req) == nil {
		m := f.matcher(res)
		m.unread++
		m.note("unlisted_code", "the code %q is not listed", code)
	}
}

// doubt makes a success noted that is not certain: a part of it could not be read, or it
// has the mark of a failure.
func (f *filler) doubt(o *parlance.Outcome, res *wire.Response, shape *spec.Shape, readable bool) {
	read := shape != nil && (o.Kind.Failing() || o.Kind == parlance.KindPartial || o.Kind == parlance.KindNoted)
	if !read && res.Status >= 200 && res.Status < 300 && wire.IsProblem(res.Header) {
		m := f.matcher(res)
		m.marked = true
		m.note("failure_mark", "status %d is a success, but its type is that of a problem (RFC 9457)", res.Status)
	}
	plain := o.Kind == parlance.KindSuccess || o.Kind == parlance.KindEmpty
	if (!readable || f.unread() > 0) && plain || f.contradicted() && o.Kind.Good() {
		o.Kind, o.Reason = parlance.KindNoted, ""
	}
}

// says is the name that the response gives its form: in the body or the header, else by
// the shape that it fits. If there are several, the worst counts, whatever their order.
func (f *filler) says(shape *spec.Shape, req *wire.Request) string {
	if f.m != nil && len(f.m.says) > 0 {
		return slices.MaxFunc(f.m.says, func(a, b string) int {
			return cmp.Compare(meaning.Worse(f.d.NameKind(a, req)), meaning.Worse(f.d.NameKind(b, req)))
		})
	}
	if shape != nil {
		return shape.Is
	}
	return ""
}

// contradict marks a good response that states the kind of a failure. If it has records, they
// say what it is.
func (f *filler) contradict(stated parlance.Kind, res *wire.Response) {
	if stated.Failing() && res.Status >= 200 && res.Status < 300 && !f.held(spec.Item) {
		m := f.matcher(res)
		m.marked = true
		m.note("failure_mark", "status %d is a success, but the response says that it is %s", res.Status, stated)
	}
}

// contradicted reports that a good response has the mark of a failure.
func (f *filler) contradicted() bool { return f.m != nil && f.m.marked }

// unread is how much of the response could not be read.
func (f *filler) unread() int32 {
	if f.m == nil {
		return 0
	}
	return f.m.unread
}

// roll derives the kind of a response with a good status from its records, and compares
// their number with the counts in the response.
func (f *filler) roll(o *parlance.Outcome, r *spec.Row, res *wire.Response, own, named bool) {
	if len(o.Items) > 0 && res.Status < 400 && !own {
		o.Kind, o.Reason = f.d.RollUp(r, o.Items, f.failuresOnly, named)
		if o.Kind.Failing() && f.m.unread > 0 {
			o.Kind, o.Reason = parlance.KindPartial, "" // of what was not read nobody knows that it failed
		}
	}
	if f.counted && f.contradicts(o.Items, f.failuresOnly) {
		f.m.unread++
		f.m.note("count_contradicts", "the response counts a different number of items than it lists")
	}
}

// recognized is the shape whose text occurs in the body of a failure that fits no shape.
// Only the meaning of such a body is read.
func (m *Matcher) recognized(p *spec.Plan, req *wire.Request, res *wire.Response, f spec.Form) *spec.Shape {
	if res.Status < 400 || f == spec.FormText {
		return nil
	}
	for _, s := range p.Shapes {
		if s.Form != spec.FormText || s.Is == "" || !s.Body.HasGuard || len(s.Headers) > 0 || !p.Concerns(s, req) {
			continue
		}
		before := m.Mark()
		fits := m.body(s, res.Body)
		if m.Back(before); fits {
			return s
		}
	}
	return nil
}

// body fits the document, parsed before, against a shape.
func (m *Matcher) body(s *spec.Shape, body []byte) bool {
	switch s.Form {
	case spec.FormJSON:
		return m.Fast(s.Body) || m.Value(s.Body, 0)
	case spec.FormXML:
		return m.root(s.Body)
	case spec.FormHTML:
		m.checkUTF8(body)
		return m.page(s.Body, body)
	}
	text := bytes.TrimSpace(body)
	if bytes.IndexByte(text, 0) >= 0 {
		m.note("broken_body", "the body is not text, because it contains NUL characters")
		return false
	}
	m.checkUTF8(body)
	if s.Body.Op == spec.OpConst {
		return string(text) == s.Body.Text
	}
	return len(text) > 0 && m.text(s.Body.Hole, bytes.ToValidUTF8(text, []byte("\uFFFD")))
}

// checkUTF8 notes that a text is not UTF-8.
func (m *Matcher) checkUTF8(text []byte) {
	if !utf8.Valid(text) {
		m.note("not_utf8", "the body is not UTF-8; unreadable bytes are read as U+FFFD")
	}
}

// root fits the root element.
func (m *Matcher) root(t *spec.Template) bool {
	w := t.Root()
	if t.Rest == nil && !m.rootIs(w) {
		return false
	}
	if list := w.Value.Resolve(); list.Op == spec.OpList {
		return m.iteration(list, 0, 0, spec.Target{}, false, 0) >= 0
	}
	return m.Value(w.Value, 0)
}

// rootIs reports that the root element has one of a member's names.
func (m *Matcher) rootIs(w *spec.Member) bool {
	for i, name := range w.Names {
		if m.Tree.KeyIs(0, tree.LocalName(name)) && (w.Spaces == nil || m.inSpace(0, w.Spaces[i])) {
			return true
		}
	}
	return false
}
