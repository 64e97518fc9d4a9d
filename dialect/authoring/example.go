package authoring

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Example is a response that the API could send by one row of its table of codes. Written
// with Encode as the response to Request, and read with Decode, it has the kind, the reason
// and the code of the row.
type Example struct {
	Entry                    // the row
	Request dialect.Request  // a request that meets the conditions of the row
	Outcome parlance.Outcome // with the texts of the row; Fields, Items and Notes if its kind has them
	Payload dialect.Payload  // of a success
	Shape   string           // the name of the shape that reads the response, "" for none
}

// Untried is a row without an Example.
type Untried struct {
	Entry
	Why   string // in words
	Fault bool   // it should have one: its response is written, and does not come back as the row
}

// Examples returns an Example for each row of the table that can be given: the rows of the
// file, then those of the dialect that it extends. A row of a class has an unlisted status
// of it, and a row of a glob has a code that fits. Rows that no response can carry are left
// out; [UntriedRows] lists them. It is safe for concurrent use.
func Examples(d *dialect.Dialect) []Example {
	var all []Example
	a := author{d.Internal()}
	for _, r := range a.Rows {
		if e, u := a.exampleOf(d, r); u == nil {
			all = append(all, *e)
		}
	}
	return all
}

// UntriedRows lists the rows that Examples leaves out, with the reason of each.
func UntriedRows(d *dialect.Dialect) []Untried {
	var all []Untried
	a := author{d.Internal()}
	for _, r := range a.Rows {
		if _, u := a.exampleOf(d, r); u != nil {
			all = append(all, *u)
		}
	}
	return all
}

// ExampleItems are made-up records of a bulk response: some that went well, then some that
// failed.
func ExampleItems(good, failed int) (all []parlance.Item) {
	for i := range good + failed {
		o := parlance.Outcome{Kind: parlance.KindSuccess, Status: 200, Detail: "Done"}
		if i >= good {
			o = parlance.Outcome{Kind: parlance.KindInvalid, Status: 400, Detail: "The name is missing"}
		}
		all = append(all, parlance.Item{Index: i, ID: strconv.Itoa(i + 1), Outcome: o})
	}
	return all
}

// exampleOf is the first Example of a row that comes back, else why there is none.
func (d author) exampleOf(in *dialect.Dialect, r *spec.Row) (*Example, *Untried) {
	entry := d.entry(r, statusOf(r), "")
	if why := d.neverWritten(r); why != "" {
		return nil, &Untried{Entry: entry, Why: why}
	}
	var first *Untried
	for e := range d.candidates(r) {
		e.Entry = entry
		wrote, back := written(in, &e)
		if d.returns(r, &e, &back) {
			e.Shape = back.Shape
			return &e, nil
		}
		if first == nil {
			first = d.lost(r, &e, &wrote, &back)
		}
	}
	if first == nil {
		first = &Untried{Entry: entry, Why: "no request meets its conditions before those of another row"}
	}
	return nil, first
}

// neverWritten says why no response is written by a row, "" if one may be.
func (d author) neverWritten(r *spec.Row) string {
	name := cmp.Or(r.Is, r.First)
	formed := r.Is != "" || d.Named(r.First)
	switch {
	case d.ReadOnly:
		return OnlyRead
	case r.NotUsed:
		return "the page says that the API never sends it"
	case formed && !slices.ContainsFunc(slices.Concat(d.Shapes, d.Extras), func(s *spec.Shape) bool {
		return !s.ReadOnly && (s.Is == name || s.Body != nil && says(s.Body, name, map[*spec.Instance]bool{}))
	}):
		return "the shapes that say so are only read"
	case !d.hasPlaceForCode() && !slices.ContainsFunc(d.codesOf(r), func(c exampleCode) bool { return c.code == "" }):
		return noPlaceForCode
	}
	return ""
}

// OnlyRead is why no row of a file that is only read has an Example.
const OnlyRead = "the file is only read"

// noPlaceForCode is why many rows are not written.
const noPlaceForCode = "no shape that is written for it has a place for its code"

// hasPlaceForCode reports that a shape that is written has the code of the response or of
// a record.
func (d author) hasPlaceForCode() bool {
	return slices.ContainsFunc(slices.Concat(d.Shapes, d.Extras), func(s *spec.Shape) bool {
		return !s.ReadOnly && (s.Reads.Has(spec.Whole, spec.AttrCode) || s.Reads.Has(spec.Item, spec.AttrCode))
	})
}

// says reports that a part of a template gives a name.
func says(t *spec.Template, name string, seen map[*spec.Instance]bool) bool {
	if t == nil || t.ReadOnly {
		return false
	}
	inside := func(t *spec.Template) bool { return says(t, name, seen) }
	if t.Op == spec.OpReference && !seen[t.Def] {
		seen[t.Def] = true
		if inside(t.Def.Body) {
			return true
		}
	}
	return t.Is == name || slices.ContainsFunc(t.Elems, inside) ||
		slices.ContainsFunc(t.Members, func(m spec.Member) bool { return inside(m.Value) }) ||
		t.Rest != nil && inside(t.Rest.Value)
}

// candidates are the ways to give a row: the simplest Outcome for each request, then those
// with more attributes, which some shapes ask for, then the row as that of a record.
func (d author) candidates(r *spec.Row) iter.Seq[Example] {
	return func(yield func(Example) bool) {
		codes := d.codesOf(r)
		for _, vary := range d.variations(r) {
			for _, c := range codes {
				o := d.outcomeOf(r, c)
				if !vary(&o) {
					continue
				}
				for req := range d.requestsFor(r) {
					data := payloads
					if !o.Kind.Good() {
						data = payloads[1:]
					}
					for _, p := range data {
						if !yield(Example{Request: req, Outcome: o, Payload: p}) {
							return
						}
					}
				}
			}
		}
	}
}

// variations add attributes to the Outcome of a row. They report false if they change
// nothing.
func (d author) variations(r *spec.Row) []func(*parlance.Outcome) bool {
	all := []func(*parlance.Outcome) bool{
		func(*parlance.Outcome) bool { return true },
		func(o *parlance.Outcome) bool { o.RetryAfter = time.Second; return o.Kind.Failing() },
		func(o *parlance.Outcome) bool { // an unlisted code has the meaning of the status
			unset := o.Code == "" && o.Status != 0
			o.Code = "example"
			return unset
		},
	}
	var said []parlance.Outcome
	for i := range d.Samples {
		s := d.Samples[i].Outcome()
		if d.Samples[i].ReadOnly || slices.ContainsFunc(said, func(o parlance.Outcome) bool { return sameExtras(&o, &s) }) {
			continue
		}
		said = append(said, s)
		all = append(all, func(o *parlance.Outcome) bool { return likeSample(o, s) })
	}
	return append(all, func(o *parlance.Outcome) bool {
		one := *o
		*o = parlance.Outcome{Kind: parlance.KindPartial, Items: ExampleItems(1, 1)}
		one.Notes, one.Status = nil, 0
		o.Items[1].Outcome = one
		return one.Kind.Failing() && one.Code != "" || d.Named(r.First)
	})
}

// likeSample takes the attributes of a sample that a row has no words for.
func likeSample(o *parlance.Outcome, s parlance.Outcome) bool {
	if s.Kind.Failing() != o.Kind.Failing() {
		return false
	}
	o.Family, o.Type, o.Extra = cmp.Or(o.Family, s.Family), cmp.Or(o.Type, s.Type), s.Extra
	return o.Family != "" || o.Type != "" || len(o.Extra) > 0
}

// sameExtras reports that two samples give the same attributes to a row.
func sameExtras(a, b *parlance.Outcome) bool {
	return a.Kind.Failing() == b.Kind.Failing() && a.Family == b.Family && a.Type == b.Type && maps.Equal(a.Extra, b.Extra)
}

// payloads are the successes that are tried: an empty object, then none.
var payloads = []dialect.Payload{{ContentType: "application/json", Body: []byte("{}")}, {}}

// written is an Example as it is written and as that is read.
func written(in *dialect.Dialect, e *Example) (dialect.Encoded, dialect.Decoded) {
	m := in.Encode(nil, e.Request, &e.Outcome, e.Payload)
	h := wire.HeaderMap{}
	h.Set(m.Header)
	return m, in.Decode(e.Request, dialect.Response{Status: m.Status, Header: h, Body: m.Body})
}

// returns reports that an Example is read as its row.
func (d author) returns(r *spec.Row, e *Example, back *dialect.Decoded) bool {
	o, wanted := &back.Outcome, &e.Outcome
	if n := len(wanted.Items) - 1; n > 0 && r.Kind != parlance.KindPartial {
		if len(o.Items) != n+1 {
			return false
		}
		o, wanted = &o.Items[n].Outcome, &wanted.Items[n].Outcome
	}
	row := d.RowOf(o, &e.Request)
	lent := wanted.Code == "" && row != nil && r.Names(strconv.Itoa(row.Status)) // a code that means the same under the status of the row
	return o.Kind == r.Kind && o.Reason == r.Reason && (wanted.Code == "" || o.Code == wanted.Code) && (row == r || lent)
}

// lost says why an Example does not come back.
func (d author) lost(r *spec.Row, e *Example, wrote *dialect.Encoded, back *dialect.Decoded) *Untried {
	u := &Untried{Entry: e.Entry}
	lost := func(attribute string) bool {
		return slices.ContainsFunc(wrote.Losses, func(l parlance.Loss) bool { return l.Attribute == attribute })
	}
	switch {
	case e.Outcome.Code != "" && lost("code"):
		u.Why = noPlaceForCode
	case back.Outcome.Kind == r.Kind && back.Outcome.Reason == r.Reason:
		u.Why = "its response is read by another row, which means the same: " + d.RowOf(&back.Outcome, &e.Request).Line
	default:
		u.Fault = true
		u.Why = "it is written as " + strconv.Itoa(wrote.Status) + " " + short(wrote.Body) + ", which is read as " + meaningOf(&back.Outcome)
	}
	return u
}

// meaningOf is the kind, the reason and the code in words.
func meaningOf(o *parlance.Outcome) string {
	text := o.Kind.String()
	if o.Reason != "" {
		text += "/" + string(o.Reason)
	}
	if o.Code != "" {
		text += " with the code " + o.Code
	}
	return text
}

// outcomeOf is what a row says, as the Outcome of a response.
func (d author) outcomeOf(r *spec.Row, c exampleCode) parlance.Outcome {
	o := parlance.Outcome{
		Kind: r.Kind, Reason: r.Reason, Status: c.status, Code: c.code, Family: r.Family,
		Title: r.Title, Help: r.Help,
	}
	switch {
	case o.Kind == parlance.KindPartial:
		o.Items = ExampleItems(1, 1)
	case o.Kind == parlance.KindNoted && o.Code != "": // its text stands beside the code
		o.Detail = cmp.Or(r.Title, "This is an example of "+c.text)
	case o.Kind == parlance.KindNoted:
		o.Notes = []string{cmp.Or(r.Title, "This is an example of a note")}
	case o.Kind.Failing():
		o.Detail = cmp.Or(r.Title, "This is an example of "+c.text)
	}
	if o.Kind.Failing() && o.Reason == parlance.ReasonFields {
		o.Fields = []parlance.Field{{Path: "name", Message: "The name is missing"}}
	}
	return o
}

// requestsFor are requests that meet the conditions of a row: at first the simplest, then
// those on paths and by methods that other rows and shapes ask for.
func (d author) requestsFor(r *spec.Row) iter.Seq[dialect.Request] {
	methods, paths := r.Methods, pathsOf(r.Paths)
	if r.Of != nil {
		methods, paths = slices.Concat(methods, r.Of.Methods), slices.Concat(paths, pathsOf(r.Of.Paths))
	}
	methods = append(slices.Clone(methods), "GET")
	if d.asksMethod() {
		methods = append(methods, "POST", "PUT", "DELETE", "PATCH")
	}
	paths = append(paths, "/example")
	for _, s := range d.Shapes {
		paths = append(paths, pathsOf(slices.Concat(s.WriteFor, s.Paths))...)
	}
	methods, paths = unique(methods), unique(paths)
	plain := wire.HeaderMap{}
	for _, h := range r.Headers {
		plain[h.Name] = []string{strings.ReplaceAll(h.Glob, "*", "example")}
	}
	return func(yield func(dialect.Request) bool) {
		for _, path := range paths {
			for _, method := range methods {
				req := dialect.Request{Method: method, Path: path, Header: plain}
				if !r.Applies(&req, spec.AnyForm) {
					continue
				}
				req.Key = strings.Join(wire.Values(plain, d.Service.Idempotency), "")
				if !yield(req) {
					return
				}
			}
		}
	}
}

// asksMethod reports that the method of a request can change how its response is written
// or read.
func (d author) asksMethod() bool {
	return slices.ContainsFunc(d.Rows, func(r *spec.Row) bool { return len(r.Methods) > 0 || r.Of != nil }) ||
		slices.ContainsFunc(slices.Concat(d.Shapes, d.Extras), func(s *spec.Shape) bool { return len(s.Methods) > 0 })
}

// unique are texts without those that stood there before.
func unique(all []string) (once []string) {
	for _, text := range all {
		if !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

// pathsOf are paths that fit globs.
func pathsOf(globs []string) (all []string) {
	for _, g := range globs {
		all = append(all, "/"+strings.TrimLeft(strings.ReplaceAll(strings.TrimPrefix(g, "*"), "*", "example"), "/"))
	}
	return all
}
