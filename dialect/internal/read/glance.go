package read

import (
	"bytes"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// glance tells from the first bytes of a good response's body whether any shape can read
// it.
type glance struct {
	file   *spec.Spec
	p      *spec.Plan
	req    wire.Request
	header wire.Header
	wanted spec.Forms
	whole  bool // nothing follows the beginning
}

// sure is what is known of a body of which more may come.
type sure uint8

const (
	unsure sure = iota // the next bytes decide
	yes
	no
)

// maxMarked is how long the body of a good response may be that is searched for the mark
// of a failure although no shape can read it, in bytes. Failures are short.
const maxMarked = 64 << 10

// foreign reports that no shape reads a body, whatever follows its beginning:
//
//   - It is an object or a list, and no shape is one.
//   - Its type is that of a text or of another format, and so is its beginning.
func (g *glance) foreign(body []byte) sure {
	if g.wanted[spec.FormText] || wire.IsProblem(g.header) || wideCharset(body) != "" {
		return no
	}
	start := beginning(body)
	if len(body) < 2 || len(start) < 2 || body[0] == 0xEF && len(body) < 3 {
		return unsure
	}
	switch c := start[0]; {
	case c == '{' || c == '[':
		return g.value(start, body)
	case c == '<' || c == 0x1E || c >= 0x80 || !g.foreignType():
		return no
	}
	return g.sentence(start)
}

// value is foreign for a body that begins like an object or a list.
func (g *glance) value(start, body []byte) sure {
	switch object := start[0] == '{'; {
	case object && start[1] == '}':
		return no // it may be a guard
	case !g.wanted[spec.FormJSON]:
		return yes
	case object && g.canBe(spec.RootObject), !object && g.canBe(spec.RootList):
		return no
	case object:
		return g.unmarked(body)
	}
	return g.unmarkedList(start, body)
}

// unmarkedList is unmarked for a list, which can stand around a failure if it has one element
// alone.
func (g *glance) unmarkedList(start, body []byte) sure {
	if len(g.p.Marks) == 0 {
		return yes
	}
	var list tree.First
	list.End(start[:min(len(start), maxUnasked)])
	switch inner := afterBracket(body); {
	case len(inner) > 0 && inner[0] != '{', list.More():
		return yes
	case !g.whole && len(body) <= maxUnasked, marks(g.file, inner):
		return unsure
	}
	return yes
}

// canBe reports that a shape which is about the request can be a value of that kind.
func (g *glance) canBe(kind spec.Roots) bool {
	for _, s := range g.p.Shapes {
		if s.Form == spec.FormJSON && s.Roots&kind != 0 && g.p.Concerns(s, &g.req) {
			return true
		}
	}
	return false
}

// unmarked reports that an object is not searched for the mark of a failure: it is long, or
// has none of the names. A name with an escape is not found so. An object that is broken is
// read, so that a complaint says it: one without its end was cut off, and a short one is
// checked.
func (g *glance) unmarked(body []byte) sure {
	switch {
	case len(g.p.Marks) == 0, len(body) > maxMarked:
		return yes
	case !g.whole || bytes.IndexByte(body, '\\') >= 0 || !bytes.HasSuffix(bytes.TrimRight(body, " \t\r\n"), []byte("}")):
		return unsure
	}
	if named(body, g.p.Marks) {
		return unsure
	}
	if len(body) <= maxChecked && !tree.ValidJSON(beginning(body)) {
		return unsure
	}
	return yes
}

// maxChecked is how long an object may be that is checked although no shape reads it, in
// bytes.
const maxChecked = 4 << 10

// foreignType reports a type that is neither missing nor one of JSON, XML or a page.
func (g *glance) foreignType() bool {
	media := wire.MediaType(g.header)
	switch media {
	case "", "text/html", "application/xhtml+xml", mediaForm:
		return false
	}
	return !wire.IsJSON(media) && !wire.IsXML(media) && media != "application/json-seq" &&
		!g.file.Declares(media, spec.FormJSON) && !g.file.Declares(media, spec.FormXML)
}

// sentence reports that a text is no value of JSON and no guard before one.
func (g *glance) sentence(start []byte) sure {
	for _, guard := range guards {
		head := string(start[:min(len(start), len(guard))])
		switch {
		case head == guard:
			return no
		case strings.HasPrefix(guard, head):
			return unsure
		}
	}
	if !g.wanted[spec.FormJSON] || !g.canBe(spec.RootScalar) {
		return yes
	}
	if start[0] == '"' {
		return no
	}
	word := len(start) - len(bytes.TrimLeft(start, "+-.0123456789eE"))
	if word == 0 {
		for _, value := range [...]string{"true", "false", "null"} {
			if head := start[:min(len(start), len(value))]; strings.HasPrefix(value, string(head)) {
				word = len(head)
			}
		}
	}
	if rest := bytes.TrimLeft(start[word:], blanks); word > 0 && len(rest) == 0 {
		return unsure // it may be all
	}
	return yes
}
