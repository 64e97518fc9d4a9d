package server

import (
	"net/http"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Middleware stands before a handler and answers in its place where it must.
// Those of this package stand under [Server.Wrap] or [Server.Handle], in whose
// dialect they answer; each may be used alone.
type Middleware = func(http.Handler) http.Handler

// Fail answers with an error from anywhere under a Server, as if the handler had
// returned it: in the dialect, the cause to the log. After bytes went out it cuts
// the connection, by panicking with http.ErrAbortHandler. Under no Server it
// answers with the status that HTTP has for the kind, for there is no dialect to
// do better.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	err = refusing(r.Context(), err)
	if x := exchangeOf(r.Context()); x != nil {
		// By way of w, for what stands between it and the exchange may answer too.
		x.server.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return nil, err }).ServeHTTP(w, r)
		return
	}
	o := parlance.OutcomeOf(err)
	o.Kind = meantKind(&o)
	m := bare().Encode(nil, dialect.Request{Method: r.Method}, &parlance.Outcome{Kind: o.Kind, Status: o.Status, RetryAfter: o.RetryAfter}, none)
	for _, p := range m.Header {
		if p.Name == "Retry-After" {
			w.Header().Set(p.Name, p.Value)
		}
	}
	http.Error(w, http.StatusText(m.Status), m.Status)
}

// bare is what any client of HTTP understands.
var bare = sync.OnceValue(func() *dialect.Dialect {
	d, err := dialect.Compile("http.yaml", dialect.HTTP())
	if err != nil {
		panic(err) // the file is the module's own: its test holds it right
	}
	return d
})

// meantKind is the kind of a failure. If its maker gave a status alone, it is what that means
// to any client of HTTP, else that the server failed.
func meantKind(o *parlance.Outcome) parlance.Kind {
	if o.Kind != 0 {
		return o.Kind
	}
	if k := bare().Decode(dialect.Request{}, dialect.Response{Status: o.Status}).Outcome.Kind; o.Status != 0 && k.Failing() {
		return k
	}
	return parlance.Internal
}

// refuseWith is what a mechanism is told to say of its refusals, whose Kind zero
// is the mechanism's own kind and reason.
func refuseWith(o parlance.Outcome, kind parlance.Kind, reason parlance.Reason) *parlance.Error {
	if o.Kind == 0 {
		o.Kind = kind
		if o.Reason == "" {
			o.Reason = reason
		}
	}
	return &parlance.Error{Outcome: o}
}
