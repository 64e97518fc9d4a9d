package authoring

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance/internal/keyfile"
	yaml "go.yaml.in/yaml/v4"
)

// layout writes a file anew, line by line, from the nodes and from what the
// nodes do not hold: comments, and how a text was quoted.
type layout struct {
	source  string
	starts  []int    // where each line begins
	opaque  [][2]int // quoted and block texts, in which # is no comment
	comment []int    // where the comment of each line begins, -1 for none
	written []bool   // the comment of that line is written

	cursor   int // the first line whose comment may still have to be written
	sections []*section
	head     []string // comments before the first key
	foot     []string // and after the last entry
	blocks   []column // of the entry that was written last, from the outside
	lost     bool     // something could not be found again
}

// section is a key of the file with all that belongs to it.
type section struct {
	key   string
	lines []string
}

// column is where the entries of a block begin: in the source, and now.
type column struct{ was, is int }

func newLayout(source string, root *yaml.Node) *layout {
	l := &layout{source: source, starts: []int{0}}
	for i := range len(source) {
		if source[i] == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	l.noteOpaque(root, -1)
	slices.SortFunc(l.opaque, func(a, b [2]int) int { return a[0] - b[0] })
	l.comment, l.written = make([]int, len(l.starts)), make([]bool, len(l.starts))
	for i := range l.starts {
		l.comment[i] = l.commentOf(i)
	}
	return l
}

// file writes the sections.
func (l *layout) file(root *yaml.Node) {
	if root.Style&yaml.FlowStyle != 0 {
		l.sections = []*section{{}}
		l.entry(l.value(root, column{}, 0, ""), root.Line, l.endLine(root))
	} else {
		l.block(root, 0, "")
	}
	l.commentsBefore(len(l.starts), column{-1, 0}, true)
	slices.SortStableFunc(l.sections, func(a, b *section) int { return rank(a.key) - rank(b.key) })
}

// rank is the place of a key in a file; those that nobody knows come last.
func rank(key string) int {
	if i := slices.Index(keyOrder, key); i >= 0 {
		return i
	}
	return len(keyOrder)
}

func (l *layout) text() string {
	lines := l.head
	for _, s := range l.sections {
		lines = append(lines, s.lines...)
	}
	return strings.Join(append(lines, l.foot...), "\n") + "\n"
}

func (l *layout) put(lines ...string) {
	if len(l.sections) == 0 {
		l.head = append(l.head, lines...)
		return
	}
	s := l.sections[len(l.sections)-1]
	s.lines = append(s.lines, lines...)
}

// commentsBefore writes the comments of the lines before one that stand alone: at the
// indentation of what follows, or, where they stand deeper, of what they end.
// Comments at the margin after the last entry end the file.
func (l *layout) commentsBefore(before int, next column, last bool) (above []string) {
	for i := l.cursor; i < before && i < len(l.starts); i++ {
		at := l.comment[i]
		if at < 0 || l.written[i] {
			continue
		}
		l.written[i] = true
		text := strings.TrimRight(l.line(i)[at:], " \t")
		indent, ends := next.is, false
		if len(above) == 0 {
			ends = at > next.was && next.was >= 0 && len(l.sections) > 0
			for _, b := range l.blocks {
				if b.was > next.was && b.was <= at {
					indent, ends = b.is, b.is > 0 || !last
				}
			}
		}
		line := strings.Repeat(" ", indent) + text
		switch {
		case ends:
			l.put(line)
		case last:
			l.foot = append(l.foot, line)
		default:
			above = append(above, line)
		}
	}
	l.cursor = max(l.cursor, before)
	return above
}

// entry writes lines that came from those of the source, with the comments that
// stand at their ends after the first of them, or after the last where all of
// them are new lines too.
func (l *layout) entry(lines []string, from, to int) {
	var texts []string
	at := -1
	for i := from - 1; i < to && i < len(l.written); i++ {
		if l.comment[i] >= 0 && !l.written[i] {
			l.written[i] = true
			texts = append(texts, strings.TrimRight(l.line(i)[l.comment[i]:], " \t"))
			if at < 0 {
				at = utf8.RuneCountInString(l.line(i)[:l.comment[i]]) - keyfile.Indentation(l.line(from-1))
				if len(lines) > 0 { // a block of text may have none
					at += keyfile.Indentation(lines[0])
				}
			}
		}
	}
	if len(texts) > 0 && len(lines) == 0 {
		lines = []string{""}
	}
	if len(texts) > 0 {
		end := &lines[len(lines)-1]
		gap := max(at-utf8.RuneCountInString(*end), 1)
		*end += strings.Repeat(" ", gap) + strings.Join(texts, " ")
	}
	l.put(lines...)
	l.cursor = max(l.cursor, to)
}

// block writes a mapping or a list whose entries stand on lines of their own.
// first stands before the first of them on its line: the dashes of lists.
func (l *layout) block(n *yaml.Node, indent int, first string) {
	here := column{n.Column - 1, indent}
	l.blocks = append(l.blocks, here)
	depth := len(l.blocks)
	step := 2
	if n.Kind == yaml.SequenceNode {
		step = 1
	}
	for i := 0; i+step-1 < len(n.Content); i += step {
		key, value := n.Content[i], n.Content[i+step-1]
		above := []string{}
		if i > 0 || first == "" {
			if !nothing(key) {
				above = l.commentsBefore(key.Line-1, here, false)
			}
			first = strings.Repeat(" ", indent)
		}
		l.blocks = l.blocks[:depth]
		if indent == 0 && depth == 1 && n.Kind == yaml.MappingNode {
			above = l.section(key.Value, above)
		}
		l.put(above...)
		if n.Kind == yaml.MappingNode {
			l.pair(first, key, value, here)
		} else {
			l.element(first, n, value, here)
		}
		first = ""
	}
	l.blocks = l.blocks[:depth]
}

// section begins a key of the file. What stands above the first one stays above
// all of them; it returns what is left to be written.
func (l *layout) section(key string, above []string) []string {
	if len(l.sections) == 0 {
		l.put(above...)
		above = nil
	}
	l.sections = append(l.sections, &section{key: key})
	return above
}

// pair writes a key with its value.
func (l *layout) pair(start string, key, value *yaml.Node, here column) {
	if key.Style&blockStyle != 0 || l.endLine(key) != key.Line {
		l.lost = true
	}
	l.below(start+l.scalar(key, true)+":", key.Line, value, here)
}

// element writes an element of a list.
func (l *layout) element(start string, list, value *yaml.Node, here column) {
	if value.Kind == yaml.ScalarNode && value.Style&quotedStyle != 0 && l.endLine(value) == value.Line && l.keepsQuotes(list) {
		l.entry([]string{start + "- " + l.source[l.offset(value):l.end(value)]}, value.Line, value.Line)
		return
	}
	l.below(start+"-", value.Line, value, here)
}

// below writes what stands after a key or a dash.
func (l *layout) below(start string, line int, v *yaml.Node, here column) {
	block := (v.Kind == yaml.MappingNode || v.Kind == yaml.SequenceNode) && v.Style&yaml.FlowStyle == 0 && len(v.Content) > 0
	switch {
	case block && strings.HasSuffix(start, "-"):
		inner := here.is + 2
		l.block(v, inner, start+" ")
	case block:
		l.entry([]string{start}, line, line)
		l.block(v, here.is+2, "")
	default:
		l.entry(l.value(v, here, here.is, start), line, max(line, l.endLine(v)))
	}
}

// value is what stands after a key, in as many lines as it has in the source.
func (l *layout) value(v *yaml.Node, here column, indent int, start string) []string {
	if nothing(v) {
		return []string{start}
	}
	if start != "" {
		start += " "
	}
	switch {
	case v.Kind == yaml.ScalarNode && v.Style&blockStyle != 0:
		l.blockText(v, here, indent, start)
		return nil
	case l.endLine(v) != v.Line:
		return l.moved(v, here, indent, start)
	case v.Kind == yaml.ScalarNode:
		return []string{strings.TrimRight(start+l.scalar(v, false), " ")}
	}
	return []string{start + l.flow(v)}
}

// blockText writes a text behind | or >, its lines indented anew.
func (l *layout) blockText(v *yaml.Node, here column, indent int, start string) {
	head := headOf(l.line(v.Line-1), l.starts[v.Line-1], l.offset(v))
	from, to := l.blockLines(v, here.was)
	if strings.Contains(head, "+") { // empty lines at its end are kept
		for to+1 < len(l.starts) && blank(l.line(to)) {
			to++
		}
	}
	was := l.contentIndent(v, here.was, from, to, head)
	var lines []string
	for i := from; i < to; i++ {
		text := l.line(i)
		l.written[i] = true
		if len(text) <= was && blank(text) {
			lines = append(lines, "")
			continue
		}
		lines = append(lines, strings.Repeat(" ", indent+2)+text[min(was, len(text)):])
	}
	// The comment beside the | belongs there, and blanks at an end are content.
	l.entry([]string{start + indentedBy2(head)}, v.Line, v.Line)
	l.put(lines...)
	l.cursor = max(l.cursor, to)
}

// blank reports a line of blanks, or an empty one.
func blank(line string) bool { return strings.TrimLeft(line, " ") == "" }

// indentedBy2 is the head of a block text whose lines are indented by two blanks.
func indentedBy2(head string) string {
	return strings.Map(func(r rune) rune {
		if r >= '1' && r <= '9' {
			return '2'
		}
		return r
	}, head)
}

// moved is a value of several lines: they stay several, moved with the line that
// they belong to.
func (l *layout) moved(v *yaml.Node, here column, indent int, start string) []string {
	lines := strings.Split(l.source[l.offset(v):l.end(v)], "\n")
	for i, text := range lines {
		if i > 0 {
			start = strings.Repeat(" ", max(0, keyfile.Indentation(text)+indent-here.was))
			text = strings.TrimLeft(text, " ")
		}
		lines[i] = start + text
	}
	for i := v.Line - 1; i < l.endLine(v)-1; i++ {
		l.written[i] = true // it is part of the text
	}
	return lines
}

// flow is a mapping or a list in one line.
func (l *layout) flow(n *yaml.Node) string {
	if unsaid(n) {
		return l.source[l.offset(n):l.end(n)] // an entry without a value: as it stands
	}
	var b strings.Builder
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(l.scalar(n.Content[i], true) + ": " + l.flow(n.Content[i+1]))
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		asked := l.keepsQuotes(n)
		for i, c := range n.Content {
			if i > 0 {
				b.WriteString(", ")
			}
			if asked && c.Kind == yaml.ScalarNode {
				b.WriteString(l.source[l.offset(c):l.end(c)])
				continue
			}
			b.WriteString(l.flow(c))
		}
		b.WriteByte(']')
	default:
		return l.scalar(n, false)
	}
	return b.String()
}
