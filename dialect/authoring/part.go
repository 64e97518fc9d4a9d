package authoring

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// partOf makes an element that fits a template: its constants, and a made-up value for each
// hole. It reports false if a place takes no value that could be made.
func partOf(t *spec.Element) (dialect.StreamPart, bool) {
	p := dialect.StreamPart{Event: t.Event, Data: []byte("{}")}
	for i := range t.Headers {
		h := &t.Headers[i]
		if h.Name == "Event" && t.Event == "" && h.Value != nil && h.Value.Op == spec.OpHole {
			p.Event = fillText(h.Value.Hole)
		}
	}
	switch {
	case t.Body == nil:
		return p, true
	case t.Form == spec.FormText && t.Body.Op == spec.OpConst:
		p.Data = []byte(t.Body.Text)
		return p, true
	case t.Form == spec.FormText && t.Body.Op == spec.OpHole:
		p.Data = []byte(fillText(t.Body.Hole))
		return p, true
	}
	var b bytes.Buffer
	ok := fill(&b, t.Body, 0)
	p.Data = b.Bytes()
	return p, ok && json.Valid(p.Data)
}

// fill writes a value that fits a template. It reports false if it knows none.
func fill(b *bytes.Buffer, t *spec.Template, depth int) bool {
	if t = t.Resolve(); t == nil || depth > maxDepartures {
		return false
	}
	switch t.Op {
	case spec.OpConst:
		fillConst(b, t)
	case spec.OpHole:
		fillHole(b, t.Hole)
	case spec.OpAny:
		b.WriteString(anyText(t.Text))
	case spec.OpObject:
		return fillObject(b, t, depth)
	case spec.OpList:
		b.WriteByte('[')
		if len(t.Elems) > 0 && !fill(b, t.Elems[0], depth+1) {
			return false
		}
		b.WriteByte(']')
	case spec.OpEither:
		return len(t.Elems) > 0 && fill(b, t.Elems[0], depth+1)
	default:
		return false
	}
	return true
}

// anyText is what $any writes as JSON. A member that must be there is not null.
func anyText(text string) string {
	if text == "" {
		return `"example"`
	}
	if json.Valid([]byte(text)) {
		return text
	}
	quoted, _ := json.Marshal(text) // a text has no error
	return string(quoted)
}

// fillConst writes a constant.
func fillConst(b *bytes.Buffer, t *spec.Template) {
	if t.Kind != tree.Text {
		b.WriteString(t.Text)
		return
	}
	quoted, _ := json.Marshal(t.Text) // a text has no error
	b.Write(quoted)
}

// fillHole writes a value for the attribute of a hole.
func fillHole(b *bytes.Buffer, h *spec.Hole) {
	switch r := &h.Readings[0]; r.Conv.Notation {
	case spec.Integer:
		b.WriteString("500")
	case spec.Boolean:
		b.WriteString("false")
	default:
		quoted, _ := json.Marshal(fillText(h)) // a text has no error
		b.Write(quoted)
	}
}

// fillText is a made-up text for the attribute of a hole.
func fillText(h *spec.Hole) string {
	name := strings.TrimPrefix(h.Readings[0].Target.String(), "$")
	switch name {
	case "detail", "note", "field.message", "item.detail":
		return "This is an example"
	}
	return "example"
}

// fillObject writes the members that an object must have.
func fillObject(b *bytes.Buffer, t *spec.Template, depth int) bool {
	b.WriteByte('{')
	some := false
	for i := range t.Members {
		m := &t.Members[i]
		v := m.Value.Resolve()
		if m.Optional || v == nil || v.Op == spec.OpAbsent || v.Op == spec.OpAny && !m.Must || len(m.Names) == 0 {
			continue
		}
		if some {
			b.WriteByte(',')
		}
		some = true
		quoted, _ := json.Marshal(m.Names[0]) // a text has no error
		b.Write(quoted)
		b.WriteByte(':')
		if !fill(b, v, depth+1) {
			return false
		}
	}
	b.WriteByte('}')
	return true
}
