package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parlance-api/parlance"
)

// Error says that a request failed: no response came, or [Check] found a failure
// or a partial success. errors.Is finds the sentinel of its kind, such as
// parlance.ErrNotFound. It also finds the transport's own error, such as
// context.DeadlineExceeded or syscall.ECONNREFUSED.
//
// It is not a *parlance.Error, so that an upstream's text does not reach your own
// clients by accident: a handler that returns it sends an internal error. To pass
// it on, a handler writes:
//
//	return &parlance.Error{Outcome: e.Outcome, Err: e}
type Error struct {
	Outcome  parlance.Outcome
	Decision parlance.Decision // what is left for the caller to do
	Attempts []Attempt         // all attempts, oldest first; none if nothing was sent
	Key      string            // the idempotency key of all attempts; "" for none. See Again
	Err      error             // the transport's error; nil if a response came

	of *exchange
}

// ErrForeign is returned by [Check] for a response that did not come through a
// [Transport], so that its meaning is unknown.
var ErrForeign = errors.New("client: the response did not come through a client.Transport")

// Error is one line for a log: the cause or the Outcome, the number of attempts,
// and what the provider says to do.
func (e *Error) Error() string {
	cause := parlance.Error{Outcome: e.Outcome, Err: e.Err}
	s := cause.Error()
	var notes []string
	if n := len(e.Attempts); n > 1 {
		notes = append(notes, fmt.Sprintf("after %d attempts", n))
	}
	if next := adviceOn[e.Decision.Act]; next != "" {
		notes = append(notes, next)
	}
	if len(notes) > 0 {
		s += " (" + strings.Join(notes, "; ") + ")"
	}
	return s
}

// adviceOn says in a log what is left to do.
var adviceOn = map[parlance.Act]string{
	parlance.ActInspect:  "look at the result",
	parlance.ActCorrect:  "correct the request",
	parlance.ActRefresh:  "get a new credential",
	parlance.ActPoll:     "poll for the result",
	parlance.ActRetry:    "retry later",
	parlance.ActEscalate: "report it to the provider",
	parlance.ActStop:     "do not retry",
}

// Unwrap returns the transport's error.
func (e *Error) Unwrap() error { return e.Err }

// Is reports that target is the sentinel of the Outcome's kind.
func (e *Error) Is(target error) bool {
	return (&parlance.Error{Outcome: e.Outcome}).Is(target)
}

// Timeout reports a timeout. http.Client's own error calls it by name.
func (e *Error) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.Is(e.Err, context.DeadlineExceeded) || errors.As(e.Err, &t) && t.Timeout()
}
