package dialect

import (
	"fmt"
	"slices"
)

// plan is what can be read under a status: the shapes that it allows, worked
// out once.
type plan struct {
	row      *row // what the status means, nil where that depends on the request or the form
	shapes   []*shape
	extras   []*shape // headers only, those of http among them
	fields   []string // of a header, all that is read; nil where the absence of one says something
	wanted   [formText + 1]bool
	expected bool // under a good status a body that fits none of them is no plain success
	asks     bool // a shape asks for a method or a path
	moulds   bool // no header decides which shape of JSON fits
	alters   bool // something in a body or a header can say more than the status
}

const firstStatus, lastStatus = 100, 599

// plans works them out for every status, and keeps one of each kind.
func (d *Spec) plans() {
	known := map[string]*plan{}
	key := make([]byte, 0, 64)
	for status := firstStatus; status <= lastStatus; status++ {
		key = key[:0]
		for _, list := range [...][]*shape{d.shapes, d.headerShapes()} {
			for _, s := range list {
				key = append(key, '0'+byte(btoi(!s.writeOnly && s.status.admits(status))))
			}
		}
		row := d.settled(status)
		key = fmt.Appendf(key, "%p", row)
		p := known[string(key)]
		if p == nil {
			p = d.newPlan(status)
			p.row = row
			known[string(key)] = p
		}
		d.byStatus[status-firstStatus] = p
	}
}

func (d *Spec) newPlan(status int) *plan {
	p := &plan{}
	take := func(to *[]*shape, from []*shape) {
		for _, s := range from {
			if s.writeOnly || !s.status.admits(status) {
				continue
			}
			*to = append(*to, s)
			p.wanted[s.form] = p.wanted[s.form] || s.body != nil
			p.asks = p.asks || len(s.methods)+len(s.paths) > 0
			p.expected = p.expected || s.expected()
			p.alters = p.alters || s.alters() || s.is == "failed" && (status < 400 || status >= 600)
		}
	}
	take(&p.shapes, d.shapes)
	p.moulds = p.wanted[formJSON] && len(p.shapes) <= 64 && !slices.ContainsFunc(p.shapes, func(s *shape) bool { return s.form == formJSON && len(s.headers) > 0 })
	take(&p.extras, d.headerShapes())
	p.fields = []string{"Retry-After"}
	for _, s := range p.extras {
		for i := range s.headers {
			p.fields = append(p.fields, s.headers[i].name)
		}
	}
	if slices.ContainsFunc(p.extras, func(s *shape) bool {
		return slices.ContainsFunc(s.headers, func(h headerHole) bool { return h.value != nil && h.value.op == opAbsent })
	}) {
		p.fields = nil
	}
	return p
}

// bodyless reports that no body is looked at.
func (p *plan) bodyless(req *Request, res *Response) bool {
	return len(p.shapes) == 0 || len(res.Body) == 0 || req.Method == "HEAD" || res.Status == 204 || res.Status == 304 ||
		res.Status >= 200 && res.Status < 300 && untouched(res.Header)
}

// alone reports that the status alone says what an answer means: most good
// answers are so, and need nothing of what is read with.
func (p *plan) alone(req *Request, res *Response) bool {
	if p.row == nil || p.fields == nil || !p.bodyless(req, res) {
		return false
	}
	for _, name := range p.fields {
		if len(values(res.Header, name)) > 0 {
			return false
		}
	}
	return true
}

// expected reports that a body is to be of this form or one like it, so that
// another one under a good status is no plain success.
func (s *shape) expected() bool {
	return !s.readOnly && (s.carriesData() || s.carriesItems() || s.is == "success")
}

// meaningful are the attributes that can change what an answer means, or what
// is done about it.
var meaningful = func() (s set) {
	for _, a := range [...]attribute{attrKind, attrReason, attrCode, attrFamily, attrRetryAfter, attrRetryable, attrReset, attrFailures, attrSuccesses, attrTotal} {
		s |= bitOf(whole, a)
	}
	return s | ownerBits[item]
}()

// alters reports that the shape can say more than the status does.
func (s *shape) alters() bool {
	return s.is != "" && s.is != "failed" || s.reads&meaningful != 0 || s.expected() || s.body != nil && s.body.saysKind(map[*instance]bool{})
}

// saysKind reports that $is stands somewhere in it. seen are the definitions that
// have been looked into.
func (t *template) saysKind(seen map[*instance]bool) bool {
	switch {
	case t.is != "":
		return true
	case t.op == opReference && !seen[t.def]:
		seen[t.def] = true
		return t.def.body.saysKind(seen)
	}
	for i := range t.members {
		if t.members[i].value.saysKind(seen) {
			return true
		}
	}
	for _, e := range t.elems {
		if e.saysKind(seen) {
			return true
		}
	}
	return t.rest != nil && t.rest.value.saysKind(seen)
}

// planFor is the plan of a status.
func (d *Spec) planFor(status int) *plan {
	if status < firstStatus || status > lastStatus {
		return d.newPlan(status)
	}
	return d.byStatus[status-firstStatus]
}

// concerns reports that a shape of the plan is about such a request.
func (p *plan) concerns(s *shape, req *Request) bool {
	return !p.asks || admitsMethod(s.methods, req.Method) && admitsPath(s.paths, req.Path)
}

// of are the shapes of the plan, which are not too many to be told so, that are
// about such a request.
func (p *plan) of(req *Request) (set uint64) {
	if !p.asks {
		return ^uint64(0)
	}
	for i, s := range p.shapes {
		if p.concerns(s, req) {
			set |= 1 << i
		}
	}
	return set
}

// settled is the row of a status that nothing is a condition of, nil where
// something is.
func (d *Spec) settled(status int) *row {
	for b := d; b != nil; b = b.base {
		any := false
		for _, rows := range b.codes.about(status) {
			for _, r := range rows {
				any = true
				if r.conditional() || r.notUsed || r.status != 0 && !b.codes.merged {
					return nil // what a response under it means has to be looked up, or complained of
				}
			}
		}
		if any {
			return b.codes.byStatus(status, "", &Request{})
		}
	}
	return nil
}
