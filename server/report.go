package server

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/parlance-api/parlance"
)

// report is what an exchange tells the one around it of its response.
type report struct {
	undone  bool              // the response proves that nothing was done
	outcome *parlance.Outcome // nil unless somebody watches
}

// reports are those of the exchanges inside another one. Several requests may be
// made under one, as of a batch, and one that http.TimeoutHandler has given up may
// still report.
type reports struct {
	mu  sync.Mutex
	all []report
}

// reportHeader marks a response that an exchange inside has written in its dialect.
// Its value is the number of the report, which the exchange around it keeps.
//
// The mark goes with the header because that is all that certainly tells one response
// from another: whatever stands between the two exchanges may buffer, as a
// httptest.ResponseRecorder does, or respond by itself, as http.TimeoutHandler does. HTTP
// has no field of this name, and net/http writes none: the mark never leaves the process.
const reportHeader = "parlance: report"

// report tells the exchange around this one of the response, if there is one.
func (x *exchange) report(h http.Header) {
	if x.outer == nil {
		delete(h, reportHeader)
		return
	}
	r := report{undone: x.undone}
	if x.watch != nil {
		o := x.result()
		r.outcome = &o
	}
	in := &x.outer.inside
	in.mu.Lock()
	defer in.mu.Unlock()
	h[reportHeader] = []string{strconv.Itoa(len(in.all))}
	in.all = append(in.all, r)
}

// reported is the report with this mark. Nothing is known of a response that
// markReported has marked.
func (x *exchange) reported(mark []string) (r report) {
	if len(mark) != 1 {
		return r
	}
	n, err := strconv.Atoi(mark[0])
	x.inside.mu.Lock()
	defer x.inside.mu.Unlock()
	if err == nil && n >= 0 && n < len(x.inside.all) {
		r = x.inside.all[n]
	}
	return r
}

// markReported marks a response that is complete as it is: it gets no envelope.
func markReported(h http.Header) { h[reportHeader] = []string{""} }
