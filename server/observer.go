package server

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance"
)

// Observer sees every request that a Server serves. Its methods run on the goroutine of
// the request, so they must be quick, and they run for many requests at once. If a
// request passes through several Servers, only the outermost one with observers
// notifies them.
type Observer interface {
	// Before is called when a request arrives; its context has the activity id. The
	// handler and its log lines get the context that Before returns.
	Before(ctx context.Context, r *http.Request) context.Context

	// After is called when the response is complete, in reverse order of Before. The
	// context is that of Before.
	After(ctx context.Context, r *http.Request, s *Served)
}

// WithObserver adds an Observer. It may be given several times.
func WithObserver(o Observer) Option {
	return option(func(c *config) { c.observers = append(c.observers, o) })
}

// Served describes a served request.
type Served struct {
	Start   time.Time
	Took    time.Duration // until the handler had returned and the response was written
	Route   string        // the pattern that served it, http.Request.Pattern; "" if unknown
	Caller  Principal     // the zero value if unknown
	Status  int           // the status sent; 0 if none, such as after the handler took over the connection; 499 if the caller left before
	Outcome parlance.Outcome
	Cut     bool // the connection was cut by a failure after the response had begun

	// Original is the activity id of an earlier request, if its response was replayed by
	// idempotency.Middleware; else "".
	Original string
}

// watch gathers the facts of a request for observers. Parts of the request may run on
// another goroutine, as behind http.TimeoutHandler.
type watch struct {
	start   time.Time
	entered atomic.Pointer[string] // the pattern by which the request came to the innermost of us
	left    atomic.Pointer[string] // that which the innermost of us saw a ServeMux find
	caller  atomic.Pointer[Principal]
	replays atomic.Pointer[string] // Served.Original

	request   *http.Request // the observers'
	entry     *entry        // nil where it is not recorded
	observers []context.Context

	// In one piece with it, since every request that is watched has them.
	own     entry
	outcome parlance.Outcome // of the exchange that began it
}

// enter notes the pattern of a request that arrives at an exchange.
func (w *watch) enter(r *http.Request) {
	if w != nil && r.Pattern != "" {
		pattern := r.Pattern // a copy, since that of the request changes when it comes back
		w.entered.Store(&pattern)
	}
}

// leave notes the pattern of a request that an exchange has finished. The innermost
// exchange finishes first.
func (w *watch) leave(r *http.Request) {
	if w != nil && r.Pattern != "" {
		pattern := r.Pattern
		w.left.CompareAndSwap(nil, &pattern)
	}
}

// route is the innermost pattern. If a request has not come back, as behind
// http.TimeoutHandler, the pattern on its arrival is used.
func (w *watch) route() string {
	for _, p := range []*string{w.left.Load(), w.entered.Load()} {
		if p != nil {
			return *p
		}
	}
	return ""
}

func (w *watch) setCaller(p *Principal) {
	if w != nil {
		w.caller.Store(p)
	}
}

// watches reports whether requests are recorded or observed.
func (s *Server) watches() bool { return s.journal != nil || len(s.observers) > 0 }

// begin notifies the observers of a request. It returns the request to continue with.
func (x *exchange) begin(r *http.Request) *http.Request {
	w := &watch{start: time.Now()}
	x.watch = w
	if x.server.journal != nil {
		r = x.server.journal.begin(x, r)
	}
	w.request = r
	for _, o := range x.server.observers {
		x.ctx = o.Before(x.ctx, r)
		w.observers = append(w.observers, x.ctx)
	}
	return r
}

// notify gives the result of the request to the observers.
func (x *exchange) notify() {
	w := x.watch
	served := w.served(x.status, x.result())
	served.Cut = x.cut
	switch {
	case isLeft(&served.Outcome):
		served.Status, served.Cut = statusLeft, false // the caller cut it
	case !x.sent():
		served.Status = 0
	}
	if len(w.observers) > 0 {
		told := served // in memory that they may keep
		for i := len(w.observers) - 1; i >= 0; i-- {
			x.server.observers[i].After(w.observers[i], w.request, &told)
		}
		served = told // one of them may have said more
	}
	if w.entry != nil {
		w.entry.end(&served)
	}
}

// served describes the request so far.
func (w *watch) served(status int, o parlance.Outcome) Served {
	s := Served{Start: w.start, Took: time.Since(w.start), Route: w.route(), Status: status, Outcome: o}
	if caller := w.caller.Load(); caller != nil {
		s.Caller = *caller
	}
	if original := w.replays.Load(); original != nil {
		s.Original = *original
	}
	return s
}

// SetOutcome notes the outcome of the response. A success without an observer is not
// noted, since its status says enough.
func (x *exchange) SetOutcome(to parlance.Outcome) {
	if x.watch == nil && !to.Kind.Failing() {
		return
	}
	if x.watch != nil && x.outer == nil {
		x.watch.outcome = to
		x.outcome = &x.watch.outcome
		return
	}
	kept := to
	x.outcome = &kept
}

// result is the outcome of the request, as far as it is known for a response that the
// handler wrote itself.
func (x *exchange) result() (o parlance.Outcome) {
	if x.outcome != nil {
		o = *x.outcome
	}
	switch {
	case isLeft(&o):
		return o // nobody got another status
	case x.cut && !o.Kind.Failing() && x.left():
		return canceled
	case x.cut && !o.Kind.Failing():
		o = parlance.Outcome{Kind: parlance.KindInternal, Reason: parlance.ReasonReset}
	case o.Kind != 0:
	case x.status == 0, x.status == http.StatusSwitchingProtocols: // what is said since is not HTTP
		o.Kind = parlance.KindSuccess
	case x.status >= 200 && x.status <= 299:
		o.Kind = kindOf(x.status)
	default:
		o = x.meaning(x.status)
	}
	if x.sent() {
		o.Status = x.status
	}
	return o
}
