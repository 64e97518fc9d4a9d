package wire

import (
	"strconv"
	"strings"
)

// Values are those of a field. Most headers are Fields, in which it is looked up
// without a call through the interface.
func Values(h Header, name string) []string {
	fields, are := h.(HeaderMap)
	if !are && h != nil {
		return h.Values(name)
	}
	return fields[name]
}

// HeaderText makes a text that can stand in a header field. It has no control
// characters, which could add a field or a body (RFC 9110, 5.5).
func HeaderText(s string) string {
	if plainHeader(s) {
		return s
	}
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < 0x20 || c == 0x7F {
			return ' '
		}
		return c
	}, s))
}

// plainHeader reports that a header field can hold a text unchanged, as most texts: it is
// printable ASCII without spaces around it.
func plainHeader(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}

// AsciiJSON escapes what is not ASCII, for a header field holds nothing else
// safely (RFC 9110, 5.5).
func AsciiJSON(b []byte) string {
	var out strings.Builder
	for _, r := range string(b) {
		switch {
		case r < 0x80:
			out.WriteByte(byte(r))
		case r < 0x10000:
			out.WriteString(escape(r))
		default:
			r -= 0x10000
			out.WriteString(escape(0xD800+r>>10) + escape(0xDC00+r&0x3FF))
		}
	}
	return out.String()
}

func escape(r rune) string {
	hex := strconv.FormatInt(int64(r), 16)
	return `\u` + strings.Repeat("0", 4-len(hex)) + hex
}
