package write

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// render is the text of a hole for the record or the whole that is being
// written.
func (w *Output) render(h *spec.Hole) string {
	r := &h.Readings[0]
	if r.Pattern != nil {
		text, _ := w.renderParts(r.Pattern.Parts)
		return text
	}
	text := w.value(r.Target)
	if r.Target.Owner == spec.Whole && (w.field != nil || w.item != nil) {
		// In a record's own element a text that is read as both is the record's.
		for _, c := range h.Readings[1:] {
			if c.Pattern == nil && (c.Target.Owner == spec.Field && w.field != nil || c.Target.Owner == spec.Item && w.item != nil) {
				if own := w.value(c.Target); !w.merged || text == "" {
					text = own
				}
			}
		}
	}
	if text == "" && len(h.Readings) > 1 && r.Target.Owner == spec.Item && w.item != nil {
		for _, c := range h.Readings[1:] {
			if c.Pattern == nil && text == "" {
				text = w.value(c.Target)
			}
		}
	}
	if h.Guard != nil && !h.Guard.Fits([]byte(text)) {
		if w.field != nil && !w.merged {
			w.lost("fields["+strconv.Itoa(w.fieldAt)+"]."+spec.AttrMessage.String(), "the dialect is recognised by another text here")
		}
		return h.Guard.Canonical()
	}
	switch {
	case text != "":
	case h.Defaults:
		return h.Fallback
	case h.StandIn != nil:
		text, _ = w.renderParts(h.StandIn.Parts)
	}
	return text
}

// renderParts writes a pattern; "" and false where a hole is empty, for no reader
// takes a pattern with an empty hole. An optional part with one is left out.
func (w *Output) renderParts(parts []spec.Part) (string, bool) {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Group != nil:
			if text, ok := w.renderParts(p.Group); ok && !spec.HasBare(p.Group) {
				b.WriteString(text)
			}
		case p.Hole.Attr != spec.AttrNone:
			text, ok := p.Conv.Wire(w.value(p.Hole), w)
			if text == "" || !ok {
				return "", false
			}
			b.WriteString(text)
		default:
			b.WriteString(p.Literal + p.Write)
		}
	}
	return b.String(), true
}

// value is the text of an attribute.
func (w *Output) value(t spec.Target) string {
	switch t.Owner {
	case spec.Field:
		if w.field != nil {
			return spec.FieldText(w.field, t.Attr)
		}
		return ""
	case spec.Item:
		if w.item == nil {
			return ""
		}
		switch t.Attr {
		case spec.AttrCode:
			return w.itemCode
		case spec.AttrStatus:
			if w.itemStatus != 0 {
				return strconv.Itoa(w.itemStatus)
			}
			return ""
		}
		return spec.ItemText(w.item, t.Attr)
	}
	switch t.Attr {
	case spec.AttrStatus:
		if w.choice != nil {
			return w.choice.StatusText
		}
		return strconv.Itoa(w.Status)
	case spec.AttrCode:
		return w.Code
	case spec.AttrPhrase:
		if w.choice != nil {
			return w.choice.Phrase
		}
		return w.Row.Phrase(w.Status)
	case spec.AttrFamily:
		if w.O.Family == "" {
			return w.Row.Family
		}
	case spec.AttrNote:
		return w.note
	case spec.AttrReset:
		if w.Row.Retry.Reset {
			return spec.OutcomeText(w.O, spec.AttrRetryAfter)
		}
		return ""
	case spec.AttrFailures, spec.AttrSuccesses, spec.AttrTotal:
		return w.counted(t.Attr)
	}
	if t.Attr == spec.AttrTitle && w.O.Title == w.Row.Title || t.Attr == spec.AttrHelp && w.O.Help == w.Row.Help {
		return "" // the row's own words
	}
	return spec.OutcomeText(w.O, t.Attr)
}

// counted is a number of items.
func (w *Output) counted(a spec.Attribute) string {
	n := 0
	for i := range w.O.Items {
		k := w.O.Items[i].Outcome.Kind
		if failed := k.Failing() || k == parlance.Partial; a == spec.AttrTotal || failed == (a == spec.AttrFailures) {
			n++
		}
	}
	return strconv.Itoa(n)
}

// carry notes that a hole was written; for the attributes of the whole it
// checks that the text is theirs.
func (w *Output) carry(h *spec.Hole, text string) {
	for i, r := range h.Readings {
		if r.Pattern != nil {
			if i == 0 {
				w.carried |= r.Pattern.Targets().Of(spec.Whole)
			}
			continue
		}
		if r.Target.Owner == spec.Whole && (w.field == nil && w.item == nil || w.merged || len(h.Readings) == 1 || i > 0 && !w.follows) && w.value(r.Target) == text {
			w.carried |= r.Bit
		}
	}
}

// has reports that there is something to write at or below a place.
func (w *Output) has(t *spec.Template) bool {
	if t.Writes&w.present.Of(spec.Whole)&^spec.BitOf(spec.Whole, spec.AttrNote) != 0 {
		return true
	}
	if t.Writes.Has(spec.Whole, spec.AttrNote) && (w.note != "" || len(w.O.Notes) > 0) {
		return true
	}
	records := (t.Writes | t.Copies)
	if w.field != nil || w.item != nil {
		records = t.Shallow() // what is further down belongs to other records
	}
	if w.field != nil && records&spec.FieldSet(w.field) != 0 {
		return true
	}
	if w.item != nil {
		s := spec.ItemSet(w.item)
		if w.itemCode != "" {
			s |= spec.BitOf(spec.Item, spec.AttrCode)
		}
		if w.itemStatus != 0 {
			s |= spec.BitOf(spec.Item, spec.AttrStatus)
		}
		if len(w.itemBody) > 0 {
			s |= spec.BitOf(spec.Item, spec.AttrBody)
		}
		if len(w.itemHeader) > 0 {
			s |= spec.BitOf(spec.Item, spec.AttrHeaders)
		}
		if records&s != 0 {
			return true
		}
	}
	return w.picks(t, spec.Item) || w.picks(t, spec.Field)
}
