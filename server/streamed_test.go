package server_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
)

func wrapped(t *testing.T, name string, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server.New(d, server.WithLogger(slog.New(slog.DiscardHandler))).Wrap(h))
	t.Cleanup(s.Close)
	return s
}

func fetch(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// What is held when the stream begins may be as long as the envelope is.
func TestAStreamInsideAnEnvelopeStaysWhole(t *testing.T) {
	t.Parallel()
	for length := 1; length < 300; length += 7 {
		s := wrapped(t, "vbapi", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("ETag", `"of the bare payload"`)
			io.WriteString(w, `["`+strings.Repeat("a", length)+`",`)
			http.NewResponseController(w).Flush()
			io.WriteString(w, `1]`)
		})
		resp, body := fetch(t, s.URL)
		if !json.Valid([]byte(body)) || !strings.HasPrefix(body, `{"data":["a`) || !strings.Contains(body, `"activityId":"`) {
			t.Fatalf("%d held: %s", length, body)
		}
		if resp.Header.Get("ETag") != "" {
			t.Error("the payload's validator is on the envelope")
		}
	}
}

func TestAStatusThatCannotBeIsA500InTheDialect(t *testing.T) {
	t.Parallel()
	s := wrapped(t, "problem", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) })
	if resp, body := fetch(t, s.URL); resp.StatusCode != 500 || !strings.Contains(body, `"kind":"internal"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestTheInstanceIsAReferenceToThisServer(t *testing.T) {
	t.Parallel()
	s := wrapped(t, "problem", http.NotFound)
	for path, want := range map[string]string{"//evil.example/x": "/evil.example/x", "/a%20b": "/a%20b", "/a%2Fb": "/a%2Fb"} {
		_, body := fetch(t, s.URL+path)
		var problem struct {
			Instance string `json:"instance"`
		}
		if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Instance != want {
			t.Errorf("%s: the instance is %q (%v)", path, problem.Instance, err)
		}
	}
}
