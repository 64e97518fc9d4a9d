package dialect

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
)

// familyMeans reports that the coarser code alone means what the Outcome does.
func (w *output) familyMeans() bool {
	r := w.d.codeRow(w.o.Family, anyForm, w.req)
	return r != nil && r.kind == w.o.Kind && r.reason == w.o.Reason
}

// chooseCode is the vendor's code to write: the Outcome's own, unless it means
// something else here, or the one that the chosen row stands under.
func (w *output) chooseCode() string {
	// A row that a shape is recognised by has no code of its own.
	coded := w.row.status != 0 && !w.d.named(w.row.first)
	if code := w.o.Code; code != "" {
		back := w.d.statusRow(w.status, w.req)
		switch r := w.d.meant(code, w.o, w.req); {
		case r != nil && r.kind != w.o.Kind:
			w.lost("code", "here "+code+" means "+r.kind.String())
		case r != nil:
			return code
		case w.d.codes.merged:
			w.lost("code", "codes are statuses here")
		case w.o.Family != "" && w.familyMeans():
			return code
		case w.o.Kind == parlance.Success && w.d.codes.inBodies():
			w.lost("code", "a success with a code that is not listed is read as noted here")
		case coded && (back.kind != w.o.Kind || back.reason != w.o.Reason):
			w.lost("code", "the code of the meaning stands in its place")
		default:
			return code
		}
	}
	if sp, ok := w.row.number(); ok && sp.from != sp.to || strings.Contains(w.row.first, "*") {
		return ""
	}
	if coded && !(w.o.Code == "" && w.o.Family != "" && w.familyMeans()) {
		return w.row.first
	}
	return ""
}

func (w *output) family() string { return w.value(target{whole, attrFamily}) }

// recordCode is the code that a record of a kind is written with: one that
// stands in bodies, else a status, where a status is what the dialect has for
// it; "" where no code says it.
func (d *Writer) recordCode(o *parlance.Outcome, fallback *row, req *Request) string {
	try := func(fits func(*row) bool) string {
		for _, r := range d.rows {
			if _, numeric := r.number(); fits(r) && r.is == "" && r.applies(req, "") && !strings.Contains(r.first, "*") && (!numeric || r.status != 0) && !d.codes.merged && !d.named(r.first) {
				return r.first
			}
		}
		return ""
	}
	if code := try(func(r *row) bool { return r.kind == o.Kind }); code != "" {
		return code
	}
	if d.inBodies() && !d.codes.merged {
		return try(func(r *row) bool { return slices.Contains(r.standsFor, o.Kind) })
	}
	return fallback.first
}
