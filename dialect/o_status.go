package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// writable chooses the row that an Outcome is written by, and the HTTP status.
// Where it has records and nothing holds records under that status, a status
// whose shape does is taken if the records roll up to the same kind under it, or
// the notes that make it noted stand beside them.
func (d *Writer) writable(o *parlance.Outcome, req *Request) (*row, int) {
	r, status := d.statusFor(o, req)
	if len(o.Items) == 0 {
		return d.withCode(r, status, o, req), status
	}
	holds := func(status int) bool {
		w := output{d: d, req: req, o: o, row: d.statusRow(status, req), status: status}
		w.attributes()
		return slices.ContainsFunc(d.shapes, func(s *shape) bool { return s.carriesItems() && w.eligible(s, false) })
	}
	if holds(status) {
		return r, status
	}
	for _, s := range d.shapes {
		if s.carriesItems() && len(s.status) > 0 && s.status[0].from < 400 && holds(s.status[0].from) {
			under := *o
			under.Status = s.status[0].from
			here := *o
			here.Status = status
			if o.Kind == parlance.Noted && d.statusRow(status, req).kind == parlance.Success && !d.saysKind(&here) {
				under.Kind = parlance.Success // it is written as one either way, and so its records are told
			}
			noted := o.Kind == parlance.Noted && len(o.Notes) > 0 && s.writes.has(whole, attrNote)
			if noted || d.rollsUp(&under, req) {
				return d.statusRow(under.Status, req), under.Status
			}
		}
	}
	return r, status
}

// withCode is the row by whose code an Outcome without a code of its own is written:
// the chosen one, unless the file has a default for this status. The default must
// mean what the status does, or what the Outcome does.
func (d *Writer) withCode(chosen *row, status int, o *parlance.Outcome, req *Request) *row {
	if o.Code != "" || o.Family != "" || chosen.status != 0 {
		return chosen
	}
	best := chosen
	for _, r := range d.rows {
		if !r.byDefault || r.status != status || r.kind != chosen.kind || !r.applies(req, anyForm) {
			continue
		}
		if r.reason == o.Reason {
			return r
		}
		if r.reason == chosen.reason && best == chosen {
			best = r
		}
	}
	if best == chosen && o.Status == status && o.Kind.Failing() && !(d.owns(chosen) && chosen.names(strconv.Itoa(status))) {
		return d.withNeededCode(chosen, status, o, req)
	}
	return best
}

// withNeededCode is for a status that only its class covers, in a dialect whose errors
// all need a code. It is the first row of the same meaning with a code, fine or coarse.
// Without it nothing could be written, and the text would be lost.
func (d *Writer) withNeededCode(chosen *row, status int, o *parlance.Outcome, req *Request) *row {
	writes := func(r *row, code string) bool {
		w := output{d: d, req: req, row: r, status: status, code: code,
			o: &parlance.Outcome{Kind: o.Kind, Reason: o.Reason, Status: status, Detail: "any"}}
		w.attributes()
		return slices.ContainsFunc(d.shapes, func(s *shape) bool { return s.writes.has(whole, attrDetail) && w.eligible(s, false) })
	}
	if writes(chosen, "") {
		return chosen
	}
	for _, r := range d.rows {
		if sp, ok := r.number(); r.notUsed || ok && sp.from != sp.to || strings.Contains(r.first, "*") || d.named(r.first) {
			continue // it does not say which code
		}
		code := "" // of a status: the coarser one may do
		if r.status != 0 {
			code = r.first
		}
		if (code != "" || r.family != "") && r.kind == o.Kind && r.reason == o.Reason && r.applies(req, anyForm) && writes(r, code) {
			return r
		}
	}
	return chosen
}

// statusFor chooses by the Outcome alone: by its code where the file lists it,
// then its own status where that can be kept, then by its kind.
func (d *Writer) statusFor(o *parlance.Outcome, req *Request) (*row, int) {
	code := o.Code
	if o.Family != "" && (code == "" || d.codeRow(code, anyForm, req) == nil) {
		code = o.Family // a fine code that nobody listed means what its family does
	}
	if code != "" {
		if r := d.meant(code, o, req); r != nil && d.same(r, o, req) {
			switch sp, ok := r.number(); {
			case r.status != 0:
				return r, r.status
			case o.Status != 0 && d.same(d.statusRow(o.Status, req), o, req):
				return r, o.Status
			case ok && sp.from == sp.to && sendable(sp.from):
				return r, sp.from
			case ok && sp.from < sp.to:
				// Of a range it is the code itself, if that can be a status: 999 cannot.
				if n, err := strconv.Atoi(code); err == nil && n >= sp.from && n <= sp.to && sendable(n) && n <= 599 {
					return r, n
				}
			}
			_, status := d.byKind(o, req)
			return r, status
		}
	}
	if o.Status != 0 && sendable(o.Status) {
		if r, status := d.keep(o, req); r != nil {
			return r, status
		}
	}
	return d.byKind(o, req)
}

// meant is the row of a code that means what the Outcome does, whatever form it
// asks for; else the one that the code has without a form. It is nil for an
// unlisted code.
func (d *Writer) meant(code string, o *parlance.Outcome, req *Request) *row {
	for b := d; b != nil && b.base != nil; b = b.base {
		for _, r := range b.codes.exact[code] {
			if r.kind == o.Kind && r.reason == o.Reason && r.is != "" && r.applies(req, anyForm) {
				return r
			}
		}
	}
	return d.codeRow(code, "", req)
}

// same reports that a row means what the Outcome does. A reason that no row of
// the file has cannot decide; but beside such a word only a row that names the
// status counts, for of a whole class it is not known that it suits.
func (d *Writer) same(r *row, o *parlance.Outcome, req *Request) bool {
	if o.Reason == "" || d.ownRow(o, req) != nil {
		return r.kind == o.Kind && r.reason == o.Reason
	}
	return r.kind == o.Kind && r.reason == "" && r.names(strconv.Itoa(o.Status))
}

// keep is the row under which the Outcome's own status reads back as what it
// means: by the table, by a kind beside it, by its records, or by a form that
// says the kind. It is nil where the status cannot be kept.
func (d *Writer) keep(o *parlance.Outcome, req *Request) (*row, int) {
	r := d.statusRow(o.Status, req)
	if r.notUsed {
		return nil, 0
	}
	if d.same(r, o, req) && (o.Status <= 599 || d.owns(r)) {
		switch first, ok := r.number(); {
		case ok && first.from == first.to && r.names(strconv.Itoa(o.Status)) && d.alias(r, o.Status):
			return r, first.from // 429, 419: the first one is written
		case r.status != 0:
			return r, r.status
		}
		return r, o.Status
	}
	if d.saysKind(o) {
		return r, o.Status
	}
	for _, s := range d.shapes {
		if s.carriesItems() && len(o.Items) > 0 && o.Status < 400 && s.concerns(req, o.Status) && d.rollsUp(o, req) {
			return r, o.Status
		}
		if s.is == "" || len(s.status) == 0 || s.readOnly || !s.status.admits(o.Status) {
			continue
		}
		if k, ok := parlance.ParseKind(s.is); ok && k == o.Kind && k != parlance.Failed {
			return &row{kind: k}, o.Status
		}
		if named := d.nameRow(s.is, req); named != nil && named.kind == o.Kind && named.reason == o.Reason {
			return named, o.Status
		}
	}
	return nil, 0
}

// saysKind reports that the kind stands beside the Outcome's status, in the body
// or a header, so that a status of HTTP's own on the same side can be kept.
func (d *Writer) saysKind(o *parlance.Outcome) bool {
	if d.base == nil || o.Kind == parlance.Empty || o.Kind == parlance.Partial {
		return false
	}
	if o.Kind.Good() != (o.Status < 300) || o.Kind.Failing() && o.Kind.ServerFault() != (o.Status >= 500) {
		return false
	}
	if o.Kind.Failing() && d.base.codes.status[o.Status] == nil {
		return false
	}
	return slices.ContainsFunc(slices.Concat(d.shapes, d.extras), func(s *shape) bool {
		return s.writes.has(whole, attrKind) && s.status.admits(o.Status)
	})
}

// rollsUp reports that the records under the Outcome's status read as its kind.
func (d *Writer) rollsUp(o *parlance.Outcome, req *Request) bool {
	only := slices.ContainsFunc(d.shapes, func(s *shape) bool { return s.failuresOnly && s.concerns(req, o.Status) })
	kind, _ := rollUp(d.statusRow(o.Status, req), o.Items, only)
	return kind == o.Kind
}

// alias reports that a status is another name for the first one of its row: it
// is a failure, and no status that HTTP defines for the kind.
func (d *Writer) alias(r *row, status int) bool {
	if !r.kind.Failing() || d.base == nil {
		return false
	}
	return d.base.statusRow(status, &Request{}).kind != r.kind
}

func sendable(status int) bool { return status >= 200 && status <= 999 }
