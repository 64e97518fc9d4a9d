package write

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write/replay"
)

// silence drops texts by which the dialect recognizes another meaning (where a
// shape's `is` hangs on a text, nothing else may say that text).
func (w *output) silence() {
	for _, g := range w.d.Guarded {
		if !w.d.misleads(&g, w.row, w.status) {
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

// misleads reports that the text would say another meaning than a row's.
func (d *Writer) misleads(g *spec.GuardedShape, r *spec.Row, status int) bool {
	if g.Is == r.First || g.Is == r.Is || !g.Shape.Status.Admits(status) {
		return false
	}
	says := d.NameRow(g.Is, &wire.Request{})
	return says == nil || says.Kind != r.Kind || says.Reason != r.Reason
}

// unshare drops codes of Fields that would be read as the code of the whole, and
// mean something else there: where one text is read as both, and the whole has
// no code of its own.
func (w *output) unshare() {
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

// maxTold is how many Fields a detail tells of.
const maxTold = 20

// tellFields adds the texts of the Fields to the detail, each with its path, and returns
// the rendering for that. It changes nothing if the detail says them already, or has no place.
func (w *output) tellFields(l *replay.Rendering) *replay.Rendering {
	text := w.fieldTexts()
	if text == "" {
		return l
	}
	outer, own := w.o, *w.o
	if own.Detail = text; outer.Detail != "" {
		own.Detail = outer.Detail + " (" + text + ")"
	}
	w.o = &own
	w.attributes()
	with := w.rendering()
	if with.Shape == nil || !with.Shape.FieldsInDetail() {
		w.o = outer
		w.attributes()
		return l
	}
	w.fieldsTold, w.behind = true, outer.Detail != ""
	return with
}

// fieldTexts are the texts of the Fields that the detail does not hold, in one line.
func (w *output) fieldTexts() string {
	var b strings.Builder
	told := 0
	for i := range w.o.Fields {
		f := &w.o.Fields[i]
		if f.Message == "" || strings.Contains(w.o.Detail, f.Message) {
			continue
		}
		if told++; told > maxTold {
			continue
		}
		if told > 1 {
			b.WriteString("; ")
		}
		if f.Path != "" {
			b.WriteString(f.Path + ": ")
		}
		b.WriteString(f.Message)
	}
	if told > maxTold {
		b.WriteString("; and " + strconv.Itoa(told-maxTold) + " more")
	}
	return b.String()
}
