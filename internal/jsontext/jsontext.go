// Package jsontext writes and reads the texts of JSON (RFC 8259, 7) without allocating
// memory, and values as they are shown to people.
package jsontext

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// style is how a text is written that JSON leaves a choice for.
type style struct {
	short   string // control characters that are written by a letter
	letters string // one letter for each
	invalid string // stands for bytes that are not UTF-8
	lines   bool   // the line ends of JavaScript are escaped
}

var (
	brief    = style{short: "\n\r\t", letters: "nrt", invalid: "\uFFFD"}
	standard = style{short: "\n\r\t\b\f", letters: "nrtbf", invalid: `\ufffd`, lines: true}
)

// Append appends a text in quotes. Bytes that are not UTF-8 become U+FFFD.
func Append(dst []byte, s string) []byte { return brief.append(dst, s) }

// AppendStandard appends a text in quotes, to the letter as encoding/json writes it
// without the escapes for HTML.
func AppendStandard(dst []byte, s string) []byte { return standard.append(dst, s) }

func (y *style) append(dst []byte, s string) []byte {
	if dst, plain := AppendPlain(dst, s); plain {
		return dst
	}
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if size > 1 && !(y.lines && (r == '\u2028' || r == '\u2029')) {
			i += size
			continue
		}
		dst = y.escape(append(dst, s[from:i]...), r, size)
		i += size
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

const hexDigits = "0123456789abcdef"

// escape appends a letter that does not stand as it is.
func (y *style) escape(dst []byte, r rune, size int) []byte {
	switch {
	case size > 1:
		return append(dst, '\\', 'u', '2', '0', '2', hexDigits[r&15])
	case r == utf8.RuneError:
		return append(dst, y.invalid...)
	case r >= ' ':
		return append(dst, '\\', byte(r))
	}
	if i := strings.IndexByte(y.short, byte(r)); i >= 0 {
		return append(dst, '\\', y.letters[i])
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Stops marks with its high bit the first byte of eight that is a control
// character, a quote or a backslash. Bytes behind it, and those that are not
// ASCII, may be marked wrongly.
func Stops(word uint64) uint64 {
	// With its second bit turned a quote comes right behind the control characters.
	return (word ^ ones*2 - ones*0x21) | (word ^ ones*'\\' - ones)
}

// AppendPlain appends s in quotes if it stands in a JSON text as it is: ASCII,
// without control characters, quotes and backslashes. It looks at eight bytes
// at once while it copies them. It reports false, and dst as it was, for a text
// that needs more.
func AppendPlain(dst []byte, s string) ([]byte, bool) {
	n, size := len(dst), len(s)
	dst = slices.Grow(dst, size+2)
	to := dst[n : n+size+2]
	from := unsafe.Slice(unsafe.StringData(s), size) // only read
	to[0] = '"'
	if size >= 8 {
		for i := 0; i < size; i += 8 {
			at := min(i, size-8) // the last eight may be looked at twice
			word := binary.LittleEndian.Uint64(from[at : at+8])
			if (Stops(word)|word)&highs != 0 {
				return dst, false
			}
			binary.LittleEndian.PutUint64(to[at+1:at+9], word)
		}
	} else {
		for i := range size {
			c := from[i]
			if c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
				return dst, false
			}
			to[i+1] = c
		}
	}
	to[size+1] = '"'
	return dst[:n+size+2], true
}
