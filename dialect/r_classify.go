package dialect

import (
	"strings"

	"github.com/parlance-api/parlance"
)

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
