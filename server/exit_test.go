package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/memory"
)

// exits ends its goroutine, as testing.T.FailNow does.
func exits(http.ResponseWriter, *http.Request) { runtime.Goexit() }

func TestAHandlerThatEndsItsGoroutineIsA500AndNeverAnEmptySuccess(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]func(s *server.Server) http.Handler{
		"a plain handler": by(exits),
		"a handler of the server": func(s *server.Server) http.Handler {
			return s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
				exits(w, r)
				return nil, nil
			})
		},
		"behind a deadline": func(*server.Server) http.Handler { return guard.Deadline(time.Hour)(http.HandlerFunc(exits)) },
		"with a response that is held": by(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"half":`)
			exits(w, r)
		}),
		"with something between": func(s *server.Server) http.Handler {
			return zips(s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
				exits(w, r)
				return nil, nil
			}))
		},
		"in a transaction under a key": func(s *server.Server) http.Handler {
			keys := memory.New().Idempotency()
			return idempotency.Middleware(keys, idempotency.Transactional())(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
				return server.AtomicIn(keys)(func(context.Context) (any, error) {
					runtime.Goexit()
					return nil, nil
				}), nil
			}))
		},
		"a record of a bulk request": func(s *server.Server) http.Handler { return bulk.Handle(s, exitsToo) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, proto := range []int{1, 2} {
				s, log := servertest.New(t, "vbapi")
				l := httptest.NewUnstartedServer(s.Wrap(handler(s)))
				l.EnableHTTP2 = proto == 2
				l.Config.ErrorLog = discarded
				l.StartTLS()
				defer l.Close()
				a, err := servertest.Send(t.Context(), l, "POST", "/orders", `[{"n":1}]`, "Idempotency-Key", "k")
				if a.Status != 500 && !(proto == 2 && err != nil) {
					t.Errorf("HTTP/%d: got %d %q, %v", proto, a.Status, a.Body, err)
				}
				if proto == 1 && (err != nil || a.ID() == "") {
					t.Errorf("HTTP/1: got %d %q, %v", a.Status, a.Body, err)
				}
				if !strings.Contains(log.String(), "runtime.Goexit") {
					t.Errorf("HTTP/%d: the log says %s", proto, log)
				}
			}
		})
	}
}

func TestAHandlerThatEndsItsGoroutineInTheMiddleCutsTheConnection(t *testing.T) {
	t.Parallel()
	halfway := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		part(w)
		exits(w, r)
	}
	for name, handler := range map[string]func(s *server.Server) http.Handler{
		"a plain handler":   by(halfway),
		"behind a deadline": func(*server.Server) http.Handler { return guard.Deadline(time.Hour)(http.HandlerFunc(halfway)) },
	} {
		s, _ := servertest.New(t, "problem")
		a, err := servertest.Try(t, servertest.Listen(t, s.Wrap(handler(s))), "GET", "/orders")
		if err == nil || a.Body != "a part" {
			t.Errorf("%s: got %d %q, %v", name, a.Status, a.Body, err)
		}
	}
}

func TestARecordWhoseHandlerEndsItsGoroutineHasFailed(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "problem")
	l := servertest.Listen(t, s.Wrap(bulk.Handle(s, exitsToo, bulk.Workers(2))))
	status, _, body := servertest.PostBulk(t, l.URL, `[{"n":1},{"n":2}]`)
	if status != 207 || strings.Count(body, `"kind":"internal"`) != 1 || !strings.Contains(log.String(), "runtime.Goexit") {
		t.Errorf("got %d %s\n%s", status, body, fmt.Sprint(log))
	}
}
