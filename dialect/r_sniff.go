package dialect

import (
	"bytes"
	"strings"
)

// parse finds out which of the wanted forms a body has, formNone for another,
// and reads it. The type that the header names is a hint, for it may lie: the
// first letters decide. It reports false, with a note, where the body is broken.
func (m *matcher) parse(d *Spec, wanted [formText + 1]bool, h Header, body []byte) (form, bool) {
	start := body
	if start[0] <= ' ' || start[0] == 0xEF {
		start = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), " \t\r\n")
	}
	if len(start) == 0 {
		return formNone, true
	}
	media := ""
	if !wanted[formJSON] || start[0] != '{' && start[0] != '[' || wanted[formText] {
		media = mediaType(h) // otherwise the type changes nothing
	}
	declared := media != "" && (isJSON(media) || d.declares(media, formJSON))
	switch c := start[0]; {
	case c == '<' && (isHTML(start) || media == "text/html" && !bytes.HasPrefix(start, []byte("<?xml"))):
		if wanted[formHTML] {
			return formHTML, true
		}
		return formNone, true
	case c == '<':
		if !wanted[formXML] {
			break
		}
		if err := m.tree.XMLBy(d.guide[formXML], body, m.cut); err != nil {
			if media == "text/plain" && wanted[formText] {
				return formText, true // a sentence that begins so
			}
			m.note("broken_body", "the body is not XML that can be read: %s", err)
			return formNone, false
		}
		return formXML, true
	case wanted[formJSON] && mayBeJSON(c, media, declared):
		err := m.tree.JSONBy(d.guide[formJSON], body, m.cut)
		if err == nil {
			if m.tree.Repaired {
				m.note("not_utf8", "the JSON is not UTF-8; what could not be read stands as U+FFFD")
			}
			return formJSON, true
		}
		brackets := (c == '{' || c == '[') && !(media == "text/plain" && wanted[formText])
		if brackets || declared {
			m.note("broken_body", "the body is not JSON that can be read: %s", err)
		}
		if brackets || declared && !wanted[formText] {
			return formNone, false
		}
	}
	if wanted[formText] && (media == "text/plain" || !bytes.ContainsRune([]byte("{[<"), rune(start[0]))) {
		return formText, true
	}
	return formNone, true
}

// mayBeJSON reports that a body which begins with c is to be tried as JSON: it
// is an object or list, it is declared as JSON, or it could be a bare value and
// nothing says otherwise.
func mayBeJSON(c byte, media string, declared bool) bool {
	return c == '{' || c == '[' || declared ||
		strings.IndexByte(`"-0123456789tfn`, c) >= 0 && (media == "" || media == "text/plain")
}

func isHTML(start []byte) bool {
	head := strings.ToLower(string(start[:min(len(start), 14)]))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") || strings.HasPrefix(head, "<head")
}
