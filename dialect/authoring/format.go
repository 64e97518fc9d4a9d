package authoring

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// keyOrder is the order in which the keys of a file stand: what it is, what is
// true of all responses, how they look, and the proof.
var keyOrder = []string{
	"dialect", "title", "source", "language", "extends", "forms", "codes_are_statuses", "codes",
	"idempotency", "auth", "poll", "operations", "limits", "support", "define", "shapes", "samples",
}

// errLayout says that the formatter gave up on a file rather than change what it
// says. It is a fault of ours.
var errLayout = errors.New("the file is left as it is: laid out anew, it would say something else; this is a fault of the formatter")

// Format lays a dialect file out in the canonical way:
//
//   - the keys of the file stand in one order;
//   - indentation is two blanks, and there are no empty lines;
//   - one blank follows a colon or a comma;
//   - quotes stand only around a text that YAML or a reader could take for
//     something else.
//
// A comment stays beside its value. A value in one line stays in one line, and one
// in several stays in several. The meaning of the file is the same, and formatting
// twice changes nothing more.
//
// The error is a *dialect.FileError for a text that is not YAML, or not the YAML of a
// dialect file: anchors, tags, several documents. Other faults do not matter to it.
func Format(source []byte) ([]byte, error) {
	out, err := format(source)
	for range maxFormats {
		if err != nil {
			return nil, err
		}
		// A comment that came to stand elsewhere may belong to something else there.
		again, err := format(out)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(again, out) {
			return out, nil
		}
		out = again
	}
	return nil, errLayout
}

const maxFormats = 4 // until nothing changes any more

// format lays a file out once.
func format(source []byte) ([]byte, error) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(source), "\ufeff"))
	if !strings.HasSuffix(text, "\n") {
		text += "\n" // before it is read: the end of a block text counts
	}
	r := &spec.Reporter{}
	root := r.Load([]byte(text))
	if root != nil && root.Kind != yaml.MappingNode {
		r.Pairs(root, "a dialect file", nil)
	}
	if root == nil || r.Failed() {
		return nil, &dialect.FileError{Diagnostics: r.Sorted(), Source: []byte(text)}
	}
	l := newLayout(text, root)
	l.file(root)
	if l.lost {
		return nil, errLayout
	}
	out := []byte(l.text())
	second := &spec.Reporter{}
	again := second.Load(out)
	if again == nil || second.Failed() || !sameFile(root, again) {
		return nil, errLayout
	}
	if check := newLayout(string(out), again); !slices.Equal(l.comments(), check.comments()) {
		return nil, errLayout
	}
	return out, nil
}

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
		if spec.Indentation(text) < least {
			break
		}
		if least <= indent+1 && !explicit(l.line(n.Line-1), l.starts[n.Line-1], l.offset(n)) {
			least = spec.Indentation(text)
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
				at = utf8.RuneCountInString(l.line(i)[:l.comment[i]]) - spec.Indentation(l.line(from-1))
				if len(lines) > 0 { // a block of text may have none
					at += spec.Indentation(lines[0])
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
			start = strings.Repeat(" ", max(0, spec.Indentation(text)+indent-here.was))
			text = strings.TrimLeft(text, " ")
		}
		lines[i] = start + text
	}
	for i := v.Line - 1; i < l.endLine(v)-1; i++ {
		l.written[i] = true // it is part of the text
	}
	return lines
}

// contentIndent is how deep the content of a block text is indented.
func (l *layout) contentIndent(v *yaml.Node, indent, from, to int, head string) int {
	if i := strings.IndexAny(head, "123456789"); i >= 0 {
		return max(indent, 0) + int(head[i]-'0')
	}
	for i := from; i < to; i++ {
		if text := l.line(i); !blank(text) {
			return spec.Indentation(text)
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

// nothing reports a value that is not there.
func nothing(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == ""
}

// unsaid reports that a value at or below a node is not there.
func unsaid(n *yaml.Node) bool {
	return nothing(n) || slices.ContainsFunc(n.Content, unsaid)
}

// keepsQuotes reports a list of which one text needs quotes: the others keep
// theirs, for a list looks better in one style.
func (l *layout) keepsQuotes(n *yaml.Node) bool {
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool {
		return c.Kind == yaml.ScalarNode && c.Style&quotedStyle != 0 && !needsNoQuotes(c.Value, false)
	})
}

// scalar is a text in one line, without quotes that it does not need.
func (l *layout) scalar(n *yaml.Node, key bool) string {
	if n.Style&quotedStyle == 0 {
		return n.Value
	}
	if needsNoQuotes(n.Value, key) {
		return n.Value
	}
	from := l.offset(n)
	return l.source[from:l.quoteEnd(from)]
}

// needsNoQuotes reports a text of which nobody could think that it is something
// else: letters, digits, blanks and a few marks, beginning with a letter.
func needsNoQuotes(s string, key bool) bool {
	for i, r := range s {
		if !standsBare(s, i, r, key) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "", "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return false
	}
	_, known := spec.ParseTarget(s)
	return key || known != nil
}

// standsBare reports that a character means nothing but itself at its place in a
// text without quotes.
func standsBare(s string, at int, r rune, key bool) bool {
	last := at == len(s)-1
	switch {
	case at == 0:
		return r < utf8.RuneSelf && unicode.IsLetter(r) || r == '$' && !last
	case r == ' ':
		return !last
	case r == ':':
		return !last && s[at+1] != ' ' && !key
	case r < utf8.RuneSelf && unicode.IsDigit(r), strings.ContainsRune("_-./?!|=+;$", r):
		return true
	}
	return unicode.IsLetter(r)
}

// sameFile reports that two files say the same, their keys in whatever order.
func sameFile(a, b *yaml.Node) bool {
	if len(a.Content) != len(b.Content) || a.Kind != b.Kind {
		return false
	}
	for i := 0; i+1 < len(a.Content); i += 2 {
		j := 0
		for j < len(b.Content) && b.Content[j].Value != a.Content[i].Value {
			j += 2
		}
		if j >= len(b.Content) || !sameNode(a.Content[i+1], b.Content[j+1]) {
			return false
		}
	}
	return true
}

func sameNode(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, sameNode)
}
