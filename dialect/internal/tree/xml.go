package tree

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// XML reads a document of XML 1.0 in UTF-8. There are no entities but the five
// of the standard and character references; a DTD is refused, for it could
// define others. Prefixes are dropped from names: a response is recognized by its
// local names. White space may stand before the declaration (servers send it to
// keep a connection alive). With cut, source is the beginning of a longer document:
// everything that is open at its end counts as complete.
func (t *Tree) XML(source []byte, cut bool) error { return t.XMLBy(everything, source, cut) }

// XMLBy is XML, but only the parts that the guide of the root element asks for
// become nodes. It accepts and rejects the same.
func (t *Tree) XMLBy(guide *Guide, source []byte, cut bool) error {
	if err := t.reset(source, cut); err != nil {
		return err
	}
	p := xmlParser{Tree: t, src: source, guide: guide}
	err := p.document()
	if err == error(done) {
		if len(t.Nodes) == 0 {
			return &SyntaxError{len(source), "the XML has no element"}
		}
		for len(t.elements) > 0 {
			p.close()
		}
		return nil
	}
	return err
}

type xmlParser struct {
	*Tree
	src   []byte
	at    int
	guide *Guide              // of the root
	begun bool                // some markup was read, so that no declaration may come any more
	count uint32              // how many elements have begun
	seen  map[string]struct{} // names of the attributes of an element with many
}

// element is the state of an open element.
type element struct {
	guide      *Guide // nil where it is skipped
	node       uint32
	next       int32  // the place in the guide of the child that is likely to follow
	start, end uint32 // its full name, for the end tag
	text       uint32 // how many elements had begun where its own text began
	blank      bool   // its own text is white space so far
	empty      bool   // it has no run of text yet
}

func (p *xmlParser) fail(message string) error {
	if p.at >= len(p.src) {
		if p.cut {
			return done
		}
		message = "the XML is cut off"
	}
	return &SyntaxError{p.at, message}
}

func (p *xmlParser) space() bool {
	from := p.at
	for p.at < len(p.src) && isSpace(p.src[p.at]) {
		p.at++
	}
	return p.at > from
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (p *xmlParser) has(prefix string) bool {
	return len(p.src)-p.at >= len(prefix) && string(p.src[p.at:p.at+len(prefix)]) == prefix
}

// skipPast moves past the next end mark, and returns the place of that mark.
func (p *xmlParser) skipPast(end, message string) (int, error) {
	i := bytes.Index(p.src[p.at:], []byte(end))
	if i < 0 {
		p.at = len(p.src)
		return 0, p.fail(message)
	}
	p.at += i + len(end)
	return p.at - len(end), nil
}

func (p *xmlParser) document() error {
	if p.has("\xEF\xBB\xBF") {
		p.at = 3
	}
	if err := p.characters(); err != nil {
		return err
	}
	for {
		if len(p.elements) > 0 {
			if err := p.content(); err != nil {
				return err
			}
			continue
		}
		p.space()
		if p.at >= len(p.src) {
			if len(p.Nodes) == 0 {
				return &SyntaxError{p.at, "the XML has no element"}
			}
			return nil
		}
		if p.src[p.at] != '<' {
			return p.fail("text outside of the root element")
		}
		if err := p.markup(); err != nil {
			return err
		}
	}
}

// characters refuses bytes that are not UTF-8, and control characters (XML 1.0, 2.2).
func (p *xmlParser) characters() error {
	for i := 0; i < len(p.src); {
		for i+8 <= len(p.src) {
			word := binary.LittleEndian.Uint64(p.src[i : i+8 : i+8])
			if (word|(word-ones*0x20))&highs != 0 {
				break // not ASCII, or a control character or white space
			}
			i += 8
		}
		if i >= len(p.src) {
			return nil
		}
		c := p.src[i]
		if c < utf8.RuneSelf {
			if c < 0x20 && !isSpace(c) {
				return &SyntaxError{i, "a control character"}
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(p.src[i:])
		if r == utf8.RuneError && size == 1 {
			if p.cut && !utf8.FullRune(p.src[i:]) {
				return nil // a character that the cut went through
			}
			return &SyntaxError{i, "a byte that is not UTF-8"}
		}
		if r == 0xFFFE || r == 0xFFFF {
			return &SyntaxError{i, "a character that XML does not allow"}
		}
		i += size
	}
	return nil
}

// content reads the text up to the next markup, then the markup.
func (p *xmlParser) content() error {
	start, broken, references, folded := p.at, false, false, false
	for p.at = special(p.src, p.at, ']'); p.at < len(p.src) && p.src[p.at] != '<'; p.at = special(p.src, p.at+1, ']') {
		switch p.src[p.at] {
		case '&':
			references = true
		case '\r':
			folded = true
		case ']':
			broken = broken || p.has("]]>")
		}
	}
	switch {
	case p.at >= len(p.src):
		return p.fail("")
	case broken:
		return &SyntaxError{start, "]]> outside of a CDATA section"}
	case references:
		if err := p.entities(start, p.at); err != nil {
			return err
		}
	}
	if p.at > start {
		p.addText(start, p.at, references || folded)
	}
	return p.markup()
}

// special is the place of the next byte with a meaning in a text or in the value of an
// attribute, including the byte that ends the value.
func special(src []byte, at int, end byte) int {
	for ends := ones * uint64(end); at+8 <= len(src); at += 8 {
		word := binary.LittleEndian.Uint64(src[at : at+8 : at+8])
		found := (word ^ ones*'<' - ones) | (word ^ ones*'&' - ones) | (word ^ ones*'\r' - ones) | (word ^ ends - ones)
		if found = found &^ word & highs; found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(src) && src[at] != '<' && src[at] != '&' && src[at] != '\r' && src[at] != end {
		at++
	}
	return at
}

// addText adds a run of text to the element that is open. Its text is all that
// stands before its first child, or, where that is blank, what stands after the
// first child that is followed by any, up to the next.
func (p *xmlParser) addText(start, end int, escaped bool) {
	e := &p.elements[len(p.elements)-1]
	if e.guide == nil {
		return
	}
	n := &p.Nodes[e.node]
	run := p.src[start:end]
	blank := len(trim(run)) == 0
	if e.text != p.count {
		if !e.blank || blank {
			return
		}
		e.text, e.empty = p.count, true
	}
	e.blank = e.blank && blank
	if e.empty {
		e.empty = false
		n.Start, n.End, n.Escaped, n.Moved = uint32(start), uint32(end), escaped, false
		return
	}
	if !n.Moved {
		first := p.src[n.Start:n.End]
		n.Moved, n.Start = true, uint32(len(p.moved))
		p.moved = appendRun(p.moved, first, n.Escaped)
	}
	p.moved = appendRun(p.moved, run, escaped)
	n.End = uint32(len(p.moved))
}

// addLiteral is addText for a CDATA section, in which nothing but line ends is
// folded.
func (p *xmlParser) addLiteral(start, end int) {
	run := p.src[start:end]
	if bytes.IndexByte(run, '\r') < 0 {
		p.addText(start, end, false)
		return
	}
	// Up to each \r it stands as it is, \r\n and \r become \n.
	for start < end {
		i := bytes.IndexByte(p.src[start:end], '\r')
		if i < 0 {
			p.addText(start, end, false)
			return
		}
		if i > 0 {
			p.addText(start, start+i, false)
		}
		start += i
		to := start + 1
		if to < end && p.src[to] == '\n' {
			to++
		}
		p.addText(start, to, true)
		start = to
	}
}

func appendRun(dst, run []byte, escaped bool) []byte {
	if escaped {
		return appendEntities(dst, run)
	}
	return append(dst, run...)
}

func (p *xmlParser) markup() error {
	if rest := p.src[p.at:]; p.cut && (bytes.HasPrefix([]byte("<!--"), rest) || bytes.HasPrefix([]byte("<![CDATA["), rest)) {
		return done
	}
	begun := p.begun
	p.begun = true
	next := byte(0)
	if p.at+1 < len(p.src) {
		next = p.src[p.at+1]
	}
	switch {
	case next == '/':
		return p.endTag()
	case next == '?':
		return p.instruction(begun)
	case next != '!':
		return p.startTag()
	case p.has("<!--"):
		return p.comment()
	case p.has("<![CDATA["):
		return p.literal()
	}
	return p.fail("a DTD or another declaration, which is not read because it could define entities")
}

func (p *xmlParser) comment() error {
	from := p.at
	p.at += len("<!--")
	end, err := p.skipPast("-->", "a comment does not end")
	if err != nil {
		return err
	}
	if body := p.src[from+len("<!--") : end]; bytes.Contains(body, []byte("--")) || bytes.HasSuffix(body, []byte("-")) {
		return &SyntaxError{from, "-- inside a comment"}
	}
	return nil
}

// literal reads a CDATA section.
func (p *xmlParser) literal() error {
	if len(p.elements) == 0 {
		return p.fail("text outside of the root element")
	}
	p.at += len("<![CDATA[")
	start := p.at
	end, err := p.skipPast("]]>", "a CDATA section does not end")
	if err == nil && end > start {
		p.addLiteral(start, end)
	}
	return err
}

// instruction reads a processing instruction. Only the XML declaration has a meaning here.
func (p *xmlParser) instruction(begun bool) error {
	start := p.at
	p.at += 2
	from, _, err := p.name()
	if err != nil {
		return err
	}
	target := p.src[from:p.at]
	body := p.at
	end, err := p.skipPast("?>", "a processing instruction does not end")
	switch {
	case err != nil:
		return err
	case end > body && !isSpace(p.src[body]):
		return &SyntaxError{body, "expected white space or ?> after the name of a processing instruction"}
	case !bytes.EqualFold(target, []byte("xml")):
		return nil
	case begun || string(target) != "xml":
		return &SyntaxError{start, "an XML declaration that is not at the beginning"}
	}
	return declaration(start, p.src[body:end])
}

// declaration checks an XML declaration. The version may be missing, since some servers omit
// it.
func declaration(start int, body []byte) error {
	last := -1
	for body = trim(body); len(body) > 0; body = trim(body) {
		name, rest, found := bytes.Cut(body, []byte("="))
		name, rest = trim(name), trim(rest)
		// In this order, each once.
		place := slices.Index(declared[:], string(name))
		if !found || place <= last || len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return &SyntaxError{start, "an invalid XML declaration"}
		}
		last = place
		value, rest, found := bytes.Cut(rest[1:], rest[:1])
		if !found || len(rest) > 0 && !isSpace(rest[0]) {
			return &SyntaxError{start, "an invalid XML declaration"}
		}
		switch {
		case place == 0 && !bytes.HasPrefix(value, []byte("1.")):
			return &SyntaxError{start, "unsupported XML version " + strconv.Quote(string(value)) + " (only 1.0)"}
		case place == 1 && !isUTF8(value):
			return &SyntaxError{start, "unsupported encoding " + strconv.Quote(string(value)) + " (only UTF-8)"}
		}
		body = rest
	}
	return nil
}

var declared = [...]string{"version", "encoding", "standalone"}

// isUTF8 reports that a charset is UTF-8 or a part of it.
func isUTF8(charset []byte) bool {
	for _, name := range [...]string{"utf-8", "us-ascii", "ascii"} {
		// Of one length, for there are letters beyond ASCII that fold to s.
		if len(charset) == len(name) && strings.EqualFold(name, string(charset)) {
			return true
		}
	}
	return false
}
