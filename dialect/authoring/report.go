package authoring

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Part is which part of a test failed.
type Part string

// The parts.
const (
	PartReads   Part = "reads"   // how the response is read
	PartDecides Part = "decides" // what a client does about it
	PartWrites  Part = "writes"  // what the outcome is written as
)

// Result is the result of one case.
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
	LeftOut     []Difference      `json:"left_out,omitempty"` // what is read beyond the outcome of a sample
}

// Report holds the results of the samples of a file and of further cases.
type Report struct {
	Results  []Result `json:"results"`
	Passed   int      `json:"passed"`
	Failed   int      `json:"failed"`
	Coverage Coverage `json:"coverage"`
}

// Test reads each sample of the file and each of the cases. It compares the outcome
// and the decision with the expected ones and writes the outcome back. The report
// says which parts of the file none of them reached.
//
// A row of codes that none of them reached is tried by its [Example]. If that does not come
// back as the row, it is a failed Result. Passed counts samples and cases alone. It is safe
// for concurrent use.
func Test(d *dialect.Dialect, cases ...Case) Report {
	a := author{d.Internal()}
	var all []*Case
	samples := Samples(d)
	for i := range samples {
		all = append(all, &samples[i])
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
	failed := a.tryExamples(d, reached, &report.Coverage)
	report.Failed += len(failed)
	report.Results = append(report.Results, failed...)
	return report
}

// Samples returns the samples of the file as cases. Their names are "sample 1", "sample 2"
// and so on. Treat them as read-only.
func Samples(d *dialect.Dialect) []Case {
	a := author{d.Internal()}
	all := make([]Case, len(a.Samples))
	for i := range a.Samples {
		all[i] = *asCase(&a.Samples[i], a.File)
		all[i].Name = "sample " + strconv.Itoa(i+1)
	}
	return all
}

// asCase is the sample as a case. What it does not name is no difference, but is listed.
func asCase(s *spec.Sample, file string) *Case {
	value := make(map[string]any, len(s.Expected.Value)+1)
	for k, v := range s.Expected.Value {
		value[k] = v
	}
	if value["status"] == nil {
		value["status"] = float64(s.Response.Status)
	}
	return &Case{
		File: file, Line: s.Pos.Line, Request: s.Request, Response: s.Response,
		Outcome: value, ReadsOnly: s.ReadOnly, whole: true, expected: s.Expected,
	}
}

// try reads a case and compares the outcome. It writes the outcome and compares the
// result with the response: the same members, types and constants.
func try(d *dialect.Dialect, c *Case) Result {
	a := author{d.Internal()}
	read := d.Decode(c.Request, c.Response)
	o := read.Outcome
	r := Result{Name: c.Name, File: c.File, Line: c.Line, Shape: read.Shape, Outcome: o, Decision: d.Decide(c.Request, &o)}
	if row := a.RowOf(&o, &c.Request); a.Owns(row) {
		r.Row = row.Line
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
	pos := c.expected.Place(f.Attribute)
	if f.Part == PartWrites {
		pos = spec.Position{} // the whole of it is written
	}
	if pos.Line == 0 {
		pos = spec.Position{Line: c.Line, Column: 1}
	}
	f.Line, f.Column = pos.Line, pos.Column
	r.Differences = append(r.Differences, f)
}

func (r *Result) reads(d *dialect.Dialect, c *Case, read *dialect.Decoded) {
	missing := slices.Clone(c.Complaints)
	for _, g := range read.Diagnostics {
		// That texts were taken by common forms is no fault: if a shape should have taken
		// them, unfit_body or unfit_member says so.
		if g.Rule != "common_form" && !slices.Contains(c.Complaints, g.Rule) {
			r.add(c, Difference{Part: PartReads, Message: fmt.Sprintf("with a complaint: %s [%s]", g.Message, g.Rule)})
		}
		missing = slices.DeleteFunc(missing, func(rule string) bool { return rule == g.Rule })
	}
	for _, rule := range missing {
		r.add(c, Difference{Part: PartReads, Message: "without the complaint " + rule})
	}
	if c.Outcome == nil {
		return
	}
	got := asTree(read.Outcome)
	if c.whole {
		// What a row adds is not the response's to say.
		row := d.Internal().RowOf(&read.Outcome, &c.Request)
		for name, own := range map[string]string{"title": row.Title, "help": row.Help} {
			if _, stated := c.Outcome[name]; !stated && got[name] == own {
				delete(got, name)
			}
		}
	}
	named := compare(nil, "", map[string]any(c.Outcome), got, false)
	if c.whole {
		for _, f := range compare(nil, "", map[string]any(c.Outcome), got, true) {
			if pos := c.expected.Place(f.Attribute); !slices.Contains(named, f) {
				f.Part, f.Line, f.Column = PartReads, pos.Line, pos.Column
				r.LeftOut = append(r.LeftOut, f)
			}
		}
	}
	for _, f := range named {
		f.Part = PartReads
		r.add(c, f)
	}
}

func (r *Result) decides(c *Case) {
	if c.Act != 0 && c.Act != r.Decision.Act {
		r.add(c, Difference{Part: PartDecides, Attribute: "act", Want: strconv.Quote(c.Act.String()), Got: strconv.Quote(r.Decision.Act.String())})
	}
	if c.After != nil && *c.After != r.Decision.After {
		r.add(c, Difference{Part: PartDecides, Attribute: "after", Want: inSeconds(*c.After), Got: inSeconds(r.Decision.After)})
	}
}

func (r *Result) writes(d *dialect.Dialect, c *Case, read *dialect.Decoded) {
	o := read.Outcome
	if c.whole && len(r.LeftOut) == 0 {
		o = c.expected.Outcome()
		if o.Status == 0 {
			o.Status = c.Response.Status
		}
	}
	payload := dialect.Payload{Body: read.Data}
	if read.Shape == "" && o.Kind.Good() { // it is what the caller asked for, in no envelope
		payload.Body = c.Response.Body
	}
	req := asked(c.Request, &c.Response)
	wrote := d.Encode(nil, req, &o, payload)
	for _, l := range wrote.Losses {
		r.add(c, Difference{Part: PartWrites, Attribute: l.Attribute, Message: "is lost: " + l.Reason})
	}
	if wrote.Status != c.Response.Status {
		r.add(c, Difference{Part: PartWrites, Attribute: "status", Want: strconv.Itoa(c.Response.Status), Got: strconv.Itoa(wrote.Status)})
	}
	if diff := conforms(c.Response.Body, wrote.Body, strconv.Itoa(wrote.Status), author{d.Internal()}.isFree); diff != "" {
		r.add(c, Difference{Part: PartWrites, Attribute: "body", Message: "differs: " + diff + "; " + writer(d, &req, &o, &payload) + " wrote " + short(wrote.Body)})
	}
}

// writer names the shape that a response is written in.
func writer(d *dialect.Dialect, req *dialect.Request, o *parlance.Outcome, payload *dialect.Payload) string {
	if s := d.Internal().Writes(req, o, payload); s != nil {
		return "shape " + strconv.Quote(s.Name)
	}
	return "it"
}

// isFree reports that a member of that name can be anything, and is written as the text.
func (d author) isFree(name, text string) bool {
	return slices.ContainsFunc(d.Shapes, func(s *spec.Shape) bool { return s.WritesAny(name, text) })
}

// asked is the request with an Accept field for the form that was recorded,
// where it has none: the recording tells what was asked for.
func asked(req dialect.Request, res *dialect.Response) dialect.Request {
	types := wire.Values(res.Header, "Content-Type")
	if len(wire.Values(req.Header, "Accept")) > 0 || len(types) == 0 {
		return req
	}
	media, _, _ := strings.Cut(types[0], ";")
	req.Header = asking{req.Header, strings.TrimSpace(media)}
	return req
}

// asking is a request's header with an Accept field.
type asking struct {
	dialect.Header
	accept string
}

// Values returns the values of a field.
func (a asking) Values(name string) []string {
	if name == "Accept" {
		return []string{a.accept}
	}
	return wire.Values(a.Header, name)
}
