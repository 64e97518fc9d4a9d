package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/parlance-api/parlance"
)

// statusLeft is the status of a request whose caller left before its response. No caller
// sees it. It has no place in RFC 9110; nginx made it up, and others count by it.
const statusLeft = 499

// callerLeft is the line of the log for such a request.
const callerLeft = "the caller left before the response was complete"

// canceled is the outcome of such a request: the server is not at fault.
var canceled = parlance.Outcome{Kind: parlance.KindFailed, Reason: parlance.ReasonCanceled, Status: statusLeft}

// halfClosed is the detail for a caller who has closed one half of the connection, and still
// reads. For net/http he has left.
const halfClosed = "The connection was closed before the response."

// isLeft reports whether an outcome is that of a caller who left.
func isLeft(o *parlance.Outcome) bool {
	return o.Reason == parlance.ReasonCanceled && o.Status == statusLeft
}

// left reports whether the caller has gone: it closed the connection, or reset the
// stream. A handler that continues without its caller, as under an idempotency key, does
// not see that.
func (x *exchange) left() bool {
	first := x.outermost()
	return first.body.broke.Load() ||
		errors.Is(first.Context.Err(), context.Canceled) && errors.Is(x.ctx.Err(), context.Canceled)
}

// outermost is the exchange of the first Server that the request reached.
func (x *exchange) outermost() *exchange {
	for x.outer != nil {
		x = x.outer
	}
	return x
}

// failedByLeaving reports whether an error has come of a caller who left. An error with
// an outcome of its own says what happened, unless it was canceled, or is only how a reader
// of the body words that it broke off.
func (x *exchange) failedByLeaving(err error, o *parlance.Outcome) bool {
	if !x.left() {
		return false
	}
	if body := &x.outermost().body; body.broke.Load() && errors.Is(err, *body.failed.Load()) {
		return true
	}
	if !o.Kind.ServerFault() {
		return false
	}
	return errors.Is(err, context.Canceled) || o.Kind == parlance.KindInternal && !errors.As(err, new(*parlance.Error))
}

// arrival is the body of a request, which notes whether its sender has gone, or has sent
// what cannot be read. net/http notices the first by itself only once the body was read.
type arrival struct {
	io.ReadCloser
	broke  atomic.Bool
	failed atomic.Pointer[error] // why it could not be read
}

func (b *arrival) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && err != http.ErrBodyReadAfterClose {
		b.failed.Store(&err)
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			b.broke.Store(true)
		}
	}
	return n, err
}

// unread is the outcome of an error that is why the body of the request could not be
// read: a mistake of its framing (RFC 9112, 7.1), a bound, or the time it took. The server
// is not at fault. It is nil for any other error.
func (x *exchange) unread(err error, o *parlance.Outcome) *parlance.Outcome {
	why := x.outermost().body.failed.Load()
	if why == nil || o.Kind != parlance.KindInternal || !errors.Is(err, *why) || errors.As(err, new(*parlance.Error)) {
		return nil
	}
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return &parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonRequestTooLarge, Status: http.StatusRequestEntityTooLarge, Detail: "The body is too long."}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &parlance.Outcome{Kind: parlance.KindTimeout, Status: http.StatusRequestTimeout, Detail: "The body did not arrive in time."}
	}
	return &parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonBody, Status: http.StatusBadRequest, Detail: "The body is malformed."}
}

// arriving is the body to be read by the handler.
func (x *exchange) arriving(body io.ReadCloser) io.ReadCloser {
	if x.outer != nil || body == nil || body == http.NoBody {
		return body
	}
	x.body.ReadCloser = body
	return &x.body
}
