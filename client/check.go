package client

import (
	"net/http"

	"github.com/parlance-api/parlance"
)

// Check is nil for a response whose Outcome is good, an [*Error] for one that
// is a failure or partial, whatever its HTTP status, and [ErrForeign] for one
// that did not come through a [Transport]. A good one that the dialect says to
// stop at is an [*Error], too: a redirect, where the API says that it gives none.
// It leaves the body alone: the caller still closes it.
func Check(resp *http.Response) error {
	x, ok := exchangeOf(resp)
	if !ok {
		return ErrForeign
	}
	if a := x.last(); a.Outcome.Kind.Good() && a.Decision.Act != parlance.ActStop {
		return nil
	}
	return x.fault()
}

// fault is the last attempt as an error.
func (x *exchange) fault() *Error {
	a := x.last()
	return &Error{Outcome: a.Outcome, Decision: a.Decision, Attempts: x.attempts, Key: x.sentKey(), Err: a.Err, of: x}
}
