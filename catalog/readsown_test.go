package catalog_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/raced"
)

// TestEachDialectReadsWhatItWrites by its own shapes, and not by the tolerant or the generic
// reading.
func TestEachDialectReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	requests := map[string][]dialect.Request{}
	for _, r := range responses(t) {
		same := func(q dialect.Request) bool { return q.Method == r.req.Method && q.Path == r.req.Path }
		if all := requests[r.of]; len(all) < 4 && !slices.ContainsFunc(all, same) {
			requests[r.of] = append(all, r.req)
		}
	}
	everyDialect(t, func(t *testing.T, d *dialect.Dialect) {
		bodies := 0
		for _, e := range authoring.Examples(d) {
			bodies += readsOwn(t, d, e.Request, &e.Outcome)
		}
		for _, req := range append(requests[d.Name()], dialect.Request{Method: "GET", Path: "/example"}) {
			i := 0
			for o := range plainFailures {
				if i++; !raced.Omits(i, 7) {
					bodies += readsOwn(t, d, req, &o)
				}
			}
		}
		t.Logf("%d bodies", bodies)
	})
}

// plainFailures are failures of each kind and of statuses that files do not list, with more
// and more attributes.
func plainFailures(yield func(parlance.Outcome) bool) {
	for _, kind := range parlance.Kinds() {
		if !kind.Failing() {
			continue
		}
		for _, status := range []int{0, 400, 403, 404, 410, 418, 422, 500, 501, 599} {
			for _, has := range []int{0, 1, 2, 3, 5, 8, 9, 16, 27, 31} {
				o := parlance.Outcome{Kind: kind, Status: status}
				set := func(bit int, to *string, text string) {
					if has>>bit&1 != 0 {
						*to = text
					}
				}
				set(0, &o.Detail, "It failed")
				set(1, &o.Code, "a_code_that_nobody_lists")
				set(2, &o.Title, "A title")
				if has>>3&1 != 0 {
					o.Fields = []parlance.Field{{Path: "name", Message: "is missing"}, {Path: "age", Code: "nan", Message: "is no number"}}
				}
				if has>>4&1 != 0 {
					o.RequestID, o.Family, o.Reason = "r-1", "a_family", "own"
				}
				if !yield(o) {
					return
				}
			}
		}
	}
}

// readsOwn writes a failure and reads it. It returns the number of bodies, 1 or 0.
func readsOwn(t *testing.T, d *dialect.Dialect, req dialect.Request, o *parlance.Outcome) int {
	t.Helper()
	m := d.Encode(nil, req, o, dialect.Payload{})
	if len(m.Body) == 0 {
		return 0
	}
	h := http.Header{}
	for _, p := range m.Header {
		h.Add(p.Name, p.Value)
	}
	back := d.Decode(req, dialect.Response{Status: m.Status, Header: h, Body: m.Body})
	tolerant := slices.ContainsFunc(back.Diagnostics, func(g parlance.Diagnostic) bool {
		return slices.Contains([]string{"unfit_body", "unfit_member", "broken_body", "common_form", "wrapped_body"}, g.Rule)
	})
	if back.Shape == "" || tolerant {
		var told []string
		for _, g := range back.Diagnostics {
			told = append(told, g.Rule+": "+g.Message)
		}
		t.Errorf("%s: %s %s: %+v is written as %d %s, which is read by the shape %q: %s", d.Name(), req.Method, req.Path, fmt.Sprint(o), m.Status, m.Body, back.Shape, strings.Join(told, "; "))
	}
	return 1
}
