package authoring

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// excerptWidth is how much of a long line is shown, in characters.
const excerptWidth = 120

// Excerpt is the line of a file that a Diagnostic points at, with a caret under
// the column; "" if it points at none. A long line is cut to the part around the
// column.
func Excerpt(source []byte, d parlance.Diagnostic) string {
	if d.Line < 1 {
		return ""
	}
	lines := strings.Split(string(source), "\n")
	if d.Line > len(lines) {
		return ""
	}
	line := []rune(strings.TrimRight(lines[d.Line-1], "\r"))
	before := min(max(d.Column-1, 0), len(line))
	if len(line) > excerptWidth+2 {
		from := min(max(before-excerptWidth/2, 0), len(line)-excerptWidth)
		cut := line[from : from+excerptWidth]
		before -= from
		if from+excerptWidth < len(line) {
			cut = append(append([]rune{}, cut...), '…')
		}
		if from > 0 {
			cut = append([]rune{'…'}, cut...)
			before++
		}
		line = cut
	}
	number := strconv.Itoa(d.Line)
	out := number + " | " + string(line)
	if d.Column < 1 {
		return out
	}
	// Tabs stay tabs, so that the caret stands under its letter.
	pad := strings.Map(func(c rune) rune {
		if c == '\t' {
			return c
		}
		return ' '
	}, string(line[:before]))
	return out + "\n" + strings.Repeat(" ", len(number)) + " | " + pad + "^"
}
