package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/storetest"
)

// ends observes how requests end.
type ends chan *server.Served

func (e ends) Before(ctx context.Context, _ *http.Request) context.Context { return ctx }

func (e ends) After(_ context.Context, _ *http.Request, s *server.Served) { e <- s }

func TestACallerWhoLeftIsNoFaultOfTheServer(t *testing.T) {
	t.Parallel()
	waits := func(then server.HandlerFunc) func(s *server.Server) http.Handler {
		return func(s *server.Server) http.Handler {
			return s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
				<-r.Context().Done()
				return then(w, r)
			})
		}
	}
	for name, handler := range map[string]func(s *server.Server) http.Handler{
		"the handler says so": waits(func(_ http.ResponseWriter, r *http.Request) (any, error) { return nil, r.Context().Err() }),
		"an error without an outcome": waits(func(http.ResponseWriter, *http.Request) (any, error) {
			return nil, errors.New("pq: canceling statement due to user request")
		}),
		"a service behind this one was not awaited": waits(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			return nil, server.Upstream(fmt.Errorf("bank: %w", r.Context().Err()))
		}),
		"a plain handler writes a 500": by(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			http.Error(w, r.Context().Err().Error(), 500)
		}),
		"a plain handler writes a 502 of its own type": by(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(502)
			_, _ = io.WriteString(w, "{}")
		}),
		"a proxy aborts after a part": by(func(w http.ResponseWriter, r *http.Request) {
			part(w)
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}),
		"an error after a part": func(s *server.Server) http.Handler {
			return s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
				part(w)
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
		},
		"behind a deadline": func(s *server.Server) http.Handler {
			return guard.Deadline(time.Hour)(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}))
		},
		"in the middle of its body": func(s *server.Server) http.Handler { return s.Handle(servertest.Reads) },
		"in the middle of its body under a key": func(s *server.Server) http.Handler {
			return idempotency.Middleware(servertest.NewKeys())(s.Handle(servertest.Reads))
		},
		"in the middle of its body, which a reader words as invalid": func(s *server.Server) http.Handler {
			return s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
				_, err := io.ReadAll(r.Body)
				return nil, parlance.NewError(parlance.KindInvalid, "The order was cut off.").Because(err)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, dialect := range []string{"problem", "vbapi"} {
				b, end := storetest.Keep(t), make(ends, 1)
				s, log := servertest.New(t, dialect, server.WithObserver(end), server.WithRecorder(b.Recorder))
				began := make(chan struct{}, 1)
				h := handler(s)
				l := servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					began <- struct{}{}
					h.ServeHTTP(w, r)
				})))
				leave(t, l, began, strings.HasPrefix(name, "in the middle of its body"))
				got := <-end
				if o := got.Outcome; got.Status != 499 || o.Status != 499 || o.Kind != parlance.KindFailed || o.Reason != parlance.ReasonCanceled {
					t.Errorf("%s: observed %d, %+v", dialect, got.Status, o)
				}
				for _, line := range log.Lines(t) {
					if line["level"] != slog.LevelInfo.String() {
						t.Errorf("%s: the log says %v", dialect, line)
					}
					id, _ := line["activity_id"].(string)
					if r := b.Find(id); r.Status != 499 || r.Outcome.Reason != parlance.ReasonCanceled || r.Outcome.Kind.ServerFault() {
						t.Errorf("%s: recorded %d, %+v", dialect, r.Status, r.Outcome)
					}
				}
			}
		})
	}
}

// leave sends a request, and closes the connection once it is served.
func leave(t *testing.T, l *httptest.Server, began <-chan struct{}, early bool) {
	t.Helper()
	c, err := net.Dial("tcp", l.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	request := "GET /orders HTTP/1.1\r\nHost: shop\r\n\r\n"
	if early {
		request = "POST /orders HTTP/1.1\r\nHost: shop\r\nIdempotency-Key: k\r\nContent-Length: 100\r\n\r\nhalf of it"
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	<-began
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAnErrorThatNoCallerCausedStaysAFaultAlthoughItIsCanceled(t *testing.T) {
	t.Parallel()
	end := make(ends, 1)
	s, log := servertest.New(t, "problem", server.WithObserver(end))
	a := servertest.Ask(t, s.Wrap(s.Handle(servertest.Returns(nil, fmt.Errorf("the work of another: %w", context.Canceled)))), "GET", "/orders")
	if got := <-end; a.Status != 500 || got.Status != 500 || got.Outcome.Kind != parlance.KindInternal || !strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("got %d %s, %+v\n%s", a.Status, a.Body, got, log)
	}
}

func TestWhatAHandlerSaysOfAFailureStaysAlthoughTheCallerLeft(t *testing.T) {
	t.Parallel()
	end, began := make(ends, 1), make(chan struct{}, 1)
	s, log := servertest.New(t, "problem", server.WithObserver(end))
	l := servertest.Listen(t, s.Wrap(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		began <- struct{}{}
		<-r.Context().Done()
		return nil, parlance.NewError(parlance.KindUnavailable, "The disk is full.")
	})))
	leave(t, l, began, false)
	if got := <-end; got.Outcome.Kind != parlance.KindUnavailable || !strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("%+v\n%s", got, log)
	}
}

func TestACallerWhoClosesHalfOfTheConnectionReadsThatItIsHisFault(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"problem", "vbapi"} {
		s, _ := servertest.New(t, dialect)
		l := servertest.Listen(t, s.Wrap(s.Handle(servertest.Reads)))
		conn, err := net.Dial("tcp", l.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
		_ = conn.(*net.TCPConn).CloseWrite()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "closed before the response") {
			t.Errorf("%s: %d %s", dialect, resp.StatusCode, body)
		}
	}
}
