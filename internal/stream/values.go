package stream

import "bytes"

// brackets finds the end of an object or a list of JSON that arrives in pieces. It only
// matches brackets: whether the value is valid, a reader tells. The zero value is before it.
type brackets struct {
	depth  int
	text   bool // inside a text
	escape bool // behind a backslash
}

// end is the place behind the value, 0 if it has not ended.
func (b *brackets) end(p []byte) int {
	for i, c := range p {
		switch {
		case b.escape:
			b.escape = false
		case b.text:
			b.text, b.escape = c != '"', c == '\\'
		case c == '"':
			b.text = true
		case c == '{' || c == '[':
			b.depth++
		case c == '}' || c == ']':
			if b.depth--; b.depth <= 0 {
				return i + 1
			}
		}
	}
	return 0
}

// complete reports a whole object or list.
func complete(p []byte) bool {
	return len(p) > 0 && (p[0] == '{' || p[0] == '[') && new(brackets).end(p) > 0
}

// separator begins each text of a sequence (RFC 7464, 2.2).
const separator = 0x1E

// feedValues cuts the values of a sequence or of an array.
func (s *Splitter) feedValues(p []byte) {
	for len(p) > 0 {
		switch {
		case s.inside:
			p = s.value(p)
		case s.between(p[0]):
			p = p[1:]
			s.at++
		default:
			s.from = s.at
			s.inside, s.scalar, s.json = true, p[0] != '{' && p[0] != '[', brackets{}
		}
	}
}

// between reports that a byte stands between the values.
func (s *Splitter) between(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r':
		return true
	case separator:
		return s.form == Sequence
	}
	if s.form != Array {
		return false
	}
	switch {
	case c == '[' && !s.array:
		s.array = true
		return true
	case c != ',' && c != ']':
		return false
	case !s.array || s.closed: // it ends a value and begins none
		s.other++
	case c == ']':
		s.closed = true
	}
	return true
}

// value takes more of a value, and returns what stands behind it.
func (s *Splitter) value(p []byte) []byte {
	end, torn := s.valueEnd(p)
	if end < 0 {
		s.data.add(p)
		s.at += int64(len(p))
		return nil
	}
	value, length := p[:end], int64(end)
	s.at += length
	if s.data.length > 0 {
		s.data.add(value)
		value, length = s.data.bytes, s.data.length
	} else if len(value) > s.data.most {
		value = value[:s.data.most]
	}
	s.pass(Element{Data: value, Length: length, Bare: s.form == Array && (!s.array || s.closed), Torn: torn})
	s.data.drop()
	s.inside = false
	return p[end:]
}

// valueEnd is the place behind a value, negative if it has not ended. A separator begins the
// next text of a sequence in any place: JSON has none inside (RFC 7464, 2.1). An object or a
// list that it ends is torn.
func (s *Splitter) valueEnd(p []byte) (end int, torn bool) {
	stop := len(p)
	if s.form == Sequence {
		if i := bytes.IndexByte(p, separator); i >= 0 {
			stop = i
		}
	}
	if s.scalar {
		end = s.json.scalar(p[:stop], s.form == Array)
	} else if end = s.json.end(p[:stop]); end == 0 {
		end = -1
	}
	if end < 0 && stop < len(p) {
		return stop, !s.scalar
	}
	return end, false
}

// scalar is the place behind a value that is neither an object nor a list, negative if it has
// not ended.
func (b *brackets) scalar(p []byte, array bool) int {
	for i, c := range p {
		switch {
		case b.escape:
			b.escape = false
		case b.text:
			b.text, b.escape = c != '"', c == '\\'
		case c == '"':
			b.text = true
		case c == '\n', array && (c == ',' || c == ']'):
			return i
		}
	}
	return -1
}
