// Package httpdialect carries what package dialect reads and writes over net/http. It
// turns an http.Request and an http.Response into what a Dialect reads, and writes what
// a Dialect wrote.
//
// Read a response and decide what to do about it:
//
//	res, err := http.DefaultClient.Do(req)
//	...
//	read, err := httpdialect.Peek(res, dialect.MaxBody)
//	...
//	sent := httpdialect.Request(d, req)
//	outcome := d.Decode(sent, read).Outcome
//	fmt.Println(outcome.Kind, d.Decide(sent, &outcome).Act)
//
// Write a response in a handler:
//
//	m := d.Encode(nil, httpdialect.Received(d, r), &outcome, dialect.Payload{})
//	httpdialect.Write(w, m)
//
// Package client retries and refreshes, and package server recovers and logs: use these
// if you want more than the translation.
package httpdialect

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// Request is a request that a client sends, as the dialect sees it. Its key is the
// idempotency key in the header that the dialect names for it. The result shares the
// header with r.
func Request(d *dialect.Dialect, r *http.Request) dialect.Request {
	q := dialect.Request{Method: r.Method, Path: pathOf(r.URL), Header: dialect.HeaderMap(r.Header)}
	if r.URL.RawQuery != "" && d.AsksQuery() {
		q.Path += "?" + r.URL.RawQuery
	}
	if name := d.IdempotencyHeader(); name != "" {
		q.Key = r.Header.Get(name)
	}
	return q
}

// marks are what ends a path in a request target.
var marks = strings.NewReplacer("?", "%3F", "#", "%23")

// pathOf is the path of a URL. A mark in it that is not the end of the path stays escaped.
func pathOf(u *url.URL) string {
	if strings.IndexByte(u.Path, '?') >= 0 || strings.IndexByte(u.Path, '#') >= 0 {
		return marks.Replace(u.Path)
	}
	return u.Path
}

// Received is a request that a server received, as the dialect sees it. It is Request,
// but a HEAD counts as a GET, whose header its response has (RFC 9110, 9.3.2).
func Received(d *dialect.Dialect, r *http.Request) dialect.Request {
	q := Request(d, r)
	if q.Method == http.MethodHead {
		q.Method = http.MethodGet
	}
	return q
}

// Response is a response whose body was read, as the dialect sees it. The result shares
// the header with res. Set Cut if body is only the beginning.
func Response(res *http.Response, body []byte) dialect.Response {
	return dialect.Response{Status: res.StatusCode, Header: dialect.HeaderMap(res.Header), Body: body}
}

// Peek reads up to limit bytes of a body. The body of res still gives all of it, and has
// to be closed. If there is more, Cut is set. An error is one of reading the body, which
// gives it again behind the bytes before it. Peek undoes no Content-Encoding: net/http
// undoes gzip if the request does not ask for it itself.
func Peek(res *http.Response, limit int) (dialect.Response, error) {
	if res.Body == nil {
		return Response(res, nil), nil
	}
	head, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	rest := io.Reader(res.Body)
	if err != nil {
		rest = broken{err}
	}
	res.Body = &peeked{io.MultiReader(bytes.NewReader(head), rest), res.Body}
	read := Response(res, head)
	if len(head) > limit {
		read.Body, read.Cut = head[:limit:limit], true
	}
	if err != nil {
		read.Cut = true
	}
	return read, err
}

// peeked is a body of which a part was read ahead.
type peeked struct {
	io.Reader
	io.Closer
}

// broken is the end of a body that broke off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// SetHeader puts the fields of an encoded response into a header, in place of fields of
// the same names. A name that stands twice in m keeps both values. SetHeader does not
// set a Content-Length.
func SetHeader(h http.Header, m dialect.Encoded) { dialect.HeaderMap(h).Set(m.Header) }

// Write sends an encoded response. Fields that w has already are sent too, unless m has
// others of their names. A status that cannot be sent becomes 500. An error is that of
// w: its client is most probably gone.
func Write(w http.ResponseWriter, m dialect.Encoded) error {
	h := w.Header()
	h.Del("Content-Type")
	SetHeader(h, m)
	status, body := Status(m), m.Body
	switch status {
	case http.StatusNoContent, http.StatusNotModified:
		body = nil // these have none (RFC 9110, 6.4.1)
		h.Del("Content-Length")
	case http.StatusResetContent:
		body = nil // nor has this, and says so (RFC 9110, 15.3.6)
		h.Del("Content-Type")
		fallthrough
	default:
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if len(body) == 0 {
		return nil
	}
	_, err := w.Write(body)
	return err
}

// Status is the status that is sent for an encoded response. A dialect can name one that
// no final response of HTTP can have, because it is outside 200 to 999. It becomes 500.
func Status(m dialect.Encoded) int {
	if m.Status < 200 || m.Status > 999 {
		return http.StatusInternalServerError
	}
	return m.Status
}

// Replace puts an encoded response in the place of res: its status, its body and the
// fields that describe the body. Other fields of res stay. The body that res had is
// closed.
func Replace(res *http.Response, m dialect.Encoded) {
	if res.Body != nil {
		_ = res.Body.Close() // what was of use in it has been read
	}
	if res.Header == nil {
		res.Header = http.Header{}
	}
	for name := range res.Header {
		if httpheader.DescribesBody(name) {
			delete(res.Header, name)
		}
	}
	SetHeader(res.Header, m)
	res.StatusCode, res.Status = Status(m), ""
	if res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusNotModified { // RFC 9110, 8.6
		res.Header.Set("Content-Length", strconv.Itoa(len(m.Body)))
	}
	res.Trailer, res.TransferEncoding = nil, nil
	res.ContentLength = int64(len(m.Body))
	res.Body = io.NopCloser(bytes.NewReader(m.Body))
}

// WholeSeconds is a wait as Retry-After says it, which has whole seconds: rounded up, so that
// nobody comes too early. A body beside the field then says the same.
func WholeSeconds(wait time.Duration) time.Duration {
	if rest := wait % time.Second; rest > 0 {
		return wait - rest + time.Second
	}
	return wait
}

// RetryAfter is the wait that the Retry-After field of a response asks for, in each form
// that a Dialect reads; 0 if it asks for nothing.
func RetryAfter(res *http.Response) time.Duration {
	return dialect.Generic().Decode(dialect.Request{}, Response(res, nil)).Outcome.RetryAfter
}
