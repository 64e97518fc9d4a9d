package parlance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Sentinels for errors.Is, one for each failing kind and one for partial. A
// handler may return one, or an error that wraps one. The wrapping text goes to
// the log only.
var (
	ErrInvalid         error = sentinel(KindInvalid)
	ErrFailed          error = sentinel(KindFailed)
	ErrUnauthenticated error = sentinel(KindUnauthenticated)
	ErrForbidden       error = sentinel(KindForbidden)
	ErrNotFound        error = sentinel(KindNotFound)
	ErrConflict        error = sentinel(KindConflict)
	ErrRateLimited     error = sentinel(KindRateLimited)
	ErrQuota           error = sentinel(KindQuota)
	ErrInternal        error = sentinel(KindInternal)
	ErrBadGateway      error = sentinel(KindBadGateway)
	ErrUnavailable     error = sentinel(KindUnavailable)
	ErrTimeout         error = sentinel(KindTimeout)
	ErrPartial         error = sentinel(KindPartial)
)

type sentinel Kind

func (s sentinel) Error() string { return Kind(s).String() }

// Error is an Outcome as a Go error. Its Outcome is safe to show to a client.
// Err, the cause, is for the log only.
type Error struct {
	Outcome Outcome
	Err     error // nil if there is no cause to log
}

// NewError makes an error of a kind. The client may read its detail, which is
// formatted as by [fmt.Sprintf].
func NewError(kind Kind, format string, args ...any) *Error {
	return &Error{Outcome: Outcome{Kind: kind, Detail: fmt.Sprintf(format, args...)}}
}

// Because sets the cause, which goes to the log only, and returns e.
func (e *Error) Because(cause error) *Error {
	e.Err = cause
	return e
}

// WithReason sets the reason and returns e.
func (e *Error) WithReason(r Reason) *Error {
	e.Outcome.Reason = r
	return e
}

// WithCode sets the vendor's code and returns e.
func (e *Error) WithCode(code string) *Error {
	e.Outcome.Code = code
	return e
}

// WithFields adds bad inputs and returns e.
func (e *Error) WithFields(fields ...Field) *Error {
	e.Outcome.Fields = append(e.Outcome.Fields, fields...)
	return e
}

// Error is the kind, reason, code, detail and cause in one line, for a log.
func (e *Error) Error() string {
	s := e.Outcome.Kind.String()
	if e.Outcome.Reason != "" {
		s += "/" + string(e.Outcome.Reason)
	}
	if e.Outcome.Code != "" {
		s += " [" + oneLine(e.Outcome.Code) + "]"
	}
	if e.Outcome.Detail != "" {
		s += ": " + oneLine(e.Outcome.Detail)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// oneLine replaces the control characters of a text from outside, so that it
// cannot forge a line of a log.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrNotFound) true for an Error of kind KindNotFound.
func (e *Error) Is(target error) bool {
	s, ok := target.(sentinel)
	return ok && Kind(s) == e.Outcome.Kind
}

// OutcomeOf is what a client may be told about an error:
//
//   - the Outcome of an [Error]
//   - the bare kind of a sentinel
//   - timeout for a deadline that passed
//   - otherwise internal, without the error's text
func OutcomeOf(err error) Outcome {
	var e *Error
	if errors.As(err, &e) {
		return e.Outcome
	}
	var s sentinel
	if errors.As(err, &s) {
		return Outcome{Kind: Kind(s)}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Outcome{Kind: KindTimeout, Reason: ReasonDeadline}
	}
	return Outcome{Kind: KindInternal}
}
