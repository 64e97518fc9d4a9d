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

// maxAround is how many lists, or quotes of a text, are opened that stand around an envelope.
const maxAround = 4

// element is the first object in lists that stand around an envelope, or in a text that is
// itself a document; nil if the body is no such thing.
func (m *Matcher) element(body []byte) []byte {
	for around := range maxAround {
		if m.form != spec.FormJSON || m.Tree.JSON(body, m.cut) != nil {
			return nil
		}
		switch m.Tree.Nodes[0].Kind {
		case tree.Text:
			body = bytes.Clone(m.Tree.Value(0))
		case tree.List:
			body = m.firstIn(0)
		case tree.Object:
			if around > 0 {
				return body
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// firstIn is the first element of a list that is an object, else the first that is a list.
func (m *Matcher) firstIn(n uint32) (list []byte) {
	for c := range m.Tree.Children(n) {
		switch kind := m.Tree.Nodes[c].Kind; {
		case kind == tree.Object:
			return m.Tree.Raw(c)
		case kind == tree.List && list == nil:
			list = m.Tree.Raw(c)
		}
	}
	return list
}
