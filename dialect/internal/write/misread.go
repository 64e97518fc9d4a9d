package write

import (
	"slices"
	"strconv"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// dropMisreadTexts drops the texts by which the dialect would recognize another meaning.
// If the `is` of a shape depends on a text, no response of another meaning may have it.
func (w *output) dropMisreadTexts() {
	for _, g := range w.d.Guarded {
		if !w.d.misread(&g, w.row, w.status) {
			continue
		}
		says := func(s string) bool { return s != "" && g.Guard.Fits([]byte(s)) }
		if says(w.o.Detail) {
			own := *w.o
			own.Detail, w.o = "", &own
			w.lost("detail", "the text means "+g.Is+" here")
		}
		if says(w.o.Title) {
			own := *w.o
			own.Title, w.o = "", &own
			w.lost("title", "the text means "+g.Is+" here")
		}
		for i := range w.o.Fields {
			if says(w.o.Fields[i].Message) {
				own := *w.o
				own.Fields, w.o = slices.Clone(own.Fields), &own
				own.Fields[i].Message = ""
				w.lost("fields["+strconv.Itoa(i)+"].message", "the text means "+g.Is+" here")
			}
		}
	}
}

// misread reports that a response with the text of a shape would be read with another
// meaning than that of the row.
func (d *Writer) misread(g *spec.GuardedShape, r *spec.Row, status int) bool {
	if g.Is == r.First || g.Is == r.Is || !g.Shape.Status.Admits(status) {
		return false
	}
	says := d.NameRow(g.Is, &wire.Request{})
	return says == nil || says.Kind != r.Kind || says.Reason != r.Reason
}

// dropSharedCodes drops the codes of Fields that would be read as the code of the whole,
// and have another meaning there. It is for shapes that read one text as both codes, if
// the whole has no code of its own.
func (w *output) dropSharedCodes() {
	for i := range w.o.Fields {
		code := w.o.Fields[i].Code
		if code == "" {
			continue
		}
		if r := w.d.CodeRow(code, "", w.req); r == nil || r.Kind == w.o.Kind {
			continue
		}
		own := *w.o
		own.Fields, w.o = slices.Clone(own.Fields), &own
		own.Fields[i].Code = ""
		w.lost("fields["+strconv.Itoa(i)+"].code", "it would be read as the code of the whole")
	}
}
