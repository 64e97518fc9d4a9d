package validate_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	_ "github.com/parlance-api/parlance/internal/testnet" // for the transport that all share
	"github.com/parlance-api/parlance/server"
)

// service is an address that responds in a dialect: what the middleware lets pass,
// the handler echoes.
func service(t testing.TB, dialect string, m server.Middleware) string {
	t.Helper()
	return serve(t, dialect, m(http.HandlerFunc(echo)))
}

func serve(t testing.TB, dialect string, h http.Handler) string {
	t.Helper()
	d, err := catalog.Open(dialect)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server.New(d, server.WithLogger(slog.New(slog.DiscardHandler))).Wrap(h))
	t.Cleanup(s.Close)
	return s.URL
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		server.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(body)
}

// response is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

// post sends a body under headers "Name: value".
func post(t testing.TB, url string, body io.Reader, headers ...string) reply {
	t.Helper()
	return send(t, "POST", url, body, headers...)
}

func send(t testing.TB, method, url string, body io.Reader, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, strings.TrimSpace(string(b))}
}

const (
	asJSON   = "Content-Type: application/json"
	wantJSON = "Accept: application/json"
)
