package gateway

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
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
// describes it as a stream of the same form, and has an element for them.
func (g *Gateway) passStream(x *exchange, resp *http.Response) {
	x.ends, x.story.stream = resp, true
	g.clean(x, resp)
	g.sign(x, resp.Header)
	to := g.config.To.WriteStream(x.asked)
	known := to != nil && g.config.To.Stream(x.asked, httpdialect.Response(resp, nil), nil) != nil
	if !known || !byLines(to.Type()) || !uncoded(resp.Header) {
		return
	}
	t := &elements{ReadCloser: resp.Body, g: g, x: x, to: to, events: to.Type() == eventsType}
	t.of = g.stream(resp, t.take)
	resp.Body, resp.ContentLength = t, -1
	resp.Header.Del("Content-Length")
}

const eventsType = "text/event-stream"

// byLines reports a form whose elements end at the end of a line.
func byLines(media string) bool {
	return media == eventsType || strings.Contains(media, "ndjson") || strings.Contains(media, "jsonl") || strings.Contains(media, "json-seq")
}

// uncoded reports that a body has no content coding.
func uncoded(h http.Header) bool {
	coding := h.Get("Content-Encoding")
	return coding == "" || strings.EqualFold(coding, "identity")
}

// maxElement is how many bytes of one element are held. A longer one passes as it comes.
const maxElement = 48 << 10

// elements is the body of a stream whose failures are translated. Everything else passes
// byte for byte, and no element waits for the next one.
type elements struct {
	io.ReadCloser
	g      *Gateway
	x      *exchange
	of     *dialect.Stream
	to     *dialect.StreamWriter
	events bool

	held  []byte // of the element that arrives
	last  byte   // of the stream so far
	begun bool   // there is more in it than comments and empty lines
	long  bool   // its beginning has passed already
	out   []byte // to be read
	room  []byte // the memory of out
	err   error  // that ended the body
}

// Read reads what may pass.
func (t *elements) Read(p []byte) (int, error) {
	for len(t.out) == 0 && t.err == nil {
		n, err := t.ReadCloser.Read(p)
		t.out = t.room[:0]
		t.feed(p[:n])
		if t.err = err; err == io.EOF {
			t.of.End(dialect.EndWhole)
		}
		if err != nil {
			t.pass()
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

// feed takes bytes line by line, so that no piece has more than one end of an element.
func (t *elements) feed(p []byte) {
	for len(p) > 0 {
		end := lineEnd(p)
		t.line(p[:end])
		p = p[end:]
	}
}

// lineEnd is the length of the first line with its end, or of what has come of it.
func lineEnd(p []byte) int {
	end := bytes.IndexAny(p, "\r\n") + 1
	switch {
	case end == 0:
		return len(p)
	case p[end-1] == '\r' && end < len(p) && p[end] == '\n':
		return end + 1
	}
	return end
}

// endsLine reports a byte that ends a line.
func endsLine(b byte) bool { return b == '\n' || b == '\r' }

// line takes a line, or a part of it.
func (t *elements) line(line []byte) {
	fresh := t.last == 0 || endsLine(t.last)
	half := t.last == '\r' && line[0] == '\n' // of the end of a line
	blank := fresh && !half && endsLine(line[0])
	comment := t.events && fresh && line[0] == ':'
	t.last = line[len(line)-1]
	t.held = append(t.held, line...)
	t.begun = t.begun || !blank && !half && !comment
	t.of.Feed(line)
	switch {
	case !t.begun && fresh && endsLine(t.last), t.events && blank:
		t.pass()
	case len(t.held) > maxElement:
		t.out, t.held, t.long = append(t.out, t.held...), t.held[:0], true
	}
}

// pass lets pass what is held.
func (t *elements) pass() {
	t.out = append(t.out, t.held...)
	t.held, t.begun, t.long = t.held[:0], false, false
}

// take is told each element at its end.
func (t *elements) take(e *dialect.StreamElement) {
	if e.Outcome != nil && !t.long {
		o := *e.Outcome
		t.g.name(t.x, &o)
		if m, written := t.to.Encode(nil, &o); written {
			t.g.lost(t.x, m.Losses)
			t.held = append(t.held[:0], m.Body...)
		}
	}
	t.pass()
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
	return []slog.Attr{slog.Bool("stream", true), slog.Int("content", s.elements)}
}
