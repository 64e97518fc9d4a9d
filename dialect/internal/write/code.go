package write

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// familyMeans reports that the coarser code alone means what the Outcome does.
func (w *Output) familyMeans() bool {
	r := w.D.CodeRow(w.O.Family, spec.AnyForm, w.Req)
	return r != nil && r.Kind == w.O.Kind && r.Reason == w.O.Reason
}

// ChooseCode is the vendor's code to write: the Outcome's own, unless it means
// something else here, or the one that the chosen row stands under.
func (w *Output) ChooseCode() string {
	// A row that a shape is recognised by has no code of its own.
	coded := w.Row.Status != 0 && !w.D.Named(w.Row.First)
	if w.O.Code != "" {
		why := w.refuses(coded)
		if why == "" {
			return w.O.Code
		}
		w.lost("code", why)
	}
	if sp, ok := w.Row.Number(); ok && sp.From != sp.To || strings.Contains(w.Row.First, "*") {
		return ""
	}
	if coded && !(w.O.Code == "" && w.O.Family != "" && w.familyMeans()) {
		return w.Row.First
	}
	return ""
}

// refuses says why the Outcome's own code cannot be written; "" if it can.
func (w *Output) refuses(coded bool) string {
	back := w.D.StatusRow(w.Status, w.Req)
	switch r := w.D.meant(w.O.Code, w.O, w.Req); {
	case r != nil && r.Kind != w.O.Kind:
		return "here " + w.O.Code + " means " + r.Kind.String()
	case r != nil:
		return ""
	case w.D.Codes.Merged:
		return "codes are statuses here"
	case w.O.Family != "" && w.familyMeans():
		return ""
	case w.O.Kind == parlance.Success && w.D.Codes.InBodies():
		return "a success with a code that is not listed is read as noted here"
	case coded && (back.Kind != w.O.Kind || back.Reason != w.O.Reason):
		return "the code of the meaning stands in its place"
	}
	return ""
}

func (w *Output) family() string {
	return w.value(spec.Target{Owner: spec.Whole, Attr: spec.AttrFamily})
}

// recordCode is the code that a record of a kind is written with: one that
// stands in bodies, else a status, where a status is what the dialect has for
// it; "" where no code says it.
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
