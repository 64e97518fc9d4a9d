package dialect

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// Excerpt is the line of a file that a Diagnostic points at, with a caret under
// the column; "" where it points at none.
func Excerpt(source []byte, d parlance.Diagnostic) string {
	if d.Line < 1 {
		return ""
	}
	lines := strings.Split(string(source), "\n")
	if d.Line > len(lines) {
		return ""
	}
	line := strings.TrimRight(lines[d.Line-1], "\r")
	number := strconv.Itoa(d.Line)
	out := number + " | " + line
	if d.Column < 1 {
		return out
	}
	// Tabs stay tabs, so that the caret stands under its letter.
	pad := strings.Map(func(c rune) rune {
		if c == '\t' {
			return c
		}
		return ' '
	}, string([]rune(line)[:min(d.Column-1, len([]rune(line)))]))
	return out + "\n" + strings.Repeat(" ", len(number)) + " | " + pad + "^"
}
