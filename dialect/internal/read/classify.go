package read

import (
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Classification is the meaning of a response and the decision on it, without its
// texts.
type Classification struct {
	Kind     parlance.Kind
	Reason   parlance.Reason
	Decision parlance.Decision
}

// Classify is Classify without extensions, into an empty one.
func (d *Reader) Classify(g *Classification, req *wire.Request, res *wire.Response) {
	var o parlance.Outcome
	var row *spec.Row
	late := &wire.Arrival{Header: res.Header, Received: res.Received} // asked for Retry-After where the decision is to wait
	p := d.PlanFor(res.Status)
	switch {
	case Switches(res):
		o.Kind, o.Status = parlance.KindSuccess, 101
		late = nil
	case len(d.Streams) > 0 && res.Body != nil && d.Spec.StreamOf(req, res.Status, res.Header) != nil:
		o, late = d.Decode(*req, *res, 0).Outcome, nil
	case (!p.SaysMore && (res.Status >= 300 || !wire.IsProblem(res.Header)) || p.Alone(req, res) && p.Lacks(req, res) == "") && (len(d.Suspects.Shapes) == 0 || !d.suspicious(req, res)):
		r := d.StatusRow(res.Status, req)
		o.Kind, o.Reason, o.Status = r.Kind, r.Reason, res.Status
	default:
		fill := filler{d: d, wants: spec.Meaningful, lends: true}
		defer fill.release()
		s, readable := d.fit(&fill, &o, req, res)
		if fill.held(spec.Item) {
			o, late = d.Decode(*req, *res, 0).Outcome, nil
			break
		}
		row = d.interpret(&fill, &o, req, res, s, readable)
		o.Title, o.Help = "", ""
		if fill.bound.Has(spec.Whole, spec.AttrReason) {
			o.Reason = parlance.Reason(strings.Clone(string(o.Reason))) // it was lent
		}
	}
	g.Kind, g.Reason = o.Kind, o.Reason
	d.Decide(&g.Decision, req, &o, row, nil, late)
}

// MayAlter reports that a response can have a body that is looked at.
func MayAlter(req *wire.Request, status int) bool {
	return status >= 200 && status != 204 && status != 304 && req.Method != "HEAD"
}

// NeedsBody is NeedsBody without extensions.
func (d *Reader) NeedsBody(req *wire.Request, status int, header wire.Header) bool {
	if !MayAlter(req, status) || status < 400 && wire.Untouched(header) {
		return false
	}
	if d.Spec.StreamOf(req, status, header) != nil {
		return false // it is watched beside
	}
	if status >= 400 || wire.IsProblem(header) {
		return true // for the texts in it, whatever the file knows
	}
	for _, s := range d.Shapes {
		if s.Fits(req, status) {
			return true
		}
	}
	return d.short(status, header)
}
