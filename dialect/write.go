package dialect

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// json writes a template as JSON.
func (w *writer) json(t *template) {
	switch t.op {
	case opConst:
		w.dst = appendConstant(w.dst, t)
	case opHole:
		w.jsonHole(t.hole)
	case opObject:
		w.jsonObject(t)
	case opEither:
		w.json(w.alternative(t))
	case opList:
		w.jsonList(t, false)
	}
}

// alternative is the one that loses least, among equals the first.
func (w *writer) alternative(t *template) *template {
	for _, e := range t.elems {
		if (t.writes|t.copies)&w.present&^(e.writes|e.copies) == 0 {
			return e
		}
	}
	return t.elems[0]
}

func appendConstant(dst []byte, t *template) []byte {
	switch t.kind {
	case tree.Null:
		return append(dst, "null"...)
	case tree.True:
		return append(dst, "true"...)
	case tree.False:
		return append(dst, "false"...)
	case tree.Number:
		return append(dst, t.text...)
	}
	return appendJSONText(dst, t.text)
}

func (w *writer) jsonHole(h *hole) {
	first := h.readings[0]
	if first.target.attr == attrData && first.pattern == nil {
		w.payload()
		return
	}
	text := w.render(h)
	if !first.conv.writable(text) {
		w.dst = append(w.dst, "null"...)
		return
	}
	w.carry(h, text)
	switch {
	case first.conv.structured():
		w.dst = first.conv.appendStructured(w.dst, text)
	case text == "" && !h.defaults:
		w.dst = append(w.dst, "null"...)
	default:
		w.dst = first.conv.appendScalar(w.dst, text)
	}
}

// payload writes the success value into the envelope.
func (w *writer) payload() {
	if len(w.data.Body) == 0 {
		w.dst = append(w.dst, "null"...)
		return
	}
	w.carried |= bitOf(whole, attrData)
	var t tree.Tree
	if t.JSON(w.data.Body, false) == nil {
		w.dst = append(w.dst, w.data.Body...)
		return
	}
	// A payload that is no JSON goes into the envelope as a text.
	w.dst = appendJSONText(w.dst, string(w.data.Body))
}

func (w *writer) jsonObject(t *template) {
	w.dst = append(w.dst, '{')
	first := true
	name := func(s string) {
		if !first {
			w.dst = append(w.dst, ',')
		}
		first = false
		w.dst = append(appendJSONText(w.dst, s), ':')
	}
	for i := range t.members {
		m := &t.members[i]
		if m.leftOut(w) {
			continue
		}
		name(m.names[0])
		if m.must && m.value.op == opList {
			w.jsonList(m.value, true)
			continue
		}
		w.json(m.value)
	}
	if t.rest != nil {
		w.others(t, func(key string, value *template) {
			name(key)
			w.json(value)
		})
	}
	w.dst = append(w.dst, '}')
}

// leftOut reports that an optional member has nothing to say. A constant and a
// value with a default always have.
func (m *member) leftOut(w *writer) bool {
	switch {
	case !m.optional, m.value.op == opConst, m.value.op == opHole && m.value.hole.defaults:
		return false
	}
	return !w.has(m.value)
}

// jsonList writes a list, which must not be empty where must says so.
func (w *writer) jsonList(t *template, must bool) {
	w.dst = append(w.dst, '[')
	first := true
	w.turns(t, must, func(e *template) {
		if !first {
			w.dst = append(w.dst, ',')
		}
		first = false
		w.json(e)
	})
	w.dst = append(w.dst, ']')
}

// others writes the members whose name is an attribute: one for each name that
// occurs, with all records of that name; or one of the written name.
func (w *writer) others(t *template, write func(key string, value *template)) {
	if t.key.attr == attrNone {
		if w.has(t.rest.value) {
			write(t.anyName, t.rest.value)
		}
		return
	}
	if t.key.owner != field || w.fieldsDone || w.field != nil {
		return
	}
	w.fieldsDone = true
	value := t.rest.value
	if value.op == opEither {
		value = w.alternative(value)
	}
	for _, group := range groups(w.o.Fields, t.key.attr) {
		key := fieldText(&w.o.Fields[group[0]], t.key.attr)
		if value.op != opList {
			first := group[0]
			w.field, w.fieldAt = &w.o.Fields[first], first
			write(key, value)
			w.field = nil
			w.loseField(first, t.writes|t.copies)
			for _, i := range group[1:] {
				w.lost("fields["+strconv.Itoa(i)+"]", "there is place for one error of a name")
			}
			continue
		}
		// The list below is written with the fields of this name alone.
		w.selected, w.keyed, w.fieldsDone = group, t.key.bit(), false
		write(key, value)
		w.selected, w.keyed, w.fieldsDone = nil, 0, true
	}
}

// groups are the places of the fields that share an attribute, in the order in
// which its values first occur.
func groups(fields []parlance.Field, a attribute) [][]int {
	of := make(map[string]int, len(fields))
	var all [][]int
	for i := range fields {
		key := fieldText(&fields[i], a)
		g, known := of[key]
		if !known {
			g = len(all)
			of[key] = g
			all = append(all, nil)
		}
		all[g] = append(all[g], i)
	}
	return all
}

// element writes a template as an XML element, or as several of the name.
func (w *writer) element(name string, t *template) {
	if t.op == opList {
		w.turns(t, false, func(e *template) { w.element(name, e) })
		return
	}
	if t.op == opEither {
		t = w.alternative(t)
	}
	w.dst = append(append(w.dst, '<'), name...)
	if t.op == opObject {
		for i := range t.members {
			m := &t.members[i]
			if !m.attribute || m.leftOut(w) {
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
			if m.attribute || m.leftOut(w) {
				continue
			}
			w.element(m.names[0], m.value)
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
func (w *writer) xmlText(t *template) {
	if t.op == opConst {
		w.dst = appendXMLText(w.dst, t.text)
		return
	}
	text := w.render(t.hole)
	c := t.hole.readings[0].conv
	if !c.writable(text) {
		return
	}
	w.carry(t.hole, strings.TrimSpace(text)) // as it is read
	switch c.name {
	case "pointer":
		text = c.appendPointer(text)
	case "ms":
		text = string(c.appendScalar(nil, text))
	}
	w.dst = appendXMLText(w.dst, text)
}

// html writes the smallest page that holds the elements.
func (w *writer) html(t *template) {
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

const hexDigits = "0123456789abcdef"

// appendJSONText appends a JSON text (RFC 8259, 7). What is not UTF-8 becomes
// U+FFFD.
func appendJSONText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[from:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[from:i]...), "\uFFFD"...)
			i++
			from = i
			continue
		}
		i += size
	}
	return append(append(dst, s[from:]...), '"')
}

// appendXMLText appends escaped text. A character that XML cannot hold becomes
// U+FFFD.
func appendXMLText(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '"':
			dst = append(dst, "&quot;"...)
		case r == '\r', r == '\n', r == '\t':
			// As references, for white space is folded by some readers.
			dst = append(strconv.AppendInt(append(dst, "&#"...), int64(r), 10), ';')
		case r < 0x20 || r == 0xFFFE || r == 0xFFFF:
			dst = append(dst, "\uFFFD"...)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// isXMLName is a careful part of the production Name of XML 1.0, 2.3.
func isXMLName(s string) bool {
	for i, c := range s {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789-.", c)) {
			return false
		}
	}
	return s != ""
}
