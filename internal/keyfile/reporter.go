// Package keyfile reads YAML files by tables of the keys that a mapping may have. It
// reports every fault of a file at once, each at its line and column. The files come from
// strangers, so their size, depth and number of values are bounded.
package keyfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// Position is a place in a file, both counted from 1.
type Position struct{ Line, Column int }

// At is the place of a node.
func At(n *yaml.Node) Position { return Position{n.Line, n.Column} }

// Language holds what the faults of a file say about its language. The zero value says
// nothing.
type Language struct {
	Begin   string                   // the hint for an empty file
	Split   string                   // the hint for a file that is too large
	Why     func(rule string) string // the reason for a rule; nil for none
	Renamed map[string]string        // old names of keys, with their names now
}

// Reporter collects every complaint about one file, so that an author sees all
// of them at once. The zero value is ready to use.
type Reporter struct {
	File     string
	All      []parlance.Diagnostic
	Language *Language // nil is the zero value
	source   []byte
}

// Inside is the place of a text in the line at pos, at pos or behind it. It is pos itself if
// the line does not hold the text so, as in a quoted text with escapes.
func (r *Reporter) Inside(pos Position, text string) Position {
	number := 0
	for line := range bytes.Lines(r.source) {
		if number++; number < pos.Line {
			continue
		}
		rest := []rune(string(line))
		rest = rest[min(max(pos.Column-1, 0), len(rest)):]
		if before, _, found := strings.Cut(string(rest), text); found {
			pos.Column += utf8.RuneCountInString(before)
		}
		break
	}
	return pos
}

// language is the Language, never nil.
func (r *Reporter) language() *Language {
	if r.Language == nil {
		return &Language{}
	}
	return r.Language
}

// maxComplaints is how many a file can have. An author cannot read more at once.
const maxComplaints = 200

// add notes a complaint once.
func (r *Reporter) add(severity parlance.Severity, pos Position, rule, hint, format string, args ...any) {
	d := parlance.Diagnostic{
		Rule: rule, Severity: severity, File: r.File, Line: pos.Line, Column: pos.Column,
		Message: Complain(format, args...), Hint: Cut(hint, maxHint),
	}
	if why := r.language().Why; why != nil {
		d.Why = why(rule)
	}
	if len(r.All) < maxComplaints && !slices.Contains(r.All, d) {
		r.All = append(r.All, d)
	}
}

// Fault notes a fault: the file cannot be used.
func (r *Reporter) Fault(pos Position, rule, hint, format string, args ...any) {
	r.add(parlance.SeverityError, pos, rule, hint, format, args...)
}

// Warn notes a warning: the file can be used.
func (r *Reporter) Warn(pos Position, rule, hint, format string, args ...any) {
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

// Unknown is the fault of a word that is not in the language at that place. It lists each
// known word once.
func (r *Reporter) Unknown(pos Position, rule, what, word string, known []string) {
	hint := ""
	if best := nearest.Word(word, known); best != "" {
		hint = fmt.Sprintf("did you mean %q?", best)
	}
	listed := make([]string, 0, len(known))
	for _, one := range known {
		if !slices.Contains(listed, one) {
			listed = append(listed, one)
		}
	}
	r.Fault(pos, rule, hint, "unknown %s %q; expected one of %s", what, word, listed)
}
