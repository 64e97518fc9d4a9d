package dialect

import (
	"slices"
	"strings"
)

// headers writes the fields of a shape that hold one of the attributes.
func (w *output) headers(to []Pair, s *shape, of set) []Pair {
	for i := range s.headers {
		h := &s.headers[i]
		switch {
		case h.json != nil:
			if h.json.writes&of != 0 && w.has(h.json) {
				w.spoil()
				outer := w.dst
				w.dst = nil
				w.json(h.json)
				to = append(to, Pair{h.name, asciiJSON(w.dst)})
				w.dst = outer
			}
		case h.value == nil:
			if text := w.parts(h, of); text != "" {
				to = append(to, Pair{h.name, text})
			}
		case h.value.op == opConst:
			to = append(to, Pair{h.name, h.value.text})
		case h.value.op == opHole:
			to = w.textField(to, h, of)
		}
	}
	return to
}

// textField writes a field that is one text, or one for each note.
func (w *output) textField(to []Pair, h *headerHole, of set) []Pair {
	hole := h.value.hole
	if of&h.value.writes == 0 {
		return to
	}
	texts := []string{w.render(hole)}
	if hole.readings[0].target.attr == attrNote {
		texts = w.o.Notes
	} else {
		wire, ok := hole.readings[0].conv.wire(texts[0], w)
		if !ok {
			w.spoil()
			return to
		}
		texts[0] = wire
	}
	intact := true // every text went out as it is
	for _, text := range texts {
		safe := headerText(text)
		intact = intact && safe == text
		if safe != "" {
			to = append(to, Pair{h.name, safe})
		}
	}
	if intact {
		w.carried |= h.value.writes.of(whole)
	}
	if loose := h.value.writes & w.present &^ settled; loose != 0 {
		if !intact || !hole.plain || len(hole.readings) > 1 || loose&free == 0 {
			w.spoil()
		} else {
			w.markHeader(to, hole.readings[0].target.attr)
		}
	}
	return to
}

// parts writes challenges or parameters, "" where there is nothing to say.
func (w *output) parts(h *headerHole, of set) string {
	list := func(params []parameter, quoted bool) (texts []string) {
		said := !slices.ContainsFunc(params, func(p parameter) bool { return p.value.op == opHole })
		for _, p := range params {
			if p.value.op != opHole && p.value.op != opConst {
				continue
			}
			text := p.value.text
			if p.value.op == opHole {
				if p.value.writes&of == 0 {
					continue
				}
				if p.value.writes&of&^settled != 0 {
					w.spoil()
				}
				wire, ok := p.value.hole.readings[0].conv.wire(w.render(p.value.hole), w)
				text = headerText(wire)
				if !ok || text == "" {
					continue
				}
				said = true
				if text == wire {
					w.carried |= p.value.writes.of(whole)
				}
			}
			if quoted || !isToken(text) {
				text = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
			}
			texts = append(texts, p.name+"="+text)
		}
		if !said {
			return nil
		}
		return texts
	}
	if h.params != nil {
		return strings.Join(list(h.params, false), ", ")
	}
	for _, c := range h.schemes {
		if texts := list(c.params, true); texts != nil {
			return c.scheme + " " + strings.Join(texts, ", ")
		}
	}
	return ""
}
