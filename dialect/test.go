package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Case is one recorded response and what it is expected to come to.
type Case struct {
	Name       string         // for people; "" is the place
	File       string         // where it stands
	Line       int            // from 1; 0 where it stands in no file
	Dialect    string         // the one it is of, where it says so; Test does not look at it
	Request    Request        //
	Response   Response       //
	Outcome    map[string]any // what is expected, in the names of an Outcome's JSON; nil is anything
	Act        parlance.Act   // the decision on the first answer; 0 is any
	After      *time.Duration // its exact wait; nil is any
	Complaints []string       // the rules of the diagnostics that reading it gives
	ReadsOnly  bool           // it is not written back

	whole    bool // an attribute that Outcome does not name must not be set
	expected expected
}

// Part is which part of a test failed.
type Part string

// The parts.
const (
	Reads   Part = "reads"   // what the response came to
	Decides Part = "decides" // what a client does about it
	Writes  Part = "writes"  // what the outcome is written as
)

// Difference is one thing that is otherwise than expected.
type Difference struct {
	Part      Part   `json:"part"`
	Attribute string `json:"attribute,omitempty"` // as in JSON: "detail", "fields[0].path", "act"
	Want      string `json:"want,omitempty"`      // as JSON; "" for unset
	Got       string `json:"got,omitempty"`       // as JSON; "" for unset
	Message   string `json:"message,omitempty"`   // what is said of it where there are no two values to compare
	Line      int    `json:"line,omitempty"`      // where the expectation stands
	Column    int    `json:"column,omitempty"`    //
}

// sentence is the difference in words, of a sample.
func (f *Difference) sentence() string {
	switch {
	case f.Part == Writes && f.Message != "":
		return fmt.Sprintf("written back, its %s %s", f.Attribute, f.Message)
	case f.Part == Writes:
		return fmt.Sprintf("written back, its %s is %s, not %s", f.Attribute, f.Got, f.Want)
	case f.Message != "":
		return "the sample is read " + f.Message
	case f.Want == "":
		return fmt.Sprintf("the sample reads %s as %s, of which the outcome says nothing", f.Attribute, f.Got)
	case f.Got == "":
		return fmt.Sprintf("the sample does not read %s, which the outcome has as %s", f.Attribute, f.Want)
	}
	return fmt.Sprintf("the sample reads %s as %s, not as %s", f.Attribute, f.Got, f.Want)
}

// Result is what came of one case.
type Result struct {
	Name        string            `json:"name,omitempty"`
	File        string            `json:"file,omitempty"`
	Line        int               `json:"line,omitempty"`
	Passed      bool              `json:"passed"`
	Shape       string            `json:"shape,omitempty"` // the one that read the body
	Row         string            `json:"row,omitempty"`   // the row of codes that gave the meaning, as file:line
	Outcome     parlance.Outcome  `json:"outcome"`
	Decision    parlance.Decision `json:"decision"`
	Differences []Difference      `json:"differences,omitempty"`
}

// Report is what came of the samples of a file and of further cases.
type Report struct {
	Results  []Result `json:"results"`
	Passed   int      `json:"passed"`
	Failed   int      `json:"failed"`
	Coverage Coverage `json:"coverage"`
}

// Test reads each sample of the file and each of the cases, holds the outcome
// and the decision against what is expected, writes the outcome back, and tells
// what of the file none of them reached. It is safe for concurrent use.
func Test(d *Dialect, cases ...Case) Report {
	a := author{d.core}
	var all []*Case
	for i := range a.samples {
		c := a.samples[i].asCase(a.file)
		c.Name = "sample " + strconv.Itoa(i+1)
		all = append(all, c)
	}
	for i := range cases {
		all = append(all, &cases[i])
	}
	report := Report{Results: []Result{}}
	reached := newReached()
	for _, c := range all {
		r := try(d, c)
		if r.Passed {
			report.Passed++
		} else {
			report.Failed++
		}
		report.Results = append(report.Results, r)
		reached.by(a, c, &r)
	}
	report.Coverage = a.coverage(reached)
	return report
}

// asCase is the sample as a case, of which every attribute counts.
func (s *sample) asCase(file string) *Case {
	value := make(map[string]any, len(s.expected.value)+1)
	for k, v := range s.expected.value {
		value[k] = v
	}
	if value["status"] == nil {
		value["status"] = float64(s.response.Status)
	}
	return &Case{
		File: file, Line: s.pos.line, Request: s.request, Response: s.response,
		Outcome: value, ReadsOnly: s.readOnly, whole: true, expected: s.expected,
	}
}

// try reads a case, compares what it came to, writes that and holds what was
// written against the response: the same members, types and constants.
func try(d *Dialect, c *Case) Result {
	a := author{d.core}
	read := d.Decode(c.Request, c.Response)
	o := read.Outcome
	r := Result{Name: c.Name, File: c.File, Line: c.Line, Shape: read.Shape, Outcome: o, Decision: d.Decide(c.Request, &o)}
	if row := a.rowOf(&o, &c.Request); a.owns(row) {
		r.Row = row.line
	}
	r.reads(d, c, &read)
	r.decides(c)
	if !c.ReadsOnly && len(read.Diagnostics) == 0 && len(r.Differences) == 0 {
		r.writes(d, c, &read)
	}
	r.Passed = len(r.Differences) == 0
	return r
}

func (r *Result) add(c *Case, f Difference) {
	pos := c.expected.of(f.Attribute)
	if f.Part == Writes {
		pos = position{} // the whole of it is written
	}
	if pos.line == 0 {
		pos = position{c.Line, 1}
	}
	f.Line, f.Column = pos.line, pos.column
	r.Differences = append(r.Differences, f)
}

func (r *Result) reads(d *Dialect, c *Case, read *Reading) {
	missing := slices.Clone(c.Complaints)
	for _, g := range read.Diagnostics {
		if !slices.Contains(c.Complaints, g.Rule) {
			r.add(c, Difference{Part: Reads, Message: fmt.Sprintf("with a complaint: %s [%s]", g.Message, g.Rule)})
		}
		missing = slices.DeleteFunc(missing, func(rule string) bool { return rule == g.Rule })
	}
	for _, rule := range missing {
		r.add(c, Difference{Part: Reads, Message: "without the complaint " + rule})
	}
	if c.Outcome == nil {
		return
	}
	got := asTree(read.Outcome)
	if c.whole {
		// What a row adds is not the response's to say.
		row := d.core.rowOf(&read.Outcome, &c.Request)
		for name, own := range map[string]string{"title": row.title, "help": row.help} {
			if _, stated := c.Outcome[name]; !stated && got[name] == own {
				delete(got, name)
			}
		}
	}
	for _, f := range compare(nil, "", map[string]any(c.Outcome), got, c.whole) {
		f.Part = Reads
		r.add(c, f)
	}
}

func (r *Result) decides(c *Case) {
	if c.Act != 0 && c.Act != r.Decision.Act {
		r.add(c, Difference{Part: Decides, Attribute: "act", Want: strconv.Quote(c.Act.String()), Got: strconv.Quote(r.Decision.Act.String())})
	}
	if c.After != nil && *c.After != r.Decision.After {
		r.add(c, Difference{Part: Decides, Attribute: "after", Want: inSeconds(*c.After), Got: inSeconds(r.Decision.After)})
	}
}

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

func (r *Result) writes(d *Dialect, c *Case, read *Reading) {
	o := read.Outcome
	if c.whole {
		o = c.expected.outcome()
		if o.Status == 0 {
			o.Status = c.Response.Status
		}
	}
	payload := Payload{Body: read.Data}
	if read.Shape == "" && o.Kind.Good() { // it is what the caller asked for, in no envelope
		payload.Body = c.Response.Body
	}
	wrote := d.Encode(nil, asked(c.Request, &c.Response), &o, payload)
	for _, l := range wrote.Losses {
		r.add(c, Difference{Part: Writes, Attribute: l.Attribute, Message: "is lost: " + l.Reason})
	}
	if wrote.Status != c.Response.Status {
		r.add(c, Difference{Part: Writes, Attribute: "status", Want: strconv.Itoa(c.Response.Status), Got: strconv.Itoa(wrote.Status)})
	}
	if diff := conforms(c.Response.Body, wrote.Body, strconv.Itoa(wrote.Status)); diff != "" {
		r.add(c, Difference{Part: Writes, Attribute: "body", Message: "is another one: " + diff + "; it wrote " + short(wrote.Body)})
	}
}

// short is a body for a message.
func short(body []byte) string {
	if len(body) == 0 {
		return "none"
	}
	if text := []rune(string(body)); len(text) > 300 {
		return string(text[:300]) + "…"
	}
	return string(body)
}

// asked is the request with an Accept field for the form that was recorded,
// where it has none: the recording tells what was asked for.
func asked(req Request, res *Response) Request {
	types := values(res.Header, "Content-Type")
	if len(values(req.Header, "Accept")) > 0 || len(types) == 0 {
		return req
	}
	media, _, _ := strings.Cut(types[0], ";")
	req.Header = asking{req.Header, strings.TrimSpace(media)}
	return req
}

// asking is a request's header with an Accept field.
type asking struct {
	Header
	accept string
}

// Values returns the values of a field.
func (a asking) Values(name string) []string {
	if name == "Accept" {
		return []string{a.accept}
	}
	return values(a.Header, name)
}

// asTree is an Outcome as its JSON has it.
func asTree(o parlance.Outcome) map[string]any {
	var t map[string]any
	if text, err := json.Marshal(o); err != nil || json.Unmarshal(text, &t) != nil {
		return map[string]any{}
	}
	return t
}

// compare appends what differs between what is wanted and what is there. What
// is not wanted counts only where the whole does.
func compare(to []Difference, path string, want, got any, whole bool) []Difference {
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		under := path
		if under != "" {
			if g == nil {
				break
			}
			under += "."
		}
		for _, name := range names(w, g) {
			v, wanted := w[name]
			if !wanted && (!whole || name == "index") {
				continue
			}
			to = compare(to, under+name, v, g[name], whole)
		}
		return to
	case []any:
		g, _ := got.([]any)
		for i := range max(len(w), len(g)) {
			one := path + "[" + strconv.Itoa(i) + "]"
			switch {
			case i >= len(g):
				to = append(to, Difference{Attribute: one, Want: asText(w[i])})
			case i >= len(w):
				to = append(to, Difference{Attribute: one, Got: asText(g[i])})
			default:
				to = compare(to, one, w[i], g[i], whole)
			}
		}
		return to
	}
	if unset(want) && unset(got) {
		return to
	}
	f := Difference{Attribute: path}
	if !unset(want) {
		f.Want = asText(want)
	}
	if !unset(got) {
		f.Got = asText(got)
	}
	if f.Want != f.Got {
		to = append(to, f)
	}
	return to
}

// names are those of both, in the order of an Outcome.
func names(a, b map[string]any) []string {
	order := slices.Concat([]string{"path"}, outcomeAttributes, []string{"index", "id", "outcome", "message"})
	var all []string
	for _, m := range []map[string]any{a, b} {
		for name := range m {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	slices.SortFunc(all, func(x, y string) int {
		if i, j := slices.Index(order, x), slices.Index(order, y); i != j {
			return i - j
		}
		return strings.Compare(x, y)
	})
	return all
}

// unset reports that a value says no more than that there is none.
func unset(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// asText is a value as JSON, its texts as they are and its members in the order
// of an Outcome.
func asText(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, name := range names(v, nil) {
			parts = append(parts, asText(name)+":"+asText(v[name]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = asText(v[i])
		}
		return "[" + strings.Join(parts, ",") + "]"
	case string:
		return string(appendJSONText(nil, v))
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
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
	here := "the body"
	if path != "" {
		here = strconv.Quote(path)
	}
	if x.Kind != y.Kind {
		return here + " has another type"
	}
	if x.Kind != tree.Object && x.Kind != tree.List && !bytes.Equal(a.Value(i), b.Value(j)) && (x.Kind != tree.Number || string(b.Value(j)) != status) {
		return fmt.Sprintf("%s is %q, not %q", here, b.Value(j), a.Value(i))
	}
	left, right := slices.Collect(a.Children(i)), slices.Collect(b.Children(j))
	if x.Kind == tree.List {
		if len(left) != len(right) {
			return fmt.Sprintf("%s has %s, not %d", here, plural(len(right), "element"), len(left))
		}
		for k, c := range left {
			if d := differs(a, b, c, right[k], below(path, strconv.Itoa(k)), status); d != "" {
				return d
			}
		}
		return ""
	}
	nth := map[string]int{}
	for _, c := range left {
		name := string(a.Key(c))
		nth[name]++
		seen, found, problem := 0, false, "is missing"
		for _, o := range right {
			if b.KeyIs(o, name) && b.Nodes[o].Kind != a.Nodes[c].Kind {
				problem = "has another type"
			} else if b.KeyIs(o, name) {
				if seen++; seen == nth[name] {
					found = true
					if d := differs(a, b, c, o, below(path, name), status); d != "" {
						return d
					}
				}
			}
		}
		if !found {
			return strconv.Quote(below(path, name)) + " " + problem
		}
	}
	for _, o := range right {
		name := string(b.Key(o))
		if nth[name]--; nth[name] < 0 {
			return strconv.Quote(below(path, name)) + " is there and was not recorded"
		}
	}
	return ""
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
