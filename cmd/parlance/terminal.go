package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
)

// isTerminal reports whether a person sits at the other end: it is a character
// device, and not the one that swallows everything.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// style is how a text for people looks; the zero value is plain.
type style struct{ colour bool }

// styleOf is color for terminals, unless NO_COLOR (no-color.org) or a dumb
// terminal says otherwise, and for whoever sets CLICOLOR_FORCE.
func (a *app) styleOf(w io.Writer) style {
	if a.getenv("NO_COLOR") != "" {
		return style{}
	}
	forced := a.getenv("CLICOLOR_FORCE")
	return style{forced != "" && forced != "0" || isTerminal(w) && a.getenv("TERM") != "dumb"}
}

func (s style) paint(sgr, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string   { return s.paint("1", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }
func (s style) red(text string) string    { return s.paint("31", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }

// kind paints a kind: green for good, red for failing, yellow for what needs a look.
func (s style) kind(k parlance.Kind, text string) string {
	switch {
	case k.Failing():
		return s.paint("1;31", text)
	case k == parlance.KindNoted || k == parlance.KindPartial || k == parlance.KindAccepted:
		return s.paint("1;33", text)
	}
	return s.paint("1;32", text)
}

// sheet writes labelled lines, the labels in a column of their own.
type sheet struct {
	w io.Writer
	style
}

// labelWidth leaves two spaces after the longest label, which is a request's id.
const labelWidth = 14

// column is a label and what keeps it apart from its text: a longer one, such as
// a dialect's name, pushes the text away.
func column(label string) string {
	return pad(label, max(labelWidth, utf8.RuneCountInString(label)+2))
}

// title begins a part of the sheet.
func (s sheet) title(label, text string) {
	fmt.Fprintf(s.w, "%s%s\n", s.bold(column(label)), text)
}

// row writes a labelled text, and nothing where there is no text. The text is a
// stranger's: it is made printable.
func (s sheet) row(label, text string) {
	if text == "" {
		return
	}
	text = strings.ReplaceAll(printable(text), "\n", "\n"+strings.Repeat(" ", labelWidth))
	fmt.Fprintf(s.w, "%s%s\n", s.dim(column("  "+label)), text)
}

// table writes a labelled list of rows, its columns aligned.
func (s sheet) table(label string, rows [][]string) {
	for i, line := range align(rows) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(s.w, "%s%s\n", s.dim(column("  "+label)), line)
	}
}

// align joins the cells of each row, every column as wide as its widest cell.
func align(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(printable(cell)))
		}
	}
	for i := range widths { // an empty column takes no room
		if widths[i] > 0 {
			widths[i] += 2
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for j, cell := range row {
			b.WriteString(pad(strings.ReplaceAll(printable(cell), "\n", " "), widths[j]))
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// printable shows what would move the cursor or change the terminal as an
// escape, so that a response cannot.
func printable(text string) string {
	fit := func(r rune) bool { return unicode.IsPrint(r) || r == '\n' }
	if utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !fit(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch _, size := utf8.DecodeRuneInString(text[i:]); {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case fit(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
