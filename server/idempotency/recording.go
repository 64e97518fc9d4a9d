package idempotency

import (
	"bufio"
	"net"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance/server/internal/snapshot"
)

// recording is a writer that holds a response back until it was recorded. A response
// that is longer than the limit, or flushed, is sent while it is written. A flushed one
// is copied up to the limit.
type recording struct {
	inner http.ResponseWriter
	limit int // bytes

	status int             // 0 is none yet
	header snapshot.Header // when the status was set
	body   []byte
	out    bool // the head is with the client
	cut    bool // body is not all
}

// Header is the header of the response.
func (w *recording) Header() http.Header { return w.inner.Header() }

// Unwrap lets http.ResponseController reach the deadlines of the connection.
func (w *recording) Unwrap() http.ResponseWriter { return w.inner }

// WriteHeader notes a final status and passes interim ones on.
func (w *recording) WriteHeader(status int) {
	switch {
	case w.status != 0:
	case status >= 100 && status <= 199 && status != http.StatusSwitchingProtocols:
		w.inner.WriteHeader(status)
	default:
		w.status, w.header = status, snapshot.Of(w.Header())
	}
}

// Write holds p, or passes it on.
func (w *recording) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.cut && len(w.body)+len(p) <= w.limit {
		w.body = append(w.body, p...)
		if !w.out {
			return len(p), nil
		}
		return w.inner.Write(p)
	}
	w.sendEarly()
	w.cut, w.body = true, nil
	return w.inner.Write(p)
}

// Flush is FlushError for callers that need an http.Flusher.
func (w *recording) Flush() { _ = w.FlushError() }

// FlushError sends the bytes so far.
func (w *recording) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.sendEarly()
	return http.NewResponseController(w.inner).Flush()
}

// Hijack gives the connection to the handler; bytes on it are not kept.
func (w *recording) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.inner).Hijack()
	if err == nil {
		w.out, w.cut = true, true
	}
	return conn, rw, err
}

// sendEarly sends what was held before the key has its response. The client sees the end
// only after that, since a Content-Length would tell it the last byte: whoever has a whole
// response can retry it at once.
func (w *recording) sendEarly() { w.sendHeld(false) }

// send sends what was held.
func (w *recording) send() { w.sendHeld(true) }

// sendHeld sends what was held, under the header of its time: what was set later is not
// of the head.
func (w *recording) sendHeld(recorded bool) {
	if w.out {
		return
	}
	w.out = true
	var later snapshot.Header
	if !w.header.Equal(w.Header()) {
		later = snapshot.Of(w.Header())
		w.header.Restore(w.Header())
	}
	if !recorded {
		w.Header().Del("Content-Length")
	}
	w.inner.WriteHeader(w.status)
	if len(w.body) > 0 {
		_, _ = w.inner.Write(w.body) // an error here is a client that is gone
	}
	for _, f := range later { // trailers
		w.Header()[f.Name] = f.Values
	}
}

// response is what is kept. One that broke off is not the handler's word. The trailers
// are in the header, under the names by which net/http sends a field as a trailer.
func (w *recording) response(whole bool) Response {
	a := Response{Status: w.status, Header: w.header.Copy(), Body: w.body}
	for name, values := range w.Header() {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			a.Header[name] = values
		}
	}
	for _, list := range w.header.Values("Trailer") {
		for name := range strings.SplitSeq(list, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if values := w.Header()[name]; len(values) > 0 {
				delete(a.Header, name)
				a.Header[http.TrailerPrefix+name] = values
			}
		}
	}
	if w.cut || !whole {
		a.NotKept, a.Body = true, nil
	}
	return a
}
