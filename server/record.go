package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/server/internal/core"
)

// WithRecorder keeps a record of each request, to be found by its activity id:
//
//   - times, route, caller and outcome,
//   - the lines that an [activity.Handler] logged under its context,
//   - the calls that activity.AddCall added.
//
// Bodies are not recorded unless [KeepRequest] or [KeepResponse] selects values of
// them. No header is recorded except the trace id of a valid traceparent. If a request
// passes through several Servers, only the outermost one with a Recorder or an
// [Observer] keeps the record.
//
// A record is written a moment after the response, and a crash may lose it. The
// exception is a response that idempotency.Middleware behind this Server records under
// a key. If the Recorder's store is the store of the keys, both are committed together.
// Facts that are known only later, such as the duration, are added a moment after the
// response.
//
// Close the Recorder after the http.Server has been shut down. A nil Recorder keeps
// nothing.
func WithRecorder(recorder *activity.Recorder, options ...RecordOption) Option {
	if recorder == nil {
		return option(func(*config) {})
	}
	j := &journal{recorder: recorder}
	for _, o := range options {
		o.applyRecord(j)
	}
	return option(func(c *config) { c.journal = j })
}

// RecordOption is a setting of [WithRecorder].
type RecordOption interface{ applyRecord(*journal) }

type recordOption func(*journal)

func (o recordOption) applyRecord(j *journal) { o(j) }

// KeepRequest records the values of a JSON request that pointers (RFC 6901) name, such
// as /order/id. Values with a secret name are redacted: see [activity.Recorder.Choose].
// Values are found in the part that the handler reads, within the first 64 KiB.
func KeepRequest(pointers ...string) RecordOption {
	return recordOption(func(j *journal) { j.request = append(j.request, pointers...) })
}

// KeepResponse records the values of a JSON response that pointers name, as
// [KeepRequest] does. They are read from the response as sent, with the dialect's
// envelope.
func KeepResponse(pointers ...string) RecordOption {
	return recordOption(func(j *journal) { j.response = append(j.response, pointers...) })
}

// journal is how the requests of a Server are recorded.
type journal struct {
	recorder          *activity.Recorder
	request, response []string // pointers
}

// entry is the recording of one request.
type entry struct {
	*journal
	collector *activity.Collector
	asked     *passing // nil where nothing is chosen of it
	said      *passing
}

// begin gathers the record of an exchange.
func (j *journal) begin(x *exchange, r *http.Request) *http.Request {
	w := &x.watch.own
	w.journal, x.watch.entry = j, w
	first := activity.Record{Start: x.watch.start, Method: r.Method, Path: r.URL.Path}
	// More than one is none (W3C Trace Context, 3.2: its value is a single one).
	if t := r.Header["Traceparent"]; len(t) == 1 {
		if trace, ok := activity.ParseTrace(t[0]); ok {
			first.Trace = trace.ID
		}
	}
	x.ctx, w.collector = j.recorder.Begin(x.ctx, first)
	if len(j.request) > 0 && r.Body != nil && r.Body != http.NoBody && isJSON(r.Header) {
		w.asked = new(passing)
		body := &readBody{r.Body, w.asked}
		r = r.WithContext(r.Context()) // who called us keeps the body that he had
		r.Body = body
	}
	if len(j.response) > 0 {
		w.said = new(passing)
		x.inner = &writtenBody{ResponseWriter: x.inner, passing: w.said}
	}
	return r
}

// end completes the record.
func (w *entry) end(s *Served) {
	request, response := w.chosen(), []byte(nil)
	if w.said != nil {
		response = w.recorder.Choose(w.said.text(), w.response...)
	}
	w.collector.End(func(r *activity.Record) { s.complete(r, request, response) })
}

// commit adds what is known of the request to the transaction in which its response
// is kept.
func (w *entry) commit(ctx context.Context, s *Served, a *core.Response) error {
	request, response := w.chosen(), []byte(nil)
	if len(w.response) > 0 && isJSON(a.Header) {
		response = w.recorder.Choose(a.Body[:min(len(a.Body), maxPassing)], w.response...)
	}
	return w.collector.Commit(ctx, func(r *activity.Record) { s.complete(r, request, response) })
}

// chosen is what is kept of the request's body.
func (w *entry) chosen() []byte {
	if w.asked == nil {
		return nil
	}
	return w.recorder.Choose(w.asked.text(), w.request...)
}

// complete completes a record by what the request came to.
func (s *Served) complete(r *activity.Record, request, response []byte) {
	r.Took, r.Route, r.Caller, r.Status, r.Outcome = s.Took, s.Route, s.Caller.ID, s.Status, s.Outcome
	r.Request, r.Response, r.Original = request, response, s.Original
}

// isJSON reports whether a body is JSON without a content coding.
func isJSON(h http.Header) bool {
	return httpheader.IsJSON(httpheader.MediaType(h.Get("Content-Type"))) && h.Get("Content-Encoding") == ""
}

// passing is the beginning of a body that is read or written. It is safe for concurrent
// use, since a handler may outlive its response.
type passing struct {
	mu   sync.Mutex
	kept []byte
}

// maxPassing bounds, in bytes, the part of a body that is kept for the record.
const maxPassing = 64 << 10

// see keeps as much as fits, and reports whether more would fit.
func (p *passing) see(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = append(p.kept, b[:min(len(b), maxPassing-len(p.kept))]...)
	return len(p.kept) < maxPassing
}

func (p *passing) text() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.kept)
}

// readBody is a request's body that is seen while the handler reads it.
type readBody struct {
	io.ReadCloser
	*passing
}

func (b *readBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.see(p[:n])
	return n, err
}

// writtenBody is a response that is seen while it is written.
type writtenBody struct {
	http.ResponseWriter
	*passing
	looked, wanted bool // wanted is whether it is JSON, once that was looked at
}

// wants reports whether more of the body is to be seen. Its header is complete.
func (b *writtenBody) wants() bool {
	if !b.looked {
		b.looked, b.wanted = true, isJSON(b.Header())
	}
	return b.wanted
}

// Unwrap lets http.ResponseController reach the connection.
func (b *writtenBody) Unwrap() http.ResponseWriter { return b.ResponseWriter }

func (b *writtenBody) Write(p []byte) (int, error) {
	n, err := b.ResponseWriter.Write(p)
	if b.wants() {
		b.wanted = b.see(p[:n])
	}
	return n, err
}

// ReadFrom lets the kernel send a file.
func (b *writtenBody) ReadFrom(src io.Reader) (int64, error) {
	if b.wants() {
		return io.Copy(struct{ io.Writer }{b}, src)
	}
	return io.Copy(b.ResponseWriter, src)
}
