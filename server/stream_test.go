package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// streaming is a dialect with streams of four forms.
const streaming = `dialect: test
codes:
  200: success
  404: not_found
  4xx: invalid
  5xx: internal
  overloaded: {kind: unavailable, status: 529}
shapes:
  - {name: error, status: 4xx 5xx, json: {error!: {code?: $code, message: $detail}}}
  - name: chat
    path: /chat
    stream: sse
    elements:
      - {text: "[DONE]", as: end}
      - {event: error, is: failed, json: {error!: {code?: $code, message!: $detail}}}
  - name: lines
    path: /lines
    stream: ndjson
    elements:
      - {is: failed, json: {error!: {code?: $code, message!: $detail}}}
  - name: sequence
    path: /sequence
    stream: json-seq
    elements:
      - {is: failed, json: {error!: {code?: $code, message!: $detail}}}
  - name: counted
    path: /counted
    stream: ndjson
    elements:
      - {as: end, json: {done: true}}
      - {is: failed, json: {error!: {code?: $code, message!: $detail}}}
  - name: list
    path: /list
    stream: json-array
    elements:
      - {is: failed, json: {error!: {code?: $code, message!: $detail}}}
`

// streamServer is a Server of that dialect, with its log and the ends of its requests.
func streamServer(t *testing.T, options ...server.Option) (*server.Server, *servertest.Log, ends) {
	t.Helper()
	d, err := dialect.Compile("test.yaml", []byte(streaming))
	if err != nil {
		t.Fatal(err)
	}
	log, end := new(servertest.Log), make(ends, 1)
	logger := slog.New(slog.NewJSONHandler(log, nil))
	return server.New(d, append([]server.Option{server.WithLogger(logger), server.WithObserver(end)}, options...)...), log, end
}

// streams is a handler that sends numbers, and ends with an error.
func streams(s *server.Server, numbers int, err error) http.Handler {
	return s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return server.Stream(func(_ context.Context, w *server.StreamWriter) error {
			for i := range numbers {
				if err := w.Send(server.Element{Data: i}); err != nil {
					return err
				}
			}
			if err == errPanics {
				panic("a secret")
			}
			return err
		}), nil
	})
}

var errPanics = errors.New("it panics")

func TestAStreamEndsWithTheOutcomeOfItsHandler(t *testing.T) {
	t.Parallel()
	busy := parlance.NewError(parlance.KindUnavailable, "Busy")
	busy.Outcome.Code = "overloaded"
	const failed = `{"error":{"code":"overloaded","message":"Busy"}}`
	for _, tt := range []struct {
		name, path string
		numbers    int
		err        error
		status     int
		body       string
		kind       parlance.Kind
		cut        bool
	}{
		{"events, all good", "/chat", 2, nil, 200, "data: 0\n\ndata: 1\n\ndata: [DONE]\n\n", parlance.KindSuccess, false},
		{"events, none", "/chat", 0, nil, 200, "data: [DONE]\n\n", parlance.KindSuccess, false},
		{"events, a failure first", "/chat", 0, busy, 529, failed, parlance.KindUnavailable, false},
		{"events, a failure in the middle", "/chat", 2, busy, 200, "data: 0\n\ndata: 1\n\nevent: error\ndata: " + failed + "\n\n", parlance.KindUnavailable, false},
		{"events, a panic first", "/chat", 0, errPanics, 500, `{"error":{"message":"`, parlance.KindInternal, false},
		{"events, a panic in the middle", "/chat", 1, errPanics, 200, "data: 0\n\nevent: error\ndata: {\"error\":{\"message\":\"", parlance.KindInternal, false},
		{"events, an error that is a secret", "/chat", 1, errors.New("a secret"), 200, "data: 0\n\nevent: error\ndata: {\"error\":{\"message\":\"", parlance.KindInternal, false},
		{"lines", "/lines", 2, busy, 200, "0\n1\n" + failed + "\n", parlance.KindUnavailable, false},
		{"a sequence", "/sequence", 1, busy, 200, "\x1E0\n\x1E" + failed + "\n", parlance.KindUnavailable, false},
		{"an array", "/list", 2, busy, 200, "[\n0,\n1,\n" + failed + "\n]\n", parlance.KindUnavailable, false},
		{"an array, all good", "/list", 2, nil, 200, "[\n0,\n1\n]\n", parlance.KindSuccess, false},
		{"no stream of the dialect, all good", "/other", 1, nil, 200, "data: 0\n\n", parlance.KindSuccess, false},
		{"no stream of the dialect, a failure first", "/other", 0, busy, 529, failed, parlance.KindUnavailable, false},
		{"no stream of the dialect, a failure in the middle", "/other", 1, busy, 200, "data: 0\n\n", parlance.KindUnavailable, true},
	} {
		for _, proto := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, HTTP/%d", tt.name, proto), func(t *testing.T) {
				t.Parallel()
				s, log, end := streamServer(t)
				l := httptest.NewUnstartedServer(s.Wrap(streams(s, tt.numbers, tt.err)))
				l.EnableHTTP2 = proto == 2
				l.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
				l.StartTLS()
				defer l.Close()
				a, err := servertest.Send(t.Context(), l, "POST", tt.path, "{}")
				if (err != nil) != tt.cut || a.Status != tt.status || !strings.HasPrefix(a.Body, tt.body) || strings.Contains(a.Body, "secret") {
					t.Errorf("got %d %q, %v; want %d %q", a.Status, a.Body, err, tt.status, tt.body)
				}
				got := <-end
				if got.Status != tt.status || got.Outcome.Kind != tt.kind || got.Outcome.Status != tt.status || got.Cut != tt.cut {
					t.Errorf("observed %d, cut %v, %+v; want %d %s", got.Status, got.Cut, got.Outcome, tt.status, tt.kind)
				}
				if said := strings.Contains(log.String(), `"level":"ERROR"`); said != tt.kind.ServerFault() {
					t.Errorf("the log says %s", log)
				}
			})
		}
	}
}

// The file says how the stream ends, but not with which counts.
func TestAStreamWithoutTheEndThatItsFunctionHasToSendIsLogged(t *testing.T) {
	t.Parallel()
	for last, logged := range map[string]bool{`{"done":true,"n":1}`: false, `{"done":false}`: true, "": true} {
		s, log, end := streamServer(t)
		h := s.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
			return server.Stream(func(_ context.Context, w *server.StreamWriter) error {
				for _, line := range []string{`{"n":1}`, last} {
					if line == "" {
						continue
					}
					if err := w.Send(server.Element{Data: json.RawMessage(line)}); err != nil {
						return err
					}
				}
				return nil
			}), nil
		}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/counted", nil))
		<-end
		if got := strings.Contains(log.String(), "the stream has no end"); got != logged {
			t.Errorf("%q: got %v, want %v: %q\n%s", last, got, logged, w.Body, log)
		}
	}
}

func TestTheOutcomeOfAStreamReachesTheServerAroundIt(t *testing.T) {
	t.Parallel()
	inner, _, _ := streamServer(t)
	outer, _, end := streamServer(t)
	a := servertest.Ask(t, outer.Wrap(inner.Wrap(streams(inner, 1, parlance.NewError(parlance.KindNotFound, "Gone")))), "GET", "/chat")
	if got := <-end; a.Status != 200 || got.Status != 200 || got.Outcome.Kind != parlance.KindNotFound || got.Cut {
		t.Errorf("got %d %q, observed %+v", a.Status, a.Body, got)
	}
}

func TestTheResponseToHEADHasTheHeaderOfAStreamAlone(t *testing.T) {
	t.Parallel()
	s, _, _ := streamServer(t)
	a := servertest.Ask(t, s.Wrap(streams(s, 1, errPanics)), "HEAD", "/lines")
	if a.Status != 200 || a.Body != "" || a.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("got %d %v %q", a.Status, a.Header, a.Body)
	}
}

func TestACallerWhoLeavesAStreamEndsItsContext(t *testing.T) {
	t.Parallel()
	for name, returns := range map[string]func(error) error{"the handler says so": func(err error) error { return err }, "the handler does not": func(error) error { return nil }} {
		s, log, end := streamServer(t)
		began := make(chan struct{}, 1)
		l := servertest.Listen(t, s.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
			return server.Stream(func(ctx context.Context, w *server.StreamWriter) error {
				err := w.Send(server.Element{Data: 1})
				began <- struct{}{}
				<-ctx.Done()
				return returns(errors.Join(err, ctx.Err()))
			}), nil
		})))
		leave(t, l, began, false)
		if got := <-end; got.Status != 499 || got.Outcome.Reason != parlance.ReasonCanceled || got.Cut || strings.Contains(log.String(), `"level":"ERROR"`) {
			t.Errorf("%s: observed %+v\n%s", name, got, log)
		}
	}
}

func TestACallerWhoStopsReadingEndsTheStream(t *testing.T) {
	t.Parallel()
	s, log, end := streamServer(t, server.WithMaxStall(20*time.Millisecond))
	l := servertest.Listen(t, s.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return server.Stream(func(_ context.Context, w *server.StreamWriter) error {
			for {
				if err := w.Send(server.Element{Data: strings.Repeat("x", 1<<20)}); err != nil {
					return err
				}
			}
		}), nil
	})))
	c, err := net.Dial("tcp", l.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET /chat HTTP/1.1\r\nHost: shop\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-end; got.Outcome.Reason != parlance.ReasonCanceled || !strings.Contains(log.String(), "i/o timeout") {
		t.Errorf("observed %+v\n%s", got, log)
	}
}

func TestAStreamThatHasBegunSendsAHeartbeatBeforeItsFirstElement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := streamServer(t, server.WithHeartbeat(time.Second))
		c := &http.Client{Transport: memhttp.Serve(t, s.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
			return server.Stream(func(_ context.Context, w *server.StreamWriter) error {
				if err := w.Begin(); err != nil {
					return err
				}
				time.Sleep(2500 * time.Millisecond)
				return parlance.ErrInternal // it has no status any more
			}), nil
		})))}
		begun := time.Now()
		resp, err := c.Get("http://shop.test/chat")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if waited := time.Since(begun); waited != 0 || resp.StatusCode != http.StatusOK {
			t.Errorf("the header came after %v with the status %d; want it at once, with 200", waited, resp.StatusCode)
		}
		body, err := io.ReadAll(bufio.NewReader(resp.Body))
		if rest, beats := strings.CutPrefix(string(body), ":\n\n:\n\n"); err != nil || !beats || !strings.Contains(rest, "error") {
			t.Errorf("read %q, %v; want two beats and a failure", body, err)
		}
	})
}

func TestAStreamThatIsQuietSendsAHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := streamServer(t, server.WithHeartbeat(time.Second))
		c := &http.Client{Transport: memhttp.Serve(t, s.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
			return server.Stream(func(_ context.Context, w *server.StreamWriter) error {
				time.Sleep(10 * time.Second) // a failure can still have its status
				if err := w.Send(server.Element{Event: "a", ID: "7", Data: server.Raw{Body: []byte("text")}}); err != nil {
					return err
				}
				time.Sleep(2500 * time.Millisecond)
				return w.Send(server.Element{Data: 2})
			}), nil
		})))}
		resp, err := c.Get("http://shop.test/chat")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(bufio.NewReader(resp.Body))
		if want := "event: a\nid: 7\ndata: text\n\n:\n\n:\n\ndata: 2\n\ndata: [DONE]\n\n"; string(body) != want || err != nil {
			t.Errorf("read %q, %v; want %q", body, err, want)
		}
	})
}
