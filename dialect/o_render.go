package dialect

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// render is the text of a hole for the record or the whole that is being
// written.
func (w *output) render(h *hole) string {
	r := &h.readings[0]
	if r.pattern != nil {
		text, _ := w.renderParts(r.pattern.parts)
		return text
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
	if h.guard != nil && !h.guard.fits([]byte(text)) {
		if w.field != nil && !w.merged {
			w.lost("fields["+strconv.Itoa(w.fieldAt)+"]."+attrMessage.String(), "the dialect is recognised by another text here")
		}
		return h.guard.canonical()
	}
	switch {
	case text != "":
	case h.defaults:
		return h.fallback
	case h.standIn != nil:
		text, _ = w.renderParts(h.standIn.parts)
	}
	return text
}

// renderParts writes a pattern; "" and false where a hole is empty, for no reader
// takes a pattern with an empty hole. An optional part with one is left out.
func (w *output) renderParts(parts []part) (string, bool) {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.group != nil:
			if text, ok := w.renderParts(p.group); ok && !hasBare(p.group) {
				b.WriteString(text)
			}
		case p.hole.attr != attrNone:
			text, ok := p.conv.wire(w.value(p.hole), w)
			if text == "" || !ok {
				return "", false
			}
			b.WriteString(text)
		default:
			b.WriteString(p.literal + p.write)
		}
	}
	return b.String(), true
}

// value is the text of an attribute.
func (w *output) value(t target) string {
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
		if w.choice != nil {
			return w.choice.statusText
		}
		return strconv.Itoa(w.status)
	case attrCode:
		return w.code
	case attrPhrase:
		if w.choice != nil {
			return w.choice.phrase
		}
		return w.row.phrase(w.status)
	case attrFamily:
		if w.o.Family == "" {
			return w.row.family
		}
	case attrNote:
		return w.note
	case attrReset:
		if w.row.retry.reset {
			return outcomeText(w.o, attrRetryAfter)
		}
		return ""
	case attrFailures, attrSuccesses, attrTotal:
		return w.counted(t.attr)
	}
	if t.attr == attrTitle && w.o.Title == w.row.title || t.attr == attrHelp && w.o.Help == w.row.help {
		return "" // the row's own words
	}
	return outcomeText(w.o, t.attr)
}

// counted is a number of items.
func (w *output) counted(a attribute) string {
	n := 0
	for i := range w.o.Items {
		k := w.o.Items[i].Outcome.Kind
		if failed := k.Failing() || k == parlance.Partial; a == attrTotal || failed == (a == attrFailures) {
			n++
		}
	}
	return strconv.Itoa(n)
}

// carry notes that a hole was written; for the attributes of the whole it
// checks that the text is theirs.
func (w *output) carry(h *hole, text string) {
	for i, r := range h.readings {
		if r.pattern != nil {
			if i == 0 {
				w.carried |= r.pattern.targets().of(whole)
			}
			continue
		}
		if r.target.owner == whole && (w.field == nil && w.item == nil || w.merged || len(h.readings) == 1 || i > 0 && !w.follows) && w.value(r.target) == text {
			w.carried |= r.bit
		}
	}
}

// has reports that there is something to write at or below a place.
func (w *output) has(t *template) bool {
	if t.writes&w.present.of(whole)&^bitOf(whole, attrNote) != 0 {
		return true
	}
	if t.writes.has(whole, attrNote) && (w.note != "" || len(w.o.Notes) > 0) {
		return true
	}
	records := (t.writes | t.copies)
	if w.field != nil || w.item != nil {
		records = t.shallow() // what is further down belongs to other records
	}
	if w.field != nil && records&fieldSet(w.field) != 0 {
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
		if len(w.itemBody) > 0 {
			s |= bitOf(item, attrBody)
		}
		if len(w.itemHeader) > 0 {
			s |= bitOf(item, attrHeaders)
		}
		if records&s != 0 {
			return true
		}
	}
	return w.picks(t, item) || w.picks(t, field)
}
