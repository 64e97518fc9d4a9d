// Package caller calls an example over a real socket, for its test.
package caller

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Caller sends requests to one service. Header goes with each.
type Caller struct {
	t      testing.TB
	server *httptest.Server
	Header http.Header
}

// New serves h on a socket until the test ends, and calls it with Accept:
// application/json.
func New(t testing.TB, h http.Handler) *Caller {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &Caller{t, s, http.Header{"Accept": {"application/json"}}}
}

// Answer is a response that was read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Do sends one request.
func (c *Caller) Do(method, path, body string) Answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = c.Header.Clone()
	res, err := c.server.Client().Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return Answer{res.StatusCode, res.Header, string(text)}
}

// Want sends one request and compares status and body. Where the body has an id
// that changes, hide is the text to replace by ID before.
func (c *Caller) Want(method, path, body string, status int, want string, hide ...func(Answer) string) Answer {
	c.t.Helper()
	a := c.Do(method, path, body)
	got := a.Body
	for _, h := range hide {
		if text := h(a); text != "" {
			got = strings.ReplaceAll(got, text, "ID")
		}
	}
	if a.Status != status || got != want {
		c.t.Errorf("%s %s\ngot  %d %s\nwant %d %s", method, path, a.Status, got, status, want)
	}
	return a
}

// Log is a log that a service writes and a test reads.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write appends.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Logger writes to l.
func (l *Log) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }
