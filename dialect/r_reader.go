package dialect

import (
	"slices"

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

// fieldsIn are the Fields that a response holds, whatever it means.
func (d *Reader) fieldsIn(req *Request, res *Response, depth int) []parlance.Field {
	f := filler{d: d, depth: depth, wants: everyAttribute}
	defer f.release()
	var o parlance.Outcome
	d.fit(&f, &o, req, res)
	return o.Fields
}
