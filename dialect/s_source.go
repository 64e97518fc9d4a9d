package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// MaxSource is the most bytes that a dialect file may have. The largest one we
// know has a few hundred lines, so what is beyond is none, and a stranger's file
// costs little to refuse.
const MaxSource = 1 << 20

// position is a place in a dialect file, both counted from 1.
type position struct{ line, column int }

func at(n *yaml.Node) position { return position{n.Line, n.Column} }

// reporter collects every complaint about one file, so that an author sees all
// of them at once.
type reporter struct {
	file  string
	all   []parlance.Diagnostic
	defs  map[string]*definition
	named []namedPlace // what $is says inside of bodies
	asked []namedPlace // what rows ask of a form
}

// namedPlace is where a file gives a name that codes must explain.
type namedPlace struct {
	name string
	pos  position
}

func (r *reporter) add(severity parlance.Severity, pos position, rule, hint, format string, args ...any) {
	d := parlance.Diagnostic{
		Rule: rule, Severity: severity, File: r.file, Line: pos.line, Column: pos.column,
		Message: fmt.Sprintf(format, args...), Hint: hint, Why: why(rule),
	}
	if len(r.all) < maxComplaints && !slices.Contains(r.all, d) {
		r.all = append(r.all, d)
	}
}

func (r *reporter) fault(pos position, rule, hint, format string, args ...any) {
	r.add(parlance.Fault, pos, rule, hint, format, args...)
}

func (r *reporter) warn(pos position, rule, hint, format string, args ...any) {
	r.add(parlance.Warning, pos, rule, hint, format, args...)
}

func (r *reporter) failed() bool {
	return slices.ContainsFunc(r.all, func(d parlance.Diagnostic) bool { return d.Severity == parlance.Fault })
}

func (r *reporter) sorted() []parlance.Diagnostic {
	slices.SortStableFunc(r.all, func(a, b parlance.Diagnostic) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return r.all
}

// load reads the YAML and refuses what the language does not have: several
// documents, anchors and aliases, tags, duplicate keys.
func (r *reporter) load(source []byte) *yaml.Node {
	if len(source) > MaxSource {
		r.fault(position{1, 1}, "too_large", "split it: one file holds one API", "the file has %d bytes; at most %d are read", len(source), MaxSource)
		return nil
	}
	if deep := tooDeep(source); deep > 0 {
		r.fault(position{deep, 1}, "too_deep", "", "the file is nested more than %d levels deep", maxNest)
		return nil
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	if err := decoder.Decode(&document); err != nil && err != io.EOF {
		r.syntax(err, source)
		return nil
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		r.fault(position{1, 1}, "empty", "begin with `dialect: name`", "the file is empty")
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		r.fault(at(&second), "two_documents", "make a second file of what follows ---", "the file holds a second YAML document, which would not be read")
	} else if err != io.EOF {
		r.syntax(err, source)
		return nil
	}
	budget := maxNodes
	r.plain(document.Content[0], 0, &budget)
	if budget < 0 {
		return nil // beyond the bounds nothing is worth looking at
	}
	return document.Content[0]
}

// tooDeep counts brackets that are open at once, before YAML sees the file, and
// returns the line where there are too many. It may overcount brackets inside
// texts, which no file of ours has in such numbers.
func tooDeep(source []byte) int {
	open, line := 0, 1
	for _, c := range source {
		switch c {
		case '\n':
			line++
		case '[', '{':
			if open++; open > 4*maxNest {
				return line
			}
		case ']', '}':
			open = max(open-1, 0)
		}
	}
	return 0
}

// syntax tells of what YAML cannot read, at the place that it names.
func (r *reporter) syntax(err error, source []byte) {
	pos, message := position{1, 1}, strings.TrimPrefix(err.Error(), "yaml: ")
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	}
	if one != nil || errors.As(err, &one) {
		message = one.Message
		if one.Mark.Line > 0 {
			pos = position{one.Mark.Line, max(one.Mark.Column, 1)}
		}
	}
	var line, before string
	lines := strings.Split(string(source), "\n")
	if pos.line <= len(lines) {
		line = lines[pos.line-1]
	}
	for i := min(pos.line-1, len(lines)) - 1; i >= 0 && before == ""; i-- {
		before = strings.TrimSpace(lines[i])
		if before != "" {
			before = lines[i]
		}
	}
	hint := "a text that begins with { [ * & ! % @ ` or holds `: ` or ` #` must stand in quotes"
	switch {
	case strings.HasPrefix(strings.TrimLeft(line, " "), "\t"):
		message, hint = "YAML takes no tabs for indentation", "indent with blanks"
	case strings.Contains(message, "UTF-8"), strings.Contains(message, "control characters"):
		hint = "save the file as UTF-8"
	case !needsQuotes(line) && indentation(line) != indentation(before):
		hint = "keys of one mapping stand in one column: look at the indentation of this line and the one before it"
	}
	r.fault(pos, "yaml_syntax", hint, "this is not YAML: %s", message)
}

// needsQuotes reports that what stands after the key begins like something else
// than a text, or holds a second key.
func needsQuotes(line string) bool {
	_, value, _ := strings.Cut(line, ": ")
	return value != "" && strings.ContainsRune("{[*&!%@`", rune(value[0])) || strings.Contains(value, ": ")
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// plain checks every value for what the language does not have. It stops at the
// bounds, with a negative budget.
func (r *reporter) plain(n *yaml.Node, depth int, budget *int) {
	if *budget < 0 {
		return
	}
	if *budget--; *budget < 0 {
		r.fault(at(n), "too_large", "split it: one file holds one API", "the file has more than %d values", maxNodes)
		return
	}
	if depth > maxNest {
		*budget = -1
		r.fault(at(n), "too_deep", "", "the file is nested more than %d levels deep", maxNest)
		return
	}
	if n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" {
		r.fault(at(n), "tag", "leave it out; put a text in quotes", "tags (!) are not part of the language")
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.fault(at(n), "anchor", "write it twice: what is shared changes in both places", "anchors (&) and aliases (*) are not part of the language")
	}
	if n.Kind == yaml.MappingNode {
		seen := map[string]position{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Tag == "!!null" {
				r.fault(at(k), "key_type", "put the key in quotes", "a key must be a text")
				continue
			}
			if k.Value == "<<" {
				r.fault(at(k), "anchor", "write it twice: what is shared changes in both places", "merge keys (<<) are not part of the language")
			}
			if first, twice := seen[k.Value]; twice {
				r.fault(at(k), "duplicate_key", "keep one of them", "the key %q stands here for the second time; the first is on line %d", k.Value, first.line)
				continue
			}
			seen[k.Value] = at(k)
		}
	}
	for _, c := range n.Content {
		r.plain(c, depth+1, budget)
	}
}

// pairs calls yield for each key and value of a mapping; a node of another kind
// is a fault that names what was expected.
func (r *reporter) pairs(n *yaml.Node, what string, yield func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fault(at(n), "wrong_type", "", "%s must be a mapping of keys to values, not %s", what, kindOf(n))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode {
			yield(n.Content[i], n.Content[i+1])
		}
	}
}

// text is the value of a scalar; another kind is a fault.
func (r *reporter) text(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fault(at(n), "wrong_type", "", "%s must be a text, not %s", what, kindOf(n))
		return "", false
	}
	return n.Value, true
}

// texts is a list of scalars, or one scalar as a list of one.
func (r *reporter) texts(n *yaml.Node, what string) []string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.fault(at(n), "wrong_type", "", "%s must be a text or a list of texts, not %s", what, kindOf(n))
		return nil
	}
	var all []string
	for _, c := range n.Content {
		if s, ok := r.text(c, what); ok {
			all = append(all, s)
		}
	}
	return all
}

// words is a text of words, or a list of them.
func (r *reporter) words(n *yaml.Node, what string) []string {
	var all []string
	for _, s := range r.texts(n, what) {
		all = append(all, strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == ',' })...)
	}
	return all
}

func (r *reporter) boolean(n *yaml.Node, what string) bool {
	switch n.Value {
	case "true":
		return true
	case "false":
	default:
		r.fault(at(n), "wrong_type", "write true or false", "%s must be true or false, not %s", what, kindOf(n))
	}
	return false
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			return "an empty list"
		}
		return "a list"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

// unknown is the fault of a word that is not in the language at that place.
func (r *reporter) unknown(pos position, rule, what, word string, known []string) {
	hint := ""
	if best := nearest.Word(word, known); best != "" {
		hint = fmt.Sprintf("did you mean %q?", best)
	}
	r.fault(pos, rule, hint, "unknown %s %q; expected one of %s", what, word, strings.Join(known, ", "))
}

const (
	maxNodes = 50_000 // YAML nodes
	maxNest  = 64     // levels of YAML

	maxComplaints = 200 // nobody reads more at once
)
