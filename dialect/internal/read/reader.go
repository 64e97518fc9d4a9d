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
	memory *replay.Memory // what it met last
}

// New makes a Reader that has met nothing yet.
func New(s *spec.Spec) Reader { return Reader{meaning.New(s), new(replay.Memory)} }

// Decode reads a response. depth is the number of responses around it.
func (d *Reader) Decode(req wire.Request, res wire.Response, depth int) (reading wire.Decoded) {
	d.DecodeInto(&reading, &req, &res, depth)
	return reading
}

// DecodeInto is Decode into an empty Decoded, which is large to copy.
func (d *Reader) DecodeInto(reading *wire.Decoded, req *wire.Request, res *wire.Response, depth int) {
	o := &reading.Outcome
	if Switches(res) {
		o.Kind, o.Status = parlance.KindSuccess, 101
		return
	}
	p := d.PlanFor(res.Status)
	if p.Alone(req, res) {
		r := p.Row
		o.Kind, o.Reason, o.Status, o.Title, o.Help = r.Kind, r.Reason, res.Status, r.Title, r.Help
		return
	}
	fill := filler{d: d, depth: depth, wants: EveryAttribute}
	defer fill.release()
	shape, readable := d.fit(&fill, o, req, res)
	d.interpret(&fill, o, req, res, shape, readable)
	if shape != nil {
		reading.Shape = shape.Name
		reading.Enveloped = shape.CarriesData() && !res.Cut
		if reading.Enveloped && fill.m != nil {
			reading.Data = fill.m.payload()
		}
	}
	if fill.m != nil && len(fill.m.diags) > 0 {
		reading.Diagnostics = slices.Clone(fill.m.diags)
	}
}

// Switches reports a protocol switch (RFC 9110, 7.8): no response, and never
// looked up.
func Switches(res *wire.Response) bool {
	return res.Status == 101 && len(wire.Values(res.Header, "Upgrade")) > 0
}

// Read finds the first shape that fits the body and leaves in m what its holes
// took. It reports false if the body of a 2xx could not be read although it
// could have decided otherwise.
func (d *Reader) Read(m *Matcher, p *spec.Plan, req *wire.Request, res *wire.Response) (fitted *spec.Shape, readable bool) {
	if p.Bodyless(req, res) {
		return nil, true
	}
	wanted, expected := p.Forms(req)
	if wanted == (spec.Forms{}) {
		return nil, true
	}
	success := res.Status >= 200 && res.Status < 300
	if res.Cut && !success {
		m.note("cut_body", "only the first %d bytes of the body were read", len(res.Body))
	}
	f, ok := m.Parse(d.Spec, wanted, res.Header, res.Body)
	m.form = f
	m.limit = minSteps + stepsPerNode*len(m.Tree.Nodes)
	if !ok {
		return nil, !success
	}
	if f != spec.FormNone {
		if s := m.first(p, req, res); s != nil {
			return s, true
		}
	}
	payload := success && !expected // one of another form, which says nothing
	if payload && f == spec.FormNone {
		return nil, true
	}
	if s := m.recognized(p, req, res, f); s != nil {
		return s, true
	}
	switch {
	case payload:
		return nil, true
	case f == spec.FormNone:
		m.note("unfit_body", "the body has a form that the dialect does not describe here")
	default:
		m.note("unfit_body", "the body has none of the forms that the dialect describes for status %d", res.Status)
	}
	return nil, !success
}

// first is the first shape of its form that the body fits, nil for none.
func (m *Matcher) first(p *spec.Plan, req *wire.Request, res *wire.Response) *spec.Shape {
	for _, s := range p.Shapes {
		if s.Form != m.form || !p.Concerns(s, req) {
			continue
		}
		before := m.Mark()
		// The text that distinguishes failures may be in the missing part, so of a cut
		// body only the status counts.
		m.cut = res.Cut && (s.Is == "" || res.Status >= 200 && res.Status < 300)
		if (len(s.Headers) == 0 || m.Header(s, res.Header)) && m.body(s, res.Body) {
			return s
		}
		m.Back(before)
	}
	m.cut = res.Cut
	return nil
}

// FieldsIn are the Fields that a response holds, also if it is a success.
func (d *Reader) FieldsIn(req *wire.Request, res *wire.Response, depth int) []parlance.Field {
	f := filler{d: d, depth: depth, wants: EveryAttribute}
	defer f.release()
	var o parlance.Outcome
	d.fit(&f, &o, req, res)
	return o.Fields
}
