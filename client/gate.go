package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Gate stands between the transport and the wire: a pacer that keeps below a
// server's limits, a breaker that spares one that is down. It is asked before
// every attempt and told what came of it. It is called concurrently.
type Gate interface {
	// Enter is asked before an attempt is sent, and must not block. wait is how
	// long the attempt is to be held first; an error refuses it, and nothing is
	// sent. leave, where it is not nil, is called exactly once: with the response
	// (nil where none came) and the attempt, or with two nils where the attempt
	// was not sent after all.
	Enter(req *http.Request) (wait time.Duration, leave func(*http.Response, *Attempt), err error)
}

// ErrNotSent is in the error of a request that our own end did not send: a
// [Gate] refused it, or asked for a longer wait than the ceiling. No server said
// anything; its Outcome has the reason parlance.ReasonNotSent.
var ErrNotSent = errors.New("client: the request was not sent")

// notSentError says who kept an attempt from being sent, and for how long.
type notSentError struct {
	wait  time.Duration // 0 where that is not known
	cause error
}

func (w *notSentError) Error() string   { return ErrNotSent.Error() + ": " + w.cause.Error() }
func (w *notSentError) Unwrap() []error { return []error{ErrNotSent, w.cause} }

// gates asks every gate in turn, waits as long as the longest asks, and keeps
// what is to be called when the attempt has ended.
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
