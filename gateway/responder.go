package gateway

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// Responder responds to callers in their dialect, in a proxy that has a [Transport] behind it.
// It is safe for concurrent use.
type Responder struct {
	// LossHeader names a field of each response that says what a translation could not carry;
	// "" for none.
	LossHeader string

	g *Gateway
}

// NewResponder makes a Responder in a dialect.
func NewResponder(to *dialect.Dialect, log *slog.Logger) (*Responder, error) {
	plain, err := catalog.Open("http") // of a response that did not come through a Transport
	if err != nil {
		return nil, err
	}
	c := Config{Speaks: plain, To: to, Logger: log, Transport: http.DefaultTransport}
	return &Responder{g: c.withDefaults().form()}, nil
}

// Dialect is the dialect of the callers.
func (s *Responder) Dialect() *dialect.Dialect { return s.g.config.To }

// Reply is the response to one request of a caller. It is for one goroutine.
type Reply struct {
	of      *Responder
	request *http.Request // of the caller
	g       *Gateway      // that has the exchange
	x       *exchange
	failure *http.Response
	closes  bool // see Closes
}

type replyKey struct{}

func replyOf(ctx context.Context) *Reply {
	a, _ := ctx.Value(replyKey{}).(*Reply)
	return a
}

// HasReply reports that the context of a request has an Reply.
func HasReply(ctx context.Context) bool { return replyOf(ctx) != nil }

// FailureOf returns the response that [Reply.Failed] would write to the request of a context,
// nil if there is none. It is for a proxy that decides by a response what to do next.
func FailureOf(ctx context.Context) *http.Response {
	if a := replyOf(ctx); a != nil {
		return a.failure
	}
	return nil
}

// Begin begins the response to a request of a caller. The proxy is to work with the request
// that it returns. Call End at the end.
func (s *Responder) Begin(r *http.Request) (*Reply, *http.Request) {
	a := &Reply{of: s, request: r}
	return a, r.WithContext(context.WithValue(r.Context(), replyKey{}, a))
}

// serve gives the Reply the exchange with an upstream. The request of the caller decides
// about the form of the response.
func (a *Reply) serve(g *Gateway, x *exchange) {
	if a.x != nil {
		x.id = a.x.id // the proxy tries another upstream
		x.story.tries = a.x.story.tries + a.x.story.attempts
	}
	x.url, x.head = a.request.URL, a.request.Method == http.MethodHead
	x.asked = httpdialect.Received(g.config.To, a.request)
	x.asked.Key = g.form.Key(x.asked.Header)
	a.g, a.x = g, x
}

// Within gives the Reply the context of the request as a handler has it now, such as with an
// activity id.
func (a *Reply) Within(ctx context.Context) { a.request = a.request.WithContext(ctx) }

// Dialect is the dialect of the caller.
func (a *Reply) Dialect() *dialect.Dialect { return a.of.Dialect() }

// Meaning is what the response means, once its status is known. safe reports that the request
// can be sent again without doing anything twice. The zero Outcome is one that is not known.
func (a *Reply) Meaning() (o parlance.Outcome, safe bool) {
	if a.x == nil {
		return o, false
	}
	s := &a.x.story
	return parlance.Outcome{Kind: s.kind, Reason: s.reason, Code: s.code}, s.kind.Failing() && s.safe
}

// own is the exchange of a response that no upstream gave.
func (a *Reply) own() *exchange {
	if a.x == nil {
		a.serve(a.of.g, a.of.g.newExchange(nil, a.request))
		a.x.begun()
	}
	return a.x
}

// Translated reports that the last response of a [Transport] to the request is in the
// dialect of the caller.
func (a *Reply) Translated() bool { return a.x != nil && a.x.status != 0 }

// Closes reports that the connection has to end with the response: the request's body was not
// read to its end, so what follows is no request.
func (a *Reply) Closes() bool { return a.closes }

// Failed writes the response to a request for which the Transport returned an error. It
// reports false if there was no such request.
func (a *Reply) Failed(w http.ResponseWriter) bool {
	if a.failure == nil {
		return false
	}
	write(w, a.failure)
	return true
}

// Error writes the response to an error of the proxy. status is the one that the proxy would
// respond with. The error is for the log, and no caller sees it.
func (a *Reply) Error(w http.ResponseWriter, status int, err error) {
	x := a.own()
	x.story.err, x.story.code = err, ""
	a.of.g.respond(&lossWriter{w, a}, x, a.of.g.ownFailure(x, status, err))
}

// ownFailure is the Outcome of an error of the proxy.
func (g *Gateway) ownFailure(x *exchange, status int, err error) parlance.Outcome {
	if errors.As(err, new(*http.MaxBytesError)) {
		return badBody(err)
	}
	switch status {
	case http.StatusRequestEntityTooLarge:
		return badBody(new(http.MaxBytesError))
	case http.StatusBadGateway:
		return badGateway()
	case http.StatusServiceUnavailable:
		return failureOf(syscall.ECONNREFUSED)
	case http.StatusGatewayTimeout:
		return failureOf(context.DeadlineExceeded)
	}
	return g.config.Speaks.Decode(x.asked, dialect.Response{Status: status, Header: dialect.HeaderMap{}}).Outcome
}

// lossWriter adds the field for losses before the header is sent.
type lossWriter struct {
	http.ResponseWriter
	a *Reply
}

// WriteHeader adds the field.
func (w *lossWriter) WriteHeader(status int) {
	w.a.showLosses(w.Header())
	w.ResponseWriter.WriteHeader(status)
}

// showLosses adds the field for losses to a header.
func (a *Reply) showLosses(h http.Header) {
	if a.of.LossHeader == "" || len(a.x.story.losses) == 0 {
		return
	}
	var names []string
	for _, l := range a.x.story.losses {
		if !slices.Contains(names, l.Attribute) {
			names = append(names, l.Attribute)
		}
	}
	h.Set(a.of.LossHeader, strings.Join(names, ", "))
}

// Translate writes a response of another handler, which did not come through a Transport.
// Its status decides what it means, and so do the members that most APIs use.
func (a *Reply) Translate(w http.ResponseWriter, resp *http.Response, body []byte) {
	g, x := a.of.g, a.own()
	read := httpdialect.Response(resp, body)
	decoded := g.config.Speaks.Decode(x.asked, read)
	g.name(x, &decoded.Outcome)
	x.story.kind, x.story.reason = decoded.Outcome.Kind, decoded.Outcome.Reason
	m := g.form.Write(x.asked, read, &decoded)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	g.send(x, resp, &m)
	x.responded(resp.StatusCode, &decoded.Outcome)
	a.showLosses(resp.Header)
	write(w, resp)
}

// write writes a response that is in memory.
func write(w http.ResponseWriter, resp *http.Response) {
	addFields(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // an error here is a caller that is gone
	_ = resp.Body.Close()
}

// Story is what there is to tell of a response.
type Story struct {
	Speaks    string // the dialect of the upstream; "" if the response is the proxy's own
	Kind      parlance.Kind
	Reason    parlance.Reason
	Code      string // of the upstream
	Act       parlance.Act
	Attempts  int    // at upstreams
	Held      string // why the Transport did not retry
	RequestID string // that the caller has
	Upstream  string // the request ID of the upstream
	Lost      []parlance.Loss
	Stream    bool // the response is a stream
	Err       error
}

// End ends the Reply after the response. A stream has its meaning then.
func (a *Reply) End() Story {
	if a.x == nil {
		return Story{}
	}
	a.g.settled(a.x)
	a.g.ended(a.x)
	s := &a.x.story
	told := Story{
		Kind: s.kind, Reason: s.reason, Code: s.code, Act: s.act, Attempts: s.tries + s.attempts, Held: s.held,
		RequestID: a.x.id, Upstream: s.id, Lost: s.losses, Stream: s.stream, Err: s.err,
	}
	if a.g != a.of.g {
		told.Speaks = a.g.config.Speaks.Name()
	}
	if !a.x.recorded {
		told.RequestID = cmp.Or(s.id, a.x.id)
	}
	return told
}
