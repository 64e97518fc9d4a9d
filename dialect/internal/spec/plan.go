package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Plan is what can be read under a status: the shapes that it allows, worked
// out once.
type Plan struct {
	Row      *Row // what the status means, nil if that depends on the request or the form
	Shapes   []*Shape
	Marked   []*Shape // of failures, whose marks a good response may have
	Marks    []string // the names of those in JSON, between quotes, each once
	Extras   []*Shape // headers only, those of http among them
	Fields   []string // of a header, all that is read; nil if the absence of one says something
	Wanted   Forms    // of the shapes
	Expected bool     // under a good status a body that fits none of them is no plain success
	Asks     bool     // a shape asks for a method or a path
	Replays  bool     // no header decides which shape of JSON fits
	SaysMore bool     // something in a body or a header can say more than the status
}

// FirstStatus and LastStatus bound the statuses whose plans are made beforehand.
const FirstStatus, LastStatus = 100, 599

// plans makes the plan of each status. Statuses with equal plans share one.
func (d *Spec) plans() {
	known := map[string]*Plan{}
	key := make([]byte, 0, 64)
	for status := FirstStatus; status <= LastStatus; status++ {
		key = key[:0]
		for _, list := range [...][]*Shape{d.Shapes, d.HeaderShapes()} {
			for _, s := range list {
				key = append(key, '0'+byte(Btoi(!s.WriteOnly && s.Status.Admits(status))))
			}
		}
		row := d.unconditional(status)
		key = fmt.Appendf(key, "%p", row)
		p := known[string(key)]
		if p == nil {
			p = d.newPlan(status)
			p.Row = row
			known[string(key)] = p
		}
		d.ByStatus[status-FirstStatus] = p
	}
}

func (d *Spec) newPlan(status int) *Plan {
	p := &Plan{}
	p.Shapes = p.admit(d.Shapes, status)
	p.Replays = p.Wanted[FormJSON] && len(p.Shapes) <= 64 && !slices.ContainsFunc(p.Shapes, func(s *Shape) bool { return s.Form == FormJSON && len(s.Headers) > 0 })
	p.Extras = p.admit(d.HeaderShapes(), status)
	p.Fields = fieldsOf(p.Extras)
	if status >= 200 && status < 300 && len(p.Shapes) > 0 {
		for _, s := range d.Shapes {
			if len(s.Marks) > 0 && p.Wanted[s.Form] {
				p.Marked = append(p.Marked, s)
			}
			if s.Form == FormJSON {
				p.mark(s.Marks)
			}
		}
	}
	p.Replays = p.Replays && len(p.Marked) == 0
	return p
}

// mark adds names of marks.
func (p *Plan) mark(names []string) {
	for _, name := range names {
		if quoted := `"` + name + `"`; !slices.Contains(p.Marks, quoted) {
			p.Marks = append(p.Marks, quoted)
		}
	}
}

// admit are the shapes that read a response with that status. It adds the parts that they
// read to the plan.
func (p *Plan) admit(from []*Shape, status int) (all []*Shape) {
	for _, s := range from {
		if s.WriteOnly || !s.Status.Admits(status) {
			continue
		}
		all = append(all, s)
		p.Wanted[s.Form] = p.Wanted[s.Form] || s.Body != nil
		p.Asks = p.Asks || s.asks()
		p.Expected = p.Expected || s.Expected()
		p.SaysMore = p.SaysMore || s.saysMore() || s.Is == "failed" && (status < 400 || status >= 600)
	}
	return all
}

// fieldsOf are the header fields that shapes without a body read. It is nil if the absence
// of a field has a meaning.
func fieldsOf(extras []*Shape) []string {
	fields := []string{"Retry-After"}
	for _, s := range extras {
		for i := range s.Headers {
			h := &s.Headers[i]
			if h.Value != nil && h.Value.Op == OpAbsent {
				return nil
			}
			fields = append(fields, h.Name)
		}
	}
	return fields
}

// Bodyless reports that no body is looked at.
func (p *Plan) Bodyless(req *wire.Request, res *wire.Response) bool {
	return len(p.Shapes) == 0 || len(res.Body) == 0 || req.Method == "HEAD" || res.Status == 204 || res.Status == 304 ||
		res.Status >= 200 && res.Status < 300 && wire.Untouched(res.Header)
}

// Lacks is the rule that a good response breaks whose body is not looked at although
// one that can say more is due; "" for none:
//
//   - empty_body: the body is empty
//   - body_not_read: it has several parts, which nobody looks into
func (p *Plan) Lacks(req *wire.Request, res *wire.Response) string {
	switch {
	case res.Status < 200 || res.Status >= 300 || len(p.Shapes) == 0 || req.Method == "HEAD" || res.Status == 204:
	case strings.HasPrefix(wire.MediaType(res.Header), "multipart/"):
		if p.SaysMore && p.asks(req) {
			return "body_not_read"
		}
	case res.Status == 200 && len(res.Body) == 0 && !res.Cut && p.SaysMore && !wire.Untouched(res.Header) && p.due(req):
		return "empty_body"
	}
	return ""
}

// due reports that the response to such a request has a body.
func (p *Plan) due(req *wire.Request) bool {
	return slices.ContainsFunc(p.Shapes, func(s *Shape) bool { return p.demands(s, req) || p.judges(s, req) })
}

// demands reports that a success of such a request has a body of this form. A list of
// records is demanded only of some requests: elsewhere one may have had no records.
func (p *Plan) demands(s *Shape, req *wire.Request) bool {
	return s.Expected() && (s.asksMuch() || s.CarriesData() || s.Is == "success") && p.Concerns(s, req) && (req.Path != "" || len(s.Paths) == 0)
}

// judges reports that a body of this form says how such a request ended, so that one without
// a body does not.
func (p *Plan) judges(s *Shape, req *wire.Request) bool {
	return len(s.Paths) > 0 && s.Stream == nil && s.Body != nil && s.CanFail() && req.Path != "" && p.Concerns(s, req) && (req.Method != "DELETE" || len(s.Methods) > 0)
}

// asksMuch reports that a shape names the path, or the method and the status.
func (s *Shape) asksMuch() bool { return len(s.Paths) > 0 || len(s.Methods) > 0 && len(s.Status) > 0 }

// HasRecords reports that the response to such a request has the records of this shape.
func (p *Plan) HasRecords(s *Shape, req *wire.Request) bool {
	return s.CarriesItems() && s.asksMuch() && p.Concerns(s, req) && (req.Path != "" || len(s.Paths) == 0)
}

// asks reports that a shape is about such a request.
func (p *Plan) asks(req *wire.Request) bool {
	return slices.ContainsFunc(p.Shapes, func(s *Shape) bool { return p.Concerns(s, req) })
}

// CanFail reports that the body of a good response to such a request can say that it
// failed.
func (p *Plan) CanFail(req *wire.Request) bool {
	return slices.ContainsFunc(p.Shapes, func(s *Shape) bool { return p.Concerns(s, req) && s.CanFail() })
}

// CanFail reports that a shape can say of a good response that it failed.
func (s *Shape) CanFail() bool {
	return s.Fails || s.Is != "" && s.Is != "success" || s.Reads&Meaningful&^Times != 0 || s.Body != nil && s.Body.saysKind(map[*Instance]bool{})
}

// Alone reports that the status alone says what a response means. Most good
// responses are so, and need no reader.
func (p *Plan) Alone(req *wire.Request, res *wire.Response) bool {
	if p.Row == nil || p.Fields == nil || !p.Bodyless(req, res) || res.Status >= 400 && len(res.Body) > 0 || res.Status < 300 && wire.IsProblem(res.Header) {
		return false
	}
	for _, name := range p.Fields {
		if len(wire.Values(res.Header, name)) > 0 {
			return false
		}
	}
	return true
}

// Expected reports that a body is to be of this form or one like it, so that
// another one under a good status is no plain success. A form that is only read is one of
// several, unless it says what a success of a path is.
func (s *Shape) Expected() bool {
	if s.ReadOnly {
		return s.Is == "success" && len(s.Paths) > 0
	}
	return s.CarriesData() || s.CarriesItems() || s.Is == "success"
}

// Meaningful are the attributes that can change what a response means, or what a
// client does about it.
var Meaningful = func() (s Set) {
	for _, a := range [...]Attribute{AttrKind, AttrReason, AttrCode, AttrFamily, AttrRetryAfter, AttrRetryable, AttrReset, AttrFailures, AttrSuccesses, AttrTotal} {
		s |= BitOf(Whole, a)
	}
	return s | OwnerBits[Item]
}()

// Telling are the attributes that say what failed.
const Telling = Set(1<<AttrCode | 1<<AttrFamily | 1<<AttrDetail)

// ItemTelling are those of a record.
const ItemTelling = Telling << itemShift

// Times are the attributes that say when to come back.
const Times = Set(1<<AttrRetryAfter | 1<<AttrReset)

// saysMore reports that the shape can add to the meaning of the status.
func (s *Shape) saysMore() bool {
	return s.Is != "" && s.Is != "failed" || s.Reads&Meaningful != 0 || s.Expected() || s.Body != nil && s.Body.saysKind(map[*Instance]bool{})
}

// saysKind reports that $is occurs in the template. seen are the definitions that have been
// searched.
func (t *Template) saysKind(seen map[*Instance]bool) bool {
	switch {
	case t.Is != "":
		return true
	case t.Op == OpReference && !seen[t.Def]:
		seen[t.Def] = true
		return t.Def.Body.saysKind(seen)
	}
	for b := range t.below {
		if b.saysKind(seen) {
			return true
		}
	}
	return false
}

// PlanFor is the plan of a status.
func (d *Spec) PlanFor(status int) *Plan {
	if status < FirstStatus || status > LastStatus {
		return d.newPlan(status)
	}
	return d.ByStatus[status-FirstStatus]
}

// Forms are those that the shapes of the plan ask for which are about such a request,
// and whether one of them is expected.
func (p *Plan) Forms(req *wire.Request) (wanted Forms, expected bool) {
	if !p.Asks {
		return p.Wanted, p.Expected
	}
	for _, s := range p.Shapes {
		if p.Concerns(s, req) {
			wanted[s.Form] = true
			expected = expected || s.Expected() && (req.Path != "" || len(s.Paths) == 0)
		}
	}
	return wanted, expected
}

// Concerns reports that a shape of the plan is about such a request. If nobody knows the
// path, it can be about any.
func (p *Plan) Concerns(s *Shape, req *wire.Request) bool {
	return !s.asks() || admitsMethod(s.Methods, req.Method) && (req.Path == "" || AdmitsPath(s.Paths, req.Path))
}

// asks reports that a shape is about some methods or paths only.
func (s *Shape) asks() bool { return len(s.Methods)+len(s.Paths) > 0 }

// Asking reports that one of the first n shapes is about some methods or paths only.
func (p *Plan) Asking(n int) bool { return slices.ContainsFunc(p.Shapes[:n], (*Shape).asks) }

// ShapesFor are those of the first n shapes that are about such a request, one bit each.
// A set has room for 64.
func (p *Plan) ShapesFor(req *wire.Request, n int) (set uint64) {
	for i, s := range p.Shapes[:n] {
		if p.Concerns(s, req) {
			set |= 1 << i
		}
	}
	return set
}

// unconditional is the row of a status if it has no condition, else nil.
func (d *Spec) unconditional(status int) *Row {
	for b := d; b != nil; b = b.Base {
		any := false
		for _, rows := range b.Codes.about(status) {
			for _, r := range rows {
				any = true
				if r.Conditional() || r.NotUsed || r.Status != 0 && !b.Codes.Merged {
					return nil // what a response under it means has to be looked up, or complained of
				}
			}
		}
		if any {
			return b.Codes.ByStatus(status, "", &wire.Request{})
		}
	}
	return nil
}
