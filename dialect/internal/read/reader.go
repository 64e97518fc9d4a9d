package read

import (
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/meaning"
	"github.com/parlance-api/parlance/dialect/internal/read/replay"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// MaxBody is how many bytes of a body are read. A longer body counts as cut off
// there.
const MaxBody = 1 << 20

// Reader reads responses by a dialect file. It is safe for concurrent use.
type Reader struct {
	meaning.Table
	memory  *replay.Memory // what it met last
	streams []*Reader      // of the elements of each stream of the file
}

// New makes a Reader that has met nothing yet.
func New(s *spec.Spec) Reader {
	r := Reader{Table: meaning.New(s), memory: new(replay.Memory)}
	for _, st := range s.Streams {
		elements := New(st.Spec)
		r.streams = append(r.streams, &elements)
	}
	return r
}

// Decode reads a response. depth is the number of responses around it.
func (d *Reader) Decode(req wire.Request, res wire.Response, depth int) (reading wire.Decoded) {
	d.DecodeInto(&reading, &req, &res, depth)
	return reading
}

// DecodeInto is Decode into an empty Decoded, which is large to copy. It returns the shape
// that the body fits, nil for none.
func (d *Reader) DecodeInto(reading *wire.Decoded, req *wire.Request, res *wire.Response, depth int) *spec.Shape {
	o := &reading.Outcome
	if Switches(res) {
		o.Kind, o.Status = parlance.KindSuccess, 101
		return nil
	}
	if len(d.Streams) > 0 && d.decodeStream(reading, req, res, depth) {
		return nil
	}
	p := d.PlanFor(res.Status)
	if d.alone(p, req, res, depth) {
		r := p.Row
		o.Kind, o.Reason, o.Status, o.Title, o.Help = r.Kind, r.Reason, res.Status, r.Title, r.Help
		return nil
	}
	fill := filler{d: d, depth: depth, wants: EveryAttribute}
	defer fill.release()
	shape, readable := d.fit(&fill, o, req, res)
	d.interpret(&fill, o, req, res, shape, readable)
	if shape != nil {
		reading.Shape = shape.Name
		reading.Enveloped = shape.CarriesData() && !res.Cut && (fill.m == nil || !fill.m.sequence && !fill.m.posted)
		if reading.Enveloped && fill.m != nil {
			reading.Data = fill.m.payload()
		}
	}
	reading.Common = fill.common
	if fill.m != nil && len(fill.m.diags) > 0 {
		reading.Diagnostics = slices.Clone(fill.m.diags)
	}
	return shape
}

// alone reports that the status alone is the response.
func (d *Reader) alone(p *spec.Plan, req *wire.Request, res *wire.Response, depth int) bool {
	return p.Alone(req, res) && (depth > 0 || p.Lacks(req, res) == "") && (len(d.Suspects.Shapes) == 0 || !d.suspicious(req, res))
}

// Switches reports a protocol switch (RFC 9110, 7.8): no response, and never
// looked up.
func Switches(res *wire.Response) bool {
	return res.Status == 101 && len(wire.Values(res.Header, "Upgrade")) > 0
}

// Read finds the shape that fits the body and leaves in m what its holes took. It
// reports false if the body of a 2xx could not be read although it could have decided
// otherwise.
//
// All shapes are tried strictly first. Only if the status already says failure may a
// body have another form: a list around it, or members of other types.
func (d *Reader) Read(m *Matcher, p *spec.Plan, req *wire.Request, res *wire.Response) (fitted *spec.Shape, readable bool) {
	if p.Bodyless(req, res) && len(p.Shapes) > 0 {
		return nil, m.depth > 0 || !m.lacks(p, req, res)
	}
	wanted, expected := p.Forms(req)
	if wanted == (spec.Forms{}) {
		return nil, !d.suspected(m, req, res)
	}
	success := res.Status >= 200 && res.Status < 300
	m.fromForm(wanted, res)
	if success && m.depth == 0 {
		if g := (glance{d.Spec, p, *req, res.Header, wanted, !res.Cut}); g.foreign(res.Body) == yes {
			if expected {
				m.noteUnfit(res, "")
			}
			return nil, !expected
		}
	}
	m.noteCut(res, success)
	start := m.Mark()
	m.form = d.open(m, wanted, res)
	m.limit = minSteps + stepsPerNode*len(m.Tree.Nodes)
	if m.form == formBroken {
		return nil, !success
	}
	if m.form != spec.FormNone {
		if s := m.first(p, req, res); s != nil {
			return d.fitting(m, p, s, req, res, start)
		}
	}
	payload := success && !expected // one of another form, which says nothing
	if payload && m.form == spec.FormNone {
		return nil, !d.suspected(m, req, res)
	}
	if s := m.recognized(p, req, res, m.form); s != nil {
		return s, true
	}
	switch {
	case success && d.failed(m, p.Marked, nil, req, res, start):
		return nil, false
	case payload:
		return nil, !res.Cut || !m.undecided(p, nil, req, res)
	case !success:
		if s := d.tolerated(m, p, req, res); s != nil {
			return s, true
		}
	}
	m.noteUnfit(res, m.nearest(p, req))
	return nil, !success
}

// noteCut notes that a body is only the beginning of a longer one.
func (m *Matcher) noteCut(res *wire.Response, success bool) {
	switch {
	case res.Cut && success:
		m.note("body_not_read", "only the first %d bytes of the body were looked at", len(res.Body))
	case res.Cut:
		m.note("cut_body", "only the first %d bytes of the body were read", len(res.Body))
	}
}

// noteUnfit notes that a body fits no shape. near tells the nearest one.
func (m *Matcher) noteUnfit(res *wire.Response, near string) {
	if res.Status < 300 && len(beginning(res.Body)) == 0 {
		m.note("empty_body", "the body is empty but for blanks, although the dialect has one here")
		return
	}
	if m.form == spec.FormNone {
		m.note("unfit_body", "the body has a form that the dialect does not describe here")
		return
	}
	m.note("unfit_body", "the body has none of the forms that the dialect describes for status %d%s", res.Status, near)
}

// formBroken is that of a body that begins like one of the wanted forms and is broken.
const formBroken = spec.Form(255)

// open finds out the form of a body and reads it, in another charset or without what
// stands around it if need be.
func (d *Reader) open(m *Matcher, wanted spec.Forms, res *wire.Response) spec.Form {
	if wideCharset(res.Body) != "" {
		res.Body = m.inUTF8(res.Header, res.Body)
	}
	before := m.Mark()
	f, _ := m.Parse(d.Spec, wanted, res.Header, res.Body)
	if (f == spec.FormJSON || f == spec.FormXML) && !m.Tree.Repaired {
		if f == spec.FormJSON && res.Body[0] == 0xEF {
			m.note("wrapped_body", "the JSON begins with a byte order mark (RFC 8259, 8.1), which was passed over")
		}
		return f
	}
	m.Back(before)
	res.Body = m.inUTF8(res.Header, res.Body)
	before = m.Mark()
	f, ok := m.Parse(d.Spec, wanted, res.Header, res.Body)
	if f != spec.FormNone {
		return f
	}
	complaints := slices.Clone(m.diags[before.reported.diags:])
	m.Back(before)
	if f := m.unwrapped(d.Spec, wanted, res); m.sequence {
		m.note("body_not_read", "the body is a sequence of JSON values, and only the first was looked at")
		res.Cut, m.cut, m.torn = false, false, false
		return f
	} else if f != spec.FormNone {
		m.note("wrapped_body", "the body has something around its document, which was passed over")
		return f
	}
	m.diags = append(m.diags, complaints...)
	if !ok {
		return formBroken
	}
	return spec.FormNone
}

// lacks notes that a good response has no body that is looked at although one is due. It
// reports that nobody knows therefore whether the request succeeded.
func (m *Matcher) lacks(p *spec.Plan, req *wire.Request, res *wire.Response) bool {
	switch p.Lacks(req, res) {
	case "empty_body":
		m.note("empty_body", "the body is empty, although the dialect has one here")
		return true
	case "body_not_read":
		m.note("body_not_read", "the body has several parts (%s), and none was looked into", wire.MediaType(res.Header))
		return p.CanFail(req)
	}
	return false
}

// fitting is what comes of a body that fits a shape strictly: the shape, unless a good
// response carries the mark of a failure or the rest of a body that is cut off could be
// a failure's.
func (d *Reader) fitting(m *Matcher, p *spec.Plan, s *spec.Shape, req *wire.Request, res *wire.Response, start mark) (fitted *spec.Shape, readable bool) {
	if res.Status >= 400 {
		return m.fittingFailure(p, s, req, res, start)
	}
	if m.sequence && s.IsEnvelope() {
		if !d.failed(m, p.Marked, nil, req, res, start) {
			m.Back(start)
			m.note("broken_body", "something follows the envelope, which stands alone in a body")
		}
		return nil, false
	}
	if s.Is != "" && s.Is != "success" || len(m.says) > 0 || m.bound.Of(spec.Item) != 0 {
		return s, true
	}
	if d.failed(m, p.Marked, s, req, res, start) {
		return nil, false
	}
	if m.missed(p, s, req) {
		return s, false
	}
	return s, !res.Cut || !m.undecided(p, s, req, res)
}

// fittingFailure is what comes of the body of a status that fails: the shape. If it has
// members that the shape does not read, those count too.
func (m *Matcher) fittingFailure(p *spec.Plan, s *spec.Shape, req *wire.Request, res *wire.Response, start mark) (fitted *spec.Shape, readable bool) {
	again := m.overlooked(p, s, req)
	if len(again) == 0 && m.unread == 0 || m.form != spec.FormJSON && m.form != spec.FormXML {
		return s, true
	}
	m.Back(start)
	if more := m.leniently(append(again, s), p, req, res); more != nil {
		return more, true
	}
	return s, m.body(s, res.Body)
}

// undecided reports that the rest of a good response that is cut off could still say that
// it failed.
func (m *Matcher) undecided(p *spec.Plan, fits *spec.Shape, req *wire.Request, res *wire.Response) bool {
	if fits == nil {
		fits = &spec.Shape{}
	}
	if decides := fits.Reads & spec.Meaningful &^ spec.Times; decides != 0 && m.bound&decides == 0 {
		return true
	}
	for _, s := range p.Shapes {
		if s == fits || s.Form != m.form || !s.CanFail() || !p.Concerns(s, req) {
			continue
		}
		before := m.Mark()
		m.cut = true // what it lacks may follow
		could := m.body(s, res.Body)
		if m.Back(before); could {
			return true
		}
	}
	return false
}

// tolerated is the shape of a failure's body that fits no shape strictly: one around
// which a list stands, or one with members of another form. nil if there is none.
func (d *Reader) tolerated(m *Matcher, p *spec.Plan, req *wire.Request, res *wire.Response) *spec.Shape {
	if inner := m.element(res.Body); inner != nil {
		whole := res.Body
		res.Body = inner
		if m.Tree.JSONBy(d.Guide[spec.FormJSON], inner, m.cut) == nil {
			s := m.first(p, req, res)
			if s == nil {
				s = m.leniently(p.Shapes, p, req, res)
			}
			if s != nil {
				m.note("wrapped_body", "the body is a list or a text around what the dialect knows; its first object was read")
				return s
			}
		}
		res.Body = whole
	}
	return m.leniently(p.Shapes, p, req, res)
}

// first is the first shape of its form that the body fits, nil for none.
func (m *Matcher) first(p *spec.Plan, req *wire.Request, res *wire.Response) *spec.Shape {
	for _, s := range p.Shapes {
		if s.Form != m.form || !p.Concerns(s, req) {
			continue
		}
		before := m.Mark()
		m.cut = mayLack(s, res)
		if (len(s.Headers) == 0 || m.Header(s, res.Header)) && m.body(s, res.Body) {
			return s
		}
		m.Back(before)
	}
	m.cut = res.Cut
	return nil
}

// mayLack reports that members which must be there can be in the part of a body that is
// cut off. What tells a failure from a success, or one failure from another, must have
// been seen: the status alone says the rest safely.
func mayLack(s *spec.Shape, res *wire.Response) bool {
	return res.Cut && (s.Is == "" || s.Is == "success")
}

// FieldsIn are the Fields that a response holds, also if it is a success.
func (d *Reader) FieldsIn(req *wire.Request, res *wire.Response, depth int) []parlance.Field {
	f := filler{d: d, depth: depth, wants: EveryAttribute}
	defer f.release()
	var o parlance.Outcome
	d.fit(&f, &o, req, res)
	return o.Fields
}
