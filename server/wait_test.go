package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/storetest"
)

func TestTheHeaderAndTheBodySayTheSameWait(t *testing.T) {
	t.Parallel()
	busy := func(after time.Duration) *parlance.Error {
		e := parlance.NewError(parlance.KindUnavailable, "Busy")
		e.Outcome.RetryAfter = after
		return e
	}
	sets := func(wait string, h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", wait)
			h.ServeHTTP(w, r)
		})
	}
	text := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Busy", http.StatusServiceUnavailable) })
	for name, c := range map[string]struct {
		handler func(s *server.Server) http.Handler
		header  string
		body    float64 // 0 is none
	}{
		"of the outcome": {func(s *server.Server) http.Handler { return s.Handle(servertest.Returns(nil, busy(7*time.Second))) }, "7", 7},
		"of the outcome, with a part": {func(s *server.Server) http.Handler {
			return s.Handle(servertest.Returns(nil, busy(6100*time.Millisecond)))
		}, "7", 7},
		"of a header, beside an error": {func(s *server.Server) http.Handler { return sets("30", s.Handle(servertest.Returns(nil, busy(0)))) }, "30", 30},
		"of a header, beside a text":   {func(*server.Server) http.Handler { return sets("30", text) }, "30", 30},
		"of both": {func(s *server.Server) http.Handler {
			return sets("30", s.Handle(servertest.Returns(nil, busy(7*time.Second))))
		}, "7", 7},
		"none":                               {func(s *server.Server) http.Handler { return s.Handle(servertest.Returns(nil, busy(0))) }, "", 0},
		"a header that is negative":          {func(*server.Server) http.Handler { return sets("-5", text) }, "", 0},
		"a negative header and an own type":  {func(*server.Server) http.Handler { return sets(" -5", writes(503, "application/json", "{}")) }, "", 0},
		"a negative header beside a success": {func(*server.Server) http.Handler { return sets("-5", writes(202, "text/plain", "later")) }, "", 0},
		"an outcome that is negative":        {func(s *server.Server) http.Handler { return s.Handle(servertest.Returns(nil, busy(-7*time.Second))) }, "", 0},
		"a negative header beside an error":  {func(s *server.Server) http.Handler { return sets("-5", s.Handle(servertest.Returns(nil, busy(0)))) }, "", 0},
		"a negative header, a positive outcome": {func(s *server.Server) http.Handler {
			return sets("-5", s.Handle(servertest.Returns(nil, busy(7*time.Second))))
		}, "7", 7},
	} {
		s, _ := servertest.New(t, "problem")
		a := servertest.Ask(t, s.Wrap(c.handler(s)), "GET", "/orders")
		var body struct {
			Wait float64 `json:"retry_after"`
		}
		_ = json.Unmarshal([]byte(a.Body), &body)
		if a.Header.Get("Retry-After") != c.header || body.Wait != c.body {
			t.Errorf("%s: Retry-After %q, in the body %v: %s", name, a.Header.Get("Retry-After"), body.Wait, a.Body)
		}
	}
}

func TestAnUnknownRouteAndAWrongMethodAreLoggedAndRecorded(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"problem", "vbapi", "vms", "slack"} {
		b := storetest.Keep(t)
		s, log := servertest.New(t, dialect, server.WithRecorder(b.Recorder))
		mux := http.NewServeMux()
		mux.Handle("GET /orders", s.Handle(servertest.Returns(1, nil)))
		l := servertest.Listen(t, s.Wrap(mux))
		for _, c := range []struct {
			method, path string
			kind         parlance.Kind
			status       float64
		}{{"GET", "/nowhere", parlance.KindNotFound, 404}, {"POST", "/orders", parlance.KindInvalid, 405}, {"GET", "//orders", parlance.KindNotFound, 404}} {
			if _, err := servertest.Try(t, l, c.method, c.path); err != nil {
				t.Fatal(err)
			}
			lines := log.Lines(t)
			line := lines[len(lines)-1]
			id, _ := line["activity_id"].(string)
			if line["msg"] != "request failed" || line["method"] != c.method || dialect != "slack" && line["status"] != c.status {
				t.Errorf("%s: the log says %v", dialect, line)
			}
			if r := b.Find(id); r.Method != c.method || r.Path != c.path || !r.Outcome.Kind.Failing() || float64(r.Status) != line["status"] || len(r.Lines) == 0 {
				t.Errorf("%s: recorded %+v", dialect, r)
			}
		}
	}
}

func TestAnAtomicWithoutAStoreFailsAtStart(t *testing.T) {
	t.Parallel()
	defer func() {
		if cause := recover(); cause == nil {
			t.Error("the server starts")
		}
	}()
	server.AtomicIn(nil)
}

func TestAnAtomicThatNobodyMadeDoesNothing(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "problem")
	a := servertest.Ask(t, s.Handle(servertest.Returns(server.Atomic{}, nil)), "POST", "/orders")
	if a.Status != http.StatusInternalServerError || !strings.Contains(log.String(), "AtomicIn") {
		t.Errorf("got %d %s\n%s", a.Status, a.Body, log)
	}
}
