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
func markdown(text string) (all []passage) {
	var open *passage
	end := func() {
		if open != nil {
			all, open = append(all, *open), nil
		}
	}
	fenced, commented, listed, empty := "", false, false, true
	for i, row := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(row)
		switch {
		case fenced != "":
			if strings.HasPrefix(trimmed, fenced) {
				fenced = ""
			}
			continue
		case strings.HasPrefix(trimmed, "```"):
			end()
			fenced = "```"
			continue
		case commented || strings.HasPrefix(trimmed, "<!--"):
			end()
			commented = !strings.Contains(trimmed, "-->")
			continue
		case trimmed == "":
			end()
			empty = true
			continue
		case heading.MatchString(row):
			end()
			listed, empty = false, false
			continue
		case strings.HasPrefix(trimmed, "|"):
			end()
			if !ruler.MatchString(row) {
				for _, cell := range cells(trimmed) {
					all = append(all, passage{i + 1, []string{plain(cell)}})
				}
			}
			continue
		case entry.MatchString(row) && (listed || !indented(row)):
			end()
			listed, row = true, entry.ReplaceAllString(row, "")
		case open == nil && indented(row) && (!listed || strings.HasPrefix(row, "      ")) && empty:
			continue // code
		case open == nil && !strings.HasPrefix(row, " "):
			listed = false
		}
		if open == nil {
			open = &passage{line: i + 1}
		}
		open.rows, empty = append(open.rows, strings.TrimSpace(row)), false
	}
	end()
	for i := range all {
		all[i].rows = strings.Split(plain(strings.Join(all[i].rows, "\n")), "\n")
	}
	return all
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
