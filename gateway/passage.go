package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// passage is one request on its way through. It is the request's context: it
// ends when the caller goes away, or when no response has begun in time.
type passage struct {
	context.Context
	cancel   context.CancelCauseFunc
	timer    *time.Timer
	deadline time.Time
	id       string
	streams  bool            // the caller's body is not held, but passed on as it comes
	head     bool            // the method is HEAD: the response has no body
	asked    dialect.Request // by the caller
	recorded bool            // the record of it has the upstream's id, so that the caller gets ours
	instance string          // the path as it was called, as a URI reference (RFC 9457, 3.1.5)

	collector *activity.Collector // nil where the record is not ours to keep
	status    int                 // that the caller is told, 0 for none yet
	outcome   parlance.Outcome
}

type passageKey struct{}

func (g *Gateway) newPassage(w http.ResponseWriter, r *http.Request) *passage {
	p := &passage{
		deadline: time.Now().Add(g.config.Timeout),
		id:       activity.ID(r.Context()), // of a server.Wrap around us
		streams:  r.ContentLength != 0 && !held(r),
		head:     r.Method == http.MethodHead,
		instance: "/" + strings.TrimLeft(r.URL.EscapedPath(), "/"), // never //host
		asked:    httpdialect.Received(g.config.Answers, r),
	}
	p.asked.Key = g.keyOf(r.Header)
	if p.id == "" {
		p.id = activity.NewID()
	}
	ctx, collector := g.begin(activity.WithID(r.Context(), p.id), r)
	p.collector, p.recorded = collector, activity.CollectorOf(ctx) != nil
	p.Context, p.cancel = context.WithCancelCause(ctx)
	caller := http.NewResponseController(w)
	p.timer = time.AfterFunc(g.config.Timeout, func() {
		p.cancel(context.DeadlineExceeded)
		if p.streams {
			_ = caller.SetReadDeadline(time.Now()) // or the transport waits for a body that stalls
		}
	})
	return p
}

// passageOf is the one that a request belongs to.
func passageOf(ctx context.Context) *passage { return ctx.Value(passageKey{}).(*passage) }

// Value finds the passage itself, and the values of the caller's context.
func (p *passage) Value(key any) any {
	if key == (passageKey{}) {
		return p
	}
	return p.Context.Value(key)
}

// Deadline lets the client end see that a wait would be useless. If the caller's own
// deadline is earlier, it is that one.
func (p *passage) Deadline() (time.Time, bool) {
	if d, ok := p.Context.Deadline(); ok && d.Before(p.deadline) {
		return d, true
	}
	return p.deadline, true
}

// begun says that the response has begun, so that it may take its time.
func (p *passage) begun() { p.timer.Stop() }

// end frees what the passage holds.
func (p *passage) end() {
	p.timer.Stop()
	p.cancel(nil)
}

// maxHeld is how long a request's body may be, in bytes, to be held so that it
// can be sent again. A longer one, and one of unknown length, streams and is sent
// once.
const maxHeld = 64 << 10

func held(r *http.Request) bool { return r.ContentLength > 0 && r.ContentLength <= maxHeld }

// hold reads a short body of the passage's request into memory.
func (p *passage) hold(w http.ResponseWriter, r *http.Request) error {
	if !held(r) {
		return nil
	}
	caller := http.NewResponseController(w)
	_ = caller.SetReadDeadline(p.deadline) // not every writer has one: then the caller's own time counts
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return err // the deadline stays, for net/http drains what is left
	}
	_ = caller.SetReadDeadline(time.Time{})
	p.asked.Body = body
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}
