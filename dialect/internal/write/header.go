package write

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write/replay"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// headers writes the fields of a shape that hold one of the attributes.
func (w *output) headers(to []wire.HeaderField, s *spec.Shape, of spec.Set) []wire.HeaderField {
	for i := range s.Headers {
		h := &s.Headers[i]
		switch {
		case h.JSON != nil:
			if h.JSON.Writes&of != 0 && w.has(h.JSON) {
				w.spoil()
				outer := w.dst
				w.dst = nil
				w.json(h.JSON)
				to = append(to, wire.HeaderField{Name: h.Name, Value: wire.AsciiJSON(w.dst)})
				w.dst = outer
			}
		case h.Value == nil:
			if text := w.parts(h, of); text != "" {
				to = append(to, wire.HeaderField{Name: h.Name, Value: text})
			}
		case h.Value.Op == spec.OpConst:
			to = append(to, wire.HeaderField{Name: h.Name, Value: h.Value.Text})
		case h.Value.Op == spec.OpHole:
			if s.Body == nil && w.carried.Has(spec.Whole, spec.AttrNote) && h.Value.Hole.Readings[0].Target.Attr == spec.AttrNote {
				continue // the body has the notes, and a shape with a body needs one of its fields
			}
			to = w.textField(to, h, of)
		}
	}
	return to
}

// textField writes a field that is one text, or one for each note.
func (w *output) textField(to []wire.HeaderField, h *spec.HeaderHole, of spec.Set) []wire.HeaderField {
	hole := h.Value.Hole
	if of&h.Value.Writes == 0 {
		return to
	}
	texts := []string{w.render(hole)}
	if hole.Readings[0].Target.Attr == spec.AttrNote {
		texts = w.o.Notes
	} else {
		wire, ok := hole.Readings[0].Conv.Wire(texts[0], w)
		if !ok {
			w.spoil()
			return to
		}
		texts[0] = wire
	}
	intact := true // every text went out as it is
	for _, text := range texts {
		safe := wire.HeaderText(text)
		intact = intact && safe == text
		if safe != "" {
			to = append(to, wire.HeaderField{Name: h.Name, Value: safe})
		}
	}
	if intact {
		w.carried |= h.Value.Writes.Of(spec.Whole)
	}
	if loose := h.Value.Writes & w.present &^ spec.ChoiceKey; loose != 0 {
		if !intact || !hole.Plain || len(hole.Readings) > 1 || loose&replay.Free == 0 {
			w.spoil()
		} else {
			w.markHeader(to, hole.Readings[0].Target.Attr)
		}
	}
	return to
}

// parts is the text of challenges or parameters, "" if none has a value.
func (w *output) parts(h *spec.HeaderHole, of spec.Set) string {
	if h.Params != nil {
		return strings.Join(w.parameters(h.Params, of, false), ", ")
	}
	for _, c := range h.Schemes {
		if texts := w.parameters(c.Params, of, true); texts != nil {
			return c.Scheme + " " + strings.Join(texts, ", ")
		}
	}
	return ""
}

// parameters writes name=value for each parameter that has a value. It is nil if the
// parameters have holes and none of these has a value.
func (w *output) parameters(params []spec.Parameter, of spec.Set, quoted bool) (texts []string) {
	said := !slices.ContainsFunc(params, func(p spec.Parameter) bool { return p.Value.Op == spec.OpHole })
	for _, p := range params {
		text := ""
		switch p.Value.Op {
		case spec.OpConst:
			text = p.Value.Text
		case spec.OpHole:
			if text = w.parameter(p.Value, of); text == "" {
				continue
			}
			said = true
		default:
			continue
		}
		if quoted || !httpheader.IsToken(text) {
			text = `"` + quotedEscape.Replace(text) + `"`
		}
		texts = append(texts, p.Name+"="+text)
	}
	if !said {
		return nil
	}
	return texts
}

// parameter is the value of a hole as the text of a header field, "" if it has none.
func (w *output) parameter(t *spec.Template, of spec.Set) string {
	if t.Writes&of == 0 {
		return ""
	}
	if t.Writes&of&^spec.ChoiceKey != 0 {
		w.spoil()
	}
	encoded, ok := t.Hole.Readings[0].Conv.Wire(w.render(t.Hole), w)
	text := wire.HeaderText(encoded)
	if !ok || text == "" {
		return ""
	}
	if text == encoded {
		w.carried |= t.Writes.Of(spec.Whole)
	}
	return text
}

// quotedEscape is the escaping of a quoted-string (RFC 9110, 5.6.4). It builds its tables
// once, at its first use.
var quotedEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
