package meaning

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Table says what codes and statuses mean, and what to do about each. It is safe
// for concurrent use.
type Table struct {
	*spec.Spec
	Base     *Table    // of the dialect that this one extends, nil for http
	meanings *meanings // what codes meant that were met last
}

// New makes the Table of a file.
func New(s *spec.Spec) Table {
	t := Table{Spec: s, meanings: new(meanings)}
	for at, b := &t, s.Base; b != nil; at, b = at.Base, b.Base {
		at.Base = &Table{Spec: b}
	}
	return t
}

// FirstReason keeps a reason that the body states only beside a kind that it
// states; otherwise the row's counts.
func FirstReason(body, row parlance.Reason, stated parlance.Kind) parlance.Reason {
	if stated != 0 {
		return body
	}
	return row
}

// Good reports that a form says by itself that all went well.
func Good(is string) bool {
	k, _ := parlance.ParseKind(is)
	return k.Good()
}

// MayState reports that a body or a header under a status can state a kind. It
// must not turn a failure into a success, nor a fault of one side into one of the
// other.
func (d *Table) MayState(k parlance.Kind, status int, req *wire.Request) bool {
	return k == d.StatusRow(status, req).Kind ||
		k.Failing() == (status >= 400) && k.ServerFault() == (status >= 500)
}

// Meaning finds the row of a response, by the first of these that has one:
//
//   - the vendor's code, then the coarser code
//   - the form of the body
//   - the HTTP status, then its class
//
// If the file has no row, the dialect that it extends is asked, and last the
// dialect http. It reports whether it is the row of a code.
func (d *Table) Meaning(o *parlance.Outcome, is string, req *wire.Request) (r *spec.Row, coded bool) {
	if o.Code == "" && o.Family == "" && is == "" {
		return d.StatusRow(o.Status, req), false
	}
	if d.Conditional || o.Code == "" && o.Family == "" || len(o.Code)+len(o.Family) > spec.MaxKey {
		return d.look(o, is, req)
	}
	at := d.meanings.at(o)
	k := at.Load()
	if k == nil || k.status != o.Status || k.is != is || k.code != o.Code || k.family != o.Family {
		k = &known{status: o.Status, is: is, code: strings.Clone(o.Code), family: strings.Clone(o.Family)}
		k.row, k.coded = d.look(o, is, req)
		at.Store(k)
	}
	return k.row, k.coded
}

// known is the meaning of a code. The last ones are kept, because the search among globs and
// ranges costs as much as reading a body.
type known struct {
	status       int
	is           string
	code, family string
	row          *spec.Row
	coded        bool
}

type meanings [64]atomic.Pointer[known]

// at is the place of a code, by its length and its first and last bytes.
func (all *meanings) at(o *parlance.Outcome) *atomic.Pointer[known] {
	code := o.Code
	if code == "" {
		code = o.Family
	}
	n := len(code)
	h := uint64(n)<<40 ^ uint64(o.Status)<<24 ^ uint64(code[0])<<16 ^ uint64(code[n/2])<<8 ^ uint64(code[n-1])
	return &all[h*0x9E3779B97F4A7C15>>58]
}

// look finds a meaning without the kept ones.
func (d *Table) look(o *parlance.Outcome, is string, req *wire.Request) (r *spec.Row, coded bool) {
	if r, coded := d.Said(o, is, req); r != nil {
		return r, coded
	}
	return d.statusRowAs(o.Status, is, req), false
}

// Said is the row of the code or the form of a response, nil if they have no
// meaning. It reports whether it is the row of a code.
func (d *Table) Said(o *parlance.Outcome, is string, req *wire.Request) (r *spec.Row, coded bool) {
	for _, code := range [...]string{o.Code, o.Family} {
		if code == "" {
			continue
		}
		if r := d.CodeRow(code, is, req); r != nil && d.decides(r, o.Status, is, req) {
			return r, true
		}
	}
	if is == "" || is == "failed" && o.Status >= 400 {
		return nil, false
	}
	if r := d.NameRow(is, req); r != nil {
		return r, false
	}
	if k, ok := parlance.ParseKind(is); ok {
		return &spec.Row{Kind: k, Key: is, Line: d.statusRowAs(o.Status, is, req).Line}, false
	}
	return nil, false
}

// decides reports that a code counts beside the status and what the form says of itself.
// It never makes good what one of them says to have failed, unless its row names the
// status. And it does not make a failure of what the form says to be good, or done in part.
func (d *Table) decides(r *spec.Row, status int, is string, req *wire.Request) bool {
	switch {
	case Good(is):
		return r.Kind.Good()
	case status >= 400 && r.Kind.Good() && r.Status != status:
		return false
	}
	said := d.NameKind(is, req)
	return said == 0 || Worse(r.Kind) >= Worse(said) && (said != parlance.KindPartial || r.Kind == said)
}

// NameKind is the kind that a form says of itself, 0 for one without a meaning.
func (d *Table) NameKind(is string, req *wire.Request) parlance.Kind {
	if r := d.NameRow(is, req); r != nil {
		return r.Kind
	}
	k, _ := parlance.ParseKind(is)
	return k
}

// Worse is how bad a kind is for its caller. A failure is the worst, then a part of one,
// then a response that was not understood.
func Worse(k parlance.Kind) int {
	switch {
	case k.Failing():
		return 3
	case k == parlance.KindPartial:
		return 2
	case k == parlance.KindNoted:
		return 1
	}
	return 0
}

// NameRow is the row of a name that a form says of itself.
func (d *Table) NameRow(is string, req *wire.Request) *spec.Row {
	if r := spec.Choose(d.Codes.Exact[is], is, req); r != nil || d.Base == nil {
		return r
	}
	return d.Base.NameRow(is, req)
}

// CodeRow is the row of a vendor's code, nil for an unlisted one. If codes are
// statuses, an unlisted one has the meaning that HTTP gives it.
func (d *Table) CodeRow(code, is string, req *wire.Request) *spec.Row {
	if r := d.Codes.ByCode(code, is, req); r != nil {
		return r
	}
	if d.Base != nil && d.Base.Base != nil {
		if r := d.Base.CodeRow(code, is, req); r != nil {
			return r
		}
	}
	if !d.Codes.Merged {
		return nil
	}
	if n, err := spec.Number(code); err == nil && n >= 100 && n <= 999 {
		return d.StatusRow(n, req)
	}
	return nil
}

// StatusRow is the row of an HTTP status; there always is one.
func (d *Table) StatusRow(status int, req *wire.Request) *spec.Row {
	return d.statusRowAs(status, "", req)
}

// statusRowAs is the row of a status for a response whose form gives a name.
func (d *Table) statusRowAs(status int, is string, req *wire.Request) *spec.Row {
	if status >= spec.FirstStatus && status <= spec.LastStatus {
		if p := d.ByStatus[status-spec.FirstStatus]; p != nil && p.Row != nil {
			return p.Row
		}
	}
	if r := d.Codes.ByStatus(status, is, req); r != nil {
		return r
	}
	if d.Base != nil {
		return d.Base.statusRowAs(status, is, req)
	}
	return &spec.Row{Kind: parlance.KindInternal, Line: "http.yaml"}
}

// RollUp is the meaning of a bulk response under a good status. It is that of its
// records, or the status's own if all went well, unless that tells of failures.
// If the list holds failures only, the records that it omits went well. A record with a
// note to look at makes a success a noted one: else nobody would look. named says that the
// form of the response gives the meaning of. Records that went well do not make it better.
func (d *Table) RollUp(of *spec.Row, items []parlance.Item, failuresOnly, named bool) (parlance.Kind, parlance.Reason) {
	kind, reason := parlance.RollUp(items)
	switch {
	case kind == parlance.KindSuccess && slices.ContainsFunc(items, noted):
		return parlance.KindNoted, ""
	case kind == parlance.KindSuccess && d.OfParts(of):
		return kind, ""
	case kind == parlance.KindSuccess && (named || of.Kind != parlance.KindPartial && !of.Kind.Failing()):
		return of.Kind, of.Reason
	case kind.Failing() && failuresOnly:
		return parlance.KindPartial, ""
	}
	return kind, reason
}

// OfParts reports HTTP's own row for 207, which is noted because nobody has read the parts. It is
// read and not written: other noted responses have no parts.
func (d *Table) OfParts(r *spec.Row) bool {
	const multiStatus = 207
	if r.Kind != parlance.KindNoted {
		return false
	}
	for d.Base != nil {
		d = d.Base
	}
	return d.StatusRow(multiStatus, &wire.Request{}).Line == r.Line
}

func noted(it parlance.Item) bool { return it.Outcome.Kind == parlance.KindNoted }

// ItemMeaning is the row of a record: by its code, the coarser one, its form,
// then its own status. A record without any of these shares the meaning of the
// whole. If its list holds only failures, it is one.
func (d *Table) ItemMeaning(it, of *parlance.Outcome, is string, failuresOnly bool, req *wire.Request) *spec.Row {
	if r, _ := d.Said(it, is, req); r != nil {
		return r
	}
	if it.Status != 0 {
		return d.StatusRow(it.Status, req)
	}
	if of.Kind.Failing() {
		return &spec.Row{Kind: of.Kind, Reason: of.Reason}
	}
	if failuresOnly {
		return &spec.Row{Kind: parlance.KindFailed}
	}
	if it.Code != "" {
		// A code that nobody listed, of a record in a good response: no guess that it is good.
		return &spec.Row{Kind: parlance.KindNoted}
	}
	return &spec.Row{Kind: parlance.KindSuccess}
}

func (d *Table) Owns(r *spec.Row) bool { return slices.Contains(d.Rows, r) }

// OwnRow is the file's row for a kind and its reason.
func (d *Table) OwnRow(o *parlance.Outcome, req *wire.Request) *spec.Row {
	for _, r := range d.Rows {
		if r.Kind == o.Kind && r.Reason == o.Reason && r.Applies(req, spec.AnyForm) {
			return r
		}
	}
	return nil
}

// Idempotent reports that a request to such a method and path does nothing twice when
// it is retried, by its method (RFC 9110, 9.2.2) or because the file says so. An
// operation that says it is not safe counts, also that of a file that this one extends.
func (d *Table) Idempotent(req *wire.Request) bool {
	switch req.Method {
	case "", "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	safe := false
	for ; d != nil; d = d.Base {
		for i := range d.Service.Operations {
			if o := &d.Service.Operations[i]; o.Safe != nil && o.Concerns(req) {
				if !*o.Safe {
					return false
				}
				safe = true
			}
		}
	}
	return safe
}
