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

// Backend is a service that an example calls, on a socket. Handle sets how it responds.
type Backend struct {
	*httptest.Server
	handler atomic.Value // an http.HandlerFunc
}

// NewBackend starts a service that ends with the test.
func NewBackend(t testing.TB, by http.HandlerFunc) *Backend {
	b := &Backend{}
	b.Handle(by)
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.handler.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// Handle sets how the service responds from now on.
func (b *Backend) Handle(by http.HandlerFunc) { b.handler.Store(by) }

// Respond sends the same response to all requests. If contentType is "", net/http
// chooses it.
func Respond(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Hang sends no response, and returns when the client gives up.
func Hang(_ http.ResponseWriter, r *http.Request) {
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
