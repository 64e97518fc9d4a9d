package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Lint lists all that is wrong with a file: faults, warnings, and samples that
// do not read or write as they say.
func Lint(file string, source []byte) []parlance.Diagnostic {
	d, err := Compile(file, source)
	if fe, bad := err.(*FileError); bad {
		return fe.Diagnostics
	}
	r := &reporter{file: file, all: d.warnings}
	for i := range d.samples {
		for _, f := range d.check(&d.samples[i]) {
			r.fault(d.samples[i].pos, f.rule, "", "%s", f.message)
		}
	}
	return r.sorted()
}

// finding is what is wrong with a sample.
type finding struct{ rule, message string }

// check reads a sample, compares it with its outcome, writes that and holds
// what was written against the sample: the same members, types and constants.
func (d *Dialect) check(s *sample) (found []finding) {
	add := func(rule, format string, args ...any) {
		found = append(found, finding{rule, fmt.Sprintf(format, args...)})
	}
	read := d.Decode(s.request, s.response)
	for _, g := range read.Diagnostics {
		add("sample_reads", "the sample is read with a complaint: %s", g.Message)
	}
	want := s.outcome
	if want.Status == 0 {
		want.Status = s.response.Status
	}
	// What a row adds is not the response's to say.
	if want.Title == "" {
		read.Outcome.Title = d.drop(&read.Outcome, s, read.Outcome.Title)
	}
	if want.Help == "" {
		read.Outcome.Help = d.drop(&read.Outcome, s, read.Outcome.Help)
	}
	if got, expected := asJSON(read.Outcome), asJSON(want); got != expected {
		add("sample_reads", "the sample reads as %s, not as %s", got, expected)
		return found
	}
	if s.readOnly {
		return found
	}
	wrote := d.Encode(nil, s.request, &want, Payload{Body: read.Data})
	for _, l := range wrote.Losses {
		add("sample_writes", "the outcome loses %s: %s", l.Attribute, l.Reason)
	}
	if wrote.Status != s.response.Status {
		add("sample_writes", "the outcome is written with status %d, not %d", wrote.Status, s.response.Status)
	}
	if diff := conforms(s.response.Body, wrote.Body, strconv.Itoa(wrote.Status)); diff != "" {
		add("sample_writes", "the outcome writes another body: %s; it wrote %s", diff, wrote.Body)
	}
	return found
}

// drop is "" for a text that is the row's own.
func (d *Dialect) drop(o *parlance.Outcome, s *sample, text string) string {
	r := d.rowOf(o, &s.request)
	if text == r.title || text == r.help {
		return ""
	}
	return text
}

func asJSON(o parlance.Outcome) string {
	b, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// conforms compares two bodies: the same members in whatever order, the same
// types, and the same texts, but that a number may be the HTTP status, since a
// status inside a body may differ from it. It returns what differs first.
func conforms(want, got []byte, status string) string {
	want, got = bytes.TrimSpace(want), bytes.TrimSpace(got)
	if bytes.Equal(want, got) {
		return ""
	}
	var a, b tree.Tree
	if a.JSON(want, false) == nil {
		if b.JSON(got, false) != nil {
			return "it is not JSON"
		}
		return differs(&a, &b, 0, 0, "", status)
	}
	if a.XML(want, false) == nil {
		if b.XML(got, false) != nil {
			return "it is not XML"
		}
		return differs(&a, &b, 0, 0, string(a.Key(0)), status)
	}
	return "the texts differ"
}

func differs(a, b *tree.Tree, i, j uint32, path, status string) string {
	x, y := a.Nodes[i], b.Nodes[j]
	if x.Kind != y.Kind {
		return path + " has another type"
	}
	if x.Kind != tree.Object && x.Kind != tree.List && !bytes.Equal(a.Value(i), b.Value(j)) && (x.Kind != tree.Number || string(b.Value(j)) != status) {
		return fmt.Sprintf("%s is %q, not %q", path, b.Value(j), a.Value(i))
	}
	left, right := slices.Collect(a.Children(i)), slices.Collect(b.Children(j))
	if len(left) != len(right) {
		return fmt.Sprintf("%s has %d members, not %d", path, len(right), len(left))
	}
	nth := map[string]int{}
	for k, c := range left {
		name := string(a.Key(c))
		if x.Kind == tree.List {
			if d := differs(a, b, c, right[k], path+"."+strconv.Itoa(k), status); d != "" {
				return d
			}
			continue
		}
		nth[name]++
		seen, found := 0, false
		for _, o := range right {
			if b.KeyIs(o, name) && b.Nodes[o].Kind == a.Nodes[c].Kind {
				if seen++; seen == nth[name] {
					found = true
					if d := differs(a, b, c, o, path+"."+name, status); d != "" {
						return d
					}
				}
			}
		}
		if !found {
			return path + "." + name + " is missing or has another type"
		}
	}
	return ""
}
