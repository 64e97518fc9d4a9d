package write

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// familyMeans reports that the family alone has the meaning of the Outcome.
func (w *output) familyMeans() bool {
	r := w.d.CodeRow(w.o.Family, spec.AnyForm, w.req)
	return r != nil && r.Kind == w.o.Kind && r.Reason == w.o.Reason
}

// chooseCode is the vendor's code to write: the code of the Outcome, or that of the chosen
// row if the former has another meaning in this dialect.
func (w *output) chooseCode() string {
	// A row that a shape is recognized by has no code of its own.
	coded := w.row.Status != 0 && !w.d.Named(w.row.First)
	if w.o.Code != "" {
		why := w.refuses(coded)
		if why == "" {
			return w.o.Code
		}
		w.lost("code", why)
	}
	if sp, ok := w.row.Number(); ok && sp.From != sp.To || strings.Contains(w.row.First, "*") {
		return ""
	}
	if coded && !(w.o.Code == "" && w.o.Family != "" && w.familyMeans()) {
		return w.row.First
	}
	return ""
}

// needCode chooses a code for a failure that has none to write, if the errors of the dialect
// all need one: that of the first row with the meaning of the chosen row, a default before
// the others. Without it nothing could be written that is read again, and the texts would
// be lost. If the file lists the status without a code, the code has to mean the same under it.
func (w *output) needCode() {
	if w.code != "" || !w.o.Kind.Failing() || w.writes(w.row, "") {
		return
	}
	for _, reason := range [...]parlance.Reason{w.o.Reason, w.row.Reason} {
		for _, byDefault := range [...]bool{true, false} {
			for _, r := range w.d.Rows {
				if r.Kind == w.row.Kind && r.Reason == reason && r.ByDefault == byDefault && w.like(r) && w.lendsCode(r) {
					return
				}
			}
		}
	}
}

// like reports that a row means the same as the chosen one under the chosen status, if the
// file lists that status.
func (w *output) like(r *spec.Row) bool {
	own := w.d.Owns(w.row) && w.row.Names(strconv.Itoa(w.status))
	return !own || r.Status == w.status && r.Reason == w.row.Reason && (!r.NoEffect || w.row.NoEffect)
}

// lendsCode takes the row and its code, fine or coarse, for an Outcome without a code. It
// reports false if the failure cannot be written so.
func (w *output) lendsCode(r *spec.Row) bool {
	coarse := func(fine *spec.Row) bool { return fine.Family != "" && fine.Family == r.First }
	if r.NotUsed || !w.d.namesOneCode(r) || !r.Applies(w.req, spec.AnyForm) || !r.ByDefault && slices.ContainsFunc(w.d.Rows, coarse) {
		return false
	}
	code := "" // of a status: the coarser one may do
	if r.Status != 0 {
		code = r.First
	}
	if code == "" && r.Family == "" || !w.writes(r, code) {
		return false
	}
	w.row, w.code, w.lent = r, code, true
	return true
}

// writes reports that a failure with a text can be written by a row with a code.
func (w *output) writes(r *spec.Row, code string) bool {
	one := output{d: w.d, req: w.req, row: r, status: w.status, code: code,
		o: &parlance.Outcome{Kind: w.o.Kind, Reason: w.o.Reason, Status: w.status, Family: w.o.Family, Detail: "any"}}
	one.attributes()
	return slices.ContainsFunc(w.d.Shapes, func(s *spec.Shape) bool { return s.Writes.Has(spec.Whole, spec.AttrDetail) && one.eligible(s, false) })
}

// namesOneCode reports that a row has a single code to write, and is not the name of a
// form.
func (d *Writer) namesOneCode(r *spec.Row) bool {
	sp, numeric := r.Number()
	return !(numeric && sp.From != sp.To) && !strings.Contains(r.First, "*") && !d.Named(r.First)
}

// refuses says why the Outcome's own code cannot be written; "" if it can.
func (w *output) refuses(coded bool) string {
	back := w.d.StatusRow(w.status, w.req)
	switch r := w.d.meant(w.o.Code, w.o, w.req); {
	case r != nil && r.Kind != w.o.Kind:
		return "here " + w.o.Code + " means " + r.Kind.String()
	case r != nil:
		return ""
	case w.d.Codes.Merged:
		return "codes are statuses here"
	case w.o.Family != "" && w.familyMeans():
		return ""
	case w.o.Kind == parlance.KindSuccess && w.d.Codes.InBodies():
		return "a success with a code that is not listed is read as noted here"
	case coded && (back.Kind != w.o.Kind || back.Reason != w.o.Reason):
		return "the code of the meaning stands in its place"
	}
	return ""
}

func (w *output) family() string {
	return w.value(spec.Target{Owner: spec.Whole, Attr: spec.AttrFamily})
}

// recordCode is the code for a record of a kind: one that bodies can hold, else the status
// if the dialect has only that. It is "" if no code has the kind.
func (d *Writer) recordCode(o *parlance.Outcome, fallback *spec.Row, req *wire.Request) string {
	try := func(fits func(*spec.Row) bool) string {
		for _, r := range d.Rows {
			if _, numeric := r.Number(); fits(r) && r.Is == "" && r.Applies(req, "") && !strings.Contains(r.First, "*") && (!numeric || r.Status != 0) && !d.Codes.Merged && !d.Named(r.First) {
				return r.First
			}
		}
		return ""
	}
	if code := try(func(r *spec.Row) bool { return r.Kind == o.Kind }); code != "" {
		return code
	}
	if d.InBodies() && !d.Codes.Merged {
		return try(func(r *spec.Row) bool { return slices.Contains(r.StandsFor, o.Kind) })
	}
	return fallback.First
}
