package check

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// status is the place of the status line.
func (l *look) status() Place {
	n := strconv.Itoa(l.x.Response.Status)
	return Place{Part: PartStatus, Excerpt: "HTTP " + n + "\n     ^"}
}

// field is the place of a header field. One that is missing has no text below which a caret
// could stand.
func (l *look) field(name string) Place {
	p := Place{Part: PartHeader, Field: name}
	if l.x.Response.Header == nil {
		return p
	}
	if values := l.x.Response.Header.Values(name); len(values) > 0 {
		line := name + ": " + clean(values[0])
		p.Excerpt = authoring.Excerpt([]byte(line), parlance.Diagnostic{Line: 1, Column: len(name) + 3})
		p.Excerpt = strings.ReplaceAll(strings.TrimPrefix(p.Excerpt, "1 | "), "\n  | ", "\n")
	}
	return p
}

// clean takes the control characters out of a text that is shown.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// excerptBytes is how much of a line around a place is looked at: more is not shown.
const excerptBytes = 512

// body is a place in the body, by its offset.
func (l *look) body(offset int, member string) Place {
	text := l.x.Response.Body
	p := Place{Part: PartBody, Member: member, Offset: offset}
	if len(text) == 0 {
		return p
	}
	offset = min(max(offset, 0), len(text)-1)
	p.Offset = offset
	start := bytes.LastIndexByte(text[:offset], '\n') + 1
	p.Line = bytes.Count(text[:start], []byte("\n")) + 1
	p.Column = utf8.RuneCount(text[start:offset]) + 1
	p.Excerpt = excerpt(text, start, offset)
	return p
}

// excerpt is the line of a place with a caret below it. Only the part of a long line around
// the place is looked at.
func excerpt(text []byte, start, offset int) string {
	from := max(start, offset-excerptBytes)
	for from > start && !utf8.RuneStart(text[from]) {
		from--
	}
	to := min(len(text), offset+excerptBytes)
	if end := bytes.IndexByte(text[offset:to], '\n'); end >= 0 {
		to = offset + end
	}
	line := strings.ToValidUTF8(clean(string(text[from:to])), "\uFFFD")
	column := utf8.RuneCount(text[from:offset]) + 1
	shown := authoring.Excerpt([]byte(line), parlance.Diagnostic{Line: 1, Column: column})
	return strings.ReplaceAll(strings.TrimPrefix(shown, "1 | "), "\n  | ", "\n")
}
