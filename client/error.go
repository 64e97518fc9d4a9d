package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parlance-api/parlance"
)

// Error is a request that did not come to what the caller asked for: no response
// came, or, from [Check], the response is a failure or a partial one. errors.Is
// finds the sentinel of its kind (parlance.ErrNotFound) as well as the
// transport's own error (context.DeadlineExceeded, syscall.ECONNREFUSED).
//
// It is on purpose not a *parlance.Error: what an upstream said is not what our
// own client should be told, so a handler that returns it unseen answers with an
// internal error. A handler that means to pass it on says so:
//
//	return &parlance.Error{Outcome: e.Outcome, Err: e}
type Error struct {
	Outcome  parlance.Outcome
	Decision parlance.Decision // what remains for the caller to do
	Attempts []Attempt         // every sending, oldest first; none where nothing was sent
	Key      string            // the idempotency key of all of them; "" for none. See Again
	Err      error             // the transport's error; nil where a response came

	of *exchange
}

// ErrForeign is what [Check] says of a response that did not come through a
// [Transport], whose meaning nobody looked up.
var ErrForeign = errors.New("client: the response did not come through a client.Transport")

// Error is one line for a log: the cause or the Outcome, how often it was tried,
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

// Unwrap is the transport's error.
func (e *Error) Unwrap() error { return e.Err }

// Is finds the sentinel of the Outcome's kind.
func (e *Error) Is(target error) bool {
	return (&parlance.Error{Outcome: e.Outcome}).Is(target)
}

// Timeout reports that time ran out. http.Client's own error asks for it by name.
func (e *Error) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.Is(e.Err, context.DeadlineExceeded) || errors.As(e.Err, &t) && t.Timeout()
}
