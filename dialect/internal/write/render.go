package write

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// render is the text of a hole for the record or the whole that is being
// written.
func (w *output) render(h *spec.Hole) string {
	if p := h.Readings[0].Pattern; p != nil {
		text, _ := w.renderParts(p.Parts)
		return text
	}
	text := w.shared(h)
	if h.Guard != nil && !h.Guard.Fits([]byte(text)) {
		if w.field != nil && !w.merged {
			w.lost("fields["+strconv.Itoa(w.fieldAt)+"]."+spec.AttrMessage.String(), "the dialect is recognized by another text here")
		}
		if first := h.Readings[0].Target; text == "" && spec.HasBare(h.Guard.Parts) && first == (spec.Target{Owner: spec.Whole, Attr: spec.AttrCode}) {
			w.lost("code", "it has none, and "+strconv.Quote(h.Guard.Canonical())+" is written, by which the form is recognized")
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

// shared is the text of a hole that may be read as several attributes: in a record's own
// element it is the record's.
func (w *output) shared(h *spec.Hole) string {
	first := h.Readings[0].Target
	if w.note != "" && h.Others() {
		return w.note
	}
	if name := h.Readings[0].Extra; name != "" {
		return w.extra(name)
	}
	text := w.value(first)
	for i := 1; i < len(h.Readings); i++ {
		c := &h.Readings[i]
		if c.Pattern != nil {
			continue
		}
		switch {
		case first.Owner == spec.Whole && w.inRecord(c.Target.Owner):
			if own := w.value(c.Target); !w.merged || text == "" {
				text = own
			}
		case first.Owner == spec.Item && w.item != nil && text == "":
			text = w.value(c.Target)
		}
	}
	return text
}

// inRecord reports that a record of the owner is being written.
func (w *output) inRecord(o spec.Owner) bool {
	return o == spec.Field && w.field != nil || o == spec.Item && w.item != nil
}

// extra is what a vendor adds by that name, "" for nothing. It counts as written.
func (w *output) extra(name string) string {
	text := w.o.Extra[name]
	if text != "" && !slices.Contains(w.extras, name) {
		w.extras = append(w.extras, name)
	}
	return text
}

// otherExtras are the names of what a vendor adds that has no place so far, sorted.
func (w *output) otherExtras() []string {
	var names []string
	for name := range w.o.Extra {
		if !slices.Contains(w.extras, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// renderParts writes a pattern; "" and false where a hole is empty, for no reader
// takes a pattern with an empty hole. An optional part with one is left out.
func (w *output) renderParts(parts []spec.Part) (string, bool) {
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

// value is the text of an attribute, "" if it is not set.
func (w *output) value(t spec.Target) string {
	switch {
	case t.Owner == spec.Whole:
		return w.wholeValue(t.Attr)
	case t.Owner == spec.Field && w.field != nil:
		return spec.FieldText(w.field, t.Attr)
	case t.Owner == spec.Item && w.item != nil:
		return w.itemValue(t.Attr)
	}
	return ""
}

func (w *output) itemValue(a spec.Attribute) string {
	switch {
	case a == spec.AttrCode:
		return w.itemCode
	case a == spec.AttrNote:
		return w.oneNote(&w.item.Outcome, w.noted)
	case a != spec.AttrStatus:
		return spec.ItemText(w.item, a)
	case w.itemStatus != 0:
		return strconv.Itoa(w.itemStatus)
	}
	return ""
}

func (w *output) wholeValue(a spec.Attribute) string {
	switch a {
	case spec.AttrStatus:
		if w.choice != nil {
			return w.choice.StatusText
		}
		return strconv.Itoa(w.status)
	case spec.AttrCode:
		return w.code
	case spec.AttrPhrase:
		if w.choice != nil {
			return w.choice.Phrase
		}
		return w.row.Phrase(w.status)
	case spec.AttrFamily:
		return cmp.Or(w.o.Family, w.row.Family)
	case spec.AttrNote:
		return w.oneNote(w.o, w.carried.Has(spec.Whole, spec.AttrNote))
	case spec.AttrReset:
		if !w.row.Retry.Reset {
			return ""
		}
		a = spec.AttrRetryAfter
	case spec.AttrFailures, spec.AttrSuccesses, spec.AttrTotal:
		return w.counted(a)
	case spec.AttrTitle, spec.AttrHelp:
		if text := spec.OutcomeText(w.o, a); text != w.row.Text(a) {
			return text
		}
		return "" // the row's own words
	}
	return spec.OutcomeText(w.o, a)
}

// oneNote is the note that is being written, else the only one for a place that holds one. A
// note that was written elsewhere is not written again.
func (w *output) oneNote(o *parlance.Outcome, written bool) string {
	if w.note == "" && len(o.Notes) == 1 && !written {
		return o.Notes[0]
	}
	return w.note
}

// counted is a number of items.
func (w *output) counted(a spec.Attribute) string {
	n := 0
	for i := range w.o.Items {
		k := w.o.Items[i].Outcome.Kind
		if failed := k.Failing() || k == parlance.KindPartial; a == spec.AttrTotal || failed == (a == spec.AttrFailures) {
			n++
		}
	}
	return strconv.Itoa(n)
}

// carry notes that a hole was written; for the attributes of the whole it
// checks that the text is theirs.
func (w *output) carry(h *spec.Hole, text string) {
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
		w.noted = w.noted || r.Bit == spec.BitOf(spec.Item, spec.AttrNote) && w.value(r.Target) == text
	}
}

// has reports that there is something to write at or below a place.
func (w *output) has(t *spec.Template) bool {
	if t.Writes&w.present.Of(spec.Whole)&^spec.BitOf(spec.Whole, spec.AttrNote) != 0 {
		return true
	}
	if t.Writes.Has(spec.Whole, spec.AttrNote) && (w.note != "" || len(w.o.Notes) > 0 && !w.carried.Has(spec.Whole, spec.AttrNote)) {
		return true
	}
	if w.field != nil || w.item != nil {
		// What is further down belongs to other records.
		if t.Shallow()&w.recordSet() != 0 || w.item != nil && t.HoldsErrors() && t.Deep.Of(spec.Item)&w.recordSet() != 0 {
			return true
		}
	}
	return w.picks(t, spec.Item) || w.picks(t, spec.Field)
}

// recordSet are the attributes of the record that is being written.
func (w *output) recordSet() (s spec.Set) {
	if w.field != nil {
		s = spec.FieldSet(w.field)
	}
	if w.item == nil {
		return s
	}
	if s |= spec.ItemSet(w.item); w.noted && w.note == "" {
		s &^= spec.BitOf(spec.Item, spec.AttrNote)
	}
	for _, one := range [...]struct {
		attr spec.Attribute
		set  bool
	}{{spec.AttrCode, w.itemCode != ""}, {spec.AttrStatus, w.itemStatus != 0}, {spec.AttrBody, len(w.itemBody) > 0}, {spec.AttrHeaders, len(w.itemHeader) > 0}} {
		if one.set {
			s |= spec.BitOf(spec.Item, one.attr)
		}
	}
	return s
}
