package dialect

import (
	"slices"
	"strconv"
)

// silence drops texts by which the dialect recognises another meaning (where a
// shape's `is` hangs on a text, nothing else may say that text).
func (w *writer) silence() {
	for _, g := range w.d.telling {
		if g.is == w.row.first || g.is == w.row.is || !g.shape.status.admits(w.status) {
			continue
		}
		says := func(s string) bool { return s != "" && g.guard.fits(s) }
		if says(w.o.Detail) {
			own := *w.o
			own.Detail, w.o = "", &own
			w.lost("detail", "the text means "+g.is+" here")
		}
		for i := range w.o.Fields {
			if says(w.o.Fields[i].Message) {
				own := *w.o
				own.Fields, w.o = slices.Clone(own.Fields), &own
				own.Fields[i].Message = ""
				w.lost("fields["+strconv.Itoa(i)+"].message", "the text means "+g.is+" here")
			}
		}
	}
}

// telling is a text by which a shape is recognised.
type telling struct {
	shape *shape
	is    string
	guard *pattern
}

// guards collects the texts that a template is recognised by.
func (t *template) guards(yield func(*pattern)) {
	if t.hole != nil && t.hole.guard != nil {
		yield(t.hole.guard)
	}
	for i := range t.members {
		t.members[i].value.guards(yield)
	}
	for _, e := range t.elems {
		e.guards(yield)
	}
	if t.rest != nil {
		t.rest.value.guards(yield)
	}
}
