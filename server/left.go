package server

import (
	"context"
	"errors"
	"io"
	"net/http"
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

// isLeft reports whether an outcome is that of a caller who left.
func isLeft(o *parlance.Outcome) bool {
	return o.Reason == parlance.ReasonCanceled && o.Status == statusLeft
}

// left reports whether the caller has gone: it closed the connection, or reset the
// stream. A handler that continues without its caller, as under an idempotency key, does
// not see that.
func (x *exchange) left() bool {
	first := x
	for first.outer != nil {
		first = first.outer
	}
	return first.body.broke.Load() ||
		errors.Is(first.Context.Err(), context.Canceled) && errors.Is(x.ctx.Err(), context.Canceled)
}

// failedByLeaving reports whether an error has come of a caller who left. An error with
// an outcome of its own says what happened, unless it was canceled.
func (x *exchange) failedByLeaving(err error, o *parlance.Outcome) bool {
	if !o.Kind.ServerFault() || !x.left() {
		return false
	}
	return errors.Is(err, context.Canceled) || o.Kind == parlance.KindInternal && !errors.As(err, new(*parlance.Error))
}

// arrival is the body of a request, which notes whether its sender has gone. net/http
// notices that by itself only once the body was read.
type arrival struct {
	io.ReadCloser
	broke atomic.Bool
}

func (b *arrival) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)) {
		b.broke.Store(true)
	}
	return n, err
}

// arriving is the body to be read by the handler.
func (x *exchange) arriving(body io.ReadCloser) io.ReadCloser {
	if x.outer != nil || body == nil || body == http.NoBody {
		return body
	}
	x.body.ReadCloser = body
	return &x.body
}
