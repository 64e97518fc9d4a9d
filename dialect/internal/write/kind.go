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
	with := parlance.Outcome{Kind: o.Kind, Reason: parlance.ReasonFields}
	if finer, status := d.byKindAndReason(&with, req); finer.Reason == parlance.ReasonFields && d.holdsFields(finer, status, req) {
		return finer, status
	}
	return r, status
}

// holdsFields reports that what is written by a row has a place for Fields.
func (d *Writer) holdsFields(r *spec.Row, status int, req *wire.Request) bool {
	return slices.ContainsFunc(d.Shapes, func(s *spec.Shape) bool {
		k, isKind := parlance.ParseKind(s.Is)
		return !s.ReadOnly && s.Concerns(req, status) && (s.Writes|s.Copies).Of(spec.Field) != 0 &&
			(s.Is == "" || s.Is == r.First || s.Is == r.Is || isKind && (k == r.Kind || k == parlance.KindFailed))
	})
}

// byKindAndReason chooses without regard to Fields.
func (d *Writer) byKindAndReason(o *parlance.Outcome, req *wire.Request) (*spec.Row, int) {
	const anyReason = 2
	for i, fits := range []func(*spec.Row) bool{
		func(r *spec.Row) bool { return r.Kind == o.Kind && r.Reason == o.Reason },
		func(r *spec.Row) bool { return r.Kind == o.Kind && r.Reason == "" },
		func(r *spec.Row) bool { return r.Kind == o.Kind && !d.ByGuard(r) },
		func(r *spec.Row) bool { return slices.Contains(r.StandsFor, o.Kind) },
	} {
		// A status of its own says it without inventing a code.
		if r, status := d.firstRow(req, func(r *spec.Row) bool { return r.Status == 0 && fits(r) }); r != nil {
			return r, status
		}
		if i == anyReason && o.Kind.Failing() {
			// A code with a reason of its own says too much, where HTTP has a status for the kind.
			if r, status := d.builtinStatus(o.Kind, req); r != nil {
				return r, status
			}
		}
		if r, status := d.firstRow(req, fits); r != nil {
			return r, status
		}
	}
	if d.Base == nil {
		return &spec.Row{Kind: parlance.KindInternal}, 500
	}
	return d.byBase(o.Kind, req)
}

// firstRow is the first row that fits and that says under which status it is written.
func (d *Writer) firstRow(req *wire.Request, fits func(*spec.Row) bool) (*spec.Row, int) {
	for _, r := range d.Rows {
		if r.NotUsed || !r.Applies(req, spec.AnyForm) || !fits(r) {
			continue
		}
		if status := d.writtenUnder(r); status != 0 {
			return r, status
		}
	}
	return nil, 0
}

// writtenUnder is the status that a row is written under; 0 for a row that does not
// say it, such as a range of codes.
func (d *Writer) writtenUnder(r *spec.Row) int {
	sp, numeric := r.Number()
	switch {
	case r.Status != 0 && (numeric && sp.From != sp.To || strings.Contains(r.First, "*")):
		return 0 // it does not say which of the codes to write
	case r.Status != 0:
		return r.Status
	case numeric && sendable(sp.From):
		return sp.From
	}
	for _, s := range d.Shapes {
		if s.Is == r.First && len(s.Status) > 0 {
			return s.Status[0].From
		}
	}
	return 0
}

// byBase chooses what the dialect that this one extends has for a kind.
func (d *Writer) byBase(kind parlance.Kind, req *wire.Request) (*spec.Row, int) {
	r, status := d.Base.byKindAndReason(&parlance.Outcome{Kind: kind}, req)
	own := d.StatusRow(status, req)
	if own.NotUsed && kind != parlance.KindNotFound {
		// A redirect that cannot be sent: what was asked for is not here.
		return d.byKindAndReason(&parlance.Outcome{Kind: parlance.KindNotFound}, req)
	}
	if r.Kind == kind && own.Kind != kind && kind.Failing() {
		// Here that status means something else: the plain failure of its side says nothing wrong.
		plain := parlance.KindInvalid
		if kind.ServerFault() {
			plain = parlance.KindInternal
		}
		if own.Kind != plain && kind != plain {
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
