package client

import (
	"net/http"

	"github.com/parlance-api/parlance"
)

// Check makes a Go error of a response:
//
//   - nil if its Outcome is good, or not known before the body ends (Report.Undecided)
//   - an [*Error] if it is a failure or partial, also under a 200
//   - an [*Error] if it is good and the Decision is stop, such as a redirect of
//     an API that documents none
//   - [ErrForeign] if it did not come through a [Transport]
//
// It leaves the body alone: the caller still closes it.
func Check(resp *http.Response) error {
	x, ok := exchangeOf(resp)
	if !ok {
		return ErrForeign
	}
	if w := x.watch; w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.done {
			return nil
		}
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
