package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

// streaming is a dialect with streams.
const streaming = `dialect: test
codes:
  200: success
  4xx: invalid
  5xx: internal
  overloaded: {kind: unavailable, status: 529, retry: {backoff: 1ms..2ms}}
  refused: {kind: unavailable, status: 529, no_effect: true, retry: {backoff: 1ms..2ms}}
shapes:
  - {name: error, status: 4xx 5xx, json: {error!: {code?: $code, message: $detail}}}
  - name: chat
    path: /chat
    stream: sse
    elements:
      - {event: ping, as: preamble}
      - {text: "[DONE]", as: end}
      - {event: error, is: failed, json: {error!: {code?: $code, message!: $detail}}}
      - {is: failed, read_only: true, json: {error!: {code?: $code, message!: $detail}}}
  - name: watch
    path: /pods
    query: {watch: true}
    stream: ndjson
    type: application/json
    elements:
      - {is: failed, json: {type: ERROR, object: {code?: $code, message: $detail}}}
  - name: batch
    path: /batch
    stream: ndjson
    partial: true
    elements:
      - {is: failed, json: {id?: $any, error!: {code?: $code, message: $detail}}}
`

func streamDialect(t testing.TB) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Compile("test.yaml", []byte(streaming))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	ping    = "event: ping\ndata: {}\n\n"
	delta   = "data: {\"delta\": \"a\"}\n\n"
	busy    = "event: error\ndata: {\"error\": {\"code\": \"overloaded\", \"message\": \"Busy\"}}\n\n"
	refused = "event: error\ndata: {\"error\": {\"code\": \"refused\", \"message\": \"Full\"}}\n\n"
	done    = "data: [DONE]\n\n"
)

// streamServer responds to the requests to it with one body after the other; the last one
// stays. It counts them. A body that ends with a ! is cut off.
func streamServer(t *testing.T, media string, bodies ...string) (url string, served *atomic.Int32) {
	t.Helper()
	served = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body := bodies[min(int(served.Add(1))-1, len(bodies)-1)]
		w.Header().Set("Content-Type", media)
		body, broken := strings.CutSuffix(body, "!")
		for _, part := range strings.SplitAfter(body, "\n\n") {
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
		}
		if broken {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, served
}

func TestAFailureBeforeContentCountsAsTheStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method string
		bodies       []string
		served       int32
		kind         parlance.Kind
		held         string
	}{
		{"a request that is safe to retry", "GET", []string{busy, ping + busy, delta + done}, 3, parlance.KindSuccess, ""},
		{"one that is not", "POST", []string{busy, delta + done}, 1, parlance.KindUnavailable, "not retried: a POST is retried only"},
		{"one that is not, and the page says that nothing was done", "POST", []string{refused, delta + done}, 2, parlance.KindSuccess, ""},
		{"a failure after content", "GET", []string{delta + busy, delta + done}, 1, parlance.KindUnavailable, "not retried: content of the stream came"},
		{"a failure after content that says that nothing was done", "POST", []string{delta + refused}, 1, parlance.KindUnavailable, "not retried: content of the stream came"},
		{"an empty stream", "GET", []string{"", delta + done}, 2, parlance.KindSuccess, ""},
		{"a stream that breaks before content", "GET", []string{ping + "!", delta + done}, 2, parlance.KindSuccess, ""},
		{"a stream that breaks after content", "GET", []string{delta + "!", delta + done}, 1, parlance.KindUnavailable, "not retried: content of the stream came"},
		{"a stream that is cut off", "GET", []string{delta, delta + done}, 1, parlance.KindUnavailable, "not retried: content of the stream came"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, served := streamServer(t, "text/event-stream", tt.bodies...)
			c := &http.Client{Transport: client.New(streamDialect(t), client.WithMaxFirstElement(time.Minute))}
			req, _ := http.NewRequest(tt.method, url+"/chat", nil)
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if want := strings.TrimSuffix(tt.bodies[served.Load()-1], "!"); string(body) != want {
				t.Errorf("the caller read %q, want %q", body, want)
			}
			r, _ := client.ReportOf(resp)
			if served.Load() != tt.served || r.Outcome.Kind != tt.kind {
				t.Errorf("got %s after %d requests, want %s after %d", r.Outcome.Kind, served.Load(), tt.kind, tt.served)
			}
			if held := r.Attempts[len(r.Attempts)-1].Held; !strings.HasPrefix(held, tt.held) || held != "" && tt.held == "" {
				t.Errorf("held %q, want %q", held, tt.held)
			}
		})
	}
}

func TestTheReportHasTheTrueOutcomeAtTheEndOfAStream(t *testing.T) {
	t.Parallel()
	url, _ := streamServer(t, "text/event-stream", ping+delta+delta+busy)
	seen := new(ends)
	c := &http.Client{Transport: client.New(streamDialect(t), client.WithObserver(seen), client.WithGate(seen))}
	resp, err := c.Get(url + "/chat")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != ping+delta+delta+busy || err != nil {
		t.Errorf("read %q, %v", body, err)
	}
	r, _ := client.ReportOf(resp)
	if r.Undecided || r.Outcome.Kind != parlance.KindUnavailable || r.Outcome.Detail != "Busy" || r.Outcome.Status != 200 || r.Stream == nil || r.Stream.Content != 2 || r.Stream.Elements != 4 {
		t.Errorf("the report is %+v, %+v", r.Outcome, r.Stream)
	}
	var failed *client.Error
	if err := client.Check(resp); !errors.As(err, &failed) || failed.Decision.RetrySafe != true {
		t.Errorf("the error is %v", err)
	}
	seen.are(t, parlance.KindUnavailable)
}

func TestElementsEndWithTheError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, path, media, body, want string }{
		{"a stream that ends well", "/chat", "text/event-stream", ping + delta + done, `ping{} {"delta": "a"} [DONE]`},
		{"one that fails", "/chat", "text/event-stream", delta + busy, `{"delta": "a"} unavailable Busy`},
		{"one that fails first", "/chat", "text/event-stream", busy, "unavailable Busy"},
		{"one that is cut off", "/chat", "text/event-stream", delta + delta[:10], `{"delta": "a"} unavailable `},
		{"one that breaks", "/chat", "text/event-stream", delta + "!", `{"delta": "a"} unavailable `},
		{"a watch", "/pods?watch=true", "application/json", "{\"type\": \"ADDED\"}\n{\"type\": \"ERROR\", \"object\": {\"code\": \"overloaded\", \"message\": \"Gone\"}}\n", `{"type": "ADDED"} unavailable Gone`},
		{"lines of a batch", "/batch", "application/x-ndjson", "{\"id\": 1}\n{\"id\": 2, \"error\": {\"message\": \"Bad\"}}\n{\"id\": 3}\n", `{"id": 1} failed: Bad {"id": 3} partial Bad`},
		{"an element of 1 MB", "/batch", "application/x-ndjson", strings.Repeat("x", 1<<20) + "\n", "1048576"},
		{"no stream", "/other", "text/event-stream", delta, "client: the dialect describes no stream for this response"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, _ := streamServer(t, tt.media, tt.body)
			c := &http.Client{Transport: client.New(streamDialect(t), client.WithMaxAttempts(1))}
			resp, err := c.Get(url + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for e, err := range client.Elements(resp) {
				var failed *client.Error
				switch {
				case errors.As(err, &failed):
					got = append(got, failed.Outcome.Kind.String()+" "+failed.Outcome.Detail)
				case err != nil:
					got = append(got, err.Error())
				case e.Outcome != nil:
					got = append(got, e.Outcome.Kind.String()+": "+e.Outcome.Detail)
				case len(e.Data) > 1000:
					got = append(got, fmt.Sprint(len(e.Data)))
				default:
					got = append(got, e.Event+string(e.Data))
				}
			}
			if all := strings.Join(got, " "); all != tt.want {
				t.Errorf("got  %s\nwant %s", all, tt.want)
			}
		})
	}
}

// TestAStreamIsNotDelayed has a server that sends each element only after the caller has
// read the one before.
func TestAStreamIsNotDelayed(t *testing.T) {
	t.Parallel()
	p := &pieces{media: "text/event-stream", parts: []string{delta, delta, ping, busy}, next: make(chan struct{})}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	c := &http.Client{Transport: client.New(streamDialect(t), client.WithMaxFirstElement(time.Hour))}
	resp, err := c.Get(s.URL + "/chat")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for i, part := range p.parts {
		if i > 0 {
			p.next <- struct{}{}
		}
		got := make([]byte, len(part))
		if _, err := io.ReadFull(resp.Body, got); string(got) != part || err != nil {
			t.Fatalf("element %d: read %q, %v", i, got, err)
		}
	}
	io.Copy(io.Discard, resp.Body)
	if r, _ := client.ReportOf(resp); r.Outcome.Kind != parlance.KindUnavailable || r.Stream.Content != 2 {
		t.Errorf("%+v, %+v", r.Outcome, r.Stream)
	}
}

func TestTheWaitForTheFirstElementIsBounded(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{0, time.Millisecond} {
		p := &pieces{media: "text/event-stream", parts: []string{ping, busy}, next: make(chan struct{})}
		s := httptest.NewServer(p)
		t.Cleanup(s.Close)
		c := &http.Client{Transport: client.New(streamDialect(t), client.WithMaxFirstElement(wait))}
		resp, err := c.Get(s.URL + "/chat")
		if err != nil {
			t.Fatal(err)
		}
		p.next <- struct{}{}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		r, _ := client.ReportOf(resp)
		if string(body) != ping+busy || err != nil || r.Outcome.Kind != parlance.KindUnavailable || !strings.Contains(r.Attempts[0].Held, "WithMaxFirstElement") {
			t.Errorf("after %s: read %q, %v; %+v, held %q", wait, body, err, r.Outcome, r.Attempts[0].Held)
		}
	}
}

func TestAStreamInGzipIsWatchedToo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, coding, body string
		kind               parlance.Kind
		served             int32
	}{
		{"a failure after content", "gzip", ping + delta + busy, parlance.KindUnavailable, 1},
		{"a failure before content", "gzip", busy, parlance.KindUnavailable, 2},
		{"a good one", "gzip", delta + done, parlance.KindSuccess, 1},
		{"a coding that nobody knows", "br", delta + done, parlance.KindNoted, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var served atomic.Int32
			var sent bytes.Buffer
			zw := gzip.NewWriter(&sent)
			io.WriteString(zw, tt.body)
			zw.Close()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				served.Add(1)
				w.Header().Set("Content-Type", "text/event-stream")
				w.Header().Set("Content-Encoding", tt.coding)
				for _, b := range sent.Bytes() {
					w.Write([]byte{b})
					w.(http.Flusher).Flush()
				}
			}))
			t.Cleanup(s.Close)
			c := &http.Client{Transport: client.New(streamDialect(t), client.WithMaxAttempts(2))}
			req, _ := http.NewRequest("GET", s.URL+"/chat", nil)
			req.Header.Set("Accept-Encoding", "gzip, br")
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			r, _ := client.ReportOf(resp)
			if !bytes.Equal(body, sent.Bytes()) || err != nil || r.Outcome.Kind != tt.kind || served.Load() != tt.served {
				t.Errorf("read %d bytes of %d, %v; got %s after %d requests, want %s after %d", len(body), sent.Len(), err, r.Outcome.Kind, served.Load(), tt.kind, tt.served)
			}
		})
	}
}

func TestACallerWhoStopsReadingAStreamIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, media string
		parts             []string
		kind              parlance.Kind
	}{
		{"before its end", "/chat", "text/event-stream", []string{delta, delta}, parlance.KindNoted},
		{"after its end", "/chat", "text/event-stream", []string{delta + done, delta}, parlance.KindSuccess},
		{"after a failure", "/chat", "text/event-stream", []string{delta + busy, delta}, parlance.KindUnavailable},
		{"a watch, which has no end", "/pods?watch=true", "application/json", []string{"{\"type\": \"ADDED\"}\n", "{}"}, parlance.KindSuccess},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &pieces{media: tt.media, parts: tt.parts, next: make(chan struct{})}
			s := httptest.NewServer(p)
			t.Cleanup(s.Close)
			seen := new(ends)
			c := &http.Client{Transport: client.New(streamDialect(t), client.WithObserver(seen), client.WithGate(seen))}
			resp, err := c.Get(s.URL + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			io.ReadFull(resp.Body, make([]byte, len(tt.parts[0])))
			resp.Body.Close()
			seen.are(t, tt.kind)
		})
	}
}

func TestACallerWhoCancelsAStreamIsTold(t *testing.T) {
	t.Parallel()
	p := &pieces{media: "text/event-stream", parts: []string{delta, delta}, next: make(chan struct{})}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	c := &http.Client{Transport: client.New(streamDialect(t))}
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "GET", s.URL+"/chat", nil)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if r, _ := client.ReportOf(resp); r.Outcome.Reason != parlance.ReasonCanceled || r.Decision.Act != parlance.ActStop {
		t.Errorf("%+v, %s", r.Outcome, r.Decision.Act)
	}
}
