package server

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/internal/core"
)

// reports are the reports of the exchanges inside another one. Several requests may be
// made under one, as in a batch, and a request that http.TimeoutHandler has given up
// may still report.
type reports struct {
	mu  sync.Mutex
	all []core.Report
}

// report tells the exchange around this one of the response, if there is one.
func (x *exchange) report(h http.Header) {
	if x.outer == nil {
		delete(h, core.ReportHeader)
		return
	}
	r := core.Report{NoEffect: x.noEffect}
	if x.watch != nil {
		o := x.result()
		r.Outcome = &o
	}
	x.reported, h[core.ReportHeader] = x.outer.inside.add(r)
}

// add keeps a report. It returns the number of it, and the mark of its response.
func (in *reports) add(r core.Report) (number int, mark []string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	number = len(in.all)
	in.all = append(in.all, r)
	return number, []string{strconv.Itoa(number)}
}

// correct puts another outcome into the report of a response whose head was sent.
func (x *exchange) correct(o parlance.Outcome) {
	if x.outer == nil || !x.sent() {
		return
	}
	in := &x.outer.inside
	in.mu.Lock()
	defer in.mu.Unlock()
	if x.reported < len(in.all) && in.all[x.reported].Outcome != nil {
		in.all[x.reported].Outcome = &o
	}
}

// Reported is the report with this mark. It is empty for a response that
// core.MarkReported has marked.
func (x *exchange) Reported(mark []string) (r core.Report) {
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
