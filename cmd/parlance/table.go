package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table writes rows whose cells are wrapped into columns, two spaces apart.
// Unlike align it needs no row but the one that it writes.
type table struct {
	w      io.Writer
	widths []int
}

// row writes the cells of one row. paint has a color for each column; where
// there is one only, it is that of all, and nil is none.
func (t table) row(cells []string, paint ...func(string) string) {
	columns := make([][]string, len(cells))
	height := 0
	for i, cell := range cells {
		columns[i] = wrap(printable(cell), t.widths[i])
		height = max(height, len(columns[i]))
	}
	for n := range height {
		var b strings.Builder
		blank := 0 // columns since the last text: no line ends in them
		for i, lines := range columns {
			text := ""
			if n < len(lines) {
				text = lines[n]
			}
			if text != "" {
				b.WriteString(strings.Repeat(" ", blank))
				blank = 0
				painted := text
				if p := paint[min(i, len(paint)-1)]; p != nil {
					painted = p(text)
				}
				b.WriteString(painted)
			}
			blank += t.widths[i] - utf8.RuneCountInString(text) + 2
		}
		fmt.Fprintln(t.w, b.String())
	}
}

// ruled is a row of lines under each heading.
func ruled(widths []int) []string {
	cells := make([]string, len(widths))
	for i, w := range widths {
		cells[i] = strings.Repeat("─", w)
	}
	return cells
}

// wrap breaks a text into lines of a width: at spaces, after a slash, and within
// a word where it has neither.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for glue := " "; word != ""; glue = "" {
			if line == "" {
				glue = ""
			}
			room := width - utf8.RuneCountInString(line) - len(glue)
			part := fitting(word, room)
			if part == "" && line == "" {
				part = string([]rune(word)[:room])
			}
			if part == "" {
				lines, line = append(lines, line), ""
				continue
			}
			line, word = line+glue+part, word[len(part):]
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// fitting is the longest beginning of a word that fits and ends where it may be
// broken; "" for none.
func fitting(word string, room int) string {
	if utf8.RuneCountInString(word) <= room {
		return word
	}
	for end := len(word); end > 0; end = strings.LastIndexByte(word[:end-1], '/') + 1 {
		if end > 1 && end < len(word) && utf8.RuneCountInString(word[:end]) <= room { // a slash begins a path
			return word[:end]
		}
	}
	return ""
}
