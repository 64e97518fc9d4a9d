package dialect

import (
	"strconv"
	"strings"
)

// render is the text of a hole for the record or the whole that is being
// written.
func (w *writer) render(h *hole) string {
	r := h.readings[0]
	if r.pattern != nil {
		var b strings.Builder
		for _, p := range r.pattern.parts {
			switch {
			case p.hole.attr != attrNone:
				text := w.value(p.hole)
				if text == "" {
					return "" // no reader takes a pattern with an empty hole
				}
				b.WriteString(text)
			default:
				b.WriteString(p.literal + p.write)
			}
		}
		return b.String()
	}
	text := w.value(r.target)
	if r.target.owner == whole && (w.field != nil || w.item != nil) {
		// In a record's own element a text that is read as both is the record's.
		for _, c := range h.readings[1:] {
			if c.pattern == nil && (c.target.owner == field && w.field != nil || c.target.owner == item && w.item != nil) {
				if own := w.value(c.target); !w.merged || text == "" {
					text = own
				}
			}
		}
	}
	if text == "" && len(h.readings) > 1 && r.target.owner == item && w.item != nil {
		for _, c := range h.readings[1:] {
			if c.pattern == nil && text == "" {
				text = w.value(c.target)
			}
		}
	}
	if h.guard != nil && !h.guard.read([]byte(text), nil) {
		if w.field != nil && !w.merged {
			w.lost("fields["+strconv.Itoa(w.fieldAt)+"]."+attrMessage.String(), "the dialect is recognised by another text here")
		}
		return h.guard.canonical()
	}
	if text == "" && h.defaults {
		return h.fallback
	}
	return text
}

// value is the text of an attribute.
func (w *writer) value(t target) string {
	switch t.owner {
	case field:
		if w.field != nil {
			return fieldText(w.field, t.attr)
		}
		return ""
	case item:
		if w.item == nil {
			return ""
		}
		switch t.attr {
		case attrCode:
			return w.itemCode
		case attrStatus:
			if w.itemStatus != 0 {
				return strconv.Itoa(w.itemStatus)
			}
			return ""
		}
		return itemText(w.item, t.attr)
	}
	switch t.attr {
	case attrStatus:
		return strconv.Itoa(w.status)
	case attrCode:
		return w.code
	case attrNote:
		return w.note
	}
	if !w.present.hasTarget(t) {
		return ""
	}
	return outcomeText(w.o, t.attr)
}

// carry notes that a hole was written; for the attributes of the whole it
// checks that the text is theirs.
func (w *writer) carry(h *hole, text string) {
	for i, r := range h.readings {
		if r.pattern != nil {
			if i == 0 {
				w.carried |= r.pattern.targets().of(whole)
			}
			continue
		}
		if r.target.owner == whole && (w.field == nil && w.item == nil || w.merged || len(h.readings) == 1) && w.value(r.target) == text {
			w.carried |= r.target.bit()
		}
	}
}

// has reports that there is something to write at or below a place.
func (w *writer) has(t *template) bool {
	if t.writes&w.present.of(whole)&^bitOf(whole, attrNote) != 0 {
		return true
	}
	if t.writes.has(whole, attrNote) && (w.note != "" || len(w.o.Notes) > 0) {
		return true
	}
	records := (t.writes | t.copies)
	if w.field != nil {
		if records&fieldSet(w.field) != 0 {
			return true
		}
	} else if !w.fieldsDone && records.of(field)&w.present != 0 && records.of(field) != 0 {
		return true
	}
	if w.item != nil {
		s := itemSet(w.item)
		if w.itemCode != "" {
			s |= bitOf(item, attrCode)
		}
		if w.itemStatus != 0 {
			s |= bitOf(item, attrStatus)
		}
		return records&s != 0
	}
	return !w.itemsDone && records.of(item) != 0 && len(w.o.Items) > 0
}
