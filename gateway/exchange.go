package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// exchange is one request through the gateway, with its response. It is the context of
// the request, and ends if the caller disconnects or if no response begins in time.
type exchange struct {
	context.Context
	cancel   context.CancelCauseFunc
	timer    *time.Timer
	deadline time.Time
	id       string
	streams  bool            // the body of the caller is forwarded as it arrives, and not buffered
	head     bool            // the method is HEAD, so the response has no body
	asked    dialect.Request // by the caller
	recorded bool            // the record has the request ID of the upstream, so the caller gets ours
	url      *url.URL        // as it was called

	undecided *http.Response // of the upstream, passed on before its meaning was known; nil for none
	ends      *http.Response // of the upstream, a stream whose meaning is known at its end; nil for none

	collector *activity.Collector // nil if another one keeps the record
	status    int                 // of the response to the caller, 0 before it begins
	outcome   *parlance.Outcome   // the same, nil before it begins
	story     story
	body      arriving    // of the caller, if it streams
	stalled   atomic.Bool // the time was up while a part of the body was awaited

	out     http.Request // to the upstream
	target  url.URL      // of out
	texts   [5]string    // the memory of values in headers
	taken   uint8        // of texts
	upgrade string       // the protocol that the caller wants to switch to; "" for none
	trace   httptrace.ClientTrace
	writer  http.ResponseWriter // to the caller
	interim interim
}

type exchangeKey struct{}

func (g *Gateway) newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{
		deadline: time.Now().Add(g.config.Timeout),
		id:       activity.ID(r.Context()), // of a server.Wrap around us
		streams:  r.ContentLength != 0 && !held(r),
		head:     r.Method == http.MethodHead,
		url:      r.URL,
		asked:    httpdialect.Received(g.config.To, r),
	}
	x.asked.Key = g.form.Key(x.asked.Header)
	if x.id == "" {
		x.id = activity.NewID()
	}
	ctx := activity.WithID(r.Context(), x.id)
	ctx, x.collector, x.recorded = g.begin(ctx, r)
	x.Context, x.cancel = context.WithCancelCause(ctx)
	x.writer = w
	x.timer = time.AfterFunc(g.config.Timeout, func() {
		x.stalled.Store(x.body.waits.Load())
		x.cancel(context.DeadlineExceeded)
		if x.streams {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // or the transport waits for a body that stalls
		}
	})
	return x
}

// exchangeOf is the exchange that a request belongs to.
func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// Value finds the exchange itself, and the values of the caller's context.
func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

// Deadline lets the client end see that a wait would be useless. If the caller's own
// deadline is earlier, it is that one.
func (x *exchange) Deadline() (time.Time, bool) {
	if d, ok := x.Context.Deadline(); ok && d.Before(x.deadline) {
		return d, true
	}
	return x.deadline, true
}

// instance is the path as it was called, as a URI reference (RFC 9457, 3.1.5).
func (x *exchange) instance() string {
	return "/" + strings.TrimLeft(x.url.EscapedPath(), "/") // never //host
}

// begun stops the timer: a response that has begun has no time limit.
func (x *exchange) begun() { x.timer.Stop() }

// end frees what the exchange holds.
func (x *exchange) end() {
	x.timer.Stop()
	x.cancel(nil)
}

// maxHeld is the size in bytes up to which a request body is buffered, so that it can be
// sent again. A longer body, or one of unknown length, is streamed and sent once.
const maxHeld = 64 << 10

func held(r *http.Request) bool { return r.ContentLength > 0 && r.ContentLength <= maxHeld }

// hold buffers a short request body in memory.
func (x *exchange) hold(w http.ResponseWriter, r *http.Request) error {
	if !held(r) {
		return nil
	}
	caller := http.NewResponseController(w)
	_ = caller.SetReadDeadline(x.deadline) // not every writer has one: then the caller's own time counts
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return err // the deadline stays, for net/http drains what is left
	}
	_ = caller.SetReadDeadline(time.Time{})
	x.asked.Body = body
	return nil
}

// arriving is a body of the caller that is forwarded as it arrives. Close ends the reading
// of it, and leaves the rest to net/http.
type arriving struct {
	io.ReadCloser
	waits  atomic.Bool // for a part of it
	closed atomic.Bool
}

var errClosed = errors.New("gateway: the request has ended")

// Read reads from the caller.
func (b *arriving) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, errClosed
	}
	b.waits.Store(true)
	n, err := b.ReadCloser.Read(p)
	b.waits.Store(false)
	return n, err
}

// Close makes further reads fail. The transport may outlive the handler, in which alone the
// body of a request may be read.
func (b *arriving) Close() error {
	b.closed.Store(true)
	return nil
}
