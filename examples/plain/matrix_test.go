package plain_test

import (
	"cmp"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/plain"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
)

const (
	reader    = "Authorization: Basic cmVhZGVyOmRlbW8="     // reader:demo
	librarian = "Authorization: Basic bGlicmFyaWFuOmRlbW8=" // librarian:demo
)

// house is the library and the service behind it.
type house struct {
	*plain.Service
	t      *testing.T
	url    string
	behind *golden.Backend
	log    testlog.Log
}

func open(t *testing.T, c plain.Config) *house {
	h := &house{t: t, behind: golden.NewBackend(t, golden.Respond(200, "application/json", `{"lent":3}`))}
	c.Backend, c.Logger = cmp.Or(c.Backend, h.behind.URL), h.log.Logger()
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	var err error
	if h.Service, err = plain.New(c); err != nil {
		t.Fatal(err)
	}
	h.url = golden.Serve(t, h.Handler())
	return h
}

// did sends what went before, which succeeds.
func (h *house) did(method, path, body, as string) {
	h.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(golden.Request(h.t, h.url, method, path, body, as))
	if err != nil {
		h.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode > 299 {
		h.t.Fatalf("%s %s: got %d", method, path, res.StatusCode)
	}
}

// busy has a request served that ends with the test.
func (h *house) busy() {
	began := make(chan bool)
	h.behind.Handle(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		golden.Hang(w, r)
	})
	go func() {
		if res, err := http.DefaultClient.Do(golden.Request(h.t, h.url, "GET", "/reports", "", reader)); err == nil {
			res.Body.Close()
		}
	}()
	<-began
}

// Each row of the page, its cause brought about, and what a client does then.
func TestEachCodeHasItsCause(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name               string
		config             plain.Config
		given              func(*house)
		method, path, body string
		as                 string
		client             string
		log                string // what stands in it of the cause, under the response's id
	}{
		{name: "200 a book is read", method: "GET", path: "/books/1", as: reader, client: "is done"},
		{name: "200 the service behind responds", method: "GET", path: "/reports", as: reader, client: "is done"},
		{name: "201 a book is added", method: "POST", path: "/books", body: `{"title":"The Sky"}`, as: librarian, client: "is done"},
		{name: "400 the title is missing", method: "POST", path: "/books", body: `{}`, as: librarian, client: "corrects it"},
		{name: "400 the body is no JSON", method: "POST", path: "/books", body: `{`, as: librarian, client: "corrects it"},
		{name: "401 nobody says who asks", method: "GET", path: "/books/1", as: "Accept: */*", client: "stops"},
		{name: "401 the password is wrong", method: "GET", path: "/books/1", as: "Authorization: Basic cmVhZGVyOmd1ZXNz", client: "stops"},
		{name: "403 a reader adds a book", method: "POST", path: "/books", body: `{"title":"Mine"}`, as: reader, client: "stops"},
		{name: "404 there is no such book", method: "GET", path: "/books/2", as: reader, client: "stops"},
		{name: "404 there is no such route", method: "GET", path: "/shelves", as: reader, client: "stops"},
		{name: "500 a bug panics", method: "GET", path: "/books/1/loans?month=13", as: reader, client: "retries it, later each time", log: "index out of range"},
		{
			name:   "502 the service behind fails",
			given:  func(h *house) { h.behind.Handle(golden.Respond(500, "text/plain", "stack trace")) },
			method: "GET", path: "/reports", as: reader, client: "retries it, later each time", log: "responded with 500",
		},
		{
			name:   "502 the service behind sends no JSON",
			given:  func(h *house) { h.behind.Handle(golden.Respond(200, "text/html", "<html>")) },
			method: "GET", path: "/reports", as: reader, client: "retries it, later each time", log: "sent no JSON",
		},
		{
			name:   "502 the service behind breaks off",
			given:  func(h *house) { h.behind.Handle(breaksOff) },
			method: "GET", path: "/reports", as: reader, client: "retries it, later each time", log: "unexpected EOF",
		},
		{
			name:   "503 the service behind is gone",
			config: plain.Config{Backend: "http://" + testnet.Closed},
			method: "GET", path: "/reports", as: reader, client: "retries it, later each time", log: "refused",
		},
		{
			name:   "503 the service behind hangs",
			config: plain.Config{Timeout: time.Millisecond},
			given:  func(h *house) { h.behind.Handle(golden.Hang) },
			method: "GET", path: "/reports", as: reader, client: "retries it, later each time", log: "exceeded",
		},
		{
			name:   "503 as many are served as can be",
			config: plain.Config{AtOnce: 1},
			given:  (*house).busy,
			method: "GET", path: "/books/1", as: reader, client: "retries it after 1s",
		},
		{
			name:   "503 maintenance for who knows how long",
			given:  func(h *house) { h.Maintenance.Close(time.Time{}) },
			method: "GET", path: "/books/1", as: reader, client: "retries it, later each time",
		},
		{
			name:   "503 a POST in maintenance did nothing",
			given:  func(h *house) { h.Maintenance.Close(time.Time{}) },
			method: "POST", path: "/books", body: `{"title":"The Sky"}`, as: librarian, client: "would retry it if that were safe",
		},

		// What the page does not list goes by its class.
		{
			name:   "203 the archive has a copy",
			given:  func(h *house) { h.behind.Handle(golden.Respond(203, "application/json", `{"copy":true}`)) },
			method: "GET", path: "/archive/1926", as: reader, client: "is done",
		},
		{
			name:   "423 somebody else has the book",
			given:  func(h *house) { h.did("PUT", "/books/1/loan", "", librarian) },
			method: "PUT", path: "/books/1/loan", as: reader, client: "corrects it",
		},
		{
			name:   "507 the shelf is full",
			config: plain.Config{Room: 1},
			method: "POST", path: "/books", body: `{"title":"The Sky"}`, as: librarian, client: "would retry it if that were safe", log: "The shelf is full",
		},
		{name: "405 nobody deletes a book", method: "DELETE", path: "/books/1", as: librarian, client: "corrects it"},
		{
			name:   "413 the body is too long",
			method: "POST", path: "/books", body: strings.Repeat(" ", 1<<20) + "{}", as: librarian, client: "corrects it",
		},
		{
			name:   "418 the archive is a teapot",
			given:  func(h *house) { h.behind.Handle(golden.Respond(418, "text/plain", "short and stout")) },
			method: "GET", path: "/archive/1926", as: reader, client: "corrects it",
		},
		{
			name:   "429 the archive has had too much",
			given:  func(h *house) { h.behind.Handle(golden.Respond(429, "text/plain", "slower")) },
			method: "GET", path: "/archive/1926", as: reader, client: "corrects it",
		},
		{
			name:   "599 the archive has a code of its own",
			given:  func(h *house) { h.behind.Handle(golden.Respond(599, "text/plain", "reel 7 is torn")) },
			method: "GET", path: "/archive/1926", as: reader, client: "retries it, later each time", log: "reel 7 is torn",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, row.config)
			if row.given != nil {
				row.given(h)
			}
			r := golden.Request(t, h.url, row.method, row.path, row.body, row.as)
			a := golden.Send(t, "plain", http.DefaultTransport, r, 1)
			golden.Exchange(t, row.name, r, row.body, a)
			a.Check(t, row.client, &h.log, row.log, "stack trace", h.behind.URL, "reel 7")
		})
	}
}

// The page's two rules: 4XX is never retried unmodified, 5XX is after a delay.
func TestTheClientEndRetriesWhatFailedBehindAndNothingThatItDidWrong(t *testing.T) {
	t.Parallel()
	for path, times := range map[string]int32{"/archive/418": 1, "/archive/429": 1, "/archive/599": 3, "/archive/502": 3, "/archive/200": 1} {
		synctest.Test(t, func(t *testing.T) {
			var asked atomic.Int32
			behind := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				status, _ := strconv.Atoi(strings.TrimPrefix(path, "/archive/"))
				http.Error(w, "so it is", status)
			}))
			var log testlog.Log
			s, err := plain.New(plain.Config{Logger: log.Logger(), Backend: "http://archive", Transport: behind})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			a := golden.Send(t, "plain", memhttp.Serve(t, s.Handler()), golden.Request(t, "http://library", "GET", path, "", reader), 3)
			if asked.Load() != times || len(a.Attempts) != int(times) {
				t.Errorf("%s was asked for %d times, which should be %d", path, asked.Load(), times)
			}
			if waited := time.Since(began); (waited > 0) != (times > 1) {
				t.Errorf("%s: the client end waited for %v", path, waited)
			}
		})
	}
}

func breaksOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "9")
	_, _ = io.WriteString(w, "[")
}

// The story of a request has what was asked on its behalf, and what was logged.
func TestTheRecordOfARequestIsFoundByTheIDThatTheClientGot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, route  string
		behind       http.HandlerFunc
		status, said int // to the client, and by the service behind
		lines        int
	}{
		{"/reports", "GET /reports", breaksOff, 502, 200, 1},
		{"/archive/1926", "GET /archive/", golden.Respond(418, "text/plain", "short and stout"), 418, 418, 1},
	} {
		keeps := golden.Keep(t)
		h := open(t, plain.Config{Activity: keeps.Recorder})
		h.behind.Handle(c.behind)
		a := golden.Send(t, "plain", http.DefaultTransport, golden.Request(t, h.url, "GET", c.path, "", reader), 1)
		r := keeps.Find(a.Response.Header.Get("X-Request-Id"))
		if r.Caller != "reader" || r.Route != c.route || r.Status != c.status || len(r.Calls) != 1 || len(r.Lines) != c.lines {
			t.Fatalf("%s: got %+v", c.path, r)
		}
		if call := r.Calls[0]; "http://"+call.Host != h.behind.URL || call.Outcome.Status != c.said {
			t.Errorf("%s: got %+v", c.path, call)
		}
	}
}
