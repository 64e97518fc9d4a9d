package write

import (
	"slices"
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
