package tree

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/parlance-api/parlance/internal/jsontext"
)

// JSON reads a document after RFC 8259. It accepts and rejects what encoding/json
// does, except for the depth. With cut, source is the beginning of a longer
// document: everything that is open at its end counts as complete. A member or
// scalar that is cut apart is dropped.
func (t *Tree) JSON(source []byte, cut bool) error { return t.JSONBy(everything, source, cut) }

// JSONBy is JSON, but only the parts that the guide asks for become nodes. It
// accepts and rejects the same.
func (t *Tree) JSONBy(guide *Guide, source []byte, cut bool) error {
	if err := t.reset(source, cut); err != nil {
		return err
	}
	at, depth, fault := t.json(guide)
	switch {
	case fault == "":
		return nil
	case at < len(source):
		return &SyntaxError{at, fault}
	case !cut:
		return &SyntaxError{at, ended}
	case len(t.Nodes) == 0:
		return &SyntaxError{at, "the JSON has no value"}
	}
	for _, open := range t.open[1 : depth+1] {
		t.Nodes[open.node].End, t.Nodes[open.node].Next = uint32(at), uint32(len(t.Nodes))
	}
	return nil
}

// container is an object or list that became a node.
type container struct {
	guide   *Guide
	node    uint32
	next    int32 // the place in the guide of the member that is likely to follow
	closing byte  // what closes it, 0 outside of any
}

// json reads the source. Where there is a fault it lies at the returned place,
// within so many containers. A child that is cut apart counts as skipped where
// nobody asked for it.
//
// It is one long function on purpose. Place, depth and container change with each
// byte and are kept in registers: with the scalars in a function of their own, a
// dense document took 4% longer.
//
//gocyclo:ignore
func (t *Tree) json(guide *Guide) (at, depth int, fault string) {
	src := t.Source
	if len(src) >= 3 && src[0] == 0xEF && src[1] == 0xBB && src[2] == 0xBF {
		at = 3 // RFC 8259, 8.1: a reader may ignore a byte order mark
	}
	top := &t.open[0]
	*top = container{}
	at = space(src, at)
	for {
		// What comes next: its guide, nil where it is skipped, and its name.
		child, slot, keyStart, keyEnd, keyEscape := guide, uint16(0), 0, 0, false
		switch top.closing {
		case ']':
			child = top.guide.elements
		case '}':
			if at >= len(src) || src[at] != '"' {
				return at, depth, noName
			}
			keyStart = at + 1
			if keyEnd = plain(src, keyStart); keyEnd >= len(src) || src[keyEnd] != '"' {
				if keyEnd, keyEscape, fault = t.text(keyStart, keyEnd); fault != "" {
					return keyEnd, depth, fault
				}
			}
			if at = space(src, keyEnd+1); at >= len(src) || src[at] != ':' {
				return at, depth, noColon
			}
			at = space(src, at+1)
			if child = top.guide.others; len(top.guide.members.list) > 0 {
				child, slot = t.member(top, keyStart, keyEnd, keyEscape)
			}
		}
		if at >= len(src) {
			return at, depth, ended
		}
		if child == nil {
			t.Nodes[top.node].skip()
			if at, fault = t.skip(at, depth); fault != "" {
				return at, depth, fault
			}
		} else {
			mine := uint32(len(t.Nodes))
			n := t.node()
			n.KeyEscape, n.Slot, n.KeyStart, n.KeyEnd = keyEscape, slot, uint32(keyStart), uint32(keyEnd)
			n.Start, n.Next = uint32(at), mine+1
			switch c := src[at]; c {
			case '"':
				start := at + 1
				if at = plain(src, start); at >= len(src) || src[at] != '"' {
					if at, n.Escaped, fault = t.text(start, at); fault != "" {
						break
					}
				}
				n.Kind, n.Start, n.End = Text, uint32(start), uint32(at)
				at++
			case '{', '[':
				if depth >= MaxDepth {
					return at, depth, tooDeep
				}
				n.Kind = Object
				if c == '[' {
					n.Kind = List
				}
				depth++
				top = &t.open[depth]
				*top = container{guide: child, node: mine, closing: c + 2}
				if at = space(src, at+1); at >= len(src) {
					return at, depth, ended
				}
				if src[at] != c+2 {
					continue
				}
			case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
				if at, fault = number(src, at); fault == "" && at >= len(src) && t.cut {
					fault = ended // more digits may have followed
				}
				n.Kind, n.End = Number, uint32(at)
			case 't':
				at, fault = word(src, at, "true")
				n.Kind, n.End = True, uint32(at)
			case 'f':
				at, fault = word(src, at, "false")
				n.Kind, n.End = False, uint32(at)
			case 'n':
				at, fault = word(src, at, "null")
				n.Kind, n.End = Null, uint32(at)
			default:
				fault = noValue
			}
			if fault != "" {
				t.Nodes = t.Nodes[:mine] // what is cut apart is dropped
				return at, depth, fault
			}
		}
		// A value is complete: close what ends with it.
		for {
			at = space(src, at)
			if depth == 0 {
				if at < len(src) {
					return at, depth, "something follows the JSON value"
				}
				return at, depth, ""
			}
			if at >= len(src) {
				return at, depth, ended
			}
			c := src[at]
			if c == ',' {
				at = space(src, at+1)
				break
			}
			if c != top.closing {
				return at, depth, noEnd(top.closing)
			}
			at++
			n := &t.Nodes[top.node]
			n.End, n.Next = uint32(at), uint32(len(t.Nodes))
			depth--
			top = &t.open[depth]
		}
	}
}

// skip moves over a value that is not asked for, inside depth containers. It checks all
// that json checks. It is separate because it keeps nothing, which makes it twice as fast.
// It is one function for the same reason as json.
func (t *Tree) skip(at, outer int) (end int, fault string) {
	src, depth, closing := t.Source, outer, byte(0)
	for {
		if closing == '}' {
			if at >= len(src) || src[at] != '"' {
				return at, noName
			}
			start := at + 1
			if at = plain(src, start); at >= len(src) || src[at] != '"' {
				if at, _, fault = t.text(start, at); fault != "" {
					return at, fault
				}
			}
			if at = space(src, at+1); at >= len(src) || src[at] != ':' {
				return at, noColon
			}
			at = space(src, at+1)
		}
		if at >= len(src) {
			return at, ended
		}
		switch c := src[at]; c {
		case '"':
			start := at + 1
			if at = plain(src, start); at >= len(src) || src[at] != '"' {
				if at, _, fault = t.text(start, at); fault != "" {
					break
				}
			}
			at++
		case '{', '[':
			if depth >= MaxDepth {
				return at, tooDeep
			}
			depth++
			closing = c + 2
			t.skipped[depth] = closing
			if at = space(src, at+1); at >= len(src) {
				return at, ended
			}
			if src[at] != closing {
				continue
			}
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			at, fault = number(src, at)
		case 't':
			at, fault = word(src, at, "true")
		case 'f':
			at, fault = word(src, at, "false")
		case 'n':
			at, fault = word(src, at, "null")
		default:
			fault = noValue
		}
		if fault != "" {
			return at, fault
		}
		for {
			if depth == outer {
				return at, ""
			}
			if at = space(src, at); at >= len(src) {
				return at, ended
			}
			c := src[at]
			if c == ',' {
				at = space(src, at+1)
				break
			}
			if c != closing {
				return at, noEnd(closing)
			}
			at++
			depth--
			closing = t.skipped[depth]
		}
	}
}

// What both say.
const (
	// ended is the fault of a document that ends too early. Any other one is told
	// as this where it lies at the end, for more could have followed.
	ended   = "the JSON is cut off"
	noName  = "expected a name in double quotes"
	noColon = "expected : after a name"
	noValue = "expected a value"
	tooDeep = "the JSON is nested too deep"
)

func noEnd(closing byte) string {
	if closing == '}' {
		return "expected , or } in an object"
	}
	return "expected , or ] in a list"
}

func space(src []byte, at int) int {
	for at < len(src) && src[at] <= ' ' && isSpace(src[at]) {
		at++
	}
	return at
}

// member finds the guide and slot of a member by its name.
func (t *Tree) member(of *container, start, end int, escape bool) (child *Guide, slot uint16) {
	if escape {
		t.scratch = jsontext.AppendUnescaped(t.scratch[:0], t.Source[start:end])
		return of.guide.member(t.scratch, 0, len(t.scratch), &of.next)
	}
	return of.guide.member(t.Source, start, end, &of.next)
}

// word reads true, false or null, and returns the place at which it differs.
func word(src []byte, at int, word string) (int, string) {
	if end := at + len(word); end <= len(src) && string(src[at:end]) == word {
		return end, ""
	}
	return differs(src, at, word)
}

func differs(src []byte, at int, word string) (int, string) {
	for i := 0; at < len(src) && src[at] == word[i]; i++ {
		at++
	}
	return at, "expected " + word
}

// Eight bytes of a text are looked at as one number: where is the first one
// that cannot stand there as it is?
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain moves over the ASCII in a text that needs no escape, eight bytes at a time. Most
// texts end at the place where it stops.
func plain(src []byte, at int) int {
	for at+8 <= len(src) {
		word := binary.LittleEndian.Uint64(src[at : at+8 : at+8])
		if stop := (jsontext.Stops(word) | word) & highs; stop != 0 {
			return at + bits.TrailingZeros64(stop)/8
		}
		at += 8
	}
	return at
}

// text reads a text from its opening quote to its closing one. It is plain up to at. It is
// marked as escaped if its value differs from its bytes.
func (t *Tree) text(start, at int) (end int, escaped bool, fault string) {
	end, escaped, repaired, fault := text(t.Source, start, at)
	t.Repaired = t.Repaired || repaired
	return end, escaped, fault
}

// text is the text of any source. Bytes that are not UTF-8 are replaced.
func text(src []byte, start, at int) (end int, escaped, repaired bool, fault string) {
	var all uint64 // of every byte between the quotes, to see whether one is not ASCII
	for {
		for at+8 <= len(src) {
			word := binary.LittleEndian.Uint64(src[at : at+8 : at+8])
			if stop := jsontext.Stops(word) &^ word & highs; stop != 0 {
				first := bits.TrailingZeros64(stop) & 0x38
				all |= word & (1<<first - 1)
				at += first / 8
				break
			}
			all |= word
			at += 8
		}
		if at >= len(src) {
			return at, false, false, ended
		}
		switch c := src[at]; {
		case c == '"':
			if all&highs != 0 && !utf8.Valid(src[start:at]) {
				escaped, repaired = true, true
			}
			return at, escaped, repaired, ""
		case c == '\\':
			escaped = true
			if at, fault = escape(src, at); fault != "" {
				return at, false, false, fault
			}
		case c < ' ':
			return at, false, false, "a control character in a text"
		default:
			all |= uint64(c)
			at++
		}
	}
}

// TextEnd is the end of the text that begins behind a quote. It reports false
// for one that does not end, or whose value is not its bytes.
func TextEnd(src []byte, at int) (end int, plainly bool) {
	if end = plain(src, at); end < len(src) && src[end] == '"' {
		return end, true
	}
	end, escaped, _, fault := text(src, at, end)
	return end, fault == "" && !escaped
}

// NumberEnd is the end of the number that begins there. It reports false if none
// does.
func NumberEnd(src []byte, at int) (end int, is bool) {
	if at >= len(src) || src[at] != '-' && (src[at] < '0' || src[at] > '9') {
		return at, false
	}
	end, fault := number(src, at)
	return end, fault == ""
}

// escape moves past an escape sequence.
func escape(src []byte, at int) (int, string) {
	at++
	if at >= len(src) {
		return at, ended
	}
	switch src[at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return at + 1, ""
	case 'u':
		at++
		for range 4 {
			if at >= len(src) || jsontext.Hex(src[at]) < 0 {
				return at, "expected four hexadecimal digits"
			}
			at++
		}
		return at, ""
	}
	return at, "unknown escape in a text"
}

// number moves past a number. Most numbers are whole and short.
func number(src []byte, at int) (int, string) {
	end := at
	if c := src[at]; c > '0' {
		end = digits(src, at)
	} else if c == '0' {
		end++
	}
	if end > at && (end >= len(src) || src[end] != '.' && src[end]|0x20 != 'e') {
		return end, ""
	}
	return decimal(src, at)
}

func decimal(src []byte, at int) (int, string) {
	if src[at] == '-' {
		at++
	}
	from := at
	if at < len(src) && src[at] == '0' {
		at++
	} else if at = digits(src, at); at == from {
		return at, "expected a digit"
	}
	if at < len(src) && src[at] == '.' {
		from = at + 1
		if at = digits(src, from); at == from {
			return at, "expected a digit after the point"
		}
	}
	if at < len(src) && (src[at] == 'e' || src[at] == 'E') {
		at++
		if at < len(src) && (src[at] == '+' || src[at] == '-') {
			at++
		}
		from = at
		if at = digits(src, from); at == from {
			return at, "expected a digit in the exponent"
		}
	}
	return at, ""
}

func digits(src []byte, at int) int {
	for at < len(src) && '0' <= src[at] && src[at] <= '9' {
		at++
	}
	return at
}
