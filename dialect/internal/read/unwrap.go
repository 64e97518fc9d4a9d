package read

import (
	"bytes"
	"errors"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// beginning is a body without a byte order mark and blanks before it.
func beginning(body []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), blanks)
}

// blanks are those of JSON and XML.
const blanks = " \t\r\n"

// guards are what some APIs put before JSON so that no script can load it.
var guards = [...]string{")]}'", "while(1);", "while (1);", "for(;;);", "for (;;);", "{}&&", "{} &&", "/**/"}

// unwrapped reads a body again that could not be read, without what stands around the
// document: a guard against scripts, a second declaration of XML, or text before or
// after. It reports the form, FormNone for none.
func (m *Matcher) unwrapped(d *spec.Spec, wanted spec.Forms, res *wire.Response) spec.Form {
	body := beginning(res.Body)
	for _, g := range guards {
		if rest, found := bytes.CutPrefix(body, []byte(g)); found {
			body = bytes.TrimLeft(rest, blanks)
			break
		}
	}
	if wanted[spec.FormJSON] {
		if inner := m.documentIn(d, spec.FormJSON, body, res, "{["); inner != nil {
			res.Body = inner
			return spec.FormJSON
		}
	}
	if wanted[spec.FormXML] {
		for { // declarations, of which a document has one
			rest, found := bytes.CutPrefix(body, []byte("<?xml"))
			_, after, ends := bytes.Cut(rest, []byte("?>"))
			if !found || !ends {
				break
			}
			body = bytes.TrimLeft(after, blanks)
		}
		if inner := m.documentIn(d, spec.FormXML, body, res, "<"); inner != nil {
			res.Body = inner
			return spec.FormXML
		}
	}
	return spec.FormNone
}

// nextValue is what another document of a sequence begins with: an object, a list, XML, or
// the mark before each value of application/json-seq (RFC 7464, 2.2).
const nextValue = "{[<\x1E"

// maxStarts is how many places of a body are tried as the beginning of a document, so
// that a hostile one costs a few readings.
const maxStarts = 4

// documentIn is the first document of a form in a text. A text that begins with one has
// no other: the rest of a broken document is none.
func (m *Matcher) documentIn(d *spec.Spec, form spec.Form, text []byte, res *wire.Response, letters string) []byte {
	for range maxStarts {
		i := bytes.IndexAny(text, letters)
		if i < 0 {
			return nil
		}
		if inner := m.parsedFrom(d, form, text[i:], res); inner != nil {
			return inner
		}
		if i == 0 {
			return nil
		}
		text = text[i+1:]
		if form == spec.FormXML {
			continue
		}
		// What begins behind the first place could be inside of what is broken there:
		// only a new line is a new beginning.
		line := bytes.IndexByte(text, '\n')
		if line < 0 {
			return nil
		}
		text = append([]byte(" "), bytes.TrimLeft(text[line:], blanks)...)
	}
	return nil
}

// parsedFrom reads a document at the beginning of a text, and returns its bytes; nil if
// none begins there. Behind it may be a text. If more documents follow a value of JSON in
// a success, it is the first of a sequence.
func (m *Matcher) parsedFrom(d *spec.Spec, form spec.Form, text []byte, res *wire.Response) []byte {
	parse := func(b []byte, cut bool) error {
		if form == spec.FormXML {
			return m.Tree.XMLBy(d.Guide[form], b, cut)
		}
		return m.Tree.JSONBy(d.Guide[form], b, cut)
	}
	err := parse(text, res.Cut)
	var at *tree.SyntaxError
	if errors.As(err, &at) && at.Offset > 0 && at.Offset < len(text) {
		more := res.Status < 400 && strings.IndexByte(nextValue, text[at.Offset]) >= 0
		if more && form != spec.FormJSON {
			return nil
		}
		text = text[:at.Offset]
		err = parse(text, false)
		m.sequence = more && err == nil
	}
	if err != nil || len(m.Tree.Nodes) == 0 || m.Tree.IsLeaf(0) {
		return nil
	}
	return text
}

// element is the first object of a list that stands around an envelope, nil if the body
// is no such list.
func (m *Matcher) element(body []byte) []byte {
	if m.form != spec.FormJSON || m.Tree.JSON(body, m.cut) != nil || m.Tree.Nodes[0].Kind != tree.List {
		return nil
	}
	for c := range m.Tree.Children(0) {
		if m.Tree.Nodes[c].Kind == tree.Object {
			return m.Tree.Raw(c)
		}
	}
	return nil
}
