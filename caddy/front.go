package caddyparlance

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/server"
)

// front puts a mechanism of package server before other handlers. It refuses requests in the
// dialect of the directive parlance around it. What the handlers behind it respond passes as
// it comes.
type front struct {
	// To is the dialect of refusals if no directive parlance is around: problem.
	To string `json:"to,omitempty"`

	Sources

	app        *App
	dialect    *dialect.Dialect
	log        *slog.Logger
	middleware server.Middleware
	options    []server.Option

	mu     sync.RWMutex
	chains map[*dialect.Dialect]http.Handler // by the dialect of the caller
}

// prepare opens what a mechanism needs before its middleware can be made.
func (f *front) prepare(ctx caddy.Context) (err error) {
	if f.app, err = appOf(ctx); err != nil {
		return err
	}
	f.log, f.chains = ctx.Slogger(), map[*dialect.Dialect]http.Handler{}
	f.dialect, err = f.app.open(cmp.Or(f.To, "problem"))
	return err
}

// call is one request through a front.
type call struct {
	front   *front
	next    caddyhttp.Handler
	around  *holder          // of the directive parlance around it, nil for none
	outcome parlance.Outcome // of the response
}

type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// holderVar is the variable of the innermost holder of a request.
const holderVar = "parlance.holder"

// ServeHTTP lets the mechanism respond, or the handlers behind it.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	f.app.inflight.begin()
	defer f.app.inflight.end(f.log)
	c := &call{front: f, next: next}
	d := f.dialect
	if c.around, _ = caddyhttp.GetVar(r.Context(), holderVar).(*holder); c.around != nil {
		d = c.around.reply.Dialect()
		c.around.written = true
	}
	f.chain(d).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
	switch told, _ := caddyhttp.GetVar(r.Context(), toldVar).(bool); {
	case !c.outcome.Kind.Failing():
	case c.around != nil:
		c.around.outcome = c.outcome
	case !told:
		caddyhttp.SetVar(r.Context(), toldVar, true)
		f.app.tell(r.Context(), "", d.Name(), gateway.Story{Kind: c.outcome.Kind, Reason: c.outcome.Reason, Code: c.outcome.Code, RequestID: c.outcome.RequestID})
	}
	return nil
}

// chain is the mechanism in a dialect.
func (f *front) chain(d *dialect.Dialect) http.Handler {
	f.mu.RLock()
	h := f.chains[d]
	f.mu.RUnlock()
	if h != nil {
		return h
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if h = f.chains[d]; h == nil {
		options := append([]server.Option{server.WithLogger(f.log), server.WithObserver(watching{})}, f.options...)
		h = server.New(d, options...).Wrap(f.middleware(server.Verbatim(http.HandlerFunc(forward), meaning)))
		f.chains[d] = h
	}
	return h
}

// forward lets the handlers behind a mechanism respond.
func forward(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	if c.around != nil {
		reply := c.around.reply
		reply.Within(r.Context())
		held := newHolder(w, reply)
		switch err := held.serve(r, c.next); {
		case err != nil && held.passed:
			panic(http.ErrAbortHandler)
		case err != nil: // the caller has left
			server.WriteError(w, r, err)
		}
		return
	}
	seen := &watched{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}
	switch err := c.next.ServeHTTP(seen, r); {
	case err == nil:
	case seen.begun:
		panic(http.ErrAbortHandler)
	default:
		server.WriteError(w, r, &parlance.Error{Outcome: errorOutcome(err), Err: err})
	}
}

// errorOutcome is the Outcome of an error of Caddy.
func errorOutcome(err error) parlance.Outcome {
	var handled caddyhttp.HandlerError
	errors.As(err, &handled)
	o := parlance.Outcome{Status: cmp.Or(handled.StatusCode, http.StatusInternalServerError)}
	if errors.As(err, new(reverseproxy.DialError)) {
		o.Kind, o.Reason = parlance.KindUnavailable, parlance.ReasonRefused
	}
	return o
}

// meaning is what a response of the handlers behind a mechanism means.
func meaning(r *http.Request) (server.Meaning, bool) {
	if c := callOf(r.Context()); c.around != nil {
		o, safe := c.around.reply.Meaning()
		return server.Meaning{Outcome: o, NoEffect: safe}, o.Kind != 0
	}
	m, known := caddyhttp.GetVar(r.Context(), meaningVar).(server.Meaning)
	return m, known
}

// watching notes the outcome of a response.
type watching struct{}

// Before does nothing.
func (watching) Before(ctx context.Context, _ *http.Request) context.Context { return ctx }

// After notes the outcome.
func (watching) After(ctx context.Context, r *http.Request, s *server.Served) {
	c := callOf(r.Context())
	c.outcome = s.Outcome
	c.outcome.RequestID = activity.ID(ctx)
}

// watched is a writer that notes whether the response has begun.
type watched struct {
	*caddyhttp.ResponseWriterWrapper
	begun bool
}

// WriteHeader notes a final status.
func (w *watched) WriteHeader(status int) {
	w.begun = w.begun || status >= http.StatusOK || status == http.StatusSwitchingProtocols
	w.ResponseWriterWrapper.WriteHeader(status)
}

// ReadFrom writes a part of the body in the quickest way.
func (w *watched) ReadFrom(r io.Reader) (int64, error) {
	w.begun = true
	return w.ResponseWriterWrapper.ReadFrom(r)
}

// Write writes a part of the body.
func (w *watched) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriterWrapper.Write(p)
}
