package draft

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Schema describes a value. The zero value is any value.
type Schema struct {
	Type     string   // object, array, string, integer, number, boolean; "" is any
	Format   string   //
	Members  []Member // of an object, in the order of the document
	Rest     *Schema  // of the members without a name; nil for none
	Elem     *Schema  // of an array
	NotEmpty bool     // an array has an element
	Null     bool     // null is allowed
	Enum     []string // the values that it can have, as texts; also of a constant
	Example  []byte   // JSON; nil for none
}

// Member is a member of an object.
type Member struct {
	Name     string
	Required bool
	Schema   *Schema
}

// value is a value as the schema allows it. Its texts look like what their names say. It is
// nil for a schema that goes too deep.
func (s *Schema) value(name string, status, depth int) *value {
	if s == nil || depth > maxDepth/2 {
		return nil
	}
	if v := s.given(); v != nil {
		return v
	}
	switch s.Type {
	case "object":
		return s.object(status, depth)
	case "array":
		v := &value{kind: list}
		if e := s.Elem.value(name, status, depth+1); e != nil {
			v.elems = []*value{e}
		}
		return v
	case "boolean":
		return &value{kind: boolean, text: strconv.FormatBool(isFlag(plain(name)) && !isGoodFlag(plain(name)))}
	case "integer", "number":
		if n := plain(name); among(statusNames[:4], n) || n == "httpcode" {
			return &value{kind: number, text: strconv.Itoa(status)}
		}
		return &value{kind: number, text: "1"}
	}
	if len(s.Members) > 0 {
		return s.object(status, depth)
	}
	return &value{kind: textual, text: s.text(plain(name))}
}

// given is the value that the document itself shows: the first of an enum, or an example.
func (s *Schema) given() *value {
	if len(s.Enum) > 0 {
		v := &value{kind: textual, text: s.Enum[0], enum: s.Enum}
		if s.Type == "integer" || s.Type == "number" {
			v.kind = number
		}
		return v
	}
	if len(s.Example) == 0 || s.Type == "object" || s.Type == "array" || len(s.Members) > 0 || !json.Valid(s.Example) {
		return nil
	}
	example := bytes.TrimSpace(s.Example) // it is valid, so it is not empty
	switch example[0] {
	case '"':
		var text string
		_ = json.Unmarshal(example, &text)
		return &value{kind: textual, text: text}
	case 't', 'f':
		return &value{kind: boolean, text: string(example)}
	case '{', '[', 'n':
		return nil
	}
	return &value{kind: number, text: string(example)}
}

func (s *Schema) object(status, depth int) *value {
	v := &value{kind: object}
	for _, m := range s.Members {
		below := m.Schema.value(m.Name, status, depth+1)
		if below == nil {
			continue
		}
		below.maybe = !m.Required || m.Schema.Null
		switch {
		case m.Required && !m.Schema.Null && (m.Schema.Type != "array" || m.Schema.NotEmpty):
			below.mark = "!"
		case !m.Required && (below.kind != list):
			below.mark = "?"
		}
		v.set(m.Name, below)
	}
	if len(v.members) == 0 && s.Rest != nil {
		if below := s.Rest.value("", status, depth+1); below != nil {
			v.set("name", below)
		}
	}
	s.tell(v)
	return v
}

// tell settles a name that is a code in some APIs and a text in others: error is a code
// beside another member for the text.
func (s *Schema) tell(v *value) {
	texts := 0
	for _, m := range v.members {
		if n := plain(m.name); m.value.kind == textual && among(detailNames[:9], n) {
			texts++
		}
	}
	for _, m := range v.members {
		if n := plain(m.name); (n == "error" || n == "reason") && m.value.kind == textual && m.value.text == sampleText && texts > 0 {
			m.value.text = sampleCode
		}
	}
}

// text is a text as a member of that name has one.
func (s *Schema) text(name string) string {
	switch {
	case s.Format == "uri" || s.Format == "uri-reference" && name == "type" || s.Format == "url":
		return sampleURL
	case s.Format == "date-time":
		return "2026-01-01T00:00:00Z"
	case slices.ContainsFunc(requestNames, func(n string) bool { return n == name }):
		return "7f9c2ba4"
	case name == "error" || name == "reason":
		return sampleText
	case among(codeNames, name):
		return sampleCode
	case name == "pointer":
		return "#/name"
	case among(inputNames, name):
		return sampleInput
	case strings.HasSuffix(name, "url") || strings.HasSuffix(name, "uri"):
		return sampleURL
	}
	return sampleText
}

// What stands in for a text, a code, an input and an address.
const sampleText, sampleCode, sampleInput, sampleURL = "a text", "code", "name", "https://example.com/"
