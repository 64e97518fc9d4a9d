package write

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// element writes a template as an XML element, or as several of the name.
func (w *output) element(name string, t *spec.Template) {
	if t.WriteOnly {
		carried := w.carried
		defer func() { w.carried = carried }() // nobody reads it again
	}
	switch t.Op {
	case spec.OpList:
		w.turns(t, false, func(e *spec.Template) { w.element(name, e) })
		return
	case spec.OpEither:
		w.element(name, w.alternative(t))
		return
	case spec.OpReference:
		if w.nested++; w.nested <= maxNested {
			w.element(name, t.Def.Body)
		}
		w.nested--
		return
	}
	w.dst = append(append(w.dst, '<'), name...)
	if t.Op == spec.OpObject {
		w.xmlAttributes(t)
	}
	w.dst = append(w.dst, '>')
	if t.Op == spec.OpObject {
		w.xmlContent(t)
	} else {
		w.xmlText(t)
	}
	w.dst = append(append(append(w.dst, '<', '/'), name...), '>')
}

// xmlAttributes writes the attributes of an element.
func (w *output) xmlAttributes(t *spec.Template) {
	for i := range t.Members {
		m := &t.Members[i]
		if !m.Attribute || w.leavesOut(m) {
			continue
		}
		w.dst = append(append(append(w.dst, ' '), m.Names[0]...), '=', '"')
		w.xmlText(m.Value)
		w.dst = append(w.dst, '"')
	}
}

// xmlContent writes what stands between the tags of an element.
func (w *output) xmlContent(t *spec.Template) {
	for i := range t.Members {
		m := &t.Members[i]
		switch {
		case m.Attribute || w.leavesOut(m):
		case m.Text:
			w.xmlText(m.Value)
		default:
			w.element(m.Names[0], m.Value)
		}
	}
	if t.Rest == nil {
		return
	}
	w.others(t, func(key string, value *spec.Template) {
		if !tree.IsXMLName(key) {
			w.lost("fields", "an element cannot be named "+strconv.Quote(key))
			return
		}
		w.element(t.KeyPrefix+key, value)
	})
}

// xmlText writes a constant or a hole as escaped text.
func (w *output) xmlText(t *spec.Template) {
	switch t.Op {
	case spec.OpConst, spec.OpAny:
		w.dst = tree.AppendXML(w.dst, t.Text)
		return
	case spec.OpHole:
	default:
		return
	}
	first := &t.Hole.Readings[0]
	if first.Target.Attr == spec.AttrData && first.Pattern == nil {
		w.xmlPayload()
		return
	}
	text := w.render(t.Hole)
	if text == "" && !t.Hole.Defaults {
		return
	}
	encoded, ok := w.encoded(t.Hole, text)
	if !ok {
		w.unwritable(first, text)
		return
	}
	as, at := strings.TrimSpace(text), len(w.dst) // as it is read
	w.carry(t.Hole, as)
	w.dst = tree.AppendXML(w.dst, encoded)
	if w.marked(t.Hole, at); as != text {
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
	w.carried |= spec.BitOf(spec.Whole, spec.AttrData)
	body := bytes.TrimSpace(w.data.Body)
	if inside := slices.Concat([]byte("<a>"), body, []byte("</a>")); bytes.HasPrefix(body, []byte("<")) && t.XML(inside, false) == nil {
		w.dst = append(w.dst, body...)
		return
	}
	w.dst = tree.AppendXML(w.dst, string(w.data.Body))
}

// html writes the smallest page that holds the elements.
func (w *output) html(t *spec.Template) {
	texts := map[string]string{}
	for i := range t.Members {
		m := &t.Members[i]
		text := m.Value.Text
		if m.Value.Op == spec.OpHole {
			text = w.render(m.Value.Hole)
			w.carry(m.Value.Hole, strings.Join(strings.Fields(text), " ")) // as it is read
		}
		texts[m.Names[0]] = text
	}
	w.dst = append(w.dst, "<html><head><title>"...)
	w.dst = tree.AppendXML(w.dst, texts["title"])
	w.dst = append(w.dst, "</title></head><body>"...)
	for i := range t.Members {
		switch name := t.Members[i].Names[0]; name {
		case "title":
		case "body":
			w.dst = tree.AppendXML(w.dst, texts[name])
		default:
			w.dst = append(append(append(w.dst, '<'), name...), '>')
			w.dst = tree.AppendXML(w.dst, texts[name])
			w.dst = append(append(append(w.dst, "</"...), name...), '>')
		}
	}
	w.dst = append(w.dst, "</body></html>"...)
}
