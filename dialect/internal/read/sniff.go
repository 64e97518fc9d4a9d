package read

import (
	"bytes"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Parse detects the form of a body and reads it. It returns FormNone for a form that is not
// wanted. The first bytes decide, since the Content-Type may be wrong. It reports false, with
// a diagnostic, if the body is broken.
func (m *Matcher) Parse(d *spec.Spec, wanted spec.Forms, h wire.Header, body []byte) (spec.Form, bool) {
	start := body
	if start[0] <= ' ' || start[0] == 0xEF {
		start = beginning(body)
	}
	if len(start) == 0 {
		return spec.FormNone, true
	}
	media := ""
	if !wanted[spec.FormJSON] || start[0] != '{' && start[0] != '[' || wanted[spec.FormText] {
		media = wire.MediaType(h) // otherwise the type changes nothing
	}
	declared := media != "" && (wire.IsJSON(media) || d.Declares(media, spec.FormJSON))
	switch c := start[0]; {
	case isPage(start, media):
		if wanted[spec.FormHTML] {
			return spec.FormHTML, true
		}
		return spec.FormNone, true
	case c == '<' && wanted[spec.FormXML]:
		return m.parseXML(d, body, wanted[spec.FormText] && media == "text/plain")
	case c != '<' && wanted[spec.FormJSON] && mayBeJSON(c, media, declared):
		if form, ok, sure := m.parseJSON(d, body, c == '{' || c == '[', wanted[spec.FormText], media, declared); sure {
			return form, ok
		}
	}
	if wanted[spec.FormText] && (media == "text/plain" || !bytes.ContainsRune([]byte("{[<"), rune(start[0]))) {
		return spec.FormText, true
	}
	return spec.FormNone, true
}

// parseXML reads a body as XML. One that is no XML may be a sentence that begins so.
func (m *Matcher) parseXML(d *spec.Spec, body []byte, sentence bool) (spec.Form, bool) {
	err := m.Tree.XMLBy(d.Guide[spec.FormXML], body, m.cut)
	switch {
	case err == nil:
		return spec.FormXML, true
	case sentence:
		return spec.FormText, true
	}
	m.note("broken_body", "the body is not valid XML: %s", err)
	return spec.FormNone, false
}

// parseJSON reads a body as JSON. It is not sure of one that may be a text as well.
func (m *Matcher) parseJSON(d *spec.Spec, body []byte, brackets, text bool, media string, declared bool) (form spec.Form, ok, sure bool) {
	err := m.Tree.JSONBy(d.Guide[spec.FormJSON], body, m.cut)
	if err == nil {
		if m.Tree.Repaired {
			m.note("not_utf8", "the JSON is not UTF-8; unreadable bytes are read as U+FFFD")
		}
		return spec.FormJSON, true, true
	}
	brackets = brackets && !(media == "text/plain" && text)
	switch {
	case brackets:
		m.note("broken_body", "the body is not valid JSON: %s", err)
	case declared:
		m.note("broken_body", "the body is not JSON, although its type is %s", media)
	}
	return spec.FormNone, false, brackets || declared && !text
}

// mayBeJSON reports that a body which begins with c is to be tried as JSON: it
// is an object or list, it is declared as JSON, or it could be a bare value and
// nothing says otherwise.
func mayBeJSON(c byte, media string, declared bool) bool {
	return c == '{' || c == '[' || declared ||
		strings.IndexByte(`"-0123456789tfn`, c) >= 0 && (media == "" || media == "text/plain")
}

// isPage reports that a body is HTML.
func isPage(start []byte, media string) bool {
	return start[0] == '<' && (isHTML(start) || media == "text/html" && !bytes.HasPrefix(start, []byte("<?xml")))
}

func isHTML(start []byte) bool {
	head := strings.ToLower(string(start[:min(len(start), 14)]))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") || strings.HasPrefix(head, "<head")
}
