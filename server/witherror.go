package server

import (
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/internal/core"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// WithError has a middleware refuse in the service's own words, for those that are
// made by a function and so have no field Error: auth.Authenticate, auth.RequireScopes,
// auth.Require, guard.Deadline, those of package validate. What the refusal sets stands in
// place of what would be said; its Kind zero is the middleware's own kind and
// reason, whatever they are. What the handler behind says is not touched.
//
//	soon := server.WithError(guard.Deadline(time.Second), parlance.Outcome{Code: "1071", Detail: "The report takes too long"})
func WithError(m Middleware, refusal parlance.Outcome) Middleware {
	return func(next http.Handler) http.Handler {
		guarded := m(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			core.Pass(wording.With(r.Context(), nil), next, w, r)
		}))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			core.Pass(wording.With(r.Context(), &refusal), guarded, w, r)
		})
	}
}
