package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/server/internal/core"
)

// exchange is one request and the writer of its response. What a handler writes is
// looked at once, when the status is known; from then on its mode says where the
// bytes go.
//
// It is the request's context as well, in one piece since every request has one:
// what comes later finds the exchange in it, and who calls.
type exchange struct {
	context.Context // with the activity id

	server  *Server
	ctx     context.Context // this one, and what observers add to it
	inner   http.ResponseWriter
	request dialect.Request
	caller  atomic.Pointer[core.Identity] // that auth.Authenticate found right behind

	rawPath      string    // of the URL as it was called
	outer        *exchange // around this one, with something between the two; nil if there is none
	inside       reports   // of the exchanges inside this one
	reported     int       // the number of its own report among those of the exchange around it
	noEffect     bool      // the response proves that nothing was done
	logged       bool      // why the request failed
	head         bool      // the request is a HEAD
	coded        bool      // a middleware around had stated its Content-Encoding before
	relayed      bool      // the response is that of an exchange inside
	returned     bool      // the handler has
	exited       bool      // the handler ended its goroutine
	streamFailed bool      // the last element of the stream is the failure of a handler that panicked
	body         arrival   // of the request, if no exchange is around this one

	watch   *watch            // nil where nobody wants to know
	notes   []string          // by AddNote, about what the handler writes itself
	outcome *parlance.Outcome // of the response, nil if it is not known
	cut     bool              // the connection, before the response was complete

	mode   mode
	status int    // that was sent, or will be
	held   []byte // while holding or catching
	tail   []byte // the end of the envelope, while enveloping
}

type mode uint8

const (
	open        mode = iota // no status yet
	streaming               // to the client as it is
	holding                 // a success that needs the envelope around it
	enveloping              // such a success, longer than may be held: the envelope's head is out
	catching                // a failure in plain text, to be written in the dialect
	waiting                 // a failure of a type of its own, whose body has not begun
	redirecting             // a redirect to another spelling of the path, which a ServeMux may have made
)

// maxDetail bounds, in bytes, the text of a failure that was written around us.
const maxDetail = 4 << 10

var (
	_ http.ResponseWriter = (*exchange)(nil)
	_ http.Flusher        = (*exchange)(nil)
	_ http.Hijacker       = (*exchange)(nil)
	_ io.ReaderFrom       = (*exchange)(nil)
	_ context.Context     = (*exchange)(nil)
	_ core.Exchange       = (*exchange)(nil)
)

// exchangeOf is the innermost exchange of the context, nil where there is none.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(core.Key{}).(*exchange)
	return x
}

// Value finds the exchange itself, the caller, and the values of its own context.
func (x *exchange) Value(key any) any {
	switch key.(type) {
	case core.Key:
		return x
	case core.IdentityKey:
		if c := x.caller.Load(); c != nil {
			return c
		}
	}
	return x.Context.Value(key)
}

// instance is the path as it was called, as a URI reference (RFC 9457, 3.1.5): never
// //host, which would name another one.
func (x *exchange) instance() string {
	if x.request.Path == "*" {
		return "*" // OPTIONS * (RFC 9110, 9.3.7)
	}
	return "/" + strings.TrimLeft(x.escaped(), "/")
}

// escaped is the path as it was called.
func (x *exchange) escaped() string {
	called := url.URL{Path: x.request.Path, RawPath: x.rawPath}
	return called.EscapedPath()
}

// sent reports whether bytes were sent, so that the response cannot change any more.
func (x *exchange) sent() bool { return x.mode == streaming || x.mode == enveloping }

// Unwrap lets http.ResponseController reach the deadlines of the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.inner }

// Header is the header of the response.
func (x *exchange) Header() http.Header { return x.inner.Header() }

// WriteHeader decides how the response is written. Interim responses (1xx) pass. A
// second final status is passed on to net/http, which logs it, or dropped.
func (x *exchange) WriteHeader(status int) {
	if status < 100 || status > 999 {
		// As net/http does, but before anything went out, so that it becomes a 500.
		panic(fmt.Sprintf("server: invalid WriteHeader code %d", status))
	}
	interim := status >= 100 && status <= 199 && status != http.StatusSwitchingProtocols
	mark, done := x.Header()[core.ReportHeader]
	switch {
	case interim || x.mode == streaming:
		x.inner.WriteHeader(status)
	case x.mode != open:
	case done:
		inside := x.Reported(mark)
		x.mode, x.noEffect, x.outcome = streaming, inside.NoEffect, inside.Outcome
		x.relayed = !slices.Equal(mark, core.Unreported)
		x.sendHead(status)
	case status >= 400 && x.untyped("text/plain"):
		x.mode, x.status = catching, status
	case status >= 400:
		x.mode, x.status = waiting, status
	case x.respells(status):
		x.mode, x.status = redirecting, status
	case !x.server.allows(status):
		x.mode, x.status = catching, x.unredirected(status)
	case x.needsEnvelope(status):
		x.mode, x.status = holding, status
	default:
		x.status = status
		x.stream()
	}
}

// unredirected replaces a 3xx that the dialect's API never gives: the resource is not
// here.
func (x *exchange) unredirected(status int) int {
	x.server.logger.WarnContext(x.ctx, "the handler wrote a status that the dialect's API never gives", "status", status,
		"method", x.request.Method, "path", x.request.Path)
	h := x.Header()
	h.Del("Location")
	h.Del("Content-Type")
	return http.StatusNotFound
}

// needsEnvelope reports whether a success that the handler wrote itself can and must
// get the dialect's envelope.
func (x *exchange) needsEnvelope(status int) bool {
	if status < 200 || status > 299 || status == 204 || status == 205 || status == 206 {
		return false // no body, or a part of one
	}
	if media := x.mediaType(); media != "" && !httpheader.IsJSON(media) {
		return false // nothing that can stand in an envelope
	}
	return x.server.dialect.HasEnvelope(x.request, &parlance.Outcome{Kind: kindOf(status), Status: status}) && x.decodes()
}

// sendHead sends the head of a final response.
func (x *exchange) sendHead(status int) {
	x.status = status
	h := x.Header()
	if !x.server.allows(http.StatusNotModified) {
		delete(h, "Etag") // nothing to come back with
		delete(h, "Last-Modified")
	}
	if v := h["Retry-After"]; len(v) > 0 && strings.HasPrefix(strings.TrimSpace(v[0]), "-") {
		delete(h, "Retry-After") // a wait is not negative (RFC 9110, 10.2.3)
	}
	if _, said := h[core.ReportHeader]; !said { // else the word of the exchange inside counts
		if x.freesKey() {
			x.noEffect = true
		}
		if !x.logged && (status >= 400 || x.outcome != nil && x.outcome.Kind.Failing()) {
			x.logResponse(status)
		}
	}
	x.report(h)
	x.inner.WriteHeader(status)
}

// stream sends the head and the held bytes unchanged.
func (x *exchange) stream() (err error) {
	x.mode = streaming
	if x.status >= 500 && x.left() {
		x.SetOutcome(canceled)
	}
	if x.outer != nil && x.status >= 400 {
		x.noEffect = statusProvesUndone(x.meaning(x.status))
	}
	if len(x.notes) > 0 {
		x.tellNotes()
	}
	if h := x.Header(); h.Get(RequestIDHeader) == "" {
		h[RequestIDHeader] = []string{activity.ID(x.ctx)}
	}
	x.sendHead(x.status)
	if len(x.held) > 0 {
		_, err = x.inner.Write(x.held)
	}
	return err
}

// Write passes p on, holds it, or keeps it as the text of a failure.
func (x *exchange) Write(p []byte) (int, error) {
	if x.mode == open {
		x.WriteHeader(http.StatusOK)
	}
	switch {
	case x.mode == catching:
		x.held = append(x.held, p[:min(len(p), maxDetail-len(x.held))]...)
		return len(p), nil
	case x.mode == holding && len(x.held)+len(p) <= x.server.maxBuffered:
		x.held = append(x.held, p...)
		return len(p), nil
	case x.mode == holding:
		if err := x.overflow(); err != nil {
			return 0, err
		}
	case x.mode == redirecting && len(x.held)+len(p) <= maxDetail:
		x.held = append(x.held, p...)
		return len(p), nil
	case x.mode == waiting, x.mode == redirecting:
		if err := x.stream(); err != nil {
			return 0, err
		}
	}
	return x.inner.Write(p)
}

// ReadFrom lets the kernel send a file that streams untouched.
func (x *exchange) ReadFrom(src io.Reader) (int64, error) {
	if x.mode == open {
		x.WriteHeader(http.StatusOK)
	}
	if x.mode == streaming {
		return io.Copy(x.inner, src)
	}
	return io.Copy(struct{ io.Writer }{x}, src)
}

// Flush is FlushError for callers that need an http.Flusher.
func (x *exchange) Flush() { _ = x.FlushError() }

// FlushError sends the bytes so far. A success that needs an envelope continues inside
// it. The text of a failure waits until it is complete.
func (x *exchange) FlushError() error {
	if x.mode == open {
		x.WriteHeader(http.StatusOK)
	}
	if x.mode == holding && x.coding() == "" {
		if err := x.overflow(); err != nil {
			return err
		}
	}
	switch x.mode {
	case catching, holding:
		return nil
	case waiting, redirecting:
		if err := x.stream(); err != nil {
			return err
		}
	}
	return http.NewResponseController(x.inner).Flush()
}

// Hijack gives the connection to the handler, which then writes all of it.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if x.mode == waiting || x.mode == redirecting {
		_ = x.stream() // an error here is a client that is gone
	}
	conn, rw, err := http.NewResponseController(x.inner).Hijack()
	if err == nil {
		x.mode = streaming
	}
	return conn, rw, err
}

// overflow starts to stream a success that is too long to hold. The envelope is written
// around a mark, and the response replaces the mark.
func (x *exchange) overflow() error {
	if x.coding() != "" {
		x.refuseCoded()
		return http.ErrContentLength // the response that went out has its own length
	}
	if !httpheader.IsJSON(x.mediaType()) && !looksJSON(x.held) {
		return x.stream()
	}
	mark := []byte(`"` + activity.NewID() + `"`)
	o := x.written()
	m := x.Encode(nil, &o, dialect.Payload{ContentType: "application/json", Body: mark}, nil)
	head, tail, found := bytes.Cut(m.Body, mark)
	if !found {
		x.logged = true
		x.server.logger.ErrorContext(x.ctx, "the response is too long for its envelope; see WithMaxBuffered", "limit", x.server.maxBuffered)
		x.Render(parlance.Outcome{Kind: parlance.KindInternal}, none, nil)
		return http.ErrContentLength // the response that went out has its own length
	}
	x.mode, x.tail = enveloping, tail
	x.SetOutcome(o)
	x.putHeader(m)
	x.Header().Del("Content-Length")
	x.dropValidators()
	x.sendHead(m.Status)
	// head and tail lie in one array: what is appended to head must not write over it.
	_, err := x.inner.Write(append(slices.Clip(head), x.held...))
	return err
}

// finish ends the response of a handler that returned. r has the pattern that a
// ServeMux found.
func (x *exchange) finish(r *http.Request) {
	if x.mode == open {
		x.WriteHeader(http.StatusOK)
	}
	switch x.mode {
	case holding:
		x.envelope()
	case enveloping:
		_, _ = x.inner.Write(x.tail) // an error here is a client that is gone
	case catching:
		x.translate()
	case waiting:
		if r.Method == http.MethodHead {
			if x.Header().Get("Content-Length") == "0" {
				x.Header().Del("Content-Length") // the response to GET is written below
			}
			_ = x.stream() // an error here is a client that is gone
			return
		}
		x.translate() // it said nothing, in whatever type
	case redirecting:
		x.redirect(r.Pattern)
	}
}

// written is the outcome of a success that the handler wrote itself.
func (x *exchange) written() parlance.Outcome {
	o := parlance.Outcome{Kind: kindOf(x.status), Status: x.status, Notes: x.notes}
	if len(x.notes) > 0 {
		o.Kind = parlance.KindNoted
	}
	return o
}

// dropValidators removes ranges and validators that the handler set for the bare
// payload. They do not hold for the envelope (RFC 9110, 8.8.1 and 14.3).
func (x *exchange) dropValidators() {
	for _, name := range []string{"Accept-Ranges", "Etag", "Last-Modified", "Content-Digest", "Repr-Digest", "Content-Md5"} {
		x.Header().Del(name)
	}
}

// envelope puts the dialect's envelope around a success that was held.
func (x *exchange) envelope() {
	declared := httpheader.IsJSON(x.mediaType())
	text, whole := x.decoded(x.server.maxBuffered)
	switch {
	case !whole:
		x.refuseCoded()
	case len(text) == 0 || json.Valid(text):
		x.dropValidators()
		x.uncode()
		x.Render(x.written(),
			dialect.Payload{ContentType: "application/json", Body: bytes.TrimSpace(text)}, nil)
	case declared:
		x.logged = true
		x.server.logger.ErrorContext(x.ctx, "the handler's response is declared as JSON but is not JSON", "path", x.request.Path)
		x.Render(parlance.Outcome{Kind: parlance.KindInternal}, none, nil)
	default:
		_ = x.stream() // an error here is a client that is gone
	}
}

// translate writes a failure in the dialect that the handler wrote itself. The
// dialect's table gives the meaning of the status. The text of a 4xx is shown to the
// client. The text of a 5xx is not, since many handlers put err.Error() there.
func (x *exchange) translate() {
	o := x.meaning(x.status)
	x.noEffect = statusProvesUndone(o)
	held, _ := x.decoded(maxDetail)
	text := strings.TrimSpace(strings.ToValidUTF8(string(held), ""))
	left := o.Kind.ServerFault() && x.left()
	switch {
	case text == "", text == "404 page not found", text == http.StatusText(x.status):
		// net/http's own words say nothing that the status does not.
	case o.Kind.ServerFault():
		x.logged = true
		message, level := "request failed", slog.LevelError
		if left {
			message, level = callerLeft, slog.LevelInfo
		}
		x.server.logger.Log(x.ctx, level, message, "status", x.status, "error", text,
			"method", x.request.Method, "path", x.request.Path)
	case strings.HasPrefix(http.DetectContentType(held), "text/plain"):
		o.Detail = text
	}
	if left {
		o = canceled
	}
	x.Render(o, none, nil)
}

// meaning is the outcome of a status in the dialect's table.
func (x *exchange) meaning(status int) parlance.Outcome {
	read := x.server.dialect.Decode(x.request, dialect.Response{Status: status}).Outcome
	return parlance.Outcome{Kind: read.Kind, Reason: read.Reason, Status: status}
}

// statusProvesUndone reports whether a status without an Outcome proves that nothing
// was done. Unavailable is no proof: http.TimeoutHandler sends it for a handler that
// still runs.
func statusProvesUndone(o parlance.Outcome) bool {
	return o.Kind != parlance.KindUnavailable && provesUndone(&o)
}

// mediaType is the response's type, "" if none can be read.
func (x *exchange) mediaType() string {
	media, _, _ := mime.ParseMediaType(x.Header().Get("Content-Type"))
	return media
}

// untyped reports whether the response has the type that net/http sets by itself, or
// none.
func (x *exchange) untyped(usual string) bool {
	media := x.mediaType()
	return media == "" || media == usual
}

// looksJSON reports whether bytes without a type begin as a JSON object or list.
func looksJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

// kindOf is the meaning of a success that a handler wrote itself (RFC 9110, 15.3).
func kindOf(status int) parlance.Kind {
	switch status {
	case 202:
		return parlance.KindAccepted
	case 204, 205:
		return parlance.KindEmpty
	}
	return parlance.KindSuccess
}
