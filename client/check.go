package client

import "net/http"

// Check is nil for a response whose Outcome is good, an [*Error] for one that
// is a failure or partial, whatever its HTTP status, and [ErrForeign] for one
// that did not come through a [Transport]. It leaves the body alone: the caller
// still closes it.
func Check(resp *http.Response) error {
	r, ok := Outcome(resp)
	if !ok {
		return ErrForeign
	}
	if r.Outcome.Kind.Good() {
		return nil
	}
	return r.fault()
}

// fault is the last attempt as an error.
func (r *Report) fault() *Error {
	e := &Error{Outcome: r.Outcome, Decision: r.Decision, Attempts: r.Attempts, of: r.of}
	if n := len(r.Attempts); n > 0 {
		e.Err = r.Attempts[n-1].Err
	}
	return e
}
