package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/server/internal/core"
)

// Wrap makes any handler, such as an http.ServeMux, respond in the dialect.
//
//   - Each request gets an activity id.
//   - A failure that a handler wrote as plain text, by http.Error or a ServeMux without
//     such a route, is written in the dialect. The text of a 4xx becomes the detail;
//     that of a 5xx is only logged. Headers such as Allow stay.
//   - A failure with a body and a type of its own, such as application/json, is left as
//     it is.
//   - A redirect that a ServeMux makes only to clean a path (//x, /x/../y, /tree for
//     /tree/) is not_found in the dialect; its detail names the clean path. A handler's
//     own redirect stays as it is.
//   - A 3xx that the dialect's API never gives is not_found in the dialect. If 304 is
//     one, If-None-Match and If-Modified-Since are ignored and no validator is sent.
//   - Each failed request has a line in the log.
//   - A panic is a 500 in the dialect; its value and stack are logged. So is a handler that
//     ends its goroutine by runtime.Goexit. If bytes were sent already, the connection is
//     cut, except for a [Stream] whose last element says so.
//   - If the caller left before its response, the outcome is failed with the reason
//     canceled and the status 499. It is logged as information. It is no fault of the server.
//   - A response to HEAD has the length of the response to GET. If a handler writes no body
//     for HEAD, it has none.
//   - A failure, or JSON that needs the envelope, may come compressed from a middleware
//     behind Wrap. It is read first if its coding is gzip or deflate. The log says once
//     to put such a middleware around Wrap.
//   - A success streams untouched; Flush, Hijack and http.ResponseController work. Only
//     JSON that needs the dialect's envelope is held, up to the bound of
//     [WithMaxBuffered]. A longer response gets the envelope while it streams.
//
// If two Servers wrap a handler, the inner one responds, under the id of the outer one.
func (s *Server) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(next, w, r) })
}

// serve serves one request by a handler.
func (s *Server) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	outer := exchangeOf(r.Context())
	if outer != nil {
		outer.watch.enter(r)
	}
	if outer != nil && outer.server == s && w == http.ResponseWriter(outer) {
		defer outer.watch.leave(r)
		next.ServeHTTP(w, r) // nothing stands between the two
		return
	}
	x := &exchange{
		Context: s.identified(r),
		server:  s, inner: w, request: httpdialect.Received(s.dialect, r), rawPath: r.URL.RawPath, outer: outer,
		head: r.Method == http.MethodHead, coded: len(w.Header()["Content-Encoding"]) > 0,
	}
	x.ctx = x
	if outer != nil {
		x.request.Path, x.rawPath = outer.request.Path, outer.rawPath // as called, whatever was stripped since
		x.watch = outer.watch
	}
	if x.watch == nil && s.watches() {
		r = x.begin(r)
		defer x.notify()
	}
	defer x.end(r)
	if !s.allows(http.StatusNotModified) {
		inner := next
		next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.unconditional(r)
			inner.ServeHTTP(w, r)
		})
	}
	core.PassBody(x.ctx, next, x, r, x.arriving(r.Body))
	x.returned = true
}

// end finishes the response when the handler is done, by return, by panic or by the end
// of its goroutine.
func (x *exchange) end(r *http.Request) {
	cause, stack := recover(), []byte(nil)
	if x.exited = cause == nil && !x.returned; x.exited {
		cause = core.ErrExited
	}
	if t, ok := cause.(*core.Panic); ok {
		cause, stack = t.Cause, t.Stack
	}
	switch {
	case cause == nil:
		x.finish(r)
	case cause == http.ErrAbortHandler:
		x.cut = true
		panic(cause) // the handler's own wish
	case x.exited && x.relayed: // an exchange inside has responded
		x.flushLast()
	default:
		if stack == nil {
			stack = debug.Stack()
		}
		x.logged = true
		x.server.logger.ErrorContext(x.ctx, "the handler panicked",
			"panic", fmt.Sprint(cause), "method", x.request.Method, "path", x.request.Path, "stack", string(stack))
		if x.streamFailed {
			return // the last element says so
		}
		if x.sent() {
			x.cut = true
			panic(http.ErrAbortHandler) // the client must be able to tell
		}
		if x.exited && r.ProtoMajor == 1 {
			// net/http will not write the end of a last chunk.
			x.Header().Set("Connection", "close")
			x.Header().Set("Transfer-Encoding", "identity")
		}
		x.Render(parlance.Outcome{Kind: parlance.KindInternal}, none, nil)
		if x.exited {
			x.flushLast()
		}
	}
}

// flushLast sends the response of a goroutine that is ending. net/http does not complete
// a response if its own goroutine ends.
func (x *exchange) flushLast() {
	if x.outer == nil {
		_ = http.NewResponseController(x.inner).Flush() // an error here is a client that is gone
	}
}

// identified is the context of a request with its id. The id is the one that the
// context has, as under another Server, else the trusted caller's, else a new one.
func (s *Server) identified(r *http.Request) context.Context {
	ctx := r.Context()
	if activity.ID(ctx) != "" {
		return ctx
	}
	if s.trusted != "" {
		if id := r.Header.Get(s.trusted); goodID(id) {
			return activity.WithID(ctx, id)
		}
	}
	return activity.WithID(ctx, activity.NewID())
}

// goodID refuses ids that would garble a log or a header.
func goodID(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return id != "" && len(id) <= 128
}
