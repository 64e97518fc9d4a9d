package dialect

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
)

// traced reports that texts are to be marked.
func (w *output) traced() bool { return w.trace != nil && !w.trace.spoilt }

// marked notes a hole that was written from an offset on.
func (w *output) marked(h *hole, at int) {
	if !w.traced() {
		return
	}
	first := &h.readings[0]
	if first.pattern != nil {
		return // of settled texts
	}
	from := first.target
	if w.value(from) == "" {
		if !w.merged {
			return // what stands for nothing
		}
		// In the element of both, the Field's own text where the whole has none.
		for _, r := range h.readings[1:] {
			if r.pattern == nil && r.target.owner == field && w.value(r.target) != "" {
				from = r.target
				break
			}
		}
	}
	if from.bit()&free != 0 && w.value(from) != "" {
		w.markText(from, &first.conv, at)
	}
}

// markText notes a text that was written from an offset on.
func (w *output) markText(from target, c *conversion, at int) {
	if w.traced() {
		kind := stepText
		if w.shape.form == formXML {
			kind = stepXML
		}
		w.trace.cuts = append(w.trace.cuts, cut{kind: kind, from: from, conv: c, at: at, past: len(w.dst)})
	}
}

// markData notes the payload from an offset on.
func (w *output) markData(k stepKind, at int) {
	if w.traced() {
		w.trace.cuts = append(w.trace.cuts, cut{kind: k, at: at, past: len(w.dst)})
	}
}

// markNames notes that the turn of a name begins here, among the members of a template.
func (w *output) markNames(t *template) {
	if w.traced() {
		w.trace.cuts = append(w.trace.cuts, cut{kind: stepNames, among: t, at: len(w.dst), past: len(w.dst)})
	}
}

// markTurn notes that a turn begins or ends here.
func (w *output) markTurn(k stepKind) {
	if w.traced() {
		w.trace.cuts = append(w.trace.cuts, cut{kind: k, at: len(w.dst), past: len(w.dst)})
	}
}

// markHeader notes that the last field of a header holds a text of the whole.
func (w *output) markHeader(to []Pair, from attribute) {
	if w.trace != nil {
		w.trace.texts = append(w.trace.texts, varying{len(to) - 1, from})
	}
}

// spoil gives the program up.
func (w *output) spoil() {
	if w.trace != nil {
		w.trace.spoilt = true
	}
}

// program is made of what was marked, nil where the output went a way that other
// texts do not go.
func (w *output) program(m *Message) *program {
	if w.trace.spoilt || w.headersSay != "" || slices.ContainsFunc(m.Losses, func(l parlance.Loss) bool { return strings.HasPrefix(l.Attribute, "fields[") }) {
		return nil
	}
	lone := false
	for i, id := range w.fields.site {
		switch {
		case w.fields.done[i] && w.shape.sites[id].root:
			if lone = len(w.o.Fields) == 1; !lone {
				return nil
			}
		case !w.fields.done[i] && w.shape.copies.of(field) != 0:
			return nil // whether the text of another attribute says it
		}
	}
	return w.trace.program(&program{header: m.Header, losses: m.Losses, unset: m.Unset, lone: lone}, w.dst, w.start)
}

// unrolls reports that what is written in a dress follows from which attributes
// are there, but for texts that are marked.
func (w *output) unrolls(s *shape) bool {
	has := w.present.of(field)
	if w.choice.telling || has&w.lacking != 0 || has == 0 && len(w.o.Fields) > 0 {
		return false // Fields that are not alike go different ways
	}
	if s == nil {
		return true
	}
	if s.shares && w.code == "" && has.has(field, attrCode) {
		return false // a code may have to be dropped
	}
	return (s.form == formJSON || s.form == formXML && has == 0) && unrolls(s.body, w.present, 0)
}
