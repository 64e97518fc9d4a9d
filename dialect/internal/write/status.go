package write

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// writable chooses the row for an Outcome, and the HTTP status. If no shape under that
// status holds records, and the Outcome has some, it takes a status with such a shape. The
// records must then have the same kind together, or the notes that make the Outcome noted
// must have a place beside them.
func (d *Writer) writable(o *parlance.Outcome, req *wire.Request) (*spec.Row, int) {
	r, status := d.statusFor(o, req)
	if len(o.Items) == 0 {
		return d.withCode(r, status, o, req), status
	}
	if d.holdsRecords(o, status, req) {
		return r, status
	}
	for _, s := range d.Shapes {
		if !s.CarriesItems() || len(s.Status) == 0 || s.Status[0].From >= 400 || !d.holdsRecords(o, s.Status[0].From, req) {
			continue
		}
		noted := o.Kind == parlance.KindNoted && len(o.Notes) > 0 && s.Writes.Has(spec.Whole, spec.AttrNote)
		if noted || d.rollsUpUnder(s.Status[0].From, status, o, req) {
			return d.StatusRow(s.Status[0].From, req), s.Status[0].From
		}
	}
	return r, status
}

// holdsRecords reports that a shape can hold the records under a status.
func (d *Writer) holdsRecords(o *parlance.Outcome, status int, req *wire.Request) bool {
	w := output{d: d, req: req, o: o, row: d.StatusRow(status, req), status: status}
	w.attributes()
	return slices.ContainsFunc(d.Shapes, func(s *spec.Shape) bool { return s.CarriesItems() && w.eligible(s, false) })
}

// rollsUpUnder reports that, under another status than the chosen one, the records together
// are read as the kind of the Outcome.
func (d *Writer) rollsUpUnder(status, chosen int, o *parlance.Outcome, req *wire.Request) bool {
	under, here := *o, *o
	under.Status, here.Status = status, chosen
	if o.Kind == parlance.KindNoted && d.StatusRow(chosen, req).Kind == parlance.KindSuccess && !d.saysKind(&here) {
		under.Kind = parlance.KindSuccess // it is written as one either way, and so its records are told
	}
	return d.rollsUp(&under, req)
}

// withCode is the row whose code is written for an Outcome without a code: the default of
// the file for this status, else the chosen row. The default must have the meaning of the
// status or of the Outcome.
func (d *Writer) withCode(chosen *spec.Row, status int, o *parlance.Outcome, req *wire.Request) *spec.Row {
	if o.Code != "" || o.Family != "" || chosen.Status != 0 {
		return chosen
	}
	return cmp.Or(d.defaultRow(chosen, status, o, req), chosen)
}

// defaultRow is the row whose code is written by default under a status: the first with the
// reason of the Outcome, else the first with the reason of the chosen row, else nil.
func (d *Writer) defaultRow(chosen *spec.Row, status int, o *parlance.Outcome, req *wire.Request) (best *spec.Row) {
	for _, r := range d.Rows {
		if !r.ByDefault || r.Status != status || r.Kind != chosen.Kind || !r.Applies(req, spec.AnyForm) {
			continue
		}
		if r.Reason == o.Reason {
			return r
		}
		if r.Reason == chosen.Reason && best == nil {
			best = r
		}
	}
	return best
}

// statusFor chooses by the Outcome alone: by its code if the file lists it, then by its
// status if that can be kept, and then by its kind.
func (d *Writer) statusFor(o *parlance.Outcome, req *wire.Request) (*spec.Row, int) {
	code := o.Code
	if o.Family != "" && (code == "" || d.CodeRow(code, spec.AnyForm, req) == nil) {
		code = o.Family // a fine code that nobody listed means what its family does
	}
	if code != "" {
		if r := d.meant(code, o, req); r != nil && d.same(r, o, req) {
			return r, d.codeStatus(r, code, o, req)
		}
	}
	if o.Status != 0 && sendable(o.Status) {
		if r, status := d.keep(o, req); r != nil {
			return r, status
		}
	}
	return d.byKind(o, req)
}

// codeStatus is the status that a listed code is written with.
func (d *Writer) codeStatus(r *spec.Row, code string, o *parlance.Outcome, req *wire.Request) int {
	switch sp, numeric := r.Number(); {
	case r.Status != 0:
		return r.Status
	case o.Status != 0 && d.same(d.StatusRow(o.Status, req), o, req):
		return o.Status
	case numeric && sp.From == sp.To && sendable(sp.From):
		return sp.From
	case numeric && sp.From < sp.To:
		// In a range it is the code itself, if that can be a status. 999 cannot.
		if n, err := strconv.Atoi(code); err == nil && n >= sp.From && n <= sp.To && sendable(n) && n <= 599 {
			return n
		}
	}
	_, status := d.byKind(o, req)
	return status
}

// meant is the row of a code with the meaning of the Outcome, whatever form the row asks
// for; else the row of the code without a form. It is nil for an unlisted code.
func (d *Writer) meant(code string, o *parlance.Outcome, req *wire.Request) *spec.Row {
	for b := d; b != nil && b.Base != nil; b = b.Base {
		for _, r := range b.Codes.Exact[code] {
			if r.Kind == o.Kind && r.Reason == o.Reason && r.Is != "" && r.Applies(req, spec.AnyForm) {
				return r
			}
		}
	}
	return d.CodeRow(code, "", req)
}

// same reports that a row has the meaning of the Outcome. A reason that no row of the file
// has is not compared, but then the row must name the status and not only its class, or the
// reason must be that of HTTP for this status.
func (d *Writer) same(r *spec.Row, o *parlance.Outcome, req *wire.Request) bool {
	switch {
	case r.Kind != o.Kind:
		return false
	case r.Reason == o.Reason:
		return true
	case o.Reason == "" || r.Reason != "" || d.OwnRow(o, req) != nil:
		return false
	}
	return r.Names(strconv.Itoa(o.Status)) || d.http().StatusRow(o.Status, req).Reason == o.Reason
}

// keep is the row by which the status of the Outcome is read with its meaning: by the table,
// by a kind beside it, by its records, or by a form that gives the kind. It is nil if the
// status cannot be kept.
func (d *Writer) keep(o *parlance.Outcome, req *wire.Request) (*spec.Row, int) {
	r := d.StatusRow(o.Status, req)
	if r.NotUsed {
		return nil, 0
	}
	if d.same(r, o, req) && (o.Status <= 599 || d.Owns(r)) {
		return r, d.statusOf(r, o.Status)
	}
	if d.saysKind(o) {
		return r, o.Status
	}
	for _, s := range d.Shapes {
		if (!s.ReadOnly || r.Kind != parlance.KindSuccess) && s.CarriesItems() && len(o.Items) > 0 && o.Status < 400 && s.Concerns(req, o.Status) && d.rollsUp(o, req) {
			return r, o.Status
		}
		if named := d.rowOfForm(s, o, req); named != nil {
			return named, o.Status
		}
	}
	return nil, 0
}

// statusOf is the status that is written for one that a row is about.
func (d *Writer) statusOf(r *spec.Row, status int) int {
	switch first, ok := r.Number(); {
	case ok && first.From == first.To && d.alias(r, status) && r.Names(strconv.Itoa(status)):
		return first.From // 429, 419: the first one is written
	case r.Status != 0:
		return r.Status
	}
	return status
}

// rowOfForm is the row for the name of a shape, if it has the meaning of the Outcome and the
// shape has its status; else nil.
func (d *Writer) rowOfForm(s *spec.Shape, o *parlance.Outcome, req *wire.Request) *spec.Row {
	if s.Is == "" || len(s.Status) == 0 || s.ReadOnly || !s.Status.Admits(o.Status) {
		return nil
	}
	if k, ok := parlance.ParseKind(s.Is); ok && k == o.Kind && k != parlance.KindFailed {
		return &spec.Row{Kind: k}
	}
	if named := d.NameRow(s.Is, req); named != nil && named.Kind == o.Kind && named.Reason == o.Reason {
		return named
	}
	return nil
}

// saysKind reports that the body or a header holds the kind, so that a status that HTTP
// defines on the same side can be kept.
func (d *Writer) saysKind(o *parlance.Outcome) bool {
	if d.Base == nil || o.Kind == parlance.KindEmpty || o.Kind == parlance.KindPartial {
		return false
	}
	if o.Kind.Good() != (o.Status < 300) || o.Kind.Failing() && o.Kind.ServerFault() != (o.Status >= 500) {
		return false
	}
	if o.Kind.Failing() && d.Base.Codes.Status[o.Status] == nil {
		return false
	}
	return slices.ContainsFunc(slices.Concat(d.Shapes, d.Extras), func(s *spec.Shape) bool {
		return s.Writes.Has(spec.Whole, spec.AttrKind) && s.Status.Admits(o.Status)
	})
}

// rollsUp reports that the records together are read as the kind of the Outcome, under its
// status.
func (d *Writer) rollsUp(o *parlance.Outcome, req *wire.Request) bool {
	only := slices.ContainsFunc(d.Shapes, func(s *spec.Shape) bool { return s.FailuresOnly && s.Concerns(req, o.Status) })
	kind, _ := d.RollUp(d.StatusRow(o.Status, req), o.Items, only, false)
	return kind == o.Kind
}

// alias reports that a status is equivalent to the first one of its row: it is a failure,
// and HTTP does not define it for the kind.
func (d *Writer) alias(r *spec.Row, status int) bool {
	if !r.Kind.Failing() || d.Base == nil {
		return false
	}
	return d.Base.StatusRow(status, &wire.Request{}).Kind != r.Kind
}

func sendable(status int) bool { return status >= 200 && status <= 999 }
