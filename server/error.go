package server

import (
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/generic"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// Middleware stands before a handler and answers in its place where it must.
// Those of this package stand under [Server.Wrap] or [Server.Handle], in whose
// dialect they answer; each may be used alone.
type Middleware = func(http.Handler) http.Handler

// WriteError responds with an error from anywhere under a Server, as if the handler had
// returned it: in the dialect, the cause to the log. After bytes went out it cuts
// the connection, by panicking with http.ErrAbortHandler. Under no Server it
// answers with the status that HTTP has for the kind, for there is no dialect to
// do better.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	err = wording.Apply(r.Context(), err)
	if x := exchangeOf(r.Context()); x != nil {
		// By way of w, for what stands between it and the exchange may answer too.
		x.server.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return nil, err }).ServeHTTP(w, r)
		return
	}
	o := parlance.OutcomeOf(err)
	o.Kind = generic.Kind(&o)
	m := generic.Dialect().Encode(nil, dialect.Request{Method: r.Method}, &parlance.Outcome{Kind: o.Kind, Status: o.Status, RetryAfter: o.RetryAfter}, none)
	for _, p := range m.Header {
		if p.Name == "Retry-After" {
			w.Header().Set(p.Name, p.Value)
		}
	}
	http.Error(w, http.StatusText(m.Status), m.Status)
}
