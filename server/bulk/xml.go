package bulk

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
)

// xmlRecords reads the children of the root. What stands between them goes along
// with the record behind it.
type xmlRecords struct {
	in     *input
	member string // only children of this name are records; "" is all
	from   int    // where the window's first byte of interest stands

	root  []byte // its start tag, complete, never self-closed
	name  string // of the root, as it is written
	ended bool
	tail  []byte // from behind the last record to the end of the root: once it ended
	stack [][2]int
}

// maxXMLDepth is how deep elements may stand in each other in a record.
const maxXMLDepth = 500

var (
	tagStops = setOf(`"'<>`)
	nameEnds = setOf(" \t\r\n/>")
)

// A tag is what stands between < and >, or a comment and the like.
type tag struct {
	start, end         int // in the window
	nameStart, nameEnd int
	kind               tagKind
}

type tagKind uint8

const (
	aside tagKind = iota // a comment, an instruction, a section of text
	section
	opening
	closing
	whole // <a/>
)

func (x *xmlRecords) next() (rawRecord, error) {
	if x.ended {
		return rawRecord{}, io.EOF
	}
	i := 0
	if x.root == nil {
		end, err := x.prolog()
		if err != nil {
			return rawRecord{}, x.in.short(err)
		}
		if x.ended { // <ORDERS/>
			x.tail = bytes.Clone(x.in.take(end))
			return rawRecord{}, x.epilog()
		}
		i = end
	}
	for {
		t, err := x.tag(i)
		if err != nil {
			return rawRecord{}, x.in.short(err)
		}
		if !onlySpace(x.in.buf[i:t.start]) || t.kind == section {
			return rawRecord{}, x.in.bad(i, "there is text between the records")
		}
		i = t.end
		switch t.kind {
		case closing:
			return rawRecord{}, x.end(t)
		case opening, whole:
			name := string(x.in.buf[t.nameStart:t.nameEnd])
			if i, err = x.recordEnd(t); err != nil {
				return rawRecord{}, err
			}
			if x.member == "" || local(name) == x.member {
				return x.record(t, name, i), nil
			}
		}
	}
}

// end ends the records at the end tag of the root.
func (x *xmlRecords) end(t tag) error {
	if got := string(x.in.buf[t.nameStart:t.nameEnd]); got != x.name {
		return x.in.bad(t.start, fmt.Sprintf("</%s> does not match <%s>", got, x.name))
	}
	x.ended = true
	x.tail = bytes.Clone(x.in.take(t.end))
	return x.epilog()
}

// recordEnd is the end of a record, which must not be longer than the limit.
func (x *xmlRecords) recordEnd(t tag) (end int, err error) {
	if end = t.end; t.kind == opening {
		if end, err = x.close(t); err != nil {
			return 0, x.in.short(err)
		}
	}
	if end > x.in.max {
		return 0, x.in.bad(t.start, fmt.Sprintf("a record is longer than %d bytes", x.in.max))
	}
	return end, nil
}

// record takes a record with what stands before it.
func (x *xmlRecords) record(t tag, name string, end int) rawRecord {
	line := x.in.lines + 1
	all := x.in.take(end)
	line += bytes.Count(all[:t.start], newline)
	return rawRecord{before: all[:t.start], name: name, bytes: all[t.start:], line: line}
}

// local is a name without its prefix.
func local(name string) string {
	for i := range len(name) {
		if name[i] == ':' {
			return name[i+1:]
		}
	}
	return name
}

// prolog reads to behind the root's start tag, which it notes.
func (x *xmlRecords) prolog() (int, error) {
	for i := x.from; ; {
		t, err := x.tag(i)
		if err != nil {
			return 0, err
		}
		if !onlySpace(x.in.buf[i:t.start]) {
			return 0, x.in.bad(i, "there is text outside the root")
		}
		if t.kind == aside && i == x.from {
			if why := misdeclared(x.in.buf[t.start:t.end]); why != "" {
				return 0, x.in.bad(t.start, why)
			}
		}
		i = t.end
		switch t.kind {
		case closing, section:
			return 0, x.in.bad(t.start, "there is no root")
		case opening, whole:
			x.name = string(x.in.buf[t.nameStart:t.nameEnd])
			x.root = bytes.Clone(x.in.buf[t.start:t.end])
			x.ended = t.kind == whole
			return t.end, nil
		}
	}
}

// misdeclared is why a document cannot be read that begins with this: "" where it
// is no XML declaration, or one of what is read here.
func misdeclared(first []byte) string {
	if !bytes.HasPrefix(first, []byte("<?xml")) {
		return ""
	}
	if _, err := xml.NewDecoder(bytes.NewReader(first)).Token(); err != nil {
		return "it must be XML 1.0 in UTF-8" // as encoding/xml reads it, which handlers use
	}
	return ""
}

// epilog reads to the end of the document.
func (x *xmlRecords) epilog() error {
	for i := 0; ; {
		at, err := x.in.space(i)
		x.in.take(at)
		if err != nil {
			return err // io.EOF is as it should be
		}
		t, err := x.tag(0)
		if err != nil {
			return x.in.short(err)
		}
		if t.start != 0 || t.kind != aside {
			return x.in.bad(0, "there is more after the end of the document")
		}
		x.in.take(t.end)
	}
}

// close is where an element ends whose start tag is t.
func (x *xmlRecords) close(t tag) (int, error) {
	x.stack = append(x.stack[:0], [2]int{t.nameStart, t.nameEnd})
	for i := t.end; ; {
		t, err := x.tag(i)
		if err != nil {
			return 0, err
		}
		i = t.end
		switch t.kind {
		case opening:
			if len(x.stack) == maxXMLDepth {
				return 0, x.in.bad(t.start, fmt.Sprintf("elements are nested more than %d deep", maxXMLDepth))
			}
			x.stack = append(x.stack, [2]int{t.nameStart, t.nameEnd})
		case closing:
			top := x.stack[len(x.stack)-1]
			is, want := x.in.buf[t.nameStart:t.nameEnd], x.in.buf[top[0]:top[1]]
			if !bytes.Equal(is, want) {
				return 0, x.in.bad(t.start, fmt.Sprintf("</%s> does not match <%s>", is, want))
			}
			if x.stack = x.stack[:len(x.stack)-1]; len(x.stack) == 0 {
				return t.end, nil
			}
		}
	}
}

// tag is the first one at buf[i] or behind.
func (x *xmlRecords) tag(i int) (t tag, err error) {
	in := x.in
	if t.start, err = in.find(i, "<"); err != nil {
		return t, err
	}
	c, err := in.at(t.start + 1)
	if err != nil {
		return t, err
	}
	switch c {
	case '?':
		return x.aside(t, t.start+2, "?>", aside)
	case '!':
		if is, err := in.has(t.start, "<!--"); is || err != nil {
			return x.aside(t, t.start+4, "-->", aside)
		}
		if is, err := in.has(t.start, "<![CDATA["); is || err != nil {
			return x.aside(t, t.start+9, "]]>", section)
		}
		return t, in.bad(t.start, "a document type is not accepted")
	case '/':
		t.kind, t.nameStart = closing, t.start+2
	default:
		t.kind, t.nameStart = opening, t.start+1
	}
	return x.element(t)
}

// element is the rest of a tag that has a name: the name, and all up to the >.
func (x *xmlRecords) element(t tag) (_ tag, err error) {
	in := x.in
	if t.nameEnd, err = in.findAny(t.nameStart, &nameEnds); err != nil {
		return t, err
	}
	if !isXMLName(in.buf[t.nameStart:t.nameEnd]) {
		return t, in.bad(t.start, "this is not the name of an element")
	}
	for j := t.nameEnd; ; {
		at, err := in.findAny(j, &tagStops)
		if err != nil {
			return t, err
		}
		switch quote := in.buf[at]; quote {
		case '<':
			return t, in.bad(at, "a tag begins inside another")
		case '>':
			t.end = at + 1
			switch {
			case t.kind == opening && in.buf[at-1] == '/':
				t.kind = whole
			case t.kind == closing && !onlySpace(in.buf[t.nameEnd:at]):
				return t, in.bad(t.start, "an end tag can have only a name")
			}
			return t, nil
		default:
			if j, err = in.find(at+1, string(quote)); err != nil {
				return t, err
			}
			j++
		}
	}
}

// aside is a tag that ends with a text of its own.
func (x *xmlRecords) aside(t tag, from int, end string, kind tagKind) (tag, error) {
	at, err := x.in.find(from, end)
	t.end, t.kind = at+len(end), kind
	return t, err
}

// isXMLName is true of a name (XML 1.0, 2.3), and of some more: what is outside of
// ASCII is not looked at.
func isXMLName(name []byte) bool {
	for i, c := range name {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == ':' || c >= 0x80
		if !letter && (i == 0 || c != '-' && c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return len(name) > 0
}

func onlySpace(b []byte) bool {
	for _, c := range b {
		if !isSpace(c) {
			return false
		}
	}
	return true
}
