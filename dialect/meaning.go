package dialect

import (
	"strconv"

	"github.com/parlance-api/parlance"
)

// firstReason keeps a reason that the body states only beside a kind that it
// states; otherwise the row's counts.
func firstReason(body, row parlance.Reason, stated parlance.Kind) parlance.Reason {
	if stated != 0 {
		return body
	}
	return row
}

// good reports that a shape says by itself that all went well.
func (d *Dialect) good(s *shape) bool {
	if s == nil || s.is == "" {
		return false
	}
	k, _ := parlance.ParseKind(s.is)
	return k.Good()
}

// mayState reports that a kind in the body or a header can stand under a
// status: it turns no failure into a success, and not the one side's fault into
// the other's.
func (d *Dialect) mayState(k parlance.Kind, status int, req *Request) bool {
	return k == d.statusRow(status, req).kind ||
		k.Failing() == (status >= 400) && k.ServerFault() == (status >= 500)
}

// meaning finds the row that says what an answer is: the vendor's code, then
// what the form says, then the HTTP status, then its class; the dialect http
// where the file has no row.
func (d *Dialect) meaning(o *parlance.Outcome, s *shape, req *Request) *row {
	if o.Code != "" {
		if r := d.codeRow(o.Code, req); r != nil && !(d.good(s) && !r.kind.Good()) {
			return r
		}
	}
	if s != nil && s.is != "" {
		if r := choose(d.codes.exact[s.is], req); r != nil {
			return r
		}
		if k, ok := parlance.ParseKind(s.is); ok && !(s.is == "failed" && o.Status >= 400) {
			return &row{kind: k, line: d.statusRow(o.Status, req).line}
		}
	}
	return d.statusRow(o.Status, req)
}

// codeRow is the row of a vendor's code, nil for an unlisted one. Where codes
// are statuses an unlisted one has the meaning that HTTP gives it.
func (d *Dialect) codeRow(code string, req *Request) *row {
	if r := d.codes.byCode(code, req); r != nil || !d.codes.merged {
		return r
	}
	if n, err := strconv.Atoi(code); err == nil && n >= 100 && n <= 999 {
		return d.statusRow(n, req)
	}
	return nil
}

// statusRow is the row of an HTTP status; there always is one.
func (d *Dialect) statusRow(status int, req *Request) *row {
	if r := d.codes.byStatus(status, req); r != nil {
		return r
	}
	if d.base != nil {
		return d.base.statusRow(status, req)
	}
	return &row{kind: parlance.Internal, line: "http.yaml"}
}

// rollUp is the meaning of a bulk answer under a good status: what its records
// come to, or, where all went well, the status's own unless that tells of
// failures.
func rollUp(of *row, items []parlance.Item) (parlance.Kind, parlance.Reason) {
	kind, reason := parlance.RollUp(items)
	if kind == parlance.Success && of.kind != parlance.Partial && !of.kind.Failing() {
		return of.kind, of.reason
	}
	return kind, reason
}

// itemMeaning is the row of a record: by its code, then its own status; a
// record that gives neither shares the meaning of the whole.
func (d *Dialect) itemMeaning(it, of *parlance.Outcome, req *Request) *row {
	if it.Code != "" {
		if r := d.codeRow(it.Code, req); r != nil {
			return r
		}
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
