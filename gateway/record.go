package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// begin starts the record of a request, if records are kept and a server around the
// gateway has not started one already. recorded is set if there is one now.
func (g *Gateway) begin(ctx context.Context, r *http.Request) (_ context.Context, mine *activity.Collector, recorded bool) {
	if recorded = activity.CollectorOf(ctx) != nil; recorded || g.config.Recorder == nil {
		return ctx, nil, recorded
	}
	first := activity.Record{Start: time.Now(), Method: r.Method, Path: r.URL.Path}
	if t := r.Header["Traceparent"]; len(t) == 1 { // several are ignored (W3C Trace Context, 3.2)
		if trace, ok := activity.ParseTrace(t[0]); ok {
			first.Trace = trace.ID
		}
	}
	ctx, mine = g.config.Recorder.Begin(ctx, first)
	return ctx, mine, mine != nil
}

// responded keeps the status of the response to the caller, and its Outcome for the record.
func (x *exchange) responded(status int, o *parlance.Outcome) {
	x.status = status
	if x.collector != nil {
		kept := *o
		kept.Status, kept.RequestID = status, x.id
		x.outcome = &kept
	}
}

// record ends the record. cause is the reason why the response was cut off, nil if it was
// not.
func (x *exchange) record(cause any) {
	if x.collector == nil {
		return
	}
	var o parlance.Outcome
	if x.outcome != nil {
		o = *x.outcome
	}
	switch gone := context.Cause(x); {
	case cause == nil:
	case x.status == 0 && gone != nil:
		o = httpdialect.NoResponse(gone)
	case !o.Kind.Failing():
		o = parlance.Outcome{Kind: parlance.KindBadGateway, Reason: parlance.ReasonReset, Status: x.status}
	}
	x.collector.End(func(r *activity.Record) {
		r.Took, r.Status, r.Outcome = time.Since(r.Start), x.status, o
	})
}

// calls adds each attempt at the upstream to the record of the request that it was
// made for: the gateway's, or that of a server around it.
func (g *Gateway) calls() client.Observer {
	return client.ObserverFunc(func(ctx context.Context, r *http.Request, a *client.Attempt) {
		if !exchangeOf(ctx).recorded {
			return
		}
		activity.AddCall(ctx, activity.Call{
			Start: a.Start, Took: a.Took, Dialect: g.config.Speaks.Name(), Method: r.Method, Host: r.URL.Host, Path: r.URL.Path,
			Attempt: a.Number, Outcome: a.Outcome, Act: a.Decision.Act, Why: strings.Trim(a.Decision.Why+"; "+a.Held, "; "),
		})
	})
}
