package golden

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server/guard"
)

// Behind is a service behind an example, on a socket. Does sets how it responds.
type Behind struct {
	*httptest.Server
	does atomic.Value // an http.HandlerFunc
}

// NewBehind starts a service that ends with the test.
func NewBehind(t testing.TB, does http.HandlerFunc) *Behind {
	b := &Behind{}
	b.Does(does)
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.does.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// Does sets what the service does from now on.
func (b *Behind) Does(what http.HandlerFunc) { b.does.Store(what) }

// Says sends the same response to all requests. If contentType is "", net/http
// chooses it.
func Says(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Hangs sends no response, and returns when the client gives up.
func Hangs(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that a client has gone
	<-r.Context().Done()
}

// Serve serves an example on a socket, with the limits of a server in the open, until
// the test ends.
func Serve(t testing.TB, h http.Handler) (url string) {
	s := httptest.NewUnstartedServer(h)
	guard.ApplyDefaultLimits(s.Config)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// Stage serves an example until the test ends, and records the requests. It
// listens on a socket. If virtual is set it is reached in memory under the name
// of a host, in virtual time, and the tape is slow.
func Stage(t testing.TB, h http.Handler, host string, virtual bool) (url string, tape *Tape) {
	if virtual {
		return "http://" + host, &Tape{Base: memhttp.Serve(t, h), Slow: true}
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL, &Tape{Base: s.Client().Transport}
}
