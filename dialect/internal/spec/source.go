package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/nearest"
)

// MaxSource is the most bytes that a dialect file may have. The largest one we
// know has a few hundred lines, so what is beyond is none, and a stranger's file
// costs little to refuse.
const MaxSource = 1 << 20

// Position is a place in a dialect file, both counted from 1.
type Position struct{ Line, Column int }

// At is the place of a node.
func At(n *yaml.Node) Position { return Position{n.Line, n.Column} }

// Reporter collects every complaint about one file, so that an author sees all
// of them at once.
type Reporter struct {
	File  string
	All   []parlance.Diagnostic
	defs  map[string]*definition
	named []namedPlace // what $is says inside of bodies
	asked []namedPlace // what rows ask of a form
}

// namedPlace is where a file gives a name that codes must explain.
type namedPlace struct {
	name string
	pos  Position
}

func (r *Reporter) add(severity parlance.Severity, pos Position, rule, hint, format string, args ...any) {
	d := parlance.Diagnostic{
		Rule: rule, Severity: severity, File: r.File, Line: pos.Line, Column: pos.Column,
		Message: fmt.Sprintf(format, args...), Hint: hint, Why: WhyOf(rule),
	}
	if len(r.All) < maxComplaints && !slices.Contains(r.All, d) {
		r.All = append(r.All, d)
	}
}

// Fault notes a fault: the file cannot be used.
func (r *Reporter) Fault(pos Position, rule, hint, format string, args ...any) {
	r.add(parlance.SeverityError, pos, rule, hint, format, args...)
}

func (r *Reporter) warn(pos Position, rule, hint, format string, args ...any) {
	r.add(parlance.SeverityWarning, pos, rule, hint, format, args...)
}

// Failed reports that there is a fault.
func (r *Reporter) Failed() bool {
	return slices.ContainsFunc(r.All, func(d parlance.Diagnostic) bool { return d.Severity == parlance.SeverityError })
}

// Sorted are all faults and warnings, in the order of the file.
func (r *Reporter) Sorted() []parlance.Diagnostic {
	slices.SortStableFunc(r.All, func(a, b parlance.Diagnostic) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return r.All
}

// Load reads the YAML and refuses what the language does not have: several
// documents, anchors and aliases, tags, duplicate keys.
func (r *Reporter) Load(source []byte) *yaml.Node {
	if len(source) > MaxSource {
		r.Fault(Position{1, 1}, "too_large", "split it: one file holds one API", "the file has %d bytes; at most %d are read", len(source), MaxSource)
		return nil
	}
	if deep := tooDeep(source); deep > 0 {
		r.Fault(Position{deep, 1}, "too_deep", "", "the file is nested more than %d levels deep", maxNest)
		return nil
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	if err := decoder.Decode(&document); err != nil && err != io.EOF {
		r.syntax(err, source)
		return nil
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		r.Fault(Position{1, 1}, "empty", "begin with `dialect: name`", "the file is empty")
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		r.Fault(At(&second), "two_documents", "make a second file of what follows ---", "the file holds a second YAML document, which would not be read")
	} else if err != io.EOF {
		r.syntax(err, source)
		return nil
	}
	budget := maxNodes
	r.checkNode(document.Content[0], 0, &budget)
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
func (r *Reporter) syntax(err error, source []byte) {
	pos, message := Position{1, 1}, strings.TrimPrefix(err.Error(), "yaml: ")
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	}
	if one != nil || errors.As(err, &one) {
		message = one.Message
		if one.Mark.Line > 0 {
			pos = Position{one.Mark.Line, max(one.Mark.Column, 1)}
		}
	}
	var line, before string
	lines := strings.Split(string(source), "\n")
	if pos.Line <= len(lines) {
		line = lines[pos.Line-1]
	}
	for i := min(pos.Line-1, len(lines)) - 1; i >= 0 && before == ""; i-- {
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
	case !needsQuotes(line) && Indentation(line) != Indentation(before):
		hint = "keys of one mapping stand in one column: look at the indentation of this line and the one before it"
	}
	r.Fault(pos, "yaml_syntax", hint, "this is not YAML: %s", message)
}

// needsQuotes reports that what stands after the key begins like something else
// than a text, or holds a second key.
func needsQuotes(line string) bool {
	_, value, _ := strings.Cut(line, ": ")
	return value != "" && strings.ContainsRune("{[*&!%@`", rune(value[0])) || strings.Contains(value, ": ")
}

// Indentation is how many blanks a line begins with.
func Indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// checkNode checks every value for what the language does not have. It stops at the
// bounds, with a negative budget.
func (r *Reporter) checkNode(n *yaml.Node, depth int, budget *int) {
	if *budget < 0 {
		return
	}
	if *budget--; *budget < 0 {
		r.Fault(At(n), "too_large", "split it: one file holds one API", "the file has more than %d values", maxNodes)
		return
	}
	if depth > maxNest {
		*budget = -1
		r.Fault(At(n), "too_deep", "", "the file is nested more than %d levels deep", maxNest)
		return
	}
	if n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" {
		r.Fault(At(n), "tag", "leave it out; put a text in quotes", "tags (!) are not part of the language")
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.Fault(At(n), "anchor", "write it twice: what is shared changes in both places", "anchors (&) and aliases (*) are not part of the language")
	}
	if n.Kind == yaml.MappingNode {
		seen := map[string]Position{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Tag == "!!null" {
				r.Fault(At(k), "key_type", "put the key in quotes", "a key must be a text")
				continue
			}
			if k.Value == "<<" {
				r.Fault(At(k), "anchor", "write it twice: what is shared changes in both places", "merge keys (<<) are not part of the language")
			}
			if first, twice := seen[k.Value]; twice {
				r.Fault(At(k), "duplicate_key", "keep one of them", "the key %q stands here for the second time; the first is on line %d", k.Value, first.Line)
				continue
			}
			seen[k.Value] = At(k)
		}
	}
	for _, c := range n.Content {
		r.checkNode(c, depth+1, budget)
	}
}

// IsMapping reports that a node is a mapping; another kind is a fault that names
// what was expected.
func (r *Reporter) IsMapping(n *yaml.Node, what string) bool {
	if n.Kind != yaml.MappingNode {
		r.Fault(At(n), "wrong_type", "", "%s must be a mapping of keys to values, not %s", what, KindOf(n))
		return false
	}
	return true
}

// Pairs calls yield for each key and value of a mapping; a node of another kind
// is a fault that names what was expected.
func (r *Reporter) Pairs(n *yaml.Node, what string, yield func(key, value *yaml.Node)) {
	if !r.IsMapping(n, what) {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode {
			yield(n.Content[i], n.Content[i+1])
		}
	}
}

// Key is a key that a mapping may have, with the function that reads its value.
type Key struct {
	Name string
	Read func(key, value *yaml.Node)
}

// oldKeys are keys that have another name now.
var oldKeys = map[string]string{"undone": "no_effect"}

// Keys reads a mapping whose keys are known. Another key is a fault that lists
// those, in their order. what names the mapping in faults, such as "a shape".
func (r *Reporter) Keys(n *yaml.Node, what string, known ...Key) {
	r.Pairs(n, what, func(k, v *yaml.Node) {
		if i := slices.IndexFunc(known, func(one Key) bool { return one.Name == k.Value }); i >= 0 {
			known[i].Read(k, v)
			return
		}
		names := make([]string, len(known))
		for i, one := range known {
			names[i] = one.Name
		}
		if now := oldKeys[k.Value]; slices.Contains(names, now) {
			r.Fault(At(k), "unknown_key", "write "+now, "unknown key of %s %q; it is called %s", what, k.Value, now)
			return
		}
		r.Unknown(At(k), "unknown_key", "key of "+what, k.Value, names)
	})
}

// TextTo reads a text. The key names it in faults, as in all that follow.
func (r *Reporter) TextTo(to *string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) { *to, _ = r.Text(v, k.Value) }
}

// BooleanTo reads true or false.
func (r *Reporter) BooleanTo(to *bool) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) { *to = r.Boolean(v, k.Value) }
}

// wordsTo reads words.
func (r *Reporter) wordsTo(to *[]string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) { *to = r.words(v, k.Value) }
}

// nameTo reads a name that codes must explain, and notes where it stands.
func (r *Reporter) nameTo(to *string, at *[]namedPlace) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) {
		if *to, _ = r.Text(v, k.Value); *to != "" {
			*at = append(*at, namedPlace{*to, At(v)})
		}
	}
}

// methodsTo reads the methods of a condition.
func (r *Reporter) methodsTo(to *[]string) func(k, v *yaml.Node) {
	return func(_, v *yaml.Node) { *to = r.methods(v) }
}

// headerTo reads the name of a header field.
func (r *Reporter) headerTo(to *string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) {
		name, _ := r.Text(v, k.Value)
		*to = httpheader.Canonical(name)
	}
}

// durationTo reads a duration.
func (r *Reporter) durationTo(to *time.Duration) func(k, v *yaml.Node) {
	return func(_, v *yaml.Node) { *to = r.duration(v, v.Value) }
}

// elements are those of a list; a node of another kind is a fault that names
// what was expected, with a hint that shows it.
func (r *Reporter) elements(n *yaml.Node, what, hint string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.Fault(At(n), "wrong_type", hint, "%s must be a list, not %s", what, KindOf(n))
		return nil
	}
	return n.Content
}

// Text is the value of a scalar; another kind is a fault.
func (r *Reporter) Text(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.Fault(At(n), "wrong_type", "", "%s must be a text, not %s", what, KindOf(n))
		return "", false
	}
	return n.Value, true
}

// Texts is a list of scalars, or one scalar as a list of one.
func (r *Reporter) Texts(n *yaml.Node, what string) []string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.Fault(At(n), "wrong_type", "", "%s must be a text or a list of texts, not %s", what, KindOf(n))
		return nil
	}
	var all []string
	for _, c := range n.Content {
		if s, ok := r.Text(c, what); ok {
			all = append(all, s)
		}
	}
	return all
}

// words is a text of words, or a list of them.
func (r *Reporter) words(n *yaml.Node, what string) []string {
	var all []string
	for _, s := range r.Texts(n, what) {
		all = append(all, strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == ',' })...)
	}
	return all
}

// Boolean is true or false; another value is a fault.
func (r *Reporter) Boolean(n *yaml.Node, what string) bool {
	switch n.Value {
	case "true":
		return true
	case "false":
	default:
		r.Fault(At(n), "wrong_type", "write true or false", "%s must be true or false, not %s", what, KindOf(n))
	}
	return false
}

// KindOf names the value of a node for a fault: "a list", or a text in quotes.
func KindOf(n *yaml.Node) string {
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

// Unknown is the fault of a word that is not in the language at that place.
func (r *Reporter) Unknown(pos Position, rule, what, word string, known []string) {
	hint := ""
	if best := nearest.Word(word, known); best != "" {
		hint = fmt.Sprintf("did you mean %q?", best)
	}
	r.Fault(pos, rule, hint, "unknown %s %q; expected one of %s", what, word, strings.Join(known, ", "))
}

const (
	maxNodes = 50_000 // YAML nodes
	maxNest  = 64     // levels of YAML

	maxComplaints = 200 // nobody reads more at once
)
