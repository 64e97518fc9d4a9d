package authoring

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance/internal/keyfile"
	yaml "go.yaml.in/yaml/v4"
)

// line is the text of a line, counted from 0, without its end.
func (l *layout) line(i int) string {
	end := len(l.source)
	if i+1 < len(l.starts) {
		end = l.starts[i+1] - 1
	}
	return l.source[l.starts[i]:end]
}

// offset is where a node begins.
func (l *layout) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(l.starts) {
		l.lost = true
		return 0
	}
	at := l.starts[n.Line-1]
	for range n.Column - 1 {
		if at >= len(l.source) {
			break
		}
		_, size := utf8.DecodeRuneInString(l.source[at:])
		at += size
	}
	return at
}

const quotedStyle = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle

const blockStyle = yaml.LiteralStyle | yaml.FoldedStyle

// noteOpaque notes where texts stand that may hold a #. indent is the column of the
// block around a node, from 0.
func (l *layout) noteOpaque(n *yaml.Node, indent int) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Style&quotedStyle != 0:
		from := l.offset(n)
		l.opaque = append(l.opaque, [2]int{from, l.quoteEnd(from)})
	case n.Kind == yaml.ScalarNode && n.Style&blockStyle != 0:
		if from, to := l.blockLines(n, indent); from < to {
			l.opaque = append(l.opaque, [2]int{l.starts[from], l.starts[to-1] + len(l.line(to-1))})
		}
	case n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode:
		if n.Style&yaml.FlowStyle == 0 {
			indent = n.Column - 1
		}
		for _, c := range n.Content {
			l.noteOpaque(c, indent)
		}
	}
}

// quoteEnd is the place after the quote that ends a text.
func (l *layout) quoteEnd(from int) int {
	if from >= len(l.source) || l.source[from] != '"' && l.source[from] != '\'' {
		l.lost = true
		return from
	}
	quote := l.source[from]
	for i := from + 1; i < len(l.source); i++ {
		switch {
		case l.source[i] == '\\' && quote == '"':
			i++
		case l.source[i] != quote:
		case quote == '\'' && i+1 < len(l.source) && l.source[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return len(l.source)
}

// blockLines are the lines of a block text, from the one after its |, up to but
// not with those that are empty at its end.
func (l *layout) blockLines(n *yaml.Node, indent int) (from, to int) {
	from = n.Line
	to = from
	least := indent + 1
	for i := from; i < len(l.starts); i++ {
		text := l.line(i)
		if blank(text) {
			continue
		}
		if keyfile.Indentation(text) < least {
			break
		}
		if least <= indent+1 && !explicit(l.line(n.Line-1), l.starts[n.Line-1], l.offset(n)) {
			least = keyfile.Indentation(text)
		}
		to = i + 1
	}
	return from, to
}

// explicit reports that the head of a block text says how deep it is indented.
func explicit(line string, start, at int) bool {
	return strings.ContainsAny(headOf(line, start, at), "123456789")
}

// headOf is the head of a block text, such as |- or >2.
func headOf(line string, start, at int) string {
	head, _, _ := strings.Cut(line[min(max(at-start, 0), len(line)):], " ")
	return head
}

// commentOf finds where the comment of a line begins.
func (l *layout) commentOf(i int) int {
	start, text := l.starts[i], l.line(i)
	for at := 0; at < len(text); at++ {
		if over := l.within(start + at); over > 0 {
			at = over - start - 1
			continue
		}
		if text[at] == '#' && (at == 0 || text[at-1] == ' ' || text[at-1] == '\t') {
			return at
		}
	}
	return -1
}

// within is the end of the opaque text that a place lies in, 0 for none.
func (l *layout) within(at int) int {
	i, _ := slices.BinarySearchFunc(l.opaque, at, func(o [2]int, at int) int {
		if o[1] <= at {
			return -1
		}
		return 1
	})
	if i < len(l.opaque) && l.opaque[i][0] <= at {
		return l.opaque[i][1]
	}
	return 0
}

// comments are all of the file, sorted: none may be lost.
func (l *layout) comments() (all []string) {
	for i, at := range l.comment {
		if at >= 0 {
			all = append(all, strings.TrimRight(l.line(i)[at:], " \t"))
		}
	}
	slices.Sort(all)
	return all
}

// contentIndent is how deep the content of a block text is indented.
func (l *layout) contentIndent(v *yaml.Node, indent, from, to int, head string) int {
	if i := strings.IndexAny(head, "123456789"); i >= 0 {
		return max(indent, 0) + int(head[i]-'0')
	}
	for i := from; i < to; i++ {
		if text := l.line(i); !blank(text) {
			return keyfile.Indentation(text)
		}
	}
	return indent + 2
}

// end is the place after a node that is no block.
func (l *layout) end(n *yaml.Node) int {
	from := l.offset(n)
	switch {
	case n.Kind == yaml.ScalarNode && n.Style&quotedStyle != 0:
		return l.quoteEnd(from)
	case n.Kind == yaml.ScalarNode:
		return l.plainEnd(n, from)
	}
	open := 0
	for at := from; at < len(l.source); at++ {
		if over := l.within(at); over > 0 {
			at = over - 1
			continue
		}
		switch c := l.source[at]; c {
		case '#':
			if at > 0 && strings.IndexByte(" \t\n", l.source[at-1]) >= 0 {
				for at+1 < len(l.source) && l.source[at+1] != '\n' {
					at++
				}
			}
		case '[', '{':
			open++
		case ']', '}':
			if open--; open == 0 {
				return at + 1
			}
		}
	}
	l.lost = true
	return len(l.source)
}

// plainEnd is the place after a text without quotes: as many lines as it takes
// to come to its value.
func (l *layout) plainEnd(n *yaml.Node, from int) int {
	if n.Value == "" || strings.HasPrefix(l.source[from:], n.Value) {
		return from + len(n.Value)
	}
	words, at := strings.Fields(n.Value), from
	for _, w := range words {
		i := strings.Index(l.source[at:], w)
		if i < 0 || strings.TrimSpace(l.source[at:at+i]) != "" {
			l.lost = true
			return from
		}
		at += i + len(w)
	}
	return at
}

// endLine is the line on which a node ends.
func (l *layout) endLine(n *yaml.Node) int {
	if nothing(n) {
		return 0 // it is nowhere
	}
	if n.Kind == yaml.ScalarNode && n.Style&blockStyle != 0 {
		return n.Line
	}
	return n.Line + strings.Count(l.source[l.offset(n):max(l.end(n), l.offset(n))], "\n")
}

// nothing reports a value that is not there.
func nothing(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == ""
}

// unsaid reports that a value at or below a node is not there.
func unsaid(n *yaml.Node) bool {
	return nothing(n) || slices.ContainsFunc(n.Content, unsaid)
}
