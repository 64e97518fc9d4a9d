package authoring

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

// OutcomeFor is the Outcome of a code for an actual request. The first row counts whose
// conditions on the request hold; rows that ask for a form of the response come last. The
// code is one of a body, an HTTP status, or a key of the file, such as 4xx or E1*. It
// reports false if neither the file nor HTTP has such a code. It is safe for concurrent use.
// [NewOutcomes] is faster for many requests.
func OutcomeFor(d *dialect.Dialect, req dialect.Request, code string) (parlance.Outcome, bool) {
	return NewOutcomes(d).For(req, code)
}

// Outcomes finds the Outcomes of codes for many requests: what it has found for a code of the
// file is kept. It is safe for concurrent use.
type Outcomes struct {
	dialect *dialect.Dialect
	kept    sync.Map // *codeRows by the code
}

// NewOutcomes makes the Outcomes of a dialect.
func NewOutcomes(d *dialect.Dialect) *Outcomes { return &Outcomes{dialect: d} }

// codeRows are the rows of a code, in the order in which they count here: those that ask for
// no form of the response come first.
type codeRows struct {
	rows  []*spec.Row
	ofKey bool                               // the code is the key of a class, a range or a glob
	found []atomic.Pointer[parlance.Outcome] // of each row; nil before it was asked for
}

// For is OutcomeFor. Treat the Fields, the Items, the Notes and the Extra of the Outcome as
// read-only.
func (all *Outcomes) For(req dialect.Request, code string) (parlance.Outcome, bool) {
	a := author{all.dialect.Internal()}
	of := all.rowsOf(a, code)
	for i, r := range of.rows {
		if !r.Applies(&req, spec.AnyForm) {
			continue
		}
		if known := of.found[i].Load(); known != nil {
			return *known, true
		}
		c := a.coded(r, code)
		if of.ofKey {
			if codes := a.codesOfKey(r, code); len(codes) > 0 {
				c = codes[0]
			}
		}
		o := a.givenTo(all.dialect, req, r, c)
		of.found[i].Store(&o)
		return o, true
	}
	return parlance.Outcome{}, false
}

// rowsOf are the rows of a code. Those of a code that the file names are kept, and not those
// of any text of a stranger.
func (all *Outcomes) rowsOf(a author, code string) *codeRows {
	if known, ok := all.kept.Load(code); ok {
		return known.(*codeRows)
	}
	rows, ofKey := a.rowsFor(code)
	of := &codeRows{ofKey: ofKey}
	named := false
	for _, formed := range []bool{false, true} {
		for _, r := range rows {
			if !r.NotUsed && (r.Is != "") == formed {
				of.rows = append(of.rows, r)
				named = named || r.Names(code)
			}
		}
	}
	of.found = make([]atomic.Pointer[parlance.Outcome], len(of.rows))
	if named {
		all.kept.Store(strings.Clone(code), of)
	}
	return of
}

// rowsFor are the rows of a code in the order in which they count. If the code is the key of
// a class, a range or a glob, it reports true.
func (d author) rowsFor(code string) (rows []*spec.Row, ofKey bool) {
	n, err := strconv.Atoi(code)
	for b := &d.Table; b != nil && !strings.Contains(code, "*"); b = b.Base {
		if b.Base == nil && (err != nil || n < 200 || n > 599) {
			break // HTTP has no others
		}
		for _, of := range b.Codes.RowsFor(code, n, err == nil) {
			rows = append(rows, of...)
		}
	}
	if len(rows) > 0 {
		return rows, false
	}
	for _, r := range d.Rows {
		if r.Names(code) {
			rows = append(rows, r)
		}
	}
	return rows, true
}

// givenTo is the Outcome of a row for a request: the first that comes back, else the
// simplest.
func (d author) givenTo(in *dialect.Dialect, req dialect.Request, r *spec.Row, c exampleCode) parlance.Outcome {
	for _, vary := range d.variations(r) {
		e := Example{Request: req, Outcome: d.outcomeOf(r, c), Payload: payloads[0]}
		if !vary(&e.Outcome) {
			continue
		}
		if _, back := written(in, &e); d.returns(r, &e, &back) {
			return e.Outcome
		}
	}
	return d.outcomeOf(r, c)
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
		return "the file is only read"
	case r.NotUsed:
		return "the page says that the API never sends it"
	case formed && !slices.ContainsFunc(slices.Concat(d.Shapes, d.Extras), func(s *spec.Shape) bool {
		return !s.ReadOnly && (s.Is == name || s.Body != nil && says(s.Body, name, map[*spec.Instance]bool{}))
	}):
		return "the shapes that say so are only read"
	}
	return ""
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
	for i := range d.Samples {
		if s := &d.Samples[i]; !s.ReadOnly {
			all = append(all, func(o *parlance.Outcome) bool { return likeSample(o, s.Expected.Outcome()) })
		}
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
	return o.Kind == r.Kind && o.Reason == r.Reason && (wanted.Code == "" || o.Code == wanted.Code) && d.RowOf(o, &e.Request) == r
}

// lost says why an Example does not come back.
func (d author) lost(r *spec.Row, e *Example, wrote *dialect.Encoded, back *dialect.Decoded) *Untried {
	u := &Untried{Entry: e.Entry}
	lost := func(attribute string) bool {
		return slices.ContainsFunc(wrote.Losses, func(l parlance.Loss) bool { return l.Attribute == attribute })
	}
	switch {
	case e.Outcome.Code != "" && lost("code"):
		u.Why = "no shape that is written has a place for its code"
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

// exampleCode is one code of a row: in the body, as the status, or as the name of a form.
type exampleCode struct {
	text   string // as the file has it, or as it fits the glob or the range
	code   string // in the body, "" for none
	status int    // of HTTP; 0 is that of the kind
}

// codesOf are codes of a row that no other row has.
func (d author) codesOf(r *spec.Row) (all []exampleCode) {
	for key := range strings.SplitSeq(r.Key, ",") {
		all = append(all, d.codesOfKey(r, strings.TrimSpace(key))...)
	}
	return all
}

// codesOfKey are codes of one key of a row: itself, or codes that fit it.
func (d author) codesOfKey(r *spec.Row, key string) (all []exampleCode) {
	sp, numeric := spec.ParseSpan(key)
	switch {
	case numeric && sp.From != sp.To:
		for _, n := range d.unlisted(r, sp) {
			all = append(all, d.coded(r, strconv.Itoa(n)))
		}
	case strings.Contains(key, "*"):
		for _, fill := range []string{"example", "1", "x", ""} {
			text := strings.ReplaceAll(key, "*", fill)
			if r.Conditional() || d.Codes.ByCode(text, spec.AnyForm, &wire.Request{}) == r {
				return []exampleCode{d.coded(r, text)}
			}
		}
	default:
		all = append(all, d.coded(r, key))
	}
	return all
}

// maxUnlisted is how many numbers of a range are tried.
const maxUnlisted = 3

// unlisted are numbers of a range that no other row names, at first those that no standard
// names either.
func (d author) unlisted(r *spec.Row, sp spec.Span) (all []int) {
	take := func(n int) {
		for _, rows := range d.Codes.RowsFor(strconv.Itoa(n), n, true) {
			if len(all) < maxUnlisted && n >= sp.From && n <= sp.To && !slices.Contains(all, n) && rows != nil {
				if slices.Contains(rows, r) {
					all = append(all, n)
				}
				return
			}
		}
	}
	for _, n := range []int{299, 399, 418, 499, 599} {
		take(n)
	}
	for n := sp.From; n <= sp.To && n < sp.From+1000 && len(all) < maxUnlisted; n++ {
		take(n)
	}
	return all
}

// coded is a code of a row as a response carries it.
func (d author) coded(r *spec.Row, text string) exampleCode {
	c := exampleCode{text: text, code: text, status: r.Status}
	n, err := strconv.Atoi(text)
	switch isStatus := err == nil && n >= spec.FirstStatus && n <= 999; {
	case isStatus && r.Status == 0:
		c.code, c.status = "", n
	case d.Named(text):
		c.code = ""
		for _, s := range d.Shapes {
			if s.Is == text && c.status == 0 && len(s.Status) > 0 && !s.ReadOnly {
				c.status = s.Status[0].From
			}
		}
	}
	return c
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
	methods = append(slices.Clone(methods), "GET", "POST", "PUT", "DELETE", "PATCH")
	paths = append(paths, "/example")
	for _, s := range d.Shapes {
		paths = append(paths, pathsOf(slices.Concat(s.WriteFor, s.Paths))...)
	}
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

// pathsOf are paths that fit globs.
func pathsOf(globs []string) (all []string) {
	for _, g := range globs {
		all = append(all, "/"+strings.TrimLeft(strings.ReplaceAll(strings.TrimPrefix(g, "*"), "*", "example"), "/"))
	}
	return all
}
