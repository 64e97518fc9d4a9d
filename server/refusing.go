package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/parlance-api/parlance"
)

// Refusing has a middleware refuse in the service's own words, for those that are
// made by a function and so have no Refusal to set: [Authenticate], [RequireScopes],
// [Require], [Deadline], those of package validate. What the refusal sets stands in
// place of what would be said; its Kind zero is the middleware's own kind and
// reason, whatever they are. What the handler behind says is not touched.
//
//	soon := server.Refusing(server.Deadline(time.Second), parlance.Outcome{Code: "1071", Detail: "The report takes too long"})
func Refusing(m Middleware, refusal parlance.Outcome) Middleware {
	return func(next http.Handler) http.Handler {
		guarded := m(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			pass(context.WithValue(r.Context(), refusalKey{}, (*parlance.Outcome)(nil)), next, w, r)
		}))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			pass(context.WithValue(r.Context(), refusalKey{}, &refusal), guarded, w, r)
		})
	}
}

type refusalKey struct{}

// refusing is an error in the words that [Refusing] has for it, if there are any.
// Its cause is what it was.
func refusing(ctx context.Context, err error) error {
	refusal, _ := ctx.Value(refusalKey{}).(*parlance.Outcome)
	if refusal == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &parlance.Error{Outcome: inWords(*refusal, parlance.OutcomeOf(err)), Err: err}
}

// inWords is what words say in place of an outcome.
func inWords(words, o parlance.Outcome) parlance.Outcome {
	if words.Kind != 0 {
		o.Kind, o.Reason, o.Status = words.Kind, "", 0
	}
	o.Reason = cmp.Or(words.Reason, o.Reason)
	o.Status = cmp.Or(words.Status, o.Status)
	o.Code = cmp.Or(words.Code, o.Code)
	o.Family = cmp.Or(words.Family, o.Family)
	o.Title = cmp.Or(words.Title, o.Title)
	o.Detail = cmp.Or(words.Detail, o.Detail)
	o.Type = cmp.Or(words.Type, o.Type)
	o.Instance = cmp.Or(words.Instance, o.Instance)
	o.RetryAfter = cmp.Or(words.RetryAfter, o.RetryAfter)
	o.Retryable = cmp.Or(words.Retryable, o.Retryable)
	o.Help = cmp.Or(words.Help, o.Help)
	if words.Fields != nil {
		o.Fields = words.Fields
	}
	return o
}
