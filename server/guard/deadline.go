package guard

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/core"
)

// Deadline bounds the time of a handler. When it ends, so does the context of the
// request. A request without a response then fails with timeout at once, even if the
// handler ignores its context. If bytes were sent already, and the rest does not follow
// within 100 ms, the connection is cut, so that the client notices.
//
// The handler may continue until it returns, but its output is dropped: writing returns
// http.ErrHandlerTimeout.
//
// Use it for one route or for a few similar ones: a stream has no deadline. A
// connection that a handler has taken over (Hijack) has none any more, nor has the context
// of its request: it ends if the handler returns.
func Deadline(d time.Duration) server.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := newBounded(r.Context(), d)
			defer ctx.end(context.Canceled)
			g := &guard{ctx: ctx, w: w, rc: http.NewResponseController(w), header: w.Header().Clone()}
			h := next
			if x := core.Of(r.Context()); x != nil {
				// One of its own, whose responses pass the guard: Fail would respond by
				// that of another goroutine.
				h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { x.Serve(next, w, r) })
			}
			ended := make(chan any, 1)
			go func() {
				returned := false
				defer func() {
					cause := recover()
					if cause == nil && !returned && core.Of(ctx) == nil { // else the exchange has responded to runtime.Goexit
						cause = http.ErrAbortHandler
					}
					ended <- cause
				}()
				h.ServeHTTP(g, r.WithContext(ctx))
				returned = true
			}()
			select {
			case cause := <-ended:
				if s := g.state.Load(); s == sent || s == taken || ctx.Err() == nil {
					g.finish(cause)
					return
				}
			case <-ctx.Done():
			}
			g.expire(r, ended)
		})
	}
}

// guard is the way of a handler to the client, which can be shut behind it.
type guard struct {
	ctx *bounded
	w   http.ResponseWriter
	rc  *http.ResponseController

	state atomic.Int32 // unsent, sent, taken or shut
	mu    sync.Mutex   // held while something is written

	header http.Header // the handler's, copied when it is written
	wrote  bool        // the final status
}

const (
	unsent int32 = iota
	sent         // what went out cannot be taken back
	taken        // the handler has the connection
	shut         // nothing goes out any more
)

// lastWords is how long a response that has begun may take to end.
const lastWords = 100 * time.Millisecond

// finish ends the response of a handler that returned or panicked.
func (g *guard) finish(cause any) {
	if cause != nil {
		panic(cause)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.copyHeader() // net/http writes the status where nobody did; else these are trailers
}

// expire responds for a handler that took too long, or whose client has gone.
func (g *guard) expire(r *http.Request, ended <-chan any) {
	// A read that waits for a slow client would keep net/http waiting, too.
	unread := r.Body != nil && r.Body != http.NoBody
	if g.state.CompareAndSwap(unsent, shut) {
		if unread {
			_ = g.rc.SetReadDeadline(time.Unix(1, 0))
		}
		g.mu.Lock() // an interim response may be under way
		defer g.mu.Unlock()
		if unread {
			g.w.Header().Set("Connection", "close") // nobody knows how much of the body was read
		}
		server.WriteError(g.w, r, g.ctx.Err())
		return
	}
	if g.state.Load() == taken {
		g.finish(<-ended)
		return
	}
	if unread {
		_ = g.rc.SetReadDeadline(time.Unix(1, 0))
	}
	// It may have been responding in that moment.
	soon := time.NewTimer(lastWords)
	defer soon.Stop()
	select {
	case cause := <-ended:
		g.finish(cause)
		return
	case <-soon.C:
	}
	// A write that waits for a slow client gives up, for net/http must not close
	// the connection in the middle of it.
	_ = g.rc.SetWriteDeadline(time.Unix(1, 0))
	g.mu.Lock()
	g.state.Store(shut)
	g.mu.Unlock()
	if x := core.Of(r.Context()); x != nil && !errors.Is(g.ctx.Err(), context.Canceled) { // else the client has gone
		x.Logger().ErrorContext(g.ctx, "the deadline passed after the response had begun; the connection is cut",
			slog.String("method", r.Method), slog.String("path", r.URL.Path))
	}
	panic(http.ErrAbortHandler)
}

// begin claims the response, and reports false where it is too late, though expire
// may have yet to hear of that. It is called with the lock held.
func (g *guard) begin() bool {
	return g.ctx.Err() == nil && g.state.CompareAndSwap(unsent, sent) || g.state.Load() == sent
}

func (g *guard) copyHeader() {
	h := g.w.Header()
	clear(h)
	maps.Copy(h, g.header)
}

// Header is the header of the handler's response.
func (g *guard) Header() http.Header { return g.header }

func (g *guard) WriteHeader(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if status < 200 && status != http.StatusSwitchingProtocols {
		if g.state.Load() != shut {
			g.copyHeader()
			g.w.WriteHeader(status)
		}
		return
	}
	g.head(status)
}

// head sends the final status, once.
func (g *guard) head(status int) bool {
	if !g.begin() {
		return false
	}
	if !g.wrote {
		g.wrote = true
		g.copyHeader()
		g.w.WriteHeader(status)
	}
	return true
}

func (g *guard) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.head(http.StatusOK) {
		return 0, http.ErrHandlerTimeout
	}
	return g.w.Write(p)
}

// Flush is FlushError for callers that need an http.Flusher.
func (g *guard) Flush() { _ = g.FlushError() }

func (g *guard) FlushError() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.head(http.StatusOK) {
		return http.ErrHandlerTimeout
	}
	return g.rc.Flush()
}

// Hijack gives the connection to the handler.
func (g *guard) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state.Load() == shut || !g.ctx.lift() {
		return nil, nil, http.ErrHandlerTimeout
	}
	before := g.state.Swap(taken) // expire does nothing: the context has not ended
	conn, rw, err := g.rc.Hijack()
	if err != nil {
		g.state.Store(before)
		g.ctx.bind()
		return nil, nil, err
	}
	g.wrote = true
	return conn, rw, nil
}

// These are the other methods for http.ResponseController. An Unwrap would bypass the
// guard. A handler that was given up must not change the connection, on which the next
// request may be.
func (g *guard) SetReadDeadline(t time.Time) error {
	return g.unlessShut(func() error { return g.rc.SetReadDeadline(t) })
}

func (g *guard) SetWriteDeadline(t time.Time) error {
	return g.unlessShut(func() error { return g.rc.SetWriteDeadline(t) })
}

func (g *guard) EnableFullDuplex() error { return g.unlessShut(g.rc.EnableFullDuplex) }

func (g *guard) unlessShut(set func() error) error {
	if g.state.Load() == shut {
		return http.ErrHandlerTimeout
	}
	return set()
}
