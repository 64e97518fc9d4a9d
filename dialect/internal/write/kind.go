package write

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// byKind chooses the row by kind and reason, then by kind, then by stands_for, and last from
// the dialect http.
func (d *Writer) byKind(o *parlance.Outcome, req *wire.Request) (*spec.Row, int) {
	r, status := d.byKindAndReason(o, req)
	if o.Reason != "" || len(o.Fields) == 0 || d.holdsFields(r, status, req) {
		return r, status
	}
	// Fields alone mean invalid data, so if only a row of that reason has a place
	// for Fields, that row is written.
	with := parlance.Outcome{Kind: o.Kind, Reason: parlance.ReasonFields}
	if finer, status := d.byKindAndReason(&with, req); finer.Reason == parlance.ReasonFields && d.holdsFields(finer, status, req) {
		return finer, status
	}
	return r, status
}

// holdsFields reports that a response by this row has a place for Fields.
func (d *Writer) holdsFields(r *spec.Row, status int, req *wire.Request) bool {
	return slices.ContainsFunc(d.Shapes, func(s *spec.Shape) bool {
		k, isKind := parlance.ParseKind(s.Is)
		return !s.ReadOnly && s.Concerns(req, status) && (s.Writes|s.Copies).Of(spec.Field) != 0 &&
			(s.Is == "" || s.Is == r.First || s.Is == r.Is || isKind && (k == r.Kind || k == parlance.KindFailed))
	})
}

// byKindAndReason chooses the row without regard to Fields.
func (d *Writer) byKindAndReason(o *parlance.Outcome, req *wire.Request) (*spec.Row, int) {
	const anyReason = 2
	builtin := func() (*spec.Row, int) { return d.builtinStatus(o.Kind, req) }
	means := func(r *spec.Row) bool { return r.Kind == o.Kind && !d.OfParts(r) }
	for i, fits := range []func(*spec.Row) bool{
		func(r *spec.Row) bool { return means(r) && r.Reason == o.Reason },
		func(r *spec.Row) bool { return means(r) && r.Reason == "" },
		func(r *spec.Row) bool { return means(r) && !d.ByGuard(r) },
		func(r *spec.Row) bool { return slices.Contains(r.StandsFor, o.Kind) },
	} {
		if i == anyReason && o.Reason != "" {
			// A status with another reason is wrong if HTTP has one for the kind.
			if r, status := builtin(); r != nil {
				return r, status
			}
		}
		// A status of its own is enough, without a code.
		if r, status := d.firstRow(req, func(r *spec.Row) bool { return r.Status == 0 && fits(r) }); r != nil {
			return r, status
		}
		if i == anyReason {
			// A code with a reason of its own says too much if HTTP has a status for the kind.
			if r, status := builtin(); r != nil {
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

// firstRow is the first row that fits and has a status to write.
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

// writtenUnder is the status that a row is written with, 0 if the row has none, such as a
// range of codes.
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

// byBase chooses the row for a kind in the dialect that this one extends.
func (d *Writer) byBase(kind parlance.Kind, req *wire.Request) (*spec.Row, int) {
	r, status := d.Base.byKindAndReason(&parlance.Outcome{Kind: kind}, req)
	own := d.StatusRow(status, req)
	if own.NotUsed && kind != parlance.KindNotFound {
		// A redirect that cannot be sent means that the target is not here.
		return d.byKindAndReason(&parlance.Outcome{Kind: parlance.KindNotFound}, req)
	}
	if r.Kind == kind && own.Kind != kind && kind.Failing() {
		// The status has another meaning here, so the general failure of its side is used.
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

// builtinStatus is the status for a failure in the dialect http, nil if the file gives that
// status another meaning.
func (d *Writer) builtinStatus(k parlance.Kind, req *wire.Request) (*spec.Row, int) {
	http := d.http()
	if http == d || !k.Failing() {
		return nil, 0
	}
	r, status := http.byKindAndReason(&parlance.Outcome{Kind: k}, req)
	if r.Kind != k || d.StatusRow(status, req) != r {
		return nil, 0
	}
	return r, status
}

// http is the dialect http, which all others extend in the end.
func (d *Writer) http() *Writer {
	for d.Base != nil {
		d = d.Base
	}
	return d
}
