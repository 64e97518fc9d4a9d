package spec

import (
	"fmt"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

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
	cause error        // why the file that this one extends cannot be found, nil if it can
}

// namedPlace is where a file gives a name that codes must explain.
type namedPlace struct {
	name string
	pos  Position
}

// maxComplaints is how many a file can have. An author cannot read more at once.
const maxComplaints = 200

// add notes a complaint once.
func (r *Reporter) add(severity parlance.Severity, pos Position, rule, hint, format string, args ...any) {
	d := parlance.Diagnostic{
		Rule: rule, Severity: severity, File: r.File, Line: pos.Line, Column: pos.Column,
		Message: Complain(format, args...), Hint: cut(hint, maxHint), Why: WhyOf(rule),
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

// Unknown is the fault of a word that is not in the language at that place.
func (r *Reporter) Unknown(pos Position, rule, what, word string, known []string) {
	hint := ""
	if best := nearest.Word(word, known); best != "" {
		hint = fmt.Sprintf("did you mean %q?", best)
	}
	r.Fault(pos, rule, hint, "unknown %s %q; expected one of %s", what, word, known)
}
