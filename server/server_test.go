package server_test

import (
	"cmp"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/server"
)

// newServer is a Server of a catalogue dialect, and its log.
func newServer(t testing.TB, dialect string, options ...server.Option) (*server.Server, *log) {
	t.Helper()
	d, err := catalog.Open(dialect)
	if err != nil {
		t.Fatal(err)
	}
	l := new(log)
	logger := slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))
	return server.New(d, append([]server.Option{server.WithLogger(logger)}, options...)...), l
}

// log is what a server logs, as JSON.
type log struct{ testlog.Log }

// lines are the records logged so far.
func (l *log) lines(t testing.TB) (all []map[string]any) {
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

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	length int64 // as declared; -1 is not
}

// id is the activity id, wherever the dialect put it.
func (a answer) id() string {
	if id := a.header.Get(server.RequestIDHeader); id != "" {
		return id
	}
	var v struct {
		ID    string `json:"request_id"`
		Debug struct{ ActivityID string }
	}
	_ = json.Unmarshal([]byte(a.body), &v)
	return cmp.Or(v.ID, v.Debug.ActivityID)
}

// listen serves h on a socket until the test ends.
func listen(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// ask serves h on a socket for one request. Headers are name, value, ….
func ask(t testing.TB, h http.Handler, method, path string, headers ...string) answer {
	t.Helper()
	a, err := try(t, listen(t, h), method, path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func try(t testing.TB, s *httptest.Server, method, path string, headers ...string) (answer, error) {
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
		return answer{}, err
	}
	return readAnswer(res)
}

func readAnswer(res *http.Response) (answer, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), res.ContentLength}, err
}

// noID takes the id out of a body, so that it can be compared.
func (a answer) noID() string {
	if a.id() == "" {
		return a.body
	}
	return strings.ReplaceAll(a.body, a.id(), "ID")
}
