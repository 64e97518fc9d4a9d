package server

import (
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/generic"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// Middleware wraps a handler and may respond in its place. The middleware of the
// packages below this one works under [Server.Wrap] or [Server.Handle] and responds in
// their dialect. Each one works without the others.
type Middleware = func(http.Handler) http.Handler

// WriteError responds with an error from anywhere under a Server, as if the handler had
// returned it: the outcome in the dialect, the cause in the log. If bytes were sent
// already, it cuts the connection by panicking with http.ErrAbortHandler. Without a
// Server there is no dialect: it then sends the HTTP status of the error's kind.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	err = wording.Apply(r.Context(), err)
	if x := exchangeOf(r.Context()); x != nil {
		// By way of w, for what stands between it and the exchange may respond too.
		x.server.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return nil, err }).ServeHTTP(w, r)
		return
	}
	o := parlance.OutcomeOf(err)
	o.Kind = generic.Kind(&o)
	m := dialect.Generic().Encode(nil, dialect.Request{Method: r.Method}, &parlance.Outcome{Kind: o.Kind, Status: o.Status, RetryAfter: o.RetryAfter}, none)
	for _, p := range m.Header {
		if p.Name == "Retry-After" {
			w.Header().Set(p.Name, p.Value)
		}
	}
	http.Error(w, http.StatusText(m.Status), m.Status)
}
