package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Gate decides whether and when an attempt is sent: a pacer that keeps below a
// server's limits, or a breaker that spares a server that is down. It is asked
// before every attempt and gets the result. It is called concurrently.
type Gate interface {
	// Enter is called before an attempt is sent, and must not block.
	//
	//   - wait is how long to hold the attempt first.
	//   - leave, if it is not nil, is called exactly once: with the attempt and
	//     its response (nil if none came), or with two nils if the attempt was
	//     not sent.
	//   - err refuses the attempt, and nothing is sent.
	Enter(req *http.Request) (wait time.Duration, leave func(*http.Response, *Attempt), err error)
}

// ErrNotSent is in the error of a request that the client itself did not send: a
// [Gate] refused it, or asked for a longer wait than is allowed. There was no
// response; the Outcome has the reason parlance.ReasonNotSent.
var ErrNotSent = errors.New("client: the request was not sent")

// notSentError says why an attempt was not sent, and for how long none will be.
type notSentError struct {
	wait  time.Duration // 0 if unknown
	cause error
}

func (w *notSentError) Error() string   { return ErrNotSent.Error() + ": " + w.cause.Error() }
func (w *notSentError) Unwrap() []error { return []error{ErrNotSent, w.cause} }

// gates asks every gate in turn, waits for the longest wait that they ask for,
// and keeps the functions to call when the attempt has ended.
func (x *exchange) gates() error {
	if x.watched == nil {
		return nil
	}
	var hold time.Duration
	for _, g := range x.cfg.gates {
		wait, leave, err := g.Enter(x.out)
		if err != nil {
			x.leave(nil, nil)
			return &notSentError{wait, err}
		}
		if leave != nil {
			x.watched.leaving = append(x.watched.leaving, leave)
		}
		hold = max(hold, wait)
	}
	if hold <= 0 {
		return nil
	}
	var cause error
	if why := x.tooLong(hold); why != "" {
		cause = errors.New(why)
	} else if !x.wait(hold) {
		cause = fmt.Errorf("%s: %w", heldContext, context.Cause(x))
	}
	if cause != nil {
		x.leave(nil, nil)
		return &notSentError{hold, cause}
	}
	return nil
}

// leave tells the gates that the attempt has ended.
func (x *exchange) leave(resp *http.Response, a *Attempt) {
	if x.watched == nil {
		return
	}
	for _, leave := range slices.Backward(x.watched.leaving) {
		leave(resp, a)
	}
	x.watched.leaving = x.watched.leaving[:0]
}
