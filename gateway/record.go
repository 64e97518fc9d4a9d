package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/client"
)

// begin gathers the record of a request, where one is kept and nobody around does so
// already.
func (g *Gateway) begin(ctx context.Context, r *http.Request) (context.Context, *activity.Collector) {
	if g.config.Recorder == nil || activity.CollectorOf(ctx) != nil {
		return ctx, nil
	}
	first := activity.Record{Start: time.Now(), Method: r.Method, Path: r.URL.Path}
	if t := r.Header["Traceparent"]; len(t) == 1 { // more than one is none (W3C Trace Context, 3.2)
		if trace, ok := activity.ParseTrace(t[0]); ok {
			first.Trace = trace.ID
		}
	}
	return g.config.Recorder.Begin(ctx, first)
}

// told notes what the caller is told.
func (p *passage) told(status int, o *parlance.Outcome) {
	if p.collector != nil {
		p.status, p.outcome = status, *o
		p.outcome.Status, p.outcome.RequestID = status, p.id
	}
}

// record ends the record. cause is what the response broke off with, nil where it did
// not.
func (p *passage) record(cause any) {
	if p.collector == nil {
		return
	}
	o := p.outcome
	switch gone := context.Cause(p); {
	case cause == nil:
	case p.status == 0 && gone != nil:
		o = parlance.OutcomeOfTransport(gone)
	case !o.Kind.Failing():
		o = parlance.Outcome{Kind: parlance.KindBadGateway, Reason: parlance.ReasonReset, Status: p.status}
	}
	p.collector.End(func(r *activity.Record) {
		r.Took, r.Status, r.Outcome = time.Since(r.Start), p.status, o
	})
}

// calls adds each attempt at the upstream to the record of the request that it was
// made for: the gateway's, or that of a server around it.
func (g *Gateway) calls() client.Observer {
	return client.ObserverFunc(func(ctx context.Context, r *http.Request, a *client.Attempt) {
		if activity.CollectorOf(ctx) == nil {
			return
		}
		activity.AddCall(ctx, activity.Call{
			Start: a.Start, Took: a.Took, Dialect: g.config.Speaks.Name(), Method: r.Method, Host: r.URL.Host, Path: r.URL.Path,
			Attempt: a.Number, Outcome: a.Outcome, Act: a.Decision.Act, Why: strings.Trim(a.Decision.Why+"; "+a.Held, "; "),
		})
	})
}
