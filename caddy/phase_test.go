package caddyparlance_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// answer is a response that a goroutine got.
type answer struct {
	status int
	body   string
	header http.Header
	err    error
}

// send sends a request, and reads the response in the background.
func (s *server) send(method, path string, body io.Reader, header ...string) <-chan answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.(*testing.T).Context(), method, s.url(path), body)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	got, by := make(chan answer, 1), s.transport
	go func() {
		resp, err := by.RoundTrip(r)
		if err != nil {
			got <- answer{err: err}
			return
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		got <- answer{resp.StatusCode, string(text), resp.Header, err}
	}()
	return got
}

// get sends a GET.
func (s *server) get(path string) <-chan answer { return s.send(http.MethodGet, path, nil) }

// TestAReloadLeavesARequestInEachPhaseAlone reloads while a request waits for a retry, streams,
// uploads, holds an idempotency key, is delivered by the outbox, and waits for a token.
func TestAReloadLeavesARequestInEachPhaseAlone(t *testing.T) {
	reached, goOn := make(chan string), make(chan struct{})
	var retried atomic.Bool
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/retry":
			if !retried.Swap(true) {
				says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "1")(w, r)
				reached <- "the wait for a retry"
				return
			}
		case "/upload":
			first := make([]byte, 4)
			_, _ = io.ReadFull(r.Body, first)
			reached <- "an upload"
			rest, _ := io.ReadAll(r.Body)
			says(http.StatusOK, jsonType, fmt.Sprintf("%q", string(first)+string(rest)))(w, r)
			return
		case "/stream":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: one\n\n")
			_ = http.NewResponseController(w).Flush()
			<-goOn
			_, _ = io.WriteString(w, "data: two\n\n")
			return
		case "/orders", "/later/7":
			_, _ = io.Copy(io.Discard, r.Body)
			reached <- r.URL.Path
			<-goOn
			says(http.StatusCreated, jsonType, `{"path":"`+r.URL.Path+`"}`)(w, r)
			return
		}
		says(http.StatusOK, jsonType, `{"id":7}`)(w, r)
	})
	tokens := serve(t, func(w http.ResponseWriter, r *http.Request) {
		reached <- "a login"
		<-goOn
		says(http.StatusOK, jsonType, `{"access_token":"a","expires_in":3600}`)(w, r)
	})
	file := `
ADDRESS {
	parlance problem
	parlance_activity
	parlance_idempotency
	parlance_outbox ` + u.URL + ` {
		speaks plain
		route "PUT /later/"
	}
	handle /secured {
		reverse_proxy ` + u.URL + ` {
			transport parlance {
				speaks plain
				oauth ` + tokens.URL + `/token {
					client gateway s3cret
				}
			}
		}
	}
	handle {
		reverse_proxy ` + u.URL + ` {
			flush_interval -1
			transport parlance {
				speaks plain
			}
		}
	}
}`
	s := load(t, file)
	var waiting []<-chan answer
	begin := func(want string, got <-chan answer) {
		t.Helper()
		if phase := <-reached; phase != want {
			t.Fatalf("got to %s, want %s", phase, want)
		}
		waiting = append(waiting, got)
	}
	upload, more := io.Pipe()
	begin("the wait for a retry", s.send("GET", "/retry", nil))
	uploaded := s.send("POST", "/upload", upload)
	_, _ = io.WriteString(more, "half")
	begin("an upload", uploaded)
	begin("/orders", s.send("POST", "/orders", strings.NewReader("{}"), "Idempotency-Key", "k"))
	begin("a login", s.send("GET", "/secured", nil))
	stored, _ := s.ask("PUT", "/later/7", "{}", "Prefer", "respond-async")
	if phase := <-reached; phase != "/later/7" {
		t.Fatalf("got to %s", phase)
	}
	stream, err := s.transport.RoundTrip(request(t, s.url("/stream")))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	events := bufio.NewReader(stream.Body)
	if line, err := events.ReadString('\n'); line != "data: one\n" {
		t.Fatalf("got %q %v", line, err)
	}

	if err := s.reload(t.TempDir(), strings.Replace(file, "speaks plain\n", "speaks plain\n\t\t\tmax_attempts 3\n", -1)); err == nil {
		t.Fatal("an outbox has no max_attempts")
	}
	if err := s.reload(t.TempDir(), strings.Replace(file, "parlance_activity", "parlance_activity {\n\t\tsample 2\n\t}", 1)); err != nil {
		t.Fatal(err)
	}
	if resp, body := s.ask("POST", "/orders", "{}", "Idempotency-Key", "k"); resp.StatusCode != http.StatusConflict {
		t.Errorf("a key in use: got %d %s", resp.StatusCode, body)
	}
	close(goOn)
	_, _ = io.WriteString(more, "whole")
	_ = more.Close()
	want := []answer{
		{status: http.StatusOK, body: `{"id":7}`},
		{status: http.StatusOK, body: `"halfwhole"`},
		{status: http.StatusCreated, body: `{"path":"/orders"}`},
		{status: http.StatusOK, body: `{"id":7}`},
	}
	for i, got := range waiting {
		if a := <-got; a.err != nil || a.status != want[i].status || a.body != want[i].body {
			t.Errorf("got %d %s %v, want %d %s", a.status, a.body, a.err, want[i].status, want[i].body)
		}
	}
	if rest, err := io.ReadAll(events); string(rest) != "\ndata: two\n\n" {
		t.Errorf("the stream went on with %q %v", rest, err)
	}
	if resp, body := s.ask("POST", "/orders", "{}", "Idempotency-Key", "k"); resp.StatusCode != http.StatusCreated || resp.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a key that was used: got %d %s", resp.StatusCode, body)
	}
	if resp, body := s.ask("GET", stored.Header.Get("Location"), "", "Prefer", "wait=30"); resp.StatusCode != http.StatusCreated || body != `{"path":"/later/7"}` {
		t.Errorf("what was stored: got %d %s", resp.StatusCode, body)
	}
	if s.ask("GET", "/secured", ""); tokens.requests.Load() != 1 {
		t.Errorf("%d logins", tokens.requests.Load())
	}
}

// request is a GET.
func request(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhatATransportHasLearnedSurvivesAReload has the upstream get no request that the transport
// would not have sent without a reload.
func TestWhatATransportHasLearnedSurvivesAReload(t *testing.T) {
	busy := says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0")
	for _, tt := range []struct {
		name, setting string
		upstream      http.HandlerFunc
		before        int64 // the requests at the upstream for the first request of a caller
		after         int64 // for the one after the reload
	}{
		{"a breaker", "max_attempts 1\nbreaker 1 1h", says(http.StatusInternalServerError, jsonType, `{"message":"m"}`), 1, 0},
		{"a budget", "budget 1 0", busy, 2, 1},
		{"a limit", "pace\nmax_wait 1s\nmax_attempts 1", says(http.StatusTooManyRequests, jsonType, `{"message":"m"}`, "Retry-After", "3000"), 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := serve(t, tt.upstream)
			file := "\nADDRESS {\nparlance problem\nreverse_proxy " + u.URL + " {\ntransport parlance {\nspeaks http\n" + tt.setting + "\n}\n}\n}"
			s := load(t, file)
			if s.ask("GET", "/things", ""); u.requests.Load() != tt.before {
				t.Errorf("got %d requests, want %d", u.requests.Load(), tt.before)
			}
			if err := s.reload(t.TempDir(), strings.Replace(file, "parlance problem", "parlance vms", 1)); err != nil {
				t.Fatal(err)
			}
			if resp, body := s.ask("GET", "/things", ""); u.requests.Load() != tt.before+tt.after || resp.StatusCode < 400 {
				t.Errorf("after the reload: got %d requests and %d %s, want %d", u.requests.Load()-tt.before, resp.StatusCode, body, tt.after)
			}
		})
	}
}
