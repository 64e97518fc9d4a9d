package client

import (
	"context"
	"net/http"
	"time"
)

// transmit hands one attempt to the base, and a second one like it if hedging is
// on and the first is late.
func (x *exchange) transmit(out *http.Request, a *Attempt) (*http.Response, error) {
	if x.cfg.hedge > 0 && x.mayHedge() {
		return x.hedged(out, a)
	}
	return x.cfg.base.RoundTrip(out)
}

// mayHedge reports a request that may be sent twice.
func (x *exchange) mayHedge() bool {
	return !x.asks().Once && !(x.hasBody() && x.req.GetBody == nil) && x.dialect.Idempotent(x.asked())
}

// hedgeResult is the result of one of the two requests.
type hedgeResult struct {
	resp   *http.Response
	err    error
	cancel context.CancelFunc
}

// good reports that there is no reason to wait for the other one.
func (r *hedgeResult) good() bool { return r.err == nil && r.resp != nil && r.resp.StatusCode < 500 }

// drop ends a request whose response is not used.
func (r *hedgeResult) drop() {
	r.cancel()
	if r.err == nil && r.resp != nil && r.resp.Body != nil {
		_ = r.resp.Body.Close() // nobody reads it
	}
}

func (x *exchange) hedged(out *http.Request, a *Attempt) (*http.Response, error) {
	came := make(chan *hedgeResult, 2)
	launch := func(req *http.Request) *hedgeResult {
		ctx, cancel := context.WithCancel(req.Context())
		r := &hedgeResult{cancel: cancel}
		go func() {
			defer func() { came <- r }()
			r.resp, r.err = x.cfg.base.RoundTrip(req.WithContext(ctx))
		}()
		return r
	}
	first := launch(out)
	late := time.NewTimer(x.cfg.hedge)
	defer late.Stop()
	select {
	case <-came:
		return first.take()
	case <-late.C:
	}
	again := out
	if x.hasBody() {
		body, err := x.req.GetBody()
		if err != nil {
			<-came
			return first.take()
		}
		again = out.WithContext(out.Context())
		again.Body = body
		watchBody(again)
	}
	if x.cfg.budget != nil && !x.cfg.budget.Spend(out.URL.Host) {
		if again != out {
			_ = again.Body.Close() // it is not sent
		}
		<-came
		return first.take()
	}
	a.Hedged = true
	second := launch(again)
	best := <-came
	other := first
	if best == first {
		other = second
	}
	if best.good() {
		go func() { <-came; other.drop() }() // it ends with its context
		other.cancel()
		return best.take()
	}
	if <-came; other.good() || best.err != nil {
		best, other = other, best
	}
	other.drop()
	return best.take()
}

// take is the response to be used: its context lives as long as its body.
func (r *hedgeResult) take() (*http.Response, error) {
	if r.err != nil || r.resp == nil || r.resp.Body == nil {
		r.cancel()
		return r.resp, r.err
	}
	r.resp.Body = untilClosed(r.resp.Body, r.cancel)
	return r.resp, nil
}
