package write

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/write/replay"
)

// maxFieldTexts is the most Fields whose texts are added to a detail.
const maxFieldTexts = 20

// addFieldTexts adds the texts of the Fields to the detail, each with its path, and returns
// the rendering for that. It changes nothing if the detail already contains them, or if the
// detail has no place.
func (w *output) addFieldTexts(l *replay.Rendering) *replay.Rendering {
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
	w.fieldsInDetail, w.ownDetail = true, outer.Detail != ""
	return with
}

// fieldTexts are the texts of the Fields that the detail does not contain, in one line.
func (w *output) fieldTexts() string {
	var b strings.Builder
	listed := 0
	for i := range w.o.Fields {
		f := &w.o.Fields[i]
		if f.Message == "" || strings.Contains(w.o.Detail, f.Message) {
			continue
		}
		if listed++; listed > maxFieldTexts {
			continue
		}
		if listed > 1 {
			b.WriteString("; ")
		}
		if f.Path != "" {
			b.WriteString(f.Path + ": ")
		}
		b.WriteString(f.Message)
	}
	if listed > maxFieldTexts {
		b.WriteString("; and " + strconv.Itoa(listed-maxFieldTexts) + " more")
	}
	return b.String()
}
