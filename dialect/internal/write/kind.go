package write

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// byKind chooses by kind and reason, then by kind, then what stands for the
// kind, then the dialect http.
func (d *Writer) byKind(o *parlance.Outcome, req *wire.Request) (*spec.Row, int) {
	r, status := d.byKindAndReason(o, req)
	if o.Reason != "" || len(o.Fields) == 0 || d.holdsFields(r, status, req) {
		return r, status
	}
	// Fields alone say that the data were invalid, field by field: where only a
	// row of that reason has a place for them it is written.
	with := parlance.Outcome{Kind: o.Kind, Reason: parlance.Fields}
	if finer, status := d.byKindAndReason(&with, req); finer.Reason == parlance.Fields && d.holdsFields(finer, status, req) {
		return finer, status
	}
	return r, status
}

// holdsFields reports that what is written by a row has a place for Fields.
func (d *Writer) holdsFields(r *spec.Row, status int, req *wire.Request) bool {
	return slices.ContainsFunc(d.Shapes, func(s *spec.Shape) bool {
		k, isKind := parlance.ParseKind(s.Is)
		return !s.ReadOnly && s.Concerns(req, status) && (s.Writes|s.Copies).Of(spec.Field) != 0 &&
			(s.Is == "" || s.Is == r.First || s.Is == r.Is || isKind && (k == r.Kind || k == parlance.Failed))
	})
}

// byKindAndReason chooses without regard to Fields.
func (d *Writer) byKindAndReason(o *parlance.Outcome, req *wire.Request) (*spec.Row, int) {
	try := func(fits func(*spec.Row) bool) (*spec.Row, int) {
		for _, r := range d.Rows {
			if r.NotUsed || !r.Applies(req, spec.AnyForm) || !fits(r) {
				continue
			}
			sp, ok := r.Number()
			if r.Status != 0 {
				if ok && sp.From != sp.To || strings.Contains(r.First, "*") {
					continue // a range of codes does not say which of them to write
				}
				return r, r.Status
			}
			if ok && sendable(sp.From) {
				return r, sp.From
			}
			for _, s := range d.Shapes {
				if s.Is == r.First && len(s.Status) > 0 {
					return r, s.Status[0].From
				}
			}
		}
		return nil, 0
	}
	const anyReason = 2
	for i, fits := range []func(*spec.Row) bool{
		func(r *spec.Row) bool { return r.Kind == o.Kind && r.Reason == o.Reason },
		func(r *spec.Row) bool { return r.Kind == o.Kind && r.Reason == "" },
		func(r *spec.Row) bool { return r.Kind == o.Kind && !d.Told(r) },
		func(r *spec.Row) bool { return slices.Contains(r.StandsFor, o.Kind) },
	} {
		// A status of its own says it without inventing a code.
		if r, status := try(func(r *spec.Row) bool { return r.Status == 0 && fits(r) }); r != nil {
			return r, status
		}
		if i == anyReason && o.Kind.Failing() {
			// A code with a reason of its own says too much, where HTTP has a status for the kind.
			if r, status := d.builtinStatus(o.Kind, req); r != nil {
				return r, status
			}
		}
		if r, status := try(fits); r != nil {
			return r, status
		}
	}
	if d.Base == nil {
		return &spec.Row{Kind: parlance.Internal}, 500
	}
	r, status := d.Base.byKindAndReason(&parlance.Outcome{Kind: o.Kind}, req)
	if d.StatusRow(status, req).NotUsed && o.Kind != parlance.NotFound {
		// A redirect that cannot be sent: what was asked for is not here.
		return d.byKindAndReason(&parlance.Outcome{Kind: parlance.NotFound}, req)
	}
	if own := d.StatusRow(status, req); r.Kind == o.Kind && own.Kind != o.Kind && o.Kind.Failing() {
		// Here that status means something else: the plain failure of its side says nothing wrong.
		plain := parlance.Invalid
		if o.Kind.ServerFault() {
			plain = parlance.Internal
		}
		if own.Kind != plain && o.Kind != plain {
			return d.byKindAndReason(&parlance.Outcome{Kind: plain}, req)
		}
	}
	return r, status
}

// builtinStatus is the status that the dialect http has for a kind, nil where
// the file gives it another meaning.
func (d *Writer) builtinStatus(k parlance.Kind, req *wire.Request) (*spec.Row, int) {
	b := d
	for b.Base != nil {
		b = b.Base
	}
	if b == d {
		return nil, 0
	}
	r, status := b.byKindAndReason(&parlance.Outcome{Kind: k}, req)
	if r.Kind != k || d.StatusRow(status, req) != r {
		return nil, 0
	}
	return r, status
}
