package dialect

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
)

// byKind chooses by kind and reason, then by kind, then what stands for the
// kind, then the dialect http.
func (d *Writer) byKind(o *parlance.Outcome, req *Request) (*row, int) {
	r, status := d.byKindAndReason(o, req)
	if o.Reason != "" || len(o.Fields) == 0 || d.holdsFields(r, status, req) {
		return r, status
	}
	// Fields alone say that the data were invalid, field by field: where only a
	// row of that reason has a place for them it is written.
	with := parlance.Outcome{Kind: o.Kind, Reason: parlance.Fields}
	if finer, status := d.byKindAndReason(&with, req); finer.reason == parlance.Fields && d.holdsFields(finer, status, req) {
		return finer, status
	}
	return r, status
}

// holdsFields reports that what is written by a row has a place for Fields.
func (d *Writer) holdsFields(r *row, status int, req *Request) bool {
	return slices.ContainsFunc(d.shapes, func(s *shape) bool {
		k, isKind := parlance.ParseKind(s.is)
		return !s.readOnly && s.concerns(req, status) && (s.writes|s.copies).of(field) != 0 &&
			(s.is == "" || s.is == r.first || s.is == r.is || isKind && (k == r.kind || k == parlance.Failed))
	})
}

// byKindAndReason chooses without regard to Fields.
func (d *Writer) byKindAndReason(o *parlance.Outcome, req *Request) (*row, int) {
	try := func(fits func(*row) bool) (*row, int) {
		for _, r := range d.rows {
			if r.notUsed || !r.applies(req, anyForm) || !fits(r) {
				continue
			}
			sp, ok := r.number()
			if r.status != 0 {
				if ok && sp.from != sp.to || strings.Contains(r.first, "*") {
					continue // a range of codes does not say which of them to write
				}
				return r, r.status
			}
			if ok && sendable(sp.from) {
				return r, sp.from
			}
			for _, s := range d.shapes {
				if s.is == r.first && len(s.status) > 0 {
					return r, s.status[0].from
				}
			}
		}
		return nil, 0
	}
	const anyReason = 2
	for i, fits := range []func(*row) bool{
		func(r *row) bool { return r.kind == o.Kind && r.reason == o.Reason },
		func(r *row) bool { return r.kind == o.Kind && r.reason == "" },
		func(r *row) bool { return r.kind == o.Kind && !d.told(r) },
		func(r *row) bool { return slices.Contains(r.standsFor, o.Kind) },
	} {
		// A status of its own says it without inventing a code.
		if r, status := try(func(r *row) bool { return r.status == 0 && fits(r) }); r != nil {
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
	if d.base == nil {
		return &row{kind: parlance.Internal}, 500
	}
	r, status := d.base.byKindAndReason(&parlance.Outcome{Kind: o.Kind}, req)
	if d.statusRow(status, req).notUsed && o.Kind != parlance.NotFound {
		// A redirect that cannot be sent: what was asked for is not here.
		return d.byKindAndReason(&parlance.Outcome{Kind: parlance.NotFound}, req)
	}
	if own := d.statusRow(status, req); r.kind == o.Kind && own.kind != o.Kind && o.Kind.Failing() {
		// Here that status means something else: the plain failure of its side says nothing wrong.
		plain := parlance.Invalid
		if o.Kind.ServerFault() {
			plain = parlance.Internal
		}
		if own.kind != plain && o.Kind != plain {
			return d.byKindAndReason(&parlance.Outcome{Kind: plain}, req)
		}
	}
	return r, status
}

// builtinStatus is the status that the dialect http has for a kind, nil where
// the file gives it another meaning.
func (d *Writer) builtinStatus(k parlance.Kind, req *Request) (*row, int) {
	b := d
	for b.base != nil {
		b = b.base
	}
	if b == d {
		return nil, 0
	}
	r, status := b.byKindAndReason(&parlance.Outcome{Kind: k}, req)
	if r.kind != k || d.statusRow(status, req) != r {
		return nil, 0
	}
	return r, status
}
