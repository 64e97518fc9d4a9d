package server

import (
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/internal/core"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// WithError gives a middleware's refusals the service's own words. It is for middleware
// that a function makes and that has no field Error: auth.Authenticate,
// auth.RequireScopes, auth.Require, guard.Deadline and those of package validate.
//
// Fields that refusal sets replace those of the middleware. If its Kind is zero, the
// middleware's own kind and reason stay. Responses of the wrapped handler do not
// change.
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
