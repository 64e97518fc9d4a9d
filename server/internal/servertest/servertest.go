// Package servertest is what the tests and examples of server, and of the packages below
// it, share.
package servertest

import (
	"cmp"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/server"
)

// New is a Server of a dialect of the catalog, and its log.
func New(t testing.TB, dialect string, options ...server.Option) (*server.Server, *Log) {
	t.Helper()
	d := catalogtest.Open(t, dialect)
	l := new(Log)
	logger := slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))
	return server.New(d, append([]server.Option{server.WithLogger(logger)}, options...)...), l
}

// Log is what a server logs, as JSON.
type Log struct{ testlog.Log }

// Lines are the records logged so far.
func (l *Log) Lines(t testing.TB) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// Response is a response that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   string
	Length int64 // as declared; -1 is not
}

// ID is the activity id, wherever the dialect put it.
func (a Response) ID() string {
	if id := a.Header.Get(server.RequestIDHeader); id != "" {
		return id
	}
	var v struct {
		ID    string `json:"request_id"`
		Debug struct{ ActivityID string }
	}
	_ = json.Unmarshal([]byte(a.Body), &v)
	return cmp.Or(v.ID, v.Debug.ActivityID)
}

// Listen serves h on a socket until the test ends.
func Listen(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// Ask serves h on a socket for one request. Headers are name, value, ….
func Ask(t testing.TB, h http.Handler, method, path string, headers ...string) Response {
	t.Helper()
	a, err := Try(t, Listen(t, h), method, path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Try asks a server that listens already.
func Try(t testing.TB, s *httptest.Server, method, path string, headers ...string) (Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.Client().Do(r)
	if err != nil {
		return Response{}, err
	}
	return Read(res)
}

// Read reads a response to its end.
func Read(res *http.Response) (Response, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return Response{res.StatusCode, res.Header, string(body), res.ContentLength}, err
}

// WithoutID takes the id out of a body, so that it can be compared.
func (a Response) WithoutID() string {
	if a.ID() == "" {
		return a.Body
	}
	return strings.ReplaceAll(a.Body, a.ID(), "ID")
}
