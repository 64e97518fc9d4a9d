package page

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible is a text in which nothing hides: control characters, and those that turn the
// direction of a line, are written as \u202e. It is valid UTF-8. Line feeds stay.
func visible(text string) string {
	if utf8.ValidString(text) && strings.IndexFunc(text, hides) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\ufffd") {
		switch {
		case !hides(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// line is a visible text in one line.
func line(text string) string { return strings.Join(strings.Fields(visible(text)), " ") }

// hides reports a character that is not seen and changes what is.
func hides(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Co, r))
}
