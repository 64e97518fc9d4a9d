package authoring

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

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
