package server

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/core"
)

// What follows is the exchange as the packages below see it: see core.Exchange.

// RequestContext is the context of the request, with the values that observers added.
func (x *exchange) RequestContext() context.Context { return x.ctx }

// Request is the request in the dialect's terms.
func (x *exchange) Request() dialect.Request { return x.request }

// Dialect is the dialect of the response.
func (x *exchange) Dialect() *dialect.Dialect { return x.server.dialect }

// Logger is the logger of the Server.
func (x *exchange) Logger() *slog.Logger { return x.server.logger }

// Serve serves a request by a handler.
func (x *exchange) Serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	x.server.serve(next, w, r)
}

// LogFailure logs the part of an error that the client is not told.
func (x *exchange) LogFailure(err error) { x.logFailure("request failed", err) }

// Admit notes the caller, once.
func (x *exchange) Admit(i *core.Identity) bool {
	if !x.caller.CompareAndSwap(nil, i) {
		return false
	}
	x.SetCaller(&i.Caller)
	return true
}

// SetCaller notes the caller for observers.
func (x *exchange) SetCaller(c *core.Caller) { x.watch.setCaller((*Principal)(c)) }

// SetPattern notes the pattern of a copy of the request.
func (x *exchange) SetPattern(copied *http.Request) { x.watch.leave(copied) }

// Resend sends a recorded response again.
func (x *exchange) Resend(status int, body []byte, original string) {
	x.mode = streaming
	if x.watch != nil {
		x.watch.replays.Store(&original)
		x.SetOutcome(x.server.dialect.Decode(x.request, dialect.Response{Status: status, Header: dialect.HeaderMap(x.Header()), Body: body}).Outcome)
	}
	x.sendHead(status)
	if len(body) > 0 {
		_, _ = x.inner.Write(body) // an error here is a client that is gone
	}
}

// Recorded reports whether a record of the request is kept.
func (x *exchange) Recorded() bool { return x.watch != nil && x.watch.entry != nil }

// CommitRecord adds the record of the request to a transaction, as far as it is known.
func (x *exchange) CommitRecord(ctx context.Context, r core.Response, of *parlance.Outcome) error {
	var o parlance.Outcome
	if of != nil {
		o = *of
	} else { // it broke off, or was written around us
		o = x.meaning(cmp.Or(r.Status, http.StatusInternalServerError))
	}
	o.Status = r.Status
	s := x.watch.served(r.Status, o)
	return x.watch.entry.commit(ctx, &s, &r)
}

// Begin sends the head of a response that is written piece by piece.
func (x *exchange) Begin(m dialect.Encoded, o parlance.Outcome) {
	x.Header().Del("Content-Length")
	x.dropValidators()
	x.putHeader(m)
	x.mode = streaming
	x.SetOutcome(o)
	x.sendHead(m.Status)
}
