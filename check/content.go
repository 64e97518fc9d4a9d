package check

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// unexpectedBody finds a body, or the length of one, in a response that has none
// (RFC 9110, 6.4.1 and 8.6).
func (l *look) unexpectedBody() {
	res := &l.x.Response
	if res.Status != 204 && res.Status != 205 && res.Status != 304 {
		return
	}
	if len(res.Body) > 0 {
		l.fault(l.body(0, ""), l.line(), "a %d has a body of %s", res.Status, bytesOf(len(res.Body)))
		return
	}
	if res.Status == 304 {
		return // it may have the length that a 200 would have
	}
	for _, v := range l.header("Content-Length") {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			l.fault(l.field("Content-Length"), l.line(), "a %d announces a body of %s", res.Status, bytesOf(n))
			return
		}
	}
}

func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.Itoa(n) + " bytes"
}

// fieldWithoutPath finds records of fields that do not name their field, although the shape
// has a place for its name.
func (l *look) fieldWithoutPath() {
	o := &l.read.Outcome
	if !slices.ContainsFunc(o.Fields, func(f parlance.Field) bool { return f.Path == "" }) {
		return
	}
	for _, p := range l.places().Pathless {
		l.fault(l.body(p.Offset, p.Member), lineOf(p.Place), "the error does not name its field")
		return // one is enough: the rest have the same cause
	}
}

// form is what a body is, by its beginning.
type form string

const (
	formJSON form = "JSON"
	formXML  form = "XML"
	formHTML form = "HTML"
)

// lyingContentType finds a body of another form than the one that is declared. A type that
// the shape itself has is the page's.
func (l *look) lyingContentType() {
	res := &l.x.Response
	if len(res.Body) == 0 || l.x.Request.Method == "HEAD" || res.Status == 204 || res.Status == 304 || len(l.header("Content-Type")) == 0 {
		return
	}
	declared := httpheader.MediaType(l.header("Content-Type")[0])
	if declared == "application/json" && res.Body[0] == '{' || l.shape.Media != "" && httpheader.MediaType(l.shape.Media) == declared {
		return
	}
	is := formOf(res.Body)
	if lies(declared, is, res) {
		l.fault(l.field("Content-Type"), lineOf(l.shape.Place), "the Content-Type is %s, and the body is %s", clean(short(declared)), word(is))
	}
}

func word(is form) string {
	if is == "" {
		return "something else"
	}
	return string(is)
}

// lies reports that a body is not what a media type declares.
func lies(declared string, is form, res *dialect.Response) bool {
	switch {
	case httpheader.IsJSON(declared):
		return is != formJSON && !looksLikeJSON(res.Body)
	case declared == "text/html", declared == "application/xhtml+xml":
		return is == formJSON
	case declared == "text/xml", strings.HasSuffix(declared, "/xml"), strings.HasSuffix(declared, "+xml"):
		return is == formJSON || is == formHTML
	case declared == "text/plain":
		return is != ""
	}
	return false
}

// guards stand before JSON so that no script can load it.
const guards = ")]}'"

// looksLikeJSON reports that a body without a bracket at its beginning can be JSON: a bare
// value, or a text before a document.
func looksLikeJSON(body []byte) bool {
	body = bytes.TrimLeft(body, "\ufeff \t\r\n")
	if len(body) == 0 || bytes.HasPrefix(body, []byte(guards)) || body[0] == 0x1e {
		return true
	}
	return json.Valid(body) || wide(body)
}

// wide reports a body in UTF-16 or UTF-32.
func wide(body []byte) bool {
	return bytes.IndexByte(body[:min(len(body), 4)], 0) >= 0 || body[0] >= 0xFE
}

// formOf finds out the form of a body. A text that begins with a bracket is JSON if it is
// valid or ends with the other bracket.
func formOf(body []byte) form {
	text := bytes.Trim(body, "\ufeff \t\r\n")
	if len(text) == 0 {
		return ""
	}
	switch text[0] {
	case '{', '[':
		if end := text[len(text)-1]; end == text[0]+2 && (text[0] == '{' || json.Valid(text)) {
			return formJSON
		}
		return ""
	case '<':
		head := strings.ToLower(string(text[:min(len(text), 64)]))
		switch {
		case strings.HasPrefix(head, "<!doctype html"), strings.HasPrefix(head, "<html"), strings.HasPrefix(head, "<head"), strings.HasPrefix(head, "<body"):
			return formHTML
		case strings.HasPrefix(head, "<?xml"), text[len(text)-1] == '>':
			return formXML
		}
	}
	return ""
}

// explained are the warnings that need no finding of their own beside another one.
var explained = map[string]string{"unfit_body": "lying_content_type", "broken_body": "lying_content_type", "body_not_read": "lying_content_type"}

// diagnostic makes a finding of a warning that reading the response gave.
func (l *look) diagnostic(i int) {
	d := &l.read.Diagnostics[i]
	r, known := l.c.known[d.Rule]
	if !known || passed[d.Rule] || l.has(explained[d.Rule]) {
		return
	}
	if d.Rule == "body_not_read" && (l.x.Response.Cut || len(l.x.Response.Body) > dialect.MaxBody) {
		return // the reader's own limit
	}
	at, line := l.placeOfDiagnostic(d)
	l.add(r, at, line, d.Message)
}

// placeOfDiagnostic finds the place that a warning is about.
func (l *look) placeOfDiagnostic(d *parlance.Diagnostic) (at Place, line string) {
	switch d.Rule {
	case "unfit_header":
		return l.field(d.At), l.line()
	case "not_used":
		return l.status(), l.line()
	case "unlisted_code":
		return l.placeOf("code", "")
	case "count_contradicts":
		for _, attribute := range [...]string{"failures", "successes", "total"} {
			if t, ok := l.text(attribute); ok {
				return l.body(t.Offset, t.Member), lineOf(t.Place)
			}
		}
	case "not_utf8":
		return l.body(notUTF8(l.x.Response.Body), ""), lineOf(l.places().Shape)
	case "body_not_read":
		if strings.HasPrefix(mediaOf(l.header("Content-Type")), "multipart/") {
			return l.field("Content-Type"), lineOf(l.places().Shape)
		}
		return l.body(secondValue(l.x.Response.Body), ""), lineOf(l.places().Shape)
	}
	if d.At != "" {
		if offset, found := authoring.Locate(l.x.Response.Body, d.At); found {
			return l.body(offset, d.At), lineOf(l.places().Shape)
		}
	}
	trace := l.places()
	if trace.Departs == nil {
		return l.body(0, ""), lineOf(trace.Shape)
	}
	return l.body(trace.Departs.Offset, trace.Departs.Member), lineOf(trace.Departs.Place)
}

func mediaOf(contentType []string) string {
	if len(contentType) == 0 {
		return ""
	}
	return httpheader.MediaType(contentType[0])
}

// notUTF8 is the place of the first byte that is not UTF-8.
func notUTF8(body []byte) int {
	for i := 0; i < len(body); {
		r, size := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return 0
}

// secondValue is the place of what follows the first value of JSON.
func secondValue(body []byte) int {
	dec := json.NewDecoder(bytes.NewReader(body))
	var first json.RawMessage
	if dec.Decode(&first) != nil {
		return 0
	}
	at := int(dec.InputOffset())
	return at + len(body[at:]) - len(bytes.TrimLeft(body[at:], "\x1e \t\r\n"))
}
