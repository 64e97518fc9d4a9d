package tree

import (
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
	src []byte
	at  int
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
	for p.at < len(p.src) {
		switch p.src[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
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
	var key Node // carries the name of the value that comes next
	for {
		p.space()
		if p.at >= len(p.src) {
			return p.fail("")
		}
		opened, err := p.value(key)
		if err != nil {
			return err
		}
		// After a value: close what ends, then go to the next value.
		for !opened {
			if len(p.open) == 0 {
				p.space()
				if p.at < len(p.src) {
					return &SyntaxError{p.at, "something follows the JSON value"}
				}
				return nil
			}
			p.space()
			if p.at >= len(p.src) {
				return p.fail("")
			}
			object := p.Nodes[p.open[len(p.open)-1]].Kind == Object
			switch c := p.src[p.at]; {
			case c == ',':
				p.at++
				opened = true // go on with another value
			case c == '}' && object, c == ']' && !object:
				p.at++
				p.close(p.at)
			case object:
				return p.fail("expected , or } in an object")
			default:
				return p.fail("expected , or ] in a list")
			}
		}
		key = Node{}
		if p.Nodes[p.open[len(p.open)-1]].Kind == Object {
			if key, err = p.key(); err != nil {
				return err
			}
		}
	}
}

func (p *jsonParser) close(end int) {
	last := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	p.Nodes[last].End = uint32(end)
	p.Nodes[last].Next = uint32(len(p.Nodes))
}

func (p *jsonParser) key() (Node, error) {
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '"' {
		return Node{}, p.fail("expected a name in double quotes")
	}
	start, end, escaped, err := p.text()
	if err != nil {
		return Node{}, err
	}
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != ':' {
		return Node{}, p.fail("expected : after a name")
	}
	p.at++
	return Node{KeyStart: uint32(start), KeyEnd: uint32(end), KeyEscape: escaped}, nil
}

// value reads a scalar, or opens a container. It reports true where a value or
// key of an opened, non-empty container comes next.
func (p *jsonParser) value(n Node) (opened bool, err error) {
	start := p.at
	switch c := p.src[p.at]; {
	case c == '{' || c == '[':
		if len(p.open) >= MaxDepth {
			return false, &SyntaxError{p.at, "the JSON is nested too deep"}
		}
		closing := byte('}')
		n.Kind = Object
		if c == '[' {
			closing, n.Kind = ']', List
		}
		n.Start = uint32(start)
		p.open = append(p.open, uint32(len(p.Nodes)))
		p.add(n)
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
	case c == '"':
		s, e, escaped, err := p.text()
		if err != nil {
			return false, err
		}
		n.Kind, n.Escaped, n.Start, n.End = Text, escaped, uint32(s), uint32(e)
	case c == '-' || '0' <= c && c <= '9':
		if err := p.number(); err != nil {
			return false, err
		}
		n.Kind, n.Start, n.End = Number, uint32(start), uint32(p.at)
	default:
		word, kind := "null", Null
		switch c {
		case 't':
			word, kind = "true", True
		case 'f':
			word, kind = "false", False
		case 'n':
		default:
			return false, p.fail("expected a value")
		}
		for i := range len(word) {
			if p.at >= len(p.src) || p.src[p.at] != word[i] {
				return false, p.fail("expected " + word)
			}
			p.at++
		}
		n.Kind, n.Start, n.End = kind, uint32(start), uint32(p.at)
	}
	n.Next = uint32(len(p.Nodes)) + 1
	p.add(n)
	return false, nil
}

// plain marks the bytes that a JSON text may hold as they are.
var plain = func() (table [256]bool) {
	for i := 0x20; i < 256; i++ {
		table[i] = i != '"' && i != '\\'
	}
	return
}()

// text reads a text in double quotes and returns where it lies between them.
func (p *jsonParser) text() (start, end int, escaped bool, err error) {
	p.at++
	start = p.at
	var all byte // of every byte between the quotes, to see whether one is not ASCII
	for {
		for p.at < len(p.src) && plain[p.src[p.at]] {
			all |= p.src[p.at]
			p.at++
		}
		if p.at >= len(p.src) {
			return 0, 0, false, p.fail("")
		}
		switch p.src[p.at] {
		case '"':
			p.at++
			if all >= utf8.RuneSelf && !utf8.Valid(p.src[start:p.at-1]) {
				escaped, p.Repaired = true, true
			}
			return start, p.at - 1, escaped, nil
		case '\\':
			escaped = true
			p.at++
			if p.at >= len(p.src) {
				return 0, 0, false, p.fail("")
			}
			switch p.src[p.at] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				p.at++
			case 'u':
				p.at++
				for range 4 {
					if p.at >= len(p.src) || hex(p.src[p.at]) < 0 {
						return 0, 0, false, p.fail("expected four hexadecimal digits")
					}
					p.at++
				}
			default:
				return 0, 0, false, p.fail("unknown escape in a text")
			}
		default:
			return 0, 0, false, p.fail("a control character in a text")
		}
	}
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
