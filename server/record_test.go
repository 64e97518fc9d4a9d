package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/memory"
	"github.com/parlance-api/parlance/store/storetest"
)

func TestTheRecordOfARequestTellsAllOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := storetest.Keep(t)
		s, log := servertest.New(t, "vbapi", server.WithRecorder(b.Recorder))
		mux := http.NewServeMux()
		mux.Handle("PUT /orders/{id}", s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			time.Sleep(30 * time.Millisecond)
			activity.AddCall(r.Context(), activity.Call{
				Start: time.Now(), Took: time.Second, Dialect: "vms", Method: "GET", Host: "stock.test", Path: "/seats", Attempt: 1,
				Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, Status: 503}, Act: parlance.ActRetry, Why: "it says so",
			})
			return nil, parlance.NewError(parlance.KindConflict, "The order is being changed").Because(errors.New("row 7 is locked"))
		}))
		keys := auth.APIKeys{auth.HashKey("k-1"): {Principal: server.Principal{ID: "ann"}}}
		transport := memhttp.Serve(t, s.Wrap(auth.Authenticate(auth.APIKey("X-Api-Key", keys))(mux)))
		start := time.Now()
		req, _ := http.NewRequest("PUT", "http://api.test/orders/7?sig=1", strings.NewReader(`{"a":1}`))
		req.Header.Set("X-Api-Key", "k-1")
		req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		id := servertest.Response{Header: resp.Header, Body: string(body)}.ID()
		r := b.Find(id)
		want := &activity.Record{
			ID: id, Trace: "0af7651916cd43dd8448eb211c80319c", Start: start.UTC(), Took: 30 * time.Millisecond,
			Method: "PUT", Route: "PUT /orders/{id}", Path: "/orders/7", Caller: "ann", Status: 409,
			Outcome: parlance.Outcome{
				Kind: parlance.KindConflict, Status: 409, Title: "Conflict", Detail: "The order is being changed", Instance: "/orders/7", RequestID: id,
			},
			Calls: []activity.Call{{
				Start: start.Add(30 * time.Millisecond).UTC(), Took: time.Second, Dialect: "vms", Method: "GET", Host: "stock.test", Path: "/seats", Attempt: 1,
				Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, Status: 503}, Act: parlance.ActRetry, Why: "it says so",
			}},
			Lines: r.Lines,
		}
		if !reflect.DeepEqual(r, want) {
			t.Errorf("got\n%+v\nwant\n%+v", r, want)
		}
		if len(r.Lines) != 1 || r.Lines[0].Message != "request failed" || !strings.Contains(fmt.Sprint(r.Lines[0].Attrs), ": row 7 is locked") {
			t.Errorf("the lines are %+v", r.Lines)
		}
		if l := log.Lines(t); len(l) != 1 || l[0]["activity_id"] != id {
			t.Errorf("the log is %s", log)
		}
	})
}

func TestEveryEndOfARequestIsRecorded(t *testing.T) {
	t.Parallel()
	panics := func(http.ResponseWriter, *http.Request) { panic("the cause") }
	plain := func(status int, kind string, body string) http.HandlerFunc { return writes(status, kind, body) }
	for name, c := range map[string]struct {
		dialect string
		handler func(s *server.Server) http.Handler
		method  string
		status  int
		kind    parlance.Kind
		reason  parlance.Reason
		broken  bool // the client gets no whole response
		line    string
	}{
		"a value":                   {"vms", gives(map[string]int{"n": 1}, nil), "GET", 200, parlance.KindSuccess, "", false, ""},
		"nothing":                   {"vms", gives(nil, nil), "GET", 204, parlance.KindEmpty, "", false, ""},
		"a HEAD":                    {"vms", gives(map[string]int{"n": 1}, nil), "HEAD", 200, parlance.KindSuccess, "", false, ""},
		"accepted":                  {"vms", gives(server.Accepted("/jobs/1", nil), nil), "GET", 202, parlance.KindAccepted, "", false, ""},
		"noted":                     {"problem", gives(server.Noted(1, "but"), nil), "GET", 200, parlance.KindNoted, "", false, ""},
		"a failure in a 200":        {"slack", gives(nil, parlance.ErrNotFound), "GET", 200, parlance.KindNotFound, "", false, "request failed"},
		"a panic":                   {"vms", by(panics), "GET", 500, parlance.KindInternal, "", false, "the handler panicked"},
		"around the server":         {"vms", by(plain(201, "application/json", "{}")), "GET", 201, parlance.KindSuccess, "", false, ""},
		"around it, with none":      {"vms", by(plain(204, "", "")), "GET", 204, parlance.KindEmpty, "", false, ""},
		"around it, elsewhere":      {"vms", by(plain(303, "", "")), "GET", 303, parlance.KindRedirected, "", false, ""},
		"around it, in its form":    {"vms", by(plain(429, "application/json", "{}")), "GET", 429, parlance.KindRateLimited, "", false, "request failed"},
		"around it, as text":        {"vms", by(plain(404, "", "no")), "GET", 404, parlance.KindNotFound, "", false, "request failed"},
		"with an envelope":          {"vbapi", by(plain(200, "application/json", "{}")), "GET", 200, parlance.KindSuccess, "", false, ""},
		"with a streamed one":       {"vbapi", by(plain(200, "application/json", `"`+strings.Repeat("x", 2<<20)+`"`)), "GET", 200, parlance.KindSuccess, "", false, ""},
		"an error after a part":     {"vms", fails, "GET", 200, parlance.KindUnavailable, "", true, "the handler failed after"},
		"a panic after a part":      {"vms", by(func(w http.ResponseWriter, r *http.Request) { part(w); panics(w, r) }), "GET", 200, parlance.KindInternal, parlance.ReasonReset, true, "the handler panicked"},
		"an abort after a part":     {"vms", by(func(w http.ResponseWriter, _ *http.Request) { part(w); panic(http.ErrAbortHandler) }), "GET", 200, parlance.KindInternal, parlance.ReasonReset, true, ""},
		"an abort before one":       {"vms", by(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "GET", 0, parlance.KindInternal, parlance.ReasonReset, true, ""},
		"an upgrade":                {"vms", by(upgrade), "GET", 0, parlance.KindSuccess, "", true, ""},
		"a timeout in between":      {"vms", inTime, "GET", 503, parlance.KindUnavailable, parlance.ReasonMaintenance, false, "request failed"},
		"something in between":      {"slack", between, "GET", 200, parlance.KindConflict, "idempotency_in_flight", false, "request failed"},
		"another server's response": {"vms", another, "GET", 200, parlance.KindConflict, "idempotency_in_flight", false, "request failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := storetest.Keep(t)
			s, _ := servertest.New(t, c.dialect, server.WithRecorder(b.Recorder), server.WithTrustedID("X-Id"))
			done := make(chan struct{})
			h := s.Wrap(c.handler(s))
			srv := servertest.Listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				h.ServeHTTP(w, r)
			}))
			req, _ := http.NewRequest(c.method, srv.URL+"/a", nil)
			req.Header.Set("X-Id", "id-1")
			resp, err := srv.Client().Do(req)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if (err != nil) != c.broken {
				t.Errorf("the client got the error %v", err)
			}
			<-done
			r := b.Find("id-1")
			if r.Status != c.status || r.Outcome.Kind != c.kind || r.Outcome.Reason != c.reason || r.Outcome.Status != c.status || r.Took <= 0 {
				t.Errorf("got %d %+v", r.Status, r.Outcome)
			}
			if c.line == "" && len(r.Lines) > 0 || c.line != "" && (len(r.Lines) != 1 || !strings.HasPrefix(r.Lines[0].Message, c.line)) {
				t.Errorf("the lines are %+v", r.Lines)
			}
			if strings.Contains(c.line, "panicked") && !strings.Contains(fmt.Sprint(r.Lines), "stack=goroutine") {
				t.Errorf("the stack is not in %+v", r.Lines)
			}
		})
	}
}

func by(h http.HandlerFunc) func(*server.Server) http.Handler {
	return func(*server.Server) http.Handler { return h }
}

func gives(value any, err error) func(*server.Server) http.Handler {
	return func(s *server.Server) http.Handler {
		return s.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return value, err })
	}
}

func part(w http.ResponseWriter) {
	io.WriteString(w, "a part")
	w.(http.Flusher).Flush()
}

func fails(s *server.Server) http.Handler {
	return s.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
		part(w)
		return nil, parlance.ErrUnavailable
	})
}

func upgrade(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

// inTime responds in the place of a handler that is still under way.
func inTime(s *server.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		server.WithPrincipal(r.Context(), server.Principal{ID: "late"})
		<-r.Context().Done()
		return nil, nil
	}))
	return http.TimeoutHandler(mux, time.Nanosecond, "too late")
}

func inFlight(s *server.Server) http.Handler {
	return s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return nil, parlance.NewError(parlance.KindConflict, "").WithReason(parlance.ReasonInFlight)
	})
}

// between lets the response pass through what knows nothing of us.
func between(s *server.Server) http.Handler { return http.TimeoutHandler(inFlight(s), time.Hour, "") }

func another(*server.Server) http.Handler {
	d, err := catalog.Open("slack")
	if err != nil {
		panic(err)
	}
	return between(server.New(d, server.WithLogger(slog.New(slog.DiscardHandler))))
}

// askAndEnd returns when the handler has too, and not when its response is there.
func askAndEnd(t *testing.T, h http.Handler, method, path string, headers ...string) servertest.Response {
	t.Helper()
	srv := servertest.Listen(t, h)
	a, err := servertest.Try(t, srv, method, path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	srv.Close()
	return a
}

func TestARouteIsFoundWhereverTheServeMuxStands(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(writes(200, "", "hi"))
	mux := func(pattern string, h http.Handler) http.Handler {
		m := http.NewServeMux()
		m.Handle(pattern, h)
		return m
	}
	copies := func(h http.Handler) http.Handler { // as most middleware does
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, nil)))
		})
	}
	for name, c := range map[string]struct {
		make func(s *server.Server) http.Handler
		want string
	}{
		"within":              {func(s *server.Server) http.Handler { return s.Wrap(mux("GET /a/{b}", handler)) }, "GET /a/{b}"},
		"around":              {func(s *server.Server) http.Handler { return mux("GET /a/{b}", s.Wrap(handler)) }, "GET /a/{b}"},
		"behind a middleware": {func(s *server.Server) http.Handler { return s.Wrap(copies(mux("/a/", s.Wrap(handler)))) }, "/a/"},
		"behind our own":      {func(s *server.Server) http.Handler { return s.Wrap(auth.Authenticate(anybody)(mux("/a/", handler))) }, "/a/"},
		"in another":          {func(s *server.Server) http.Handler { return s.Wrap(mux("/a/", mux("GET /a/{b}", handler))) }, "GET /a/{b}"},
		"in another, behind": {func(s *server.Server) http.Handler {
			return s.Wrap(mux("/a/", copies(mux("GET /a/{b}", s.Wrap(handler)))))
		}, "GET /a/{b}"},
		"in another, behind a cut": {func(s *server.Server) http.Handler {
			return s.Wrap(mux("/a/", http.StripPrefix("/a", mux("/{b}", s.Wrap(handler)))))
		}, "/{b}"},
		"where it finds nothing": {func(s *server.Server) http.Handler { return s.Wrap(mux("/b/", handler)) }, ""},
	} {
		b := storetest.Keep(t)
		s, _ := servertest.New(t, "vms", server.WithRecorder(b.Recorder), server.WithTrustedID("X-Id"))
		a := askAndEnd(t, c.make(s), "GET", "/a/b", "X-Id", "id-1", "X-Api-Key", "k")
		if r := b.Find(a.Header.Get(server.RequestIDHeader)); r.Route != c.want || r.Path != "/a/b" {
			t.Errorf("%s: the route is %q, the path %q", name, r.Route, r.Path)
		}
	}
}

var inMemory = server.AtomicIn(memory.New())

var anybody = auth.APIKey("X-Api-Key", auth.VerifierFunc(func(context.Context, string, string) (server.Principal, error) {
	return server.Principal{ID: "ann"}, nil
}))

func TestWhatAKeyedRequestAndItsRetryCameToIsKnown(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"a failure":          parlance.NewError(parlance.KindConflict, "no"),
		"one of an Atomic":   inMemory(func(context.Context) (any, error) { return nil, parlance.NewError(parlance.KindConflict, "no") }),
		"a value":            1,
		"that of an Atomic":  inMemory(func(context.Context) (any, error) { return 1, nil }),
		"a Reply with notes": server.Noted(1, "but"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := parlance.KindSuccess
			if strings.Contains(name, "one") || strings.Contains(name, "failure") {
				want = parlance.KindConflict
			}
			b, keys := storetest.Keep(t), memory.New()
			s, _ := servertest.New(t, "problem", server.WithRecorder(b.Recorder), server.WithTrustedID("X-Id"))
			srv := servertest.Listen(t, s.Wrap(idempotency.Middleware(keys.Idempotency())(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
				if err, failed := value.(error); failed {
					return nil, err
				}
				return value, nil
			}))))
			for _, id := range []string{"id-1", "id-2"} {
				servertest.Post(t, srv, "/a", "{}", "Idempotency-Key", "k", "X-Id", id)
			}
			srv.Close()
			first, retry := b.Find("id-1"), b.Find("id-2")
			if name == "a Reply with notes" {
				want = parlance.KindNoted
			}
			if first.Outcome.Kind != want || first.Status == 0 {
				t.Errorf("it came to %d %+v", first.Status, first.Outcome)
			}
			if failing := want.Failing(); retry.Outcome.Kind.Failing() != failing || retry.Status != first.Status || failing && retry.Outcome.Kind != want {
				t.Errorf("its retry came to %d %+v", retry.Status, retry.Outcome)
			}
		})
	}
}

func TestTheRecordOfAKeyedRequestIsCommittedWithItsResponse(t *testing.T) {
	t.Parallel()
	failure := parlance.NewError(parlance.KindConflict, "no").WithReason("taken")
	for name, value := range map[string]any{
		"a value":                  map[string]int{"n": 1},
		"a value of an Atomic":     inMemory(func(context.Context) (any, error) { return map[string]int{"n": 1}, nil }),
		"a failure":                failure,
		"one that undid an Atomic": inMemory(func(context.Context) (any, error) { return nil, failure }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := memory.New()
			for id, where := range map[string]*memory.Store{"together": store, "apart": memory.New()} {
				synctest.Test(t, func(t *testing.T) {
					recorder := activity.NewRecorder(where.Activity())
					s, _ := servertest.New(t, "problem", server.WithRecorder(recorder, server.KeepRequest("/a"), server.KeepResponse("/n")), server.WithTrustedID("X-Id"))
					mux := http.NewServeMux()
					mux.Handle("POST /orders/{id}", idempotency.Middleware(store.Idempotency())(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
						_, _ = io.Copy(io.Discard, r.Body)
						time.Sleep(time.Second)
						if err, failed := value.(error); failed {
							return nil, err
						}
						return value, nil
					})))
					keys := auth.APIKeys{auth.HashKey("k-1"): {Principal: server.Principal{ID: "ann"}}}
					transport := memhttp.Serve(t, s.Wrap(auth.Authenticate(auth.APIKey("X-Api-Key", keys))(mux)))
					req, _ := http.NewRequest("POST", "http://api.test/orders/7", strings.NewReader(`{"a":1}`))
					for name, value := range map[string]string{
						"X-Api-Key": "k-1", "X-Id": id, "Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": id,
					} {
						req.Header.Set(name, value)
					}
					resp, err := transport.RoundTrip(req)
					if err != nil {
						t.Fatal(err)
					}
					body, _ := io.ReadAll(resp.Body)
					// No time has passed since, so that all there is was committed with the response.
					r, err := where.Activity().Find(t.Context(), id)
					if where != store {
						if !errors.Is(err, parlance.ErrNotFound) {
							t.Errorf("in a store apart it is found at once: %+v, %v", r, err)
						}
					} else if err != nil {
						t.Fatalf("%d %s: %v", resp.StatusCode, body, err)
					} else if r.Took < time.Second || r.Method != "POST" || r.Route != "POST /orders/{id}" || r.Path != "/orders/7" || r.Caller != "ann" ||
						r.Status != resp.StatusCode || r.Outcome.Status != r.Status || string(r.Request) != `{"/a":1}` {
						t.Errorf("committed is %+v", r)
					} else if failed := resp.StatusCode == 409; failed != (r.Outcome.Reason == "taken") || failed == (string(r.Response) == `{"/n":1}`) {
						t.Errorf("committed is %s %+v", r.Response, r.Outcome)
					}
					if err := recorder.Close(t.Context()); err != nil {
						t.Fatal(err)
					}
					if last, err := where.Activity().Find(t.Context(), id); err != nil || r != nil && !reflect.DeepEqual(last.Outcome, r.Outcome) {
						t.Errorf("at the end it is %+v, %v\nand was %+v", last, err, r)
					}
				})
			}
		})
	}
}

func TestWhatABulkRequestCameToIsKnownThoughItStreams(t *testing.T) {
	t.Parallel()
	b := storetest.Keep(t)
	s, _ := servertest.New(t, "problem", server.WithRecorder(b.Recorder), server.WithTrustedID("X-Id"))
	srv := servertest.Listen(t, bulk.Handle(s, func(_ context.Context, r bulk.Record) (parlance.Item, error) {
		if r.Index == 1 {
			return parlance.Item{}, parlance.NewError(parlance.KindInvalid, "no")
		}
		return parlance.Item{}, nil
	}))
	servertest.Post(t, srv, "/a", "[{},{},{}]", "X-Id", "id-1")
	srv.Close()
	if r := b.Find("id-1"); r.Outcome.Kind != parlance.KindPartial || r.Status == 0 {
		t.Errorf("it came to %d %+v", r.Status, r.Outcome)
	}
}

func TestATraceThatIsNotValidIsNone(t *testing.T) {
	t.Parallel()
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, c := range []struct {
		header []string
		want   string
	}{
		{[]string{good}, good[3:35]},
		{[]string{good, good}, ""},
		{[]string{good + "-01"}, ""},
		{nil, ""},
	} {
		b := storetest.Keep(t)
		s, _ := servertest.New(t, "vms", server.WithRecorder(b.Recorder))
		srv := servertest.Listen(t, s.Wrap(writes(200, "", "hi")))
		req, _ := http.NewRequest("GET", srv.URL, nil)
		req.Header["traceparent"] = c.header // a server makes it Traceparent
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		srv.Close() // the record is complete when the handler is done
		if r := b.Find(resp.Header.Get(server.RequestIDHeader)); r.Trace != c.want {
			t.Errorf("%v: the trace is %q", c.header, r.Trace)
		}
	}
}

func TestOfBodiesWhatWasChosenIsKept(t *testing.T) {
	t.Parallel()
	long := `{"order":{"id":7},"tail":"` + strings.Repeat("x", 1<<20) + `","last":1}`
	for name, c := range map[string]struct {
		contentType, body       string
		reads                   bool
		request, response       string
		responseType, responded string
	}{
		"chosen members": {
			"application/json", `{"order":{"id":7,"items":[{"sku":"a"},{"sku":"b"}],"token":"hunter2"},"card":"hunter2","note":{"x":1,"password":"hunter2"}}`, true,
			`{"/note":{"password":"[redacted]","x":1},"/order/id":7,"/order/items/1/sku":"b","/order/token":"[redacted]"}`, `{"/data/id":8}`,
			"application/json", `{"id":8,"secret":"hunter2"}`,
		},
		"none of them":             {"application/json", `{"a":1}`, true, ``, ``, "application/json", `[]`},
		"of a body that is cut":    {"application/json", long, true, `{"/order/id":7}`, `{"/data/id":1}`, "application/json", `{"id":1,"tail":"` + strings.Repeat("x", 2<<20) + `"}`},
		"what is too long":         {"application/json", `{"note":"` + strings.Repeat("x", 5000) + `"}`, true, `{"/note":"[5002 bytes]"}`, ``, "application/json", `[]`},
		"of a body nobody reads":   {"application/json", `{"order":{"id":7}}`, false, ``, ``, "application/json", `[]`},
		"of no JSON":               {"text/plain", `{"order":{"id":7}}`, true, ``, ``, "text/plain", `{"data":{"id":7}}`},
		"of a type of one's own":   {"application/vnd.x+json; charset=utf-8", `{"order":{"id":7}}`, true, `{"/order/id":7}`, `{"/data/id":7}`, "application/hal+json", `{"id":7}`},
		"of what is broken":        {"application/json", `{"order":{"id":7},"note":oops}`, true, `{"/order/id":7}`, ``, "text/plain", ``},
		"a scalar where it is not": {"application/json", `{"order":7,"note":[]}`, true, `{"/note":[]}`, ``, "text/plain", ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := storetest.Keep(t)
			s, _ := servertest.New(t, "vbapi", server.WithRecorder(b.Recorder,
				server.KeepRequest("/order/id", "/order/items/1/sku", "/order/token", "/note"), server.KeepResponse("/data/id")))
			srv := servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c.reads {
					if got, err := io.ReadAll(r.Body); string(got) != c.body || err != nil {
						t.Errorf("the handler read %d bytes, %v", len(got), err)
					}
				}
				w.Header().Set("Content-Type", c.responseType)
				w.Header().Set("X-Request-Id", activity.ID(r.Context()))
				io.Copy(w, struct{ io.Reader }{strings.NewReader(c.responded)})
			})))
			resp, err := srv.Client().Post(srv.URL, c.contentType, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil || !strings.Contains(string(got), c.responded) {
				t.Errorf("the response is %d bytes, %v", len(got), err)
			}
			srv.Close() // the record is complete when the handler is done
			r := b.Find(resp.Header.Get("X-Request-Id"))
			if string(r.Request) != c.request || string(r.Response) != c.response {
				t.Errorf("kept\n%s\n%s\nwant\n%s\n%s", r.Request, r.Response, c.request, c.response)
			}
		})
	}
}

func TestNoSecretOfARequestIsRecorded(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	logger := slog.New(activity.NewHandler(slog.DiscardHandler))
	for _, method := range []string{"POST", "PUT"} {
		b := storetest.Keep(t, activity.WithLevel(slog.LevelDebug))
		s, _ := servertest.New(t, "vbapi", server.WithRecorder(b.Recorder, server.KeepRequest(""), server.KeepResponse("", "/data/token")))
		srv := servertest.Listen(t, s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
			body, _ := io.ReadAll(r.Body)
			logger.DebugContext(r.Context(), "asked", "header", r.Header, "url", r.URL, "body", body, "cookies", r.Cookies())
			if r.Method == "PUT" {
				return nil, parlance.NewError(parlance.KindInvalid, "not so: token=%s", secret).Because(fmt.Errorf("Authorization: %s", r.Header.Get("Authorization")))
			}
			http.SetCookie(w, &http.Cookie{Name: "session", Value: secret})
			return map[string]any{"token": secret, "list": []any{map[string]any{"api_key": secret}}}, nil
		}))
		req, _ := http.NewRequest(method, srv.URL+"/a?access_token="+secret, strings.NewReader(
			`{"password":"hunter2","deep":[{"client_secret":["hunter2"]}],"text":"Bearer hunter2"}`))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Cookie", "a="+secret)
		req.SetBasicAuth("me", secret)
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		srv.Close() // the record is complete when the handler is done
		r := b.Find(servertest.Response{Header: resp.Header, Body: string(body)}.ID())
		text, err := json.Marshal(r)
		if err != nil || r.Request == nil || r.Response == nil || len(r.Lines) == 0 {
			t.Fatalf("%s, %v", text, err)
		}
		basic := strings.TrimPrefix(req.Header.Get("Authorization"), "Basic ")
		if strings.Contains(string(text), secret) || strings.Contains(string(text), basic) {
			t.Errorf("a secret stands in %s", text)
		}
	}
}

// seen tells what an observer was told.
type seen struct {
	name string
	mu   *sync.Mutex
	told *[]string
}

type seenKey struct{ name string }

func (s seen) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.told = append(*s.told, s.name+" "+text)
}

func (s seen) Before(ctx context.Context, r *http.Request) context.Context {
	s.say(fmt.Sprintf("before %s, id %v, first %v", r.URL.Path, activity.ID(ctx) != "", ctx.Value(seenKey{"first"})))
	return context.WithValue(ctx, seenKey{s.name}, true)
}

func (s seen) After(ctx context.Context, _ *http.Request, d *server.Served) {
	s.say(fmt.Sprintf("after %s, %d %s by %s, cut %v, own %v, first %v", d.Route, d.Status, d.Outcome.Kind, d.Caller.ID, d.Cut,
		ctx.Value(seenKey{s.name}), ctx.Value(seenKey{"first"})))
}

func TestObserversAreToldOfARequestOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var all []string
	s, _ := servertest.New(t, "vms", server.WithObserver(seen{"first", &mu, &all}), server.WithObserver(seen{"second", &mu, &all}))
	inner, _ := servertest.New(t, "vbapi", server.WithObserver(seen{"inner", &mu, &all}))
	mux := http.NewServeMux()
	mux.Handle("/a", inner.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return nil, fmt.Errorf("%v: %w", r.Context().Value(seenKey{"second"}), parlance.ErrNotFound)
	}))
	askAndEnd(t, s.Wrap(auth.Authenticate(anybody)(mux)), "GET", "/a", "X-Api-Key", "k")
	want := []string{
		"first before /a, id true, first <nil>", "second before /a, id true, first true",
		"second after /a, 404 not_found by ann, cut false, own true, first true", "first after /a, 404 not_found by ann, cut false, own true, first true",
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("told\n%s", strings.Join(all, "\n"))
	}
}

// The head said 200 before the stream failed, and the record has the truth: at once with the
// key, at the end, and for a retry that gets the same bytes.
func TestTheRecordOfAStreamThatFailedUnderAKeySaysSo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path string
		err        error
		kind       parlance.Kind
	}{
		{"as its last element", "/chat", parlance.NewError(parlance.KindUnavailable, "Busy"), parlance.KindUnavailable},
		{"by a panic", "/chat", errPanics, parlance.KindInternal},
		{"without an element for it", "/other", parlance.NewError(parlance.KindUnavailable, "Busy"), parlance.KindUnavailable},
		{"not at all", "/chat", nil, parlance.KindSuccess},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, around := range []int{1, 2} {
				store := memory.New()
				recorder := activity.NewRecorder(store.Activity())
				s, _, end := streamServer(t, server.WithRecorder(recorder), server.WithTrustedID("X-Id"))
				h := idempotency.Middleware(store.Idempotency())(streams(s, 1, tt.err))
				for range around {
					h = s.Wrap(h)
				}
				srv := servertest.Listen(t, h)
				for _, id := range []string{"first", "again"} {
					_, err := servertest.Send(t.Context(), srv, "POST", tt.path, "{}", "Idempotency-Key", "k", "X-Id", id)
					if cut := tt.path == "/other" && id == "first"; cut != (err != nil) {
						t.Errorf("%d around: the %s response ends with %v", around, id, err)
					}
					<-end
				}
				early, err := store.Activity().Find(t.Context(), "first")
				if err != nil || early.Status != 200 || early.Outcome.Kind != tt.kind {
					t.Errorf("%d around: committed is %d %+v, %v; want %s", around, early.Status, early.Outcome, err, tt.kind)
				}
				if err := recorder.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, id := range []string{"first", "again"} {
					r, err := store.Activity().Find(t.Context(), id)
					if err != nil || r.Outcome.Kind.Failing() != tt.kind.Failing() || id == "first" && (r.Status != 200 || r.Outcome.Kind != tt.kind) {
						t.Errorf("%d around: the record of the %s is %d %+v, %v; want %s", around, id, r.Status, r.Outcome, err, tt.kind)
					}
				}
			}
		})
	}
}
