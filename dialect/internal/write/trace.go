package write

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write/replay"
)

// traced reports that texts are marked.
func (w *output) traced() bool { return w.trace != nil && !w.trace.Spoilt }

// marked marks the text of a hole that was written from an offset on.
func (w *output) marked(h *spec.Hole, at int) {
	if !w.traced() {
		return
	}
	first := &h.Readings[0]
	if first.Pattern != nil {
		return // of settled texts
	}
	from := first.Target
	if w.value(from) == "" {
		if !w.merged {
			return // what stands for nothing
		}
		// In an element for both, the text of the Field if the whole has none.
		for _, r := range h.Readings[1:] {
			if r.Pattern == nil && r.Target.Owner == spec.Field && w.value(r.Target) != "" {
				from = r.Target
				break
			}
		}
	}
	if from.Bit()&replay.Free != 0 && w.value(from) != "" {
		w.markText(from, &first.Conv, at)
	}
}

// markText marks a text that was written from an offset on.
func (w *output) markText(from spec.Target, c *spec.Conversion, at int) {
	if w.traced() {
		kind := replay.StepText
		if w.shape.Form == spec.FormXML {
			kind = replay.StepXML
		}
		w.trace.Cuts = append(w.trace.Cuts, replay.Cut{Kind: kind, From: from, Conv: c, At: at, Past: len(w.dst)})
	}
}

// markData marks the payload that was written from an offset on.
func (w *output) markData(k replay.StepKind, at int) {
	if w.traced() {
		w.trace.Cuts = append(w.trace.Cuts, replay.Cut{Kind: k, At: at, Past: len(w.dst)})
	}
}

// markNames notes that the turn of a name begins here, among the members of a template.
func (w *output) markNames(t *spec.Template) {
	if w.traced() {
		w.trace.Cuts = append(w.trace.Cuts, replay.Cut{Kind: replay.StepNames, Among: t, At: len(w.dst), Past: len(w.dst)})
	}
}

// markTurn notes that a turn begins or ends here.
func (w *output) markTurn(k replay.StepKind) {
	if w.traced() {
		w.trace.Cuts = append(w.trace.Cuts, replay.Cut{Kind: k, At: len(w.dst), Past: len(w.dst)})
	}
}

// markHeader notes that the last field of a header holds a text of the whole.
func (w *output) markHeader(to []wire.HeaderField, from spec.Attribute) {
	if w.trace != nil {
		w.trace.Texts = append(w.trace.Texts, replay.Varying{At: len(to) - 1, From: from})
	}
}

// spoil prevents a replay from being made.
func (w *output) spoil() {
	if w.trace != nil {
		w.trace.Spoilt = true
	}
}

// program makes a replay of the marks. It is nil if other texts would be written in
// another way.
func (w *output) program(m *wire.Encoded) *replay.Replay {
	if w.trace.Spoilt || w.headersSay != "" || slices.ContainsFunc(m.Losses, func(l parlance.Loss) bool { return strings.HasPrefix(l.Attribute, "fields[") && l.Reason != gained }) {
		return nil
	}
	lone := false
	for i, id := range w.fields.site {
		switch {
		case w.fields.done[i] && w.shape.Sites[id].Root:
			if lone = len(w.o.Fields) == 1; !lone {
				return nil
			}
		case !w.fields.done[i] && w.shape.Copies.Of(spec.Field) != 0:
			return nil // whether the text of another attribute says it
		}
	}
	return w.trace.Replay(&replay.Replay{Header: m.Header, Losses: m.Losses, Unset: m.Unset, Lone: lone}, w.dst, w.start)
}

// unrolls reports that the attributes that are set determine what is written, apart from
// the marked texts.
func (w *output) unrolls(s *spec.Shape) bool {
	has := w.present.Of(spec.Field)
	if w.choice.CanMisread || has&w.lacking != 0 || has == 0 && len(w.o.Fields) > 0 {
		return false // Fields that are not alike go different ways
	}
	if s == nil {
		return true
	}
	if s.SharesCode && w.code == "" && has.Has(spec.Field, spec.AttrCode) {
		return false // a code may have to be dropped
	}
	return (s.Form == spec.FormJSON || s.Form == spec.FormXML && has == 0) && replay.Unrolls(s.Body, w.present, 0)
}
