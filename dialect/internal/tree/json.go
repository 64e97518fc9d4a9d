package tree

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON reads a document after RFC 8259. It accepts and rejects what
// encoding/json does, but for the depth. With cut, source is the beginning of a
// longer document: where it ends, everything that is open counts as complete,
// and a member or scalar that is cut apart is dropped.
func (t *Tree) JSON(source []byte, cut bool) error {
	if err := t.reset(source, cut); err != nil {
		return err
	}
	p := jsonParser{Tree: t, src: source}
	return p.document()
}

type jsonParser struct {
	*Tree
	src              []byte
	at               int
	keyStart, keyEnd uint32 // the name of the value that comes next
	keyEscape        bool
	closing          byte // what closes the innermost container, 0 outside of any
}

func (p *jsonParser) fail(message string) error {
	if p.at >= len(p.src) {
		if p.cut {
			return done
		}
		message = "the JSON ends in the middle"
	}
	return &SyntaxError{p.at, message}
}

func (p *jsonParser) space() {
	for p.at < len(p.src) && p.src[p.at] <= ' ' && isSpace(p.src[p.at]) {
		p.at++
	}
}

func (p *jsonParser) document() error {
	if len(p.src) >= 3 && p.src[0] == 0xEF && p.src[1] == 0xBB && p.src[2] == 0xBF {
		p.at = 3 // RFC 8259, 8.1: a reader may ignore a byte order mark
	}
	err := p.values()
	if err == error(done) {
		for len(p.open) > 0 {
			p.close(len(p.src))
		}
		if len(p.Nodes) == 0 {
			return &SyntaxError{len(p.src), "the JSON has no value"}
		}
		return nil
	}
	return err
}

// values reads one value and all that it holds, without recursion.
func (p *jsonParser) values() error {
	for {
		p.space()
		if p.at >= len(p.src) {
			return p.fail("")
		}
		opened, err := p.value()
		if err != nil {
			return err
		}
		// After a value: close what ends, then go to the next value.
		for !opened {
			p.space()
			if len(p.open) == 0 {
				if p.at < len(p.src) {
					return &SyntaxError{p.at, "something follows the JSON value"}
				}
				return nil
			}
			if p.at >= len(p.src) {
				return p.fail("")
			}
			switch c := p.src[p.at]; {
			case c == ',':
				p.at++
				opened = true // go on with another value
			case c == p.closing:
				p.at++
				p.close(p.at)
			case p.closing == '}':
				return p.fail("expected , or } in an object")
			default:
				return p.fail("expected , or ] in a list")
			}
		}
		if p.closing == '}' {
			if err := p.key(); err != nil {
				return err
			}
		}
	}
}

// close ends the innermost container.
func (p *jsonParser) close(end int) {
	last := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	p.Nodes[last].End = uint32(end)
	p.Nodes[last].Next = uint32(len(p.Nodes))
	p.outer()
}

// outer sets what closes the innermost container.
func (p *jsonParser) outer() {
	p.closing = 0
	if len(p.open) > 0 {
		p.closing = ']'
		if p.Nodes[p.open[len(p.open)-1]].Kind == Object {
			p.closing = '}'
		}
	}
}

func (p *jsonParser) key() error {
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '"' {
		return p.fail("expected a name in double quotes")
	}
	start, end, escaped, err := p.text()
	if err != nil {
		return err
	}
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != ':' {
		return p.fail("expected : after a name")
	}
	p.at++
	p.keyStart, p.keyEnd, p.keyEscape = uint32(start), uint32(end), escaped
	return nil
}

// node adds one under the name that was read, if there is one.
func (p *jsonParser) node(kind Kind, escaped bool, start, end int) {
	n := len(p.Nodes)
	p.add(Node{
		Kind: kind, Escaped: escaped, KeyEscape: p.keyEscape, KeyStart: p.keyStart, KeyEnd: p.keyEnd,
		Start: uint32(start), End: uint32(end), Next: uint32(n) + 1,
	})
	p.keyStart, p.keyEnd, p.keyEscape = 0, 0, false
}

// value reads a scalar, or opens a container. It reports true where a value or
// key of an opened, non-empty container comes next.
func (p *jsonParser) value() (opened bool, err error) {
	start := p.at
	switch c := p.src[p.at]; c {
	case '"':
		start, end, escaped, err := p.text()
		if err != nil {
			return false, err
		}
		p.node(Text, escaped, start, end)
		return false, nil
	case '{', '[':
		return p.container(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if err := p.number(); err != nil {
			return false, err
		}
		p.node(Number, false, start, p.at)
		return false, nil
	case 't':
		return false, p.word("true", True)
	case 'f':
		return false, p.word("false", False)
	case 'n':
		return false, p.word("null", Null)
	}
	return false, p.fail("expected a value")
}

// container opens one, and closes it where it is empty.
func (p *jsonParser) container(c byte) (opened bool, err error) {
	if len(p.open) >= MaxDepth {
		return false, &SyntaxError{p.at, "the JSON is nested too deep"}
	}
	kind, closing := Object, byte('}')
	if c == '[' {
		kind, closing = List, ']'
	}
	p.open = append(p.open, uint32(len(p.Nodes)))
	p.node(kind, false, p.at, 0)
	p.closing = closing
	p.at++
	p.space()
	if p.at >= len(p.src) {
		return false, p.fail("")
	}
	if p.src[p.at] == closing {
		p.at++
		p.close(p.at)
		return false, nil
	}
	return true, nil
}

func (p *jsonParser) word(word string, kind Kind) error {
	start := p.at
	for i := range len(word) {
		if p.at >= len(p.src) || p.src[p.at] != word[i] {
			return p.fail("expected " + word)
		}
		p.at++
	}
	p.node(kind, false, start, p.at)
	return nil
}

// Eight bytes of a text are looked at as one number: where is the first one
// that cannot stand there as it is?
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stops marks with its high bit the first byte of eight that is a control
// character, a quote or a backslash. Bytes behind it may be marked wrongly.
func stops(word uint64) uint64 {
	quote, escape := word^ones*'"', word^ones*'\\'
	return ((word-ones*0x20)&^word | (quote-ones)&^quote | (escape-ones)&^escape) & highs
}

// text reads a text in double quotes and returns where it lies between them.
func (p *jsonParser) text() (start, end int, escaped bool, err error) {
	src, at := p.src, p.at+1
	start = at
	var all uint64 // of every byte between the quotes, to see whether one is not ASCII
	for {
		for at+8 <= len(src) {
			word := binary.LittleEndian.Uint64(src[at:])
			if stop := stops(word); stop != 0 {
				first := bits.TrailingZeros64(stop) &^ 7
				all |= word & (1<<first - 1)
				at += first / 8
				break
			}
			all |= word
			at += 8
		}
		for at < len(src) && src[at] >= 0x20 && src[at] != '"' && src[at] != '\\' {
			all |= uint64(src[at])
			at++
		}
		p.at = at
		if at >= len(src) {
			return 0, 0, false, p.fail("")
		}
		switch src[at] {
		case '"':
			p.at++
			if all&highs != 0 && !utf8.Valid(src[start:at]) {
				escaped, p.Repaired = true, true
			}
			return start, at, escaped, nil
		case '\\':
			escaped = true
			if err := p.escape(); err != nil {
				return 0, 0, false, err
			}
			at = p.at
		default:
			return 0, 0, false, p.fail("a control character in a text")
		}
	}
}

// escape moves behind one.
func (p *jsonParser) escape() error {
	p.at++
	if p.at >= len(p.src) {
		return p.fail("")
	}
	switch p.src[p.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.at++
		return nil
	case 'u':
		p.at++
		for range 4 {
			if p.at >= len(p.src) || hex(p.src[p.at]) < 0 {
				return p.fail("expected four hexadecimal digits")
			}
			p.at++
		}
		return nil
	}
	return p.fail("unknown escape in a text")
}

func (p *jsonParser) digits() bool {
	from := p.at
	for p.at < len(p.src) && '0' <= p.src[p.at] && p.src[p.at] <= '9' {
		p.at++
	}
	return p.at > from
}

func (p *jsonParser) number() error {
	if p.src[p.at] == '-' {
		p.at++
	}
	if p.at < len(p.src) && p.src[p.at] == '0' {
		p.at++
	} else if !p.digits() {
		return p.fail("expected a digit")
	}
	if p.at < len(p.src) && p.src[p.at] == '.' {
		p.at++
		if !p.digits() {
			return p.fail("expected a digit after the point")
		}
	}
	if p.at < len(p.src) && (p.src[p.at] == 'e' || p.src[p.at] == 'E') {
		p.at++
		if p.at < len(p.src) && (p.src[p.at] == '+' || p.src[p.at] == '-') {
			p.at++
		}
		if !p.digits() {
			return p.fail("expected a digit in the exponent")
		}
	}
	if p.at >= len(p.src) && p.cut {
		return done // more digits may have followed
	}
	return nil
}

func hex(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// appendUnescaped appends a validated JSON text with its escapes undone. As in
// encoding/json, a surrogate without its other half and bytes that are not
// UTF-8 become U+FFFD.
func appendUnescaped(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			if raw[i] < utf8.RuneSelf {
				dst = append(dst, raw[i])
				i++
				continue
			}
			r, size := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		c := raw[i+1]
		i += 2
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(raw[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
					if pair := utf16.DecodeRune(r, hex4(raw[i+2:])); pair != utf8.RuneError {
						dst = utf8.AppendRune(dst, pair)
						i += 6
						continue
					}
				}
				r = utf8.RuneError
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func hex4(b []byte) rune { return hex(b[0])<<12 | hex(b[1])<<8 | hex(b[2])<<4 | hex(b[3]) }
