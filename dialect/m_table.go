package dialect

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
)

// Table says what codes and statuses mean, and what to do about each. It is safe
// for concurrent use.
type Table struct {
	*Spec
	base     *Table    // of the dialect that this one extends, nil for http
	meanings *meanings // what codes meant that were met last
}

func newTable(s *Spec) *Table {
	t := &Table{Spec: s, meanings: new(meanings)}
	for at, b := t, s.base; b != nil; at, b = at.base, b.base {
		at.base = &Table{Spec: b}
	}
	return t
}

// firstReason keeps a reason that the body states only beside a kind that it
// states; otherwise the row's counts.
func firstReason(body, row parlance.Reason, stated parlance.Kind) parlance.Reason {
	if stated != 0 {
		return body
	}
	return row
}

// good reports that a form says by itself that all went well.
func good(is string) bool {
	k, _ := parlance.ParseKind(is)
	return k.Good()
}

// mayState reports that a kind in the body or a header can stand under a
// status: it turns no failure into a success, and not the one side's fault into
// the other's.
func (d *Table) mayState(k parlance.Kind, status int, req *Request) bool {
	return k == d.statusRow(status, req).kind ||
		k.Failing() == (status >= 400) && k.ServerFault() == (status >= 500)
}

// meaning finds the row that says what an answer is: the vendor's code, then
// its coarser one, then what the form says, then the HTTP status, then its
// class; the dialect that this one extends where the file has no row, and the
// dialect http at last. It reports whether it is the row of a code.
func (d *Table) meaning(o *parlance.Outcome, is string, req *Request) (r *row, coded bool) {
	if o.Code == "" && o.Family == "" && is == "" {
		return d.statusRow(o.Status, req), false
	}
	if d.conditional || o.Code == "" && o.Family == "" || len(o.Code)+len(o.Family) > maxKey {
		return d.look(o, is, req)
	}
	at := d.meanings.at(o)
	k := at.Load()
	if k == nil || k.status != o.Status || k.is != is || k.code != o.Code || k.family != o.Family {
		k = &meant{status: o.Status, is: is, code: strings.Clone(o.Code), family: strings.Clone(o.Family)}
		k.row, k.coded = d.look(o, is, req)
		at.Store(k)
	}
	return k.row, k.coded
}

// meant is what a code meant. Those that were met last are kept, for finding one
// among globs and ranges costs as much as reading the body that it stood in.
type meant struct {
	status       int
	is           string
	code, family string
	row          *row
	coded        bool
}

type meanings [64]atomic.Pointer[meant]

// at is the place of a code: by its length, and by what it begins and ends with.
func (all *meanings) at(o *parlance.Outcome) *atomic.Pointer[meant] {
	code := o.Code
	if code == "" {
		code = o.Family
	}
	n := len(code)
	h := uint64(n)<<40 ^ uint64(o.Status)<<24 ^ uint64(code[0])<<16 ^ uint64(code[n/2])<<8 ^ uint64(code[n-1])
	return &all[h*0x9E3779B97F4A7C15>>58]
}

// look is meaning without what is kept.
func (d *Table) look(o *parlance.Outcome, is string, req *Request) (r *row, coded bool) {
	if r, coded := d.said(o, is, req); r != nil {
		return r, coded
	}
	return d.statusRowAs(o.Status, is, req), false
}

// said is the row of what an answer says beside its status, nil where it says
// nothing that has a meaning. It reports whether it is the row of a code.
func (d *Table) said(o *parlance.Outcome, is string, req *Request) (r *row, coded bool) {
	for _, code := range [...]string{o.Code, o.Family} {
		if code == "" {
			continue
		}
		if r := d.codeRow(code, is, req); r != nil && !(good(is) && !r.kind.Good()) {
			return r, true
		}
	}
	if is == "" || is == "failed" && o.Status >= 400 {
		return nil, false
	}
	if r := d.nameRow(is, req); r != nil {
		return r, false
	}
	if k, ok := parlance.ParseKind(is); ok {
		return &row{kind: k, key: is, line: d.statusRowAs(o.Status, is, req).line}, false
	}
	return nil, false
}

// nameRow is the row of a name that a form says of itself.
func (d *Table) nameRow(is string, req *Request) *row {
	if r := choose(d.codes.exact[is], is, req); r != nil || d.base == nil {
		return r
	}
	return d.base.nameRow(is, req)
}

// codeRow is the row of a vendor's code, nil for an unlisted one. Where codes
// are statuses an unlisted one has the meaning that HTTP gives it.
func (d *Table) codeRow(code, is string, req *Request) *row {
	if r := d.codes.byCode(code, is, req); r != nil {
		return r
	}
	if d.base != nil && d.base.base != nil {
		if r := d.base.codeRow(code, is, req); r != nil {
			return r
		}
	}
	if !d.codes.merged {
		return nil
	}
	if n, err := number(code); err == nil && n >= 100 && n <= 999 {
		return d.statusRow(n, req)
	}
	return nil
}

// statusRow is the row of an HTTP status; there always is one.
func (d *Table) statusRow(status int, req *Request) *row { return d.statusRowAs(status, "", req) }

// statusRowAs is that of an answer whose form says something by itself.
func (d *Table) statusRowAs(status int, is string, req *Request) *row {
	if status >= firstStatus && status <= lastStatus {
		if p := d.byStatus[status-firstStatus]; p != nil && p.row != nil {
			return p.row
		}
	}
	if r := d.codes.byStatus(status, is, req); r != nil {
		return r
	}
	if d.base != nil {
		return d.base.statusRowAs(status, is, req)
	}
	return &row{kind: parlance.Internal, line: "http.yaml"}
}

// rollUp is the meaning of a bulk answer under a good status: what its records
// come to, or, where all went well, the status's own unless that tells of
// failures. Of a list that holds failures only the others went well.
func rollUp(of *row, items []parlance.Item, failuresOnly bool) (parlance.Kind, parlance.Reason) {
	kind, reason := parlance.RollUp(items)
	switch {
	case kind == parlance.Success && of.kind != parlance.Partial && !of.kind.Failing():
		return of.kind, of.reason
	case kind.Failing() && failuresOnly:
		return parlance.Partial, ""
	}
	return kind, reason
}

// itemMeaning is the row of a record: by its code, the coarser one, what its
// form says, then its own status; a record that gives none shares the meaning
// of the whole.
func (d *Table) itemMeaning(it, of *parlance.Outcome, is string, req *Request) *row {
	if r, _ := d.said(it, is, req); r != nil {
		return r
	}
	if it.Status != 0 {
		return d.statusRow(it.Status, req)
	}
	if of.Kind.Failing() {
		return &row{kind: of.Kind, reason: of.Reason}
	}
	if it.Code != "" {
		// A code that nobody listed, of a record in a good answer: no guess that it is good.
		return &row{kind: parlance.Noted}
	}
	return &row{kind: parlance.Success}
}

func (d *Table) owns(r *row) bool { return slices.Contains(d.rows, r) }

// ownRow is the file's row for a kind and its reason.
func (d *Table) ownRow(o *parlance.Outcome, req *Request) *row {
	for _, r := range d.rows {
		if r.kind == o.Kind && r.reason == o.Reason && r.applies(req, anyForm) {
			return r
		}
	}
	return nil
}

// safe reports that a request to such a method and path does nothing twice when
// it is repeated, by its method (RFC 9110, 9.2.2) or because the file says so.
func (d *Table) safe(req *Request) bool {
	switch req.Method {
	case "", "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	for ; d != nil; d = d.base {
		for i := range d.service.operations {
			if d.service.operations[i].safe && d.service.operations[i].concerns(req) {
				return true
			}
		}
	}
	return false
}
