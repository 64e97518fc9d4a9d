package authoring

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// Case is one recorded response and what it is expected to come to.
type Case struct {
	Name       string           // for people; "" is the place
	File       string           // its file
	Line       int              // from 1; 0 if it stands in no file
	Dialect    string           // the one it is of, if it says so; Test does not look at it
	Request    dialect.Request  //
	Response   dialect.Response //
	Outcome    map[string]any   // what is expected, in the names of an Outcome's JSON; nil is anything
	Act        parlance.Act     // the decision on the first response; 0 is any
	After      *time.Duration   // its exact wait; nil is any
	Complaints []string         // the rules of the diagnostics that reading it gives
	ReadsOnly  bool             // it is not written back

	whole    bool // what is read beyond Outcome is listed as left out
	expected spec.Expected
}

// Cases reads recorded responses, one JSON object a line:
//
//	{"name", "method", "path", "request_headers", "status", "headers", "body",
//	 "outcome", "act", "after", "complaints", "reads_only"}
//
// and "dialect", for a file of several. Only status must be there. The outcome is
// in the form of an Outcome's JSON. Only the attributes that it names are compared;
// null and "" mean "not set". A body is a text, or JSON as it is.
//
// file names the lines in diagnostics. The error is a *dialect.FileError that holds
// every fault.
func Cases(file string, lines []byte) ([]Case, error) {
	r := spec.NewReporter(file)
	var all []Case
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(lines, []byte("\ufeff"))) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var t tree.Tree
		if err := t.JSON(line, false); err != nil {
			r.Fault(spec.Position{Line: number, Column: 1}, "bad_sample", `write one JSON object a line: {"status": 404, "body": "…", "outcome": {"kind": "not_found"}}`, "the line is not valid JSON: %s", err)
			continue
		}
		before := len(r.All)
		c := oneCase(r, &t, number)
		if len(r.All) == before {
			all = append(all, c)
		}
	}
	if r.Failed() {
		return nil, &dialect.FileError{Diagnostics: r.Sorted(), Source: lines}
	}
	return all, nil
}

// jsonNode is a value of a line as the reader of dialect files takes it, so that the
// same code reads both.
func jsonNode(t *tree.Tree, i uint32, line int) *yaml.Node {
	node := &t.Nodes[i]
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: line, Column: columnOf(t.Source, int(node.Start))}
	switch node.Kind {
	case tree.Object, tree.List:
		n.Kind = yaml.SequenceNode
		if node.Kind == tree.Object {
			n.Kind = yaml.MappingNode
		}
		for c := range t.Children(i) {
			if node.Kind == tree.Object {
				n.Content = append(n.Content, &yaml.Node{
					Kind: yaml.ScalarNode, Tag: "!!str", Value: string(t.Key(c)),
					Line: line, Column: columnOf(t.Source, int(t.Nodes[c].KeyStart)),
				})
			}
			n.Content = append(n.Content, jsonNode(t, c, line))
		}
	case tree.Null:
		n.Tag = "!!null"
	case tree.True, tree.False:
		n.Tag, n.Value = "!!bool", string(t.Raw(i))
	case tree.Number:
		n.Tag, n.Value = "!!float", string(t.Raw(i))
	default:
		n.Tag, n.Value = "!!str", string(t.Value(i))
	}
	return n
}

// columnOf counts characters from 1; texts and keys begin at their quote.
func columnOf(line []byte, offset int) int {
	if offset > 0 && offset <= len(line) && line[offset-1] == '"' {
		offset--
	}
	return utf8.RuneCount(line[:min(offset, len(line))]) + 1
}

// oneCase reads the case of a line.
func oneCase(r *spec.Reporter, t *tree.Tree, line int) Case {
	c := Case{File: r.File, Line: line}
	status, places := false, map[string]spec.Position{}
	r.Keys(jsonNode(t, 0, line), "a case",
		spec.Key{Name: "name", Read: r.TextTo(&c.Name)},
		spec.Key{Name: "dialect", Read: r.TextTo(&c.Dialect)},
		spec.Key{Name: "method", Read: func(_, v *yaml.Node) {
			method, _ := r.Text(v, "method")
			c.Request.Method = strings.ToUpper(method)
		}},
		spec.Key{Name: "path", Read: r.TextTo(&c.Request.Path)},
		spec.Key{Name: "request_headers", Read: func(_, v *yaml.Node) { c.Request.Header = headerFields(r, v, "request_headers") }},
		spec.Key{Name: "status", Read: func(_, v *yaml.Node) { c.Response.Status, status = statusIn(r, v), true }},
		spec.Key{Name: "headers", Read: func(_, v *yaml.Node) { c.Response.Header = headerFields(r, v, "headers") }},
		spec.Key{Name: "body", Read: func(_, _ *yaml.Node) { c.Response.Body = bodyOf(t) }},
		spec.Key{Name: "outcome", Read: func(_, v *yaml.Node) {
			c.expected = r.Expected(v, false)
			c.Outcome = c.expected.Value
		}},
		spec.Key{Name: "act", Read: func(k, v *yaml.Node) {
			r.Text(v, "act")
			c.Act, places["act"] = r.Act(v), spec.At(v)
		}},
		spec.Key{Name: "after", Read: func(_, v *yaml.Node) { c.After, places["after"] = waitIn(r, v), spec.At(v) }},
		spec.Key{Name: "complaints", Read: func(_, v *yaml.Node) { c.Complaints = complaintsIn(r, v) }},
		spec.Key{Name: "reads_only", Read: r.BooleanTo(&c.ReadsOnly)},
	)
	if c.expected.Places == nil {
		c.expected = spec.Expected{Pos: spec.Position{Line: line, Column: 1}, Places: map[string]spec.Position{}}
	}
	c.expected.Places["act"], c.expected.Places["after"] = places["act"], places["after"]
	if !status && t.Nodes[0].Kind == tree.Object {
		r.Fault(spec.Position{Line: line, Column: 1}, "bad_sample", `add "status": 404, or the recorded status`, "the case has no status")
	}
	return c
}

func statusIn(r *spec.Reporter, n *yaml.Node) int {
	status, err := strconv.Atoi(n.Value)
	if err != nil || status < 100 || status > 999 {
		r.Fault(spec.At(n), "bad_status", "write the recorded status, such as 404", "%s is not an HTTP status", keyfile.KindOf(n))
	}
	return status
}

func waitIn(r *spec.Reporter, n *yaml.Node) *time.Duration {
	f, err := strconv.ParseFloat(n.Value, 64)
	wait, ok := parlance.Seconds(f)
	if err != nil || !ok || n.Tag != "!!float" {
		r.Fault(spec.At(n), "wrong_type", "write it without a unit: 60", "after must be a number of seconds, not %s", keyfile.KindOf(n))
	}
	return &wait
}

func complaintsIn(r *spec.Reporter, n *yaml.Node) []string {
	rules := r.Texts(n, "complaints")
	for _, rule := range rules {
		if known, ok := spec.RuleOf(rule); !ok || !known.Response {
			r.Unknown(spec.At(n), "unknown_name", "complaint", rule, responseRules())
		}
	}
	return rules
}

// bodyOf is the member body: a text as it is, anything else as the JSON that it is.
func bodyOf(t *tree.Tree) (body []byte) {
	for c := range t.Children(0) {
		if !t.KeyIs(c, "body") {
			continue
		}
		switch t.Nodes[c].Kind {
		case tree.Text:
			body = t.Value(c)
		case tree.Null:
			body = nil
		default:
			body = t.Raw(c)
		}
	}
	return slices.Clone(body)
}

func headerFields(r *spec.Reporter, n *yaml.Node, what string) wire.HeaderMap {
	h := wire.HeaderMap{}
	r.Pairs(n, what, func(k, v *yaml.Node) {
		if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
			return
		}
		h[httpheader.Canonical(k.Value)] = r.Texts(v, "the value of a header field")
	})
	return h
}

func responseRules() (names []string) {
	for _, rule := range spec.AllRules {
		if rule.Response {
			names = append(names, rule.Name)
		}
	}
	return names
}
