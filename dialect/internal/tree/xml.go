package tree

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// XML reads a document of XML 1.0 in UTF-8. There are no entities but the five
// of the standard and character references; a DTD is refused, for it could
// define others. Prefixes are dropped from names: an answer is told apart by
// its local names. White space may stand before the declaration (servers send
// it to keep a connection alive). With cut, source is the beginning of a longer
// document: where it ends, everything that is open counts as complete.
func (t *Tree) XML(source []byte, cut bool) error {
	t.reset(source, cut)
	p := xmlParser{Tree: t, src: source}
	err := p.document()
	if p.at >= len(p.src) && cut && err != nil && len(t.Nodes) > 0 {
		for len(t.open) > 0 {
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
	names [][2]uint32 // full names of the open elements, for their end tags
}

func (p *xmlParser) fail(message string) error {
	if p.at >= len(p.src) {
		message = "the XML ends in the middle"
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

// past moves behind the next end mark and returns where it began.
func (p *xmlParser) past(end, message string) (int, error) {
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
		if len(p.open) > 0 {
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

// characters refuses what no XML document may hold: bytes that are not UTF-8
// and control characters (XML 1.0, 2.2).
func (p *xmlParser) characters() error {
	for i := 0; i < len(p.src); {
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
			if p.cut && len(p.src)-i < utf8.UTFMax {
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
	start := p.at
	i := bytes.IndexByte(p.src[p.at:], '<')
	if i < 0 {
		p.at = len(p.src)
		return p.fail("")
	}
	p.at += i
	if p.at > start {
		run := p.src[start:p.at]
		if bytes.Contains(run, []byte("]]>")) {
			return &SyntaxError{start, "]]> outside of a CDATA section"}
		}
		escaped := bytes.IndexByte(run, '&') >= 0
		if escaped {
			if err := p.entities(start, p.at); err != nil {
				return err
			}
		}
		p.own(start, p.at, escaped)
	}
	return p.markup()
}

// own adds a run of text to the element that is open. Its text is the runs up
// to its first child, or, where these are blank, the first run after it.
func (p *xmlParser) own(start, end int, escaped bool) {
	top := p.open[len(p.open)-1]
	n := &p.Nodes[top]
	if n.Start == n.End && !n.Moved {
		n.Start, n.End, n.Escaped = uint32(start), uint32(end), escaped
		return
	}
	child := false // attributes are no children here
	if last := len(p.Nodes) - 1; last > int(top) && p.Nodes[last].Kind != Attribute {
		child = true
	}
	if child {
		if len(bytes.TrimSpace(p.Raw(top))) == 0 && len(bytes.TrimSpace(p.src[start:end])) > 0 {
			n.Start, n.End, n.Escaped, n.Moved = uint32(start), uint32(end), escaped, false
		}
		return
	}
	if !n.Moved {
		from := len(p.moved)
		p.moved = appendRun(p.moved, p.src[n.Start:n.End], n.Escaped)
		n.Moved, n.Start = true, uint32(from)
	}
	p.moved = appendRun(p.moved, p.src[start:end], escaped)
	n.End = uint32(len(p.moved))
}

func appendRun(dst, run []byte, escaped bool) []byte {
	if escaped {
		return appendEntities(dst, run)
	}
	return append(dst, run...)
}

func (p *xmlParser) markup() error {
	switch {
	case p.has("<!--"):
		from := p.at
		p.at += 4
		end, err := p.past("-->", "a comment does not end")
		if err == nil && bytes.Contains(p.src[from+4:end], []byte("--")) {
			return &SyntaxError{from, "-- inside a comment"}
		}
		return err
	case p.has("<![CDATA["):
		if len(p.open) == 0 {
			return p.fail("text outside of the root element")
		}
		p.at += 9
		start := p.at
		end, err := p.past("]]>", "a CDATA section does not end")
		if err == nil && end > start {
			p.own(start, end, false)
		}
		return err
	case p.has("<!"):
		return p.fail("a DTD or another declaration, which is not read because it could define entities")
	case p.has("<?"):
		return p.instruction()
	case p.has("</"):
		return p.endTag()
	}
	return p.startTag()
}

func (p *xmlParser) instruction() error {
	start := p.at
	p.at += 2
	end, err := p.past("?>", "a processing instruction does not end")
	if err != nil {
		return err
	}
	body := string(p.src[start+2 : end])
	if !strings.HasPrefix(body, "xml") || len(body) > 3 && !isSpace(body[3]) {
		return nil
	}
	if len(p.Nodes) > 0 {
		return &SyntaxError{start, "an XML declaration that is not at the beginning"}
	}
	if _, after, found := strings.Cut(body, "encoding"); found {
		after = strings.TrimLeft(after, " \t\r\n=")
		name := strings.Trim(after, " \t\r\n")
		if len(name) > 1 {
			if i := strings.IndexByte(name[1:], name[0]); i >= 0 {
				name = name[1 : 1+i]
			}
		}
		switch strings.ToLower(name) {
		case "utf-8", "us-ascii", "ascii":
		default:
			return &SyntaxError{start, "the encoding " + strconv.Quote(name) + ", where only UTF-8 is read,"}
		}
	}
	return nil
}

// name reads a qualified name and returns where its local part begins.
func (p *xmlParser) name() (start, local int, err error) {
	start, local = p.at, p.at
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c >= utf8.RuneSelf:
		case '0' <= c && c <= '9', c == '-', c == '.':
			if p.at == local {
				return 0, 0, p.fail("a name cannot begin so")
			}
		case c == ':':
			if p.at == local || local != start {
				return 0, 0, p.fail("a name with a colon out of place")
			}
			local = p.at + 1
		default:
			if p.at == local {
				return 0, 0, p.fail("expected a name")
			}
			return start, local, nil
		}
		p.at++
	}
	return 0, 0, p.fail("")
}

func (p *xmlParser) startTag() error {
	if len(p.open) == 0 && len(p.Nodes) > 0 {
		return p.fail("a second root element")
	}
	if len(p.open) >= MaxDepth {
		return p.fail("the XML is nested too deep")
	}
	p.at++ // <
	start, local, err := p.name()
	if err != nil {
		return err
	}
	mine := uint32(len(p.Nodes))
	p.names = append(p.names, [2]uint32{uint32(start), uint32(p.at)})
	p.open = append(p.open, mine)
	p.Nodes = append(p.Nodes, Node{Kind: Element, KeyStart: uint32(local), KeyEnd: uint32(p.at)})
	for {
		spaced := p.space()
		if p.at >= len(p.src) {
			return p.fail("")
		}
		switch {
		case p.src[p.at] == '>':
			p.at++
			return nil
		case p.has("/>"):
			p.Nodes[mine].Close = uint32(p.at)
			p.at += 2
			p.close()
			return nil
		case !spaced:
			return p.fail("expected white space, > or />")
		}
		if err := p.attribute(mine); err != nil {
			return err
		}
	}
}

func (p *xmlParser) attribute(element uint32) error {
	start, local, err := p.name()
	if err != nil {
		return err
	}
	end := p.at
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '=' {
		return p.fail("expected = after an attribute's name")
	}
	p.at++
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '"' && p.src[p.at] != '\'' {
		return p.fail("expected an attribute's value in quotes")
	}
	quote := p.src[p.at]
	p.at++
	from := p.at
	i := bytes.IndexByte(p.src[p.at:], quote)
	if i < 0 {
		p.at = len(p.src)
		return p.fail("")
	}
	p.at += i
	value := p.src[from:p.at]
	if bytes.IndexByte(value, '<') >= 0 {
		return &SyntaxError{from, "< in an attribute's value"}
	}
	escaped := bytes.IndexByte(value, '&') >= 0
	if escaped {
		if err := p.entities(from, p.at); err != nil {
			return err
		}
	}
	p.at++
	// A prefix is dropped, but that of a declaration: xmlns:a is not named a.
	if string(p.src[start:local]) == "xmlns:" {
		local = start
	}
	name := p.src[local:end]
	for i := element + 1; i < uint32(len(p.Nodes)) && i < element+64; i++ {
		if p.Nodes[i].Kind == Attribute && string(p.src[p.Nodes[i].KeyStart:p.Nodes[i].KeyEnd]) == string(name) && p.sameName(i, start, end) {
			return &SyntaxError{start, "an attribute twice"}
		}
	}
	p.Nodes = append(p.Nodes, Node{
		Kind: Attribute, Escaped: escaped,
		KeyStart: uint32(local), KeyEnd: uint32(end), Start: uint32(from), End: uint32(from + len(value)),
		Next: uint32(len(p.Nodes)) + 1,
	})
	return nil
}

// sameName compares full names, since a:x and b:x may stand beside each other.
func (p *xmlParser) sameName(i uint32, start, end int) bool {
	n := p.Nodes[i]
	from := int(n.KeyStart)
	for from > 0 && !isSpace(p.src[from-1]) {
		from--
	}
	return bytes.Equal(p.src[from:n.KeyEnd], p.src[start:end])
}

func (p *xmlParser) endTag() error {
	if len(p.open) == 0 {
		return p.fail("an end tag without its start tag")
	}
	p.Nodes[p.open[len(p.open)-1]].Close = uint32(p.at)
	p.at += 2
	start, _, err := p.name()
	if err != nil {
		return err
	}
	name := p.names[len(p.names)-1]
	if !bytes.Equal(p.src[start:p.at], p.src[name[0]:name[1]]) {
		return &SyntaxError{start, "an end tag that does not fit its start tag"}
	}
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '>' {
		return p.fail("expected > in an end tag")
	}
	p.at++
	p.close()
	return nil
}

func (p *xmlParser) close() {
	last := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	if len(p.names) > 0 {
		p.names = p.names[:len(p.names)-1]
	}
	p.Nodes[last].Next = uint32(len(p.Nodes))
}

// entities checks every reference in a text.
func (p *xmlParser) entities(start, end int) error {
	for i := start; i < end; i++ {
		if p.src[i] != '&' {
			continue
		}
		_, size := entity(p.src[i:end])
		if size == 0 {
			return &SyntaxError{i, "an entity that is not one of XML's own"}
		}
		i += size - 1
	}
	return nil
}

// entity reads the reference at the start of b; size 0 means that it is none.
func entity(b []byte) (r rune, size int) {
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 2 {
		return 0, 0
	}
	switch name := string(b[1:end]); name {
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "amp":
		r = '&'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		if name[0] != '#' {
			return 0, 0
		}
		digits, base := name[1:], 10
		if strings.HasPrefix(digits, "x") {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseUint(digits, base, 32)
		if err != nil || !isCharacter(rune(n)) {
			return 0, 0
		}
		r = rune(n)
	}
	return r, end + 1
}

// isCharacter is the production Char of XML 1.0, 2.2.
func isCharacter(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

func appendEntities(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] == '&' {
			if r, size := entity(raw[i:]); size > 0 {
				dst = utf8.AppendRune(dst, r)
				i += size
				continue
			}
		}
		dst = append(dst, raw[i])
		i++
	}
	return dst
}
