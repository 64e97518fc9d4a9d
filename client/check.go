package client

import "net/http"

// Check is nil for a response whose Outcome is good, an [*Error] for one that
// is a failure or partial, whatever its HTTP status, and [ErrForeign] for one
// that did not come through a [Transport]. It leaves the body alone: the caller
// still closes it.
func Check(resp *http.Response) error {
	x, ok := exchangeOf(resp)
	if !ok {
		return ErrForeign
	}
	if x.last().Outcome.Kind.Good() {
		return nil
	}
	return x.fault()
}

// fault is the last attempt as an error.
func (x *exchange) fault() *Error {
	a := x.last()
	return &Error{Outcome: a.Outcome, Decision: a.Decision, Attempts: x.attempts, Key: x.sentKey(), Err: a.Err, of: x}
}
