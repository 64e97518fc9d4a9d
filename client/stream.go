package client

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/lookahead"
)

// DefaultMaxFirstElement is how long the first element of a stream is waited for without
// WithMaxFirstElement.
const DefaultMaxFirstElement = 10 * time.Second

// WithMaxFirstElement sets how long the first element of content of a stream is waited for,
// after the header has come; the default is 10 s. A failure that comes before it is treated
// as if the status had said it. Then the response is handed on. 0 hands it on at once.
//
// A response is a stream if the dialect describes it as one. The elements before the content
// wait too, and nothing waits after it.
func WithMaxFirstElement(d time.Duration) Option {
	return option(func(c *config) { c.first = d })
}

// heldStream is the most bytes of a stream that are held until its first element has come.
const heldStream = 64 << 10

// first waits for the first element of a stream.
type first struct {
	of    *dialect.Stream
	coded *uncoder // of a stream in gzip
	fed   int      // bytes of the body that it has seen
	blind bool     // the coding is unknown
}

// newFirst begins to read a stream.
func newFirst(of *dialect.Stream, h http.Header) *first {
	f := &first{of: of}
	switch strings.ToLower(strings.TrimSpace(strings.Join(h["Content-Encoding"], ","))) {
	case "", "identity":
	case "gzip", "x-gzip":
		f.coded = newUncoder(of)
	default:
		f.blind = true
	}
	return f
}

// Settled is the length of the body if that tells how the stream began, else 0.
func (f *first) Settled(body []byte) int {
	f.see(body)
	if f.of.Decided() {
		return len(body)
	}
	return 0
}

// see feeds what is new of a body.
func (f *first) see(body []byte) {
	f.feed(body[f.fed:])
	f.fed = len(body)
}

// feed feeds bytes as they were sent.
func (f *first) feed(p []byte) {
	switch {
	case f.blind:
	case f.coded != nil:
		f.coded.write(p)
	default:
		f.of.Feed(p)
	}
}

// close ends what is beside the stream. Nothing is fed after it.
func (f *first) close() {
	if f.coded != nil {
		f.coded.close()
	}
}

// stream is the reader of a response that the dialect describes as a stream, nil for any
// other.
func (x *exchange) stream(asked dialect.Request, resp *http.Response) *dialect.Stream {
	if resp.StatusCode >= 300 || resp.Body == nil || resp.Body == http.NoBody {
		return nil
	}
	return x.dialect.Stream(asked, httpdialect.Response(resp, nil), nil)
}

// readStream waits for the first element of a stream, and hands the rest on.
func (x *exchange) readStream(asked dialect.Request, resp *http.Response, a *Attempt, of *dialect.Stream) {
	f, n := newFirst(of, resp.Header), &x.response
	hold := x.cfg.first
	if f.blind {
		hold = 0
	}
	b, undecided := x.body.Until(resp.Body, resp.ContentLength, lookahead.Rule{Limit: heldStream, Hold: hold}, func() lookahead.Settler { return f })
	resp.Body = b
	if f.see(b.Head); b.Err != nil {
		f.close()
	}
	x.given = of.State().Content > 0
	switch failed := of.Failed() != nil; {
	case failed && !x.given:
		resp.Body = x.restOfFailure(b, f)
	case undecided, b.Err == nil:
		x.watchStream(asked, resp, b, f)
		*n = response{}
		a.Outcome = parlance.Outcome{Status: resp.StatusCode}
	default:
		r, how := x.endOf(of, b.Err)
		n.took(&r, a)
		n.broken, n.why, n.whole = how.broken, how.why, how.whole
	}
	if failed := of.Failed(); failed != nil && !x.given {
		how := dialect.EndLeft
		if n.whole = resp.Body.(*lookahead.Body).Err == io.EOF; n.whole {
			how = dialect.EndWhole
		}
		r := of.End(how)
		n.took(&r, a)
	}
}

// restOfFailure reads what follows a failure, so that the connection can be used again. It
// waits no longer than for any other body.
func (x *exchange) restOfFailure(b *lookahead.Body, f *first) *lookahead.Body {
	b.Keep()
	if b.Err == nil {
		b, _ = b.On(x.rule(), nil)
	}
	f.see(b.Head)
	f.close()
	return b
}

// endOf is the meaning of a stream that ended with an error, io.EOF for none.
func (x *exchange) endOf(of *dialect.Stream, err error) (r dialect.Decoded, n response) {
	if err == io.EOF {
		return of.End(dialect.EndWhole), response{whole: true}
	}
	r, n = of.End(dialect.EndBroke), response{broken: err}
	if r.Stream.Cut {
		failed, why := x.failed(x.out, err)
		if r.Outcome.Kind != parlance.KindPartial {
			failed.RequestID = r.Outcome.RequestID
			r.Outcome = failed
		}
		n.why = why
	}
	return r, n
}

// watchStream hands on a stream that goes on, and watches it beside the caller.
func (x *exchange) watchStream(asked dialect.Request, resp *http.Response, b *lookahead.Body, f *first) {
	w := x.watchOver(asked, resp)
	w.stream = f
	b.Watcher = w
}

// sawStream is Saw for a stream.
func (w *watch) sawStream(p []byte, err error) {
	w.stream.feed(p)
	if err == nil {
		return
	}
	w.stream.close()
	if w.stream.blind && err == io.EOF {
		w.leftStream()
		return
	}
	r, n := w.x.endOf(w.stream.of, err)
	w.end(r, n)
}

// leftStream is Closed for a stream. If nobody knows how it ended, it is noted.
func (w *watch) leftStream() {
	w.stream.close()
	r := w.stream.of.End(dialect.EndLeft)
	if r.Outcome.Kind.Good() && !r.Stream.Ended && w.stream.of.HasEnd() {
		r.Outcome.Kind, r.Outcome.Reason = parlance.KindNoted, ""
	}
	w.end(r, response{cut: !r.Stream.Ended})
}

// begun corrects the Decision on a stream of which content has come: whatever says that
// nothing was done is wrong then.
func (x *exchange) begun(asked dialect.Request, a *Attempt) {
	if x.given && !x.dialect.Idempotent(asked) && asked.Key == "" {
		a.Decision.RetrySafe = false
	}
}
