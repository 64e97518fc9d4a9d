package dialect

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// element writes a template as an XML element, or as several of the name.
func (w *output) element(name string, t *template) {
	if t.writeOnly {
		carried := w.carried
		defer func() { w.carried = carried }() // nobody reads it again
	}
	switch t.op {
	case opList:
		w.turns(t, false, func(e *template) { w.element(name, e) })
		return
	case opEither:
		w.element(name, w.alternative(t))
		return
	case opReference:
		if w.nested++; w.nested <= maxNested {
			w.element(name, t.def.body)
		}
		w.nested--
		return
	}
	w.dst = append(append(w.dst, '<'), name...)
	if t.op == opObject {
		for i := range t.members {
			m := &t.members[i]
			if !m.attribute || w.leavesOut(m) {
				continue
			}
			w.dst = append(append(append(w.dst, ' '), m.names[0]...), '=', '"')
			w.xmlText(m.value)
			w.dst = append(w.dst, '"')
		}
	}
	w.dst = append(w.dst, '>')
	if t.op == opObject {
		for i := range t.members {
			m := &t.members[i]
			switch {
			case m.attribute || w.leavesOut(m):
			case m.text:
				w.xmlText(m.value)
			default:
				w.element(m.names[0], m.value)
			}
		}
		if t.rest != nil {
			w.others(t, func(key string, value *template) {
				if !isXMLName(key) {
					w.lost("fields", "an element cannot be named "+strconv.Quote(key))
					return
				}
				w.element(key, value)
			})
		}
	} else {
		w.xmlText(t)
	}
	w.dst = append(append(append(w.dst, '<', '/'), name...), '>')
}

// xmlText writes a constant or a hole as escaped text.
func (w *output) xmlText(t *template) {
	switch t.op {
	case opConst, opAny:
		w.dst = appendXMLText(w.dst, t.text)
		return
	case opHole:
	default:
		return
	}
	first := &t.hole.readings[0]
	if first.target.attr == attrData && first.pattern == nil {
		w.xmlPayload()
		return
	}
	text := w.render(t.hole)
	if text == "" && !t.hole.defaults {
		return
	}
	wire, ok := text, true
	if first.pattern == nil && !(t.hole.defaults && text == t.hole.fallback) {
		wire, ok = first.conv.wire(text, w)
	}
	if !ok {
		w.unwritable(first, text)
		return
	}
	as, at := strings.TrimSpace(text), len(w.dst) // as it is read
	w.carry(t.hole, as)
	w.dst = appendXMLText(w.dst, wire)
	if w.marked(t.hole, at); as != text {
		w.spoil()
	}
}

// xmlPayload writes the success value into its element.
func (w *output) xmlPayload() {
	var t tree.Tree
	if len(w.data.Body) == 0 {
		return
	}
	w.spoil()
	w.carried |= bitOf(whole, attrData)
	body := bytes.TrimSpace(w.data.Body)
	if inside := slices.Concat([]byte("<a>"), body, []byte("</a>")); bytes.HasPrefix(body, []byte("<")) && t.XML(inside, false) == nil {
		w.dst = append(w.dst, body...)
		return
	}
	w.dst = appendXMLText(w.dst, string(w.data.Body))
}

// html writes the smallest page that holds the elements.
func (w *output) html(t *template) {
	texts := map[string]string{}
	for i := range t.members {
		m := &t.members[i]
		text := m.value.text
		if m.value.op == opHole {
			text = w.render(m.value.hole)
			w.carry(m.value.hole, strings.Join(strings.Fields(text), " ")) // as it is read
		}
		texts[m.names[0]] = text
	}
	w.dst = append(w.dst, "<html><head><title>"...)
	w.dst = appendXMLText(w.dst, texts["title"])
	w.dst = append(w.dst, "</title></head><body>"...)
	for i := range t.members {
		switch name := t.members[i].names[0]; name {
		case "title":
		case "body":
			w.dst = appendXMLText(w.dst, texts[name])
		default:
			w.dst = append(append(append(w.dst, '<'), name...), '>')
			w.dst = appendXMLText(w.dst, texts[name])
			w.dst = append(append(append(w.dst, "</"...), name...), '>')
		}
	}
	w.dst = append(w.dst, "</body></html>"...)
}
