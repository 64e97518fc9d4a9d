package tree

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"
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

// element is what the parser knows of one that is open.
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

// skipPast moves behind the next end mark and returns where it began.
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

// characters refuses what no XML document may hold: bytes that are not UTF-8
// and control characters (XML 1.0, 2.2).
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

// special is the place of the next byte that means something in a text or an
// attribute's value, which ends in a byte of its own.
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

// instruction reads a processing instruction, of which only the XML declaration
// means something here.
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

// declaration checks what an XML declaration says. A missing version is let
// pass, as servers send it.
func declaration(start int, body []byte) error {
	last := -1
	for body = trim(body); len(body) > 0; body = trim(body) {
		name, rest, found := bytes.Cut(body, []byte("="))
		name, rest = trim(name), trim(rest)
		// In this order, each once.
		place := slices.Index(declared[:], string(name))
		if !found || place <= last || len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return &SyntaxError{start, "an XML declaration that cannot be read"}
		}
		last = place
		value, rest, found := bytes.Cut(rest[1:], rest[:1])
		if !found || len(rest) > 0 && !isSpace(rest[0]) {
			return &SyntaxError{start, "an XML declaration that cannot be read"}
		}
		switch {
		case place == 0 && !bytes.HasPrefix(value, []byte("1.")):
			return &SyntaxError{start, "the XML version " + strconv.Quote(string(value)) + ", where only 1.0 is read,"}
		case place == 1 && !isUTF8(value):
			return &SyntaxError{start, "the encoding " + strconv.Quote(string(value)) + ", where only UTF-8 is read,"}
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

// name reads a qualified name and returns where its local part begins.
func (p *xmlParser) name() (start, local int, err error) {
	start = p.at
	if p.at < len(p.src) && nameByte[p.src[p.at]] == letter {
		for p.at++; p.at < len(p.src) && nameByte[p.src[p.at]] != 0; {
			p.at++
		}
		if p.at < len(p.src) && p.src[p.at] != ':' && p.src[p.at] < utf8.RuneSelf {
			return start, start, nil // ASCII without a prefix, as most are
		}
	}
	local, err = p.nameFrom(start)
	return start, local, err
}

// nameFrom goes on with a name that began at start, and returns where its local
// part begins.
func (p *xmlParser) nameFrom(start int) (local int, err error) {
	local = start
	for p.at < len(p.src) {
		size := 1
		switch c := p.src[p.at]; {
		case nameByte[c] == letter:
		case nameByte[c] == more:
			if p.at == local {
				return 0, p.fail("a name cannot begin so")
			}
		case c == ':':
			if p.at == local || local != start {
				return 0, p.fail("a name with a colon out of place")
			}
			local = p.at + 1
		case c >= utf8.RuneSelf:
			if p.cut && !utf8.FullRune(p.src[p.at:]) {
				return 0, done
			}
			var r rune
			r, size = utf8.DecodeRune(p.src[p.at:])
			if !unicode.Is(nameStart, r) && (p.at == local || !unicode.Is(nameMore, r)) {
				return 0, p.fail("a character that no name can have")
			}
		case p.at == local:
			return 0, p.fail("expected a name")
		default:
			return local, nil
		}
		p.at += size
	}
	return 0, p.fail("")
}

// nameByte says which ASCII a name without a prefix has.
var nameByte = func() (of [256]byte) {
	for c := range of {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
			of[c] = letter
		case '0' <= c && c <= '9', c == '-', c == '.':
			of[c] = more
		}
	}
	return of
}()

const (
	letter = 1 // a name may begin with it
	more   = 2 // a name may go on with it
)

// nameStart and nameMore are what is not ASCII in the productions NameStartChar
// and NameChar of XML 1.0 (fifth edition), 2.3.
var (
	nameStart = &unicode.RangeTable{
		R16: []unicode.Range16{
			{0xC0, 0xD6, 1}, {0xD8, 0xF6, 1}, {0xF8, 0x2FF, 1}, {0x370, 0x37D, 1}, {0x37F, 0x1FFF, 1}, {0x200C, 0x200D, 1},
			{0x2070, 0x218F, 1}, {0x2C00, 0x2FEF, 1}, {0x3001, 0xD7FF, 1}, {0xF900, 0xFDCF, 1}, {0xFDF0, 0xFFFD, 1},
		},
		R32:         []unicode.Range32{{0x10000, 0xEFFFF, 1}},
		LatinOffset: 2,
	}
	nameMore = &unicode.RangeTable{
		R16:         []unicode.Range16{{0xB7, 0xB7, 1}, {0x300, 0x36F, 1}, {0x203F, 0x2040, 1}},
		LatinOffset: 1,
	}
)

func (p *xmlParser) startTag() error {
	if len(p.elements) == 0 && len(p.Nodes) > 0 {
		return p.fail("a second root element")
	}
	if len(p.elements) >= MaxDepth {
		return p.fail("the XML is nested too deep")
	}
	p.at++ // <
	start, local, err := p.name()
	if err != nil {
		return err
	}
	guide, slot := p.child(local)
	mine := uint32(len(p.Nodes))
	if guide != nil {
		n := p.node()
		n.Kind, n.Slot, n.KeyStart, n.KeyEnd = Element, slot, uint32(local), uint32(p.at)
	}
	p.count++
	p.elements = append(p.elements, element{guide: guide, node: mine, start: uint32(start), end: uint32(p.at), text: p.count, blank: true, empty: true})
	p.names, p.seen = p.names[:0], nil
	return p.attributes(guide, mine)
}

// child finds the guide and slot of an element by its local name, which ends
// where the parser is.
func (p *xmlParser) child(local int) (guide *Guide, slot uint16) {
	if len(p.elements) == 0 {
		return p.guide, 0
	}
	outer := &p.elements[len(p.elements)-1]
	if outer.guide == nil {
		return nil, 0
	}
	if guide, slot = outer.guide.member(p.src, local, p.at, &outer.next); guide == nil {
		p.Nodes[outer.node].skip()
	}
	return guide, slot
}

// attributes reads the rest of a start tag.
func (p *xmlParser) attributes(guide *Guide, element uint32) error {
	for {
		spaced := p.space()
		switch {
		case p.at >= len(p.src):
			return p.fail("")
		case p.src[p.at] == '>':
			p.at++
			return nil
		case p.has("/>"):
			p.closeAt(p.at)
			p.at += 2
			p.close()
			return nil
		case p.cut && p.src[p.at] == '/' && p.at+1 == len(p.src):
			return done
		case !spaced:
			return p.fail("expected white space, > or />")
		}
		if err := p.attribute(guide, element); err != nil {
			return err
		}
	}
}

func (p *xmlParser) attribute(guide *Guide, element uint32) error {
	start, local, err := p.name()
	if err != nil {
		return err
	}
	end := p.at
	if err := p.equals(); err != nil {
		return err
	}
	quote := p.src[p.at]
	p.at++
	from := p.at
	escaped, err := p.value(quote)
	if err != nil {
		return err
	}
	to := p.at
	p.at++
	if p.repeated(start, end) {
		return &SyntaxError{start, "an attribute twice"}
	}
	// A prefix is dropped, but that of a declaration: xmlns:a is not named a.
	if string(p.src[start:local]) == "xmlns:" {
		local = start
	}
	if guide == nil {
		return nil
	}
	slot := uint16(0)
	if n := guide.attributes.find(p.src, local, end, new(int32)); n != nil {
		slot = n.slot
	} else if !guide.all {
		p.Nodes[element].skip()
		return nil
	}
	n := p.node()
	n.Kind, n.Slot, n.Escaped = Attribute, slot, escaped
	n.KeyStart, n.KeyEnd, n.Start, n.End, n.Next = uint32(local), uint32(end), uint32(from), uint32(to), uint32(len(p.Nodes))
	return nil
}

// equals moves to the quote before the value of an attribute.
func (p *xmlParser) equals() error {
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '=' {
		return p.fail("expected = after an attribute's name")
	}
	p.at++
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '"' && p.src[p.at] != '\'' {
		return p.fail("expected an attribute's value in quotes")
	}
	return nil
}

// value moves to the quote after the value of an attribute.
func (p *xmlParser) value(quote byte) (escaped bool, err error) {
	from, broken, references, folded := p.at, false, false, false
	for p.at = special(p.src, p.at, quote); p.at < len(p.src) && p.src[p.at] != quote; p.at = special(p.src, p.at+1, quote) {
		switch p.src[p.at] {
		case '<':
			broken = true
		case '&':
			references = true
		case '\r':
			folded = true
		}
	}
	switch {
	case p.at >= len(p.src):
		return false, p.fail("")
	case broken:
		return false, &SyntaxError{from, "< in an attribute's value"}
	case references:
		err = p.entities(from, p.at)
	}
	return references || folded, err
}

// fewAttributes is up to how many each is compared with every other.
const fewAttributes = 16

// name is where one lies, its prefix included.
type name struct{ start, end uint32 }

// repeated reports that the element has an attribute of that full name already:
// a:x and b:x may stand beside each other.
func (p *xmlParser) repeated(start, end int) bool {
	full := p.src[start:end]
	if p.seen == nil {
		for _, n := range p.names {
			if bytes.Equal(p.src[n.start:n.end], full) {
				return true
			}
		}
		p.names = append(p.names, name{uint32(start), uint32(end)})
		if len(p.names) == fewAttributes {
			p.seen = map[string]struct{}{}
			for _, n := range p.names {
				p.seen[string(p.src[n.start:n.end])] = struct{}{}
			}
		}
		return false
	}
	if _, found := p.seen[string(full)]; found {
		return true
	}
	p.seen[string(full)] = struct{}{}
	return false
}

func (p *xmlParser) endTag() error {
	if len(p.elements) == 0 {
		return p.fail("an end tag without its start tag")
	}
	p.closeAt(p.at)
	p.at += 2
	e := &p.elements[len(p.elements)-1]
	if name := p.src[e.start:e.end]; bytes.HasPrefix(p.src[p.at:], name) && p.at+len(name) < len(p.src) && p.src[p.at+len(name)] == '>' {
		p.at += len(name) + 1
		p.close()
		return nil
	}
	start, _, err := p.name()
	if err != nil {
		return err
	}
	if !bytes.Equal(p.src[start:p.at], p.src[e.start:e.end]) {
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

// closeAt notes where the end tag of the innermost element begins.
func (p *xmlParser) closeAt(at int) {
	if e := &p.elements[len(p.elements)-1]; e.guide != nil {
		p.Nodes[e.node].Close = uint32(at)
	}
}

func (p *xmlParser) close() {
	e := &p.elements[len(p.elements)-1]
	if e.guide != nil {
		p.Nodes[e.node].Next = uint32(len(p.Nodes))
	}
	p.elements = p.elements[:len(p.elements)-1]
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

// appendEntities appends a text with its references undone and its line ends
// folded (XML 1.0, 2.11).
func appendEntities(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] == '\r' {
			if i++; i == len(raw) || raw[i] != '\n' {
				dst = append(dst, '\n')
			}
			continue
		}
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
