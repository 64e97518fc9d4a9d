package gateway

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

// streams reports that a response is a stream of which the caller gets elements. A stream
// that failed before them is a failure like any other.
func (g *Gateway) streams(resp *http.Response, r *client.Report) bool {
	if r.Undecided {
		return g.stream(resp, nil) != nil
	}
	return r.Stream != nil && r.Stream.Content > 0
}

// stream is the reader of a response that the dialect of the upstream describes as a
// stream, nil for any other.
func (g *Gateway) stream(resp *http.Response, each func(*dialect.StreamElement)) *dialect.Stream {
	return g.config.Speaks.Stream(httpdialect.Request(g.config.Speaks, resp.Request), httpdialect.Response(resp, nil), each)
}

// passStream hands on a stream. Its failures are translated if the callers' dialect
// describes it as a stream of the same form, and has an element for them. For that a stream in
// gzip is handed on without its coding.
func (g *Gateway) passStream(x *exchange, resp *http.Response) {
	x.ends, x.story.stream = resp, true
	g.clean(x, resp)
	g.sign(x, resp.Header)
	to := g.config.To.WriteStream(x.asked)
	known := to != nil && g.config.To.Stream(x.asked, httpdialect.Response(resp, nil), nil) != nil
	coding := strings.ToLower(resp.Header.Get("Content-Encoding"))
	zipped := coding == "gzip" || coding == "x-gzip"
	if !known || !zipped && coding != "" && coding != "identity" {
		x.story.asItCame = true
		return
	}
	t := &elements{from: resp.Body, closer: resp.Body, g: g, x: x, to: to, asked: httpdialect.Request(g.config.Speaks, resp.Request)}
	if zipped {
		t.from = &unzipped{coded: resp.Body}
		for _, name := range [...]string{"Content-Encoding", "Etag", "Content-Digest", "Repr-Digest"} {
			resp.Header.Del(name) // they are of the coded form
		}
	}
	t.of = g.stream(resp, t.take)
	resp.Body, resp.ContentLength = t, -1
	resp.Header.Del("Content-Length")
}

// unzipped reads what is in gzip. The header is read with the first bytes, since it may wait.
type unzipped struct {
	coded io.Reader
	plain *gzip.Reader
	err   error
}

// Read reads what has come.
func (u *unzipped) Read(p []byte) (int, error) {
	if u.plain == nil && u.err == nil {
		u.plain, u.err = gzip.NewReader(u.coded)
	}
	if u.err != nil {
		return 0, u.err
	}
	return u.plain.Read(p)
}

const eventsType = "text/event-stream"

// maxElement is how many bytes of one element are held. A longer one passes as it comes.
const maxElement = 48 << 10

// elements is the body of a stream whose failures are translated. Everything else passes
// byte for byte, and no element waits for the next one.
type elements struct {
	from   io.Reader
	closer io.Closer
	g      *Gateway
	x      *exchange
	asked  dialect.Request // of the upstream
	of     *dialect.Stream
	to     *dialect.StreamWriter

	held []byte // of the stream, what has not passed
	at   int64  // its place
	out  []byte // to be read
	room []byte // the memory of out
	err  error  // that ended the body
}

// Close closes the body of the upstream.
func (t *elements) Close() error { return t.closer.Close() }

// Read reads what may pass.
func (t *elements) Read(p []byte) (int, error) {
	for len(t.out) == 0 && t.err == nil {
		n, err := t.from.Read(p)
		t.out = t.room[:0]
		t.held = append(t.held, p[:n]...)
		t.of.Feed(p[:n])
		if t.err = err; err == io.EOF {
			t.of.End(dialect.EndWhole)
		}
		t.pass(t.of.From())
		if err != nil || len(t.held) > maxElement {
			t.pass(t.at + int64(len(t.held)))
		}
		t.room = t.out[:0]
	}
	if len(t.out) == 0 {
		return 0, t.err
	}
	n := copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// pass lets pass what is held before a place of the stream.
func (t *elements) pass(until int64) {
	n := until - t.at
	if n <= 0 {
		return
	}
	t.out = append(t.out, t.held[:n]...)
	t.drop(n)
}

// drop forgets the first bytes that are held.
func (t *elements) drop(n int64) {
	t.held = t.held[:copy(t.held, t.held[n:])]
	t.at += n
}

// take is told each element at its end. One of which a part has passed is not replaced.
func (t *elements) take(e *dialect.StreamElement) {
	if e.Outcome == nil || e.From < t.at {
		return
	}
	o := *e.Outcome
	translate.Limit(&o, e.Common)
	t.advise(&o)
	t.g.name(t.x, &o)
	m, written := t.to.Replace(nil, &o)
	if !written && o.Detail == "" { // the form may ask for a text
		o.Detail = "The stream failed"
		m, written = t.to.Replace(nil, &o)
	}
	if !written {
		return
	}
	t.g.lost(t.x, m.Losses)
	t.pass(e.From)
	t.out = append(t.out, m.Body...)
	t.drop(e.To - t.at)
}

// advise tells the caller whether to send again. A request that is not idempotent may have
// been carried out, since a part of its result has come.
func (t *elements) advise(o *parlance.Outcome) {
	d := t.g.config.Speaks.Decide(t.asked, o)
	if t.of.State().Content > 0 && !t.g.config.Speaks.Idempotent(t.asked) && t.asked.Key == "" {
		d.RetrySafe = false
	}
	translate.Advise(o, &d)
}

// ended keeps the true outcome of a stream at its end, for the log and the record.
func (g *Gateway) ended(x *exchange) {
	if x.ends == nil {
		return
	}
	r, ok := client.ReportOf(x.ends)
	if !ok {
		return
	}
	x.responded(x.ends.StatusCode, &r.Outcome)
	x.story.learn(r.Attempts)
	x.story.code = r.Outcome.Code
	if r.Stream != nil {
		x.story.elements = r.Stream.Content
	}
}

// ofStream are the attributes of a stream in the log.
func (s *story) ofStream() []slog.Attr {
	if !s.stream {
		return nil
	}
	attrs := []slog.Attr{slog.Bool("stream", true), slog.Int("content", s.elements)}
	if s.asItCame {
		attrs = append(attrs, slog.Bool("translated", false))
	}
	return attrs
}
