package main

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// passage is a part of a text whose sentences run on: a paragraph, an entry of a
// list, a cell of a table. A heading is none: it may be a question or a name.
type passage struct {
	line int      // of its first line
	rows []string // without marks of Markdown; code is one word
}

// sentence is one sentence, and the line that it begins in.
type sentence struct {
	line int
	text string
}

// code stands for what is between backquotes: it counts as one word and breaks no
// rule.
const code = "`code`"

var (
	backquoted = regexp.MustCompile("``[^`]+``|`[^`]*`")
	image      = regexp.MustCompile(`!\[[^\]]*\]\([^)]*\)`)
	link       = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	mark       = regexp.MustCompile(`\*\*|\*|\b_|_\b`)
	address    = regexp.MustCompile(`<?https?://[^\s>)]+>?`)
	entry      = regexp.MustCompile(`^\s*([-*+]|\d+\.)\s+`)
	ruler      = regexp.MustCompile(`^\s*\|?[\s:|-]+\|?\s*$`)
	heading    = regexp.MustCompile(`^#{1,6}\s`)
)

// markdown cuts a page into passages. Fences, indented code and comments are left
// out.
func markdown(text string) []passage {
	p := page{empty: true}
	for i, row := range strings.Split(text, "\n") {
		p.row(i+1, row)
	}
	p.end()
	for i := range p.all {
		p.all[i].rows = strings.Split(plain(strings.Join(p.all[i].rows, "\n")), "\n")
	}
	return p.all
}

// page is a page of Markdown that is read row by row.
type page struct {
	all       []passage
	open      *passage // the one that goes on, nil for none
	fenced    bool
	commented bool
	listed    bool // in a list, in which code is indented further
	empty     bool // the row before was empty
}

// end ends the passage that is open.
func (p *page) end() {
	if p.open != nil {
		p.all, p.open = append(p.all, *p.open), nil
	}
}

// row reads one row.
func (p *page) row(line int, row string) {
	trimmed := strings.TrimSpace(row)
	switch {
	case p.skips(trimmed):
	case trimmed == "":
		p.end()
		p.empty = true
	case heading.MatchString(row):
		p.end()
		p.listed, p.empty = false, false
	case strings.HasPrefix(trimmed, "|"):
		p.end()
		p.table(line, row, trimmed)
	case entry.MatchString(row) && (p.listed || !indented(row)):
		p.end()
		p.listed = true
		p.add(line, entry.ReplaceAllString(row, ""))
	case p.open != nil:
		p.add(line, row)
	case p.empty && indented(row) && (!p.listed || strings.HasPrefix(row, "      ")):
		// code
	default:
		p.listed = p.listed && strings.HasPrefix(row, " ")
		p.add(line, row)
	}
}

// skips passes over fences and comments. It reports false for a row of neither.
func (p *page) skips(trimmed string) bool {
	switch fence := strings.HasPrefix(trimmed, "```"); {
	case p.fenced:
		p.fenced = !fence
	case fence:
		p.end()
		p.fenced = true
	case p.commented || strings.HasPrefix(trimmed, "<!--"):
		p.end()
		p.commented = !strings.Contains(trimmed, "-->")
	default:
		return false
	}
	return true
}

// table reads a row of a table, each of whose cells is a passage.
func (p *page) table(line int, row, trimmed string) {
	if ruler.MatchString(row) {
		return
	}
	for _, cell := range cells(trimmed) {
		p.all = append(p.all, passage{line, []string{plain(cell)}})
	}
}

// add puts a row into the passage that is open, or opens one.
func (p *page) add(line int, row string) {
	if p.open == nil {
		p.open = &passage{line: line}
	}
	p.open.rows, p.empty = append(p.open.rows, strings.TrimSpace(row)), false
}

func indented(row string) bool {
	return strings.HasPrefix(row, "    ") || strings.HasPrefix(row, "\t")
}

// cells are those of a row of a table; \| is no end of one.
func cells(row string) []string {
	const bar = "\x00"
	row = strings.ReplaceAll(row, `\|`, bar)
	// A bar between backquotes has to be escaped as well, so there is nothing else to look for.
	all := strings.Split(strings.Trim(row, "|"), "|")
	for i, cell := range all {
		all[i] = strings.TrimSpace(strings.ReplaceAll(cell, bar, "|"))
	}
	return all
}

// plain is a text without the marks of Markdown. Lines stay lines.
func plain(text string) string {
	keep := func(with string) func(string) string {
		return func(found string) string { return with + strings.Repeat("\n", strings.Count(found, "\n")) }
	}
	text = backquoted.ReplaceAllStringFunc(text, keep(code))
	text = image.ReplaceAllStringFunc(text, keep(""))
	text = link.ReplaceAllString(text, "$1")
	text = address.ReplaceAllString(text, code)
	return mark.ReplaceAllString(text, "")
}

// short are words with a point that ends no sentence.
var short = []string{"e.g.", "i.e.", "etc.", "vs.", "no.", "RFC."}

// sentences are those of a passage. One ends with its mark before a blank, or with
// the passage.
func sentences(p passage) (all []sentence) {
	var b strings.Builder
	at := p.line
	flush := func(next int) {
		if text := strings.TrimSpace(b.String()); text != "" {
			all = append(all, sentence{at, text})
		}
		b.Reset()
		at = next
	}
	for i, row := range p.rows {
		fields := strings.Fields(row)
		for j, field := range fields {
			if b.Len() == 0 {
				at = p.line + i
			} else {
				b.WriteByte(' ')
			}
			b.WriteString(field)
			if ends(field) && !abbreviated(field) && begins(next(p.rows, i, j)) {
				flush(p.line + i)
			}
		}
	}
	flush(0)
	return all
}

// ends reports that a word has the mark of a sentence's end.
func ends(field string) bool {
	field = strings.TrimRight(field, `)"'”’]`)
	return strings.HasSuffix(field, ".") || strings.HasSuffix(field, "?") || strings.HasSuffix(field, "!")
}

func abbreviated(field string) bool {
	for _, s := range short {
		if strings.EqualFold(strings.TrimLeft(field, "(\""), s) {
			return true
		}
	}
	return false
}

// next is the word after one; "" if that is the last.
func next(rows []string, row, at int) string {
	if fields := strings.Fields(rows[row]); at+1 < len(fields) {
		return fields[at+1]
	}
	for _, r := range rows[row+1:] {
		if fields := strings.Fields(r); len(fields) > 0 {
			return fields[0]
		}
	}
	return ""
}

// begins reports that a word can be the first of a sentence: all but one in lower
// case.
func begins(field string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(field, "(\"'“‘["))
	return !unicode.IsLower(r)
}

// words counts what holds a letter or a digit.
func words(text string) (n int) {
	for _, field := range strings.Fields(text) {
		if strings.ContainsFunc(field, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			n++
		}
	}
	return n
}
