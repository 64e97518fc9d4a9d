package draft

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"html"
	"io"
	"slices"
	"strings"
)

// value is one place of a body.
type value struct {
	form    string // json, xml, html or text; of the root only
	kind    kind
	text    string   // of a scalar
	members []member // in the order of the document
	elems   []*value // of a list
	mark    string   // ! or ? by a schema, "" if nothing is known
	enum    []string // all that it can be, by a schema
	maybe   bool     // by a schema it can be missing or null
	role    role     // that a document tells
	code    string   // the code in it, if a document tells it
}

type member struct {
	name  string // of an XML attribute with @ before it
	value *value
}

type kind uint8

const (
	null kind = iota
	boolean
	number
	textual
	object
	list
)

// maxDepth is how deep a body is looked into: YAML may be nested 64 levels deep,
// and what a caller needs lies nearer the top.
const maxDepth = 16

// parse reads a body. It is nil for one that says nothing or cannot be read.
func parse(r Recorded) *value {
	body := bytes.TrimSpace(bytes.TrimPrefix(r.Body, []byte("\ufeff")))
	if len(body) == 0 || len(body) > maxBody || bytes.IndexByte(body, 0) >= 0 {
		return nil
	}
	media, _, _ := strings.Cut(strings.ToLower(first(r.Header, "Content-Type")), ";")
	switch {
	case isPage(body, strings.TrimSpace(media)):
		return &value{form: "html", kind: textual, text: string(body)}
	case body[0] == '<':
		return parseXML(body)
	case body[0] == '{' || body[0] == '[':
		return parseDocument(body)
	case strings.HasSuffix(strings.TrimSpace(media), "json"):
		return nil // a bare value
	case strings.HasPrefix(media, "text/") || media == "":
		return &value{form: "text", kind: textual, text: string(body)}
	}
	return nil
}

// isPage reports an HTML page, which says so at its beginning or in its media type.
func isPage(body []byte, media string) bool {
	if body[0] != '<' {
		return false
	}
	head := strings.ToLower(string(body[:min(len(body), 14)]))
	return media == "text/html" || strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") || strings.HasPrefix(head, "<head")
}

// parseDocument reads a whole JSON document.
func parseDocument(body []byte) *value {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	v, err := parseJSON(dec, 0)
	if _, end := dec.Token(); err != nil || end != io.EOF {
		return nil
	}
	v.form = "json"
	return v
}

func parseJSON(dec *json.Decoder, depth int) (*value, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		v := &value{kind: object}
		if t == '[' {
			v.kind = list
		}
		for dec.More() {
			name := ""
			if v.kind == object {
				key, err := dec.Token()
				if err != nil {
					return nil, err
				}
				name, _ = key.(string) // JSON has no other keys
			}
			below, err := parseJSON(dec, depth+1)
			if err != nil {
				return nil, err
			}
			switch {
			case depth >= maxDepth:
			case v.kind == object:
				v.set(name, below)
			default:
				v.elems = append(v.elems, below)
			}
		}
		_, err := dec.Token() // the bracket that closes
		return v, err
	case bool:
		if t {
			return &value{kind: boolean, text: "true"}, nil
		}
		return &value{kind: boolean, text: "false"}, nil
	case json.Number:
		return &value{kind: number, text: t.String()}, nil
	case string:
		return &value{kind: textual, text: t}, nil
	}
	return &value{kind: null}, nil
}

// all reports that each element of a list is of one of these kinds.
func (v *value) all(kinds ...kind) bool {
	return !slices.ContainsFunc(v.elems, func(e *value) bool { return !slices.Contains(kinds, e.kind) })
}

// set adds a member; of two of one name the last one counts.
func (v *value) set(name string, to *value) {
	for i := range v.members {
		if v.members[i].name == name {
			v.members[i].value = to
			return
		}
	}
	v.members = append(v.members, member{name, to})
}

func parseXML(body []byte) *value {
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		token, err := dec.Token()
		if err != nil {
			return nil
		}
		if start, ok := token.(xml.StartElement); ok {
			below, err := parseElement(dec, start, 0)
			if err != nil {
				return nil
			}
			return &value{form: "xml", kind: object, members: []member{{start.Name.Local, below}}}
		}
	}
}

// parseElement reads an element: a text, or an object of its attributes and of
// the elements in it, of which those of one name are a list.
func parseElement(dec *xml.Decoder, start xml.StartElement, depth int) (*value, error) {
	v := &value{kind: object}
	for _, a := range start.Attr {
		if a.Name.Space == "" { // the others have prefixes, which the language does not write
			v.members = append(v.members, member{"@" + a.Name.Local, &value{kind: textual, text: a.Value}})
		}
	}
	var own strings.Builder
	elements := false
	for {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.CharData:
			own.Write(t)
		case xml.StartElement:
			below, err := parseElement(dec, t, depth+1)
			if err != nil {
				return nil, err
			}
			elements = true
			if depth >= maxDepth {
				continue
			}
			v.element(t.Name.Local, below)
		case xml.EndElement:
			if elements || len(v.members) > 0 && strings.TrimSpace(own.String()) == "" {
				return v, nil
			}
			if len(v.members) == 0 || own.Len() > 0 {
				return &value{kind: textual, text: strings.TrimSpace(own.String())}, nil
			}
			return v, nil
		}
	}
}

func (v *value) element(name string, below *value) {
	for i := range v.members {
		if m := &v.members[i]; m.name == name {
			if m.value.kind != list {
				m.value = &value{kind: list, elems: []*value{m.value}}
			}
			m.value.elems = append(m.value.elems, below)
			return
		}
	}
	v.members = append(v.members, member{name, below})
}

// heading is the text of the first element of a page that has one, "" for none.
func heading(page, name string) string {
	lower := strings.ToLower(page)
	_, rest, ok := strings.Cut(lower, "<"+name+">")
	if !ok {
		return ""
	}
	inside, _, ok := strings.Cut(page[len(page)-len(rest):], "</")
	if !ok || len(lower) != len(page) {
		return ""
	}
	return strings.Join(strings.Fields(html.UnescapeString(inside)), " ")
}

// complains reports that a body tells of a failure, whatever the status says. The
// first member that says whether it went well decides.
func (v *value) complains() bool {
	for _, m := range v.members {
		name := plain(m.name)
		switch of := m.value; {
		case isFlag(name) && of.kind == boolean:
			return isGoodFlag(name) != (of.text == "true")
		case isFailure(name, of) && !of.maybe && len(of.enum) < 2 && of.role != roleCode:
			return true
		case v.form == "xml" && len(v.members) == 1, name == "body" && of.kind == object && v.form == "":
			return of.complains()
		}
	}
	return false
}

// isFailure reports a member that is there only if a request failed.
func isFailure(name string, v *value) bool {
	switch name {
	case "error":
		return v.kind == object && len(v.members) > 0 || v.kind == textual && v.text != ""
	case "fault":
		return v.kind == object
	}
	return among(resultNames, name) && failureWords[strings.ToLower(v.text)]
}
