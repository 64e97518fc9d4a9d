package main

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/examples/plain"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
)

const (
	plainReader    = "Authorization: Basic cmVhZGVyOmRlbW8="     // reader:demo
	plainLibrarian = "Authorization: Basic bGlicmFyaWFuOmRlbW8=" // librarian:demo
	plainSky       = `{"title":"The Sky"}`
	plainJSON      = "Content-Type: application/json"
)

// plainHouse is the library on a socket, and the service behind it.
type plainHouse struct {
	*plain.Service
	url    string
	behind *backend
	log    testlog.Log

	mu     sync.Mutex
	came   []http.Header // of each request, in their order
	reopen bool          // after the first request
}

func openPlain(t *testing.T, c plain.Config) *plainHouse {
	t.Helper()
	h := &plainHouse{behind: newBackend(t, 200, "application/json", `{"lent":3}`)}
	c.Backend, c.Logger, c.Timeout = cmp.Or(c.Backend, h.behind.URL), h.log.Logger(), time.Minute
	var err error
	if h.Service, err = plain.New(c); err != nil {
		t.Fatal(err)
	}
	serve := h.Handler()
	h.url = onSocket(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.came = append(h.came, r.Header.Clone())
		again := h.reopen && len(h.came) > 1
		h.mu.Unlock()
		if again {
			h.Maintenance.Reopen()
		}
		serve.ServeHTTP(w, r)
	}))
	return h
}

// closed is a library in maintenance, which ends with the first request that it refused.
func closedPlain(t *testing.T) *plainHouse {
	h := openPlain(t, plain.Config{})
	h.Maintenance.Close(time.Time{})
	h.reopen = true
	return h
}

// requests are the headers of those that came.
func (h *plainHouse) requests() []http.Header {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.came
}

// plainFile is a dialect that extends plain.
func plainFile(t *testing.T, more string) (file string, d *dialect.Dialect) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "library.yaml")
	if err := os.WriteFile(file, []byte("dialect: library\nextends: plain\n"+more), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	return file, d
}

// calls sends a request by the client end.
func (h *plainHouse) calls(t *testing.T, d *dialect.Dialect, call client.Call, method, path, body string, header ...string) *client.Report {
	t.Helper()
	if d == nil {
		d = cataloged(t, "plain")
	}
	report, _, _ := reported(t, d, asking(t, client.WithCall(t.Context(), call), method, h.url+path, body, header...))
	return report
}

// tells wants two texts in what call prints, and its exit.
func tells(t *testing.T, dialect string, exit int, one, two string, args ...string) {
	t.Helper()
	args = append([]string{"call", "--dialect", dialect}, args...)
	stdout, stderr, got := calling(t.Context(), http.DefaultTransport, "", args...)
	said := strings.Join(strings.Fields(stdout+stderr), " ")
	if got != exit || !strings.Contains(said, one) || !strings.Contains(said, two) {
		t.Errorf("parlance %s: got exit %d, want %d, %q and %q in\n%s%s", strings.Join(args, " "), got, exit, one, two, stdout, stderr)
	}
}

// plainRow is a response of the service: what brings it about, and what each end makes
// of it.
type plainRow struct {
	name               string
	config             plain.Config
	given              func(*plainHouse)
	method, path, body string
	header             []string
	status             int
	want               string   // the whole body of a success, the message of a failure
	has                []string // headers
	act                parlance.Act
	means              string
	explains           []string
}

// holds meets the response at both ends. The client end sends it once, so that no test
// waits here.
func (c plainRow) holds(t *testing.T) {
	t.Helper()
	open := func() *plainHouse {
		h := openPlain(t, c.config)
		if c.given != nil {
			c.given(h)
		}
		return h
	}
	m := meet(t, c.method, open().url+c.path, c.body, c.header...)
	body, message := c.want, ""
	if c.status >= 400 {
		body, message = `{"message":`+strconv.Quote(c.want)+`}`, c.want
	}
	m.is(t, c.status, body, append([]string{plainJSON}, c.has...)...)
	if len(m.header.Get("X-Request-Id")) != 36 {
		t.Errorf("got the request ID %q, want a UUID", m.header.Get("X-Request-Id"))
	}
	header := c.header
	if c.body != "" {
		header = append([]string{plainJSON}, header...)
	}
	report := open().calls(t, nil, client.Call{Once: true}, c.method, c.path, c.body, header...)
	if report.Outcome.Status != c.status || meaning(report.Outcome.Kind, report.Outcome.Reason) != c.means || report.Decision.Act != c.act {
		t.Errorf("the client end: got %d %v and %v, want %d %s and %v", report.Outcome.Status, report.Outcome.Kind, report.Decision.Act, c.status, c.means, c.act)
	}
	explains(t, "plain", strconv.Itoa(c.status), append([]string{c.means}, c.explains...)...)
	if report.Outcome.Detail != message {
		t.Errorf("the client end: got the detail %q, want %q", report.Outcome.Detail, message)
	}
	m.decodes(t, "plain", c.means, message)
}

const plainServerFailed = "The request could not be handled. The cause is in the server's log under the request ID."

// TestPlainPage holds each statement of the page at both ends.
func TestPlainPage(t *testing.T) {
	t.Parallel()

	t.Run("P1: each class of codes is handled in its own way", func(t *testing.T) {
		t.Parallel()
		h := openPlain(t, plain.Config{})
		for _, c := range []struct {
			status int
			class  string
			act    parlance.Act
			says   []string
		}{
			{203, "2xx", parlance.ActDone, []string{"2xx Success", "received, understood and accepted", "nothing more to do"}},
			{418, "4xx", parlance.ActCorrect, []string{"4xx Client error", "Never retry it unchanged", "corrects the request"}},
			{429, "4xx", parlance.ActCorrect, nil},
			{599, "5xx", parlance.ActRetry, []string{"5xx Server error", "Retry after a delay", "sends the request again"}},
		} {
			h.behind.sends(c.status, "application/json", `{}`)
			report := h.calls(t, nil, client.Call{Once: true}, "GET", "/archive/1926", "", plainReader)
			if report.Outcome.Status != c.status || report.Decision.Act != c.act {
				t.Errorf("got %d and %v, want %d and %v", report.Outcome.Status, report.Decision.Act, c.status, c.act)
			}
			explains(t, "plain", c.class, c.says...)
			says(t, "", []string{"explain", "plain"}, c.says)
		}
	})

	for _, c := range []plainRow{
		{
			name: "P2: 200 means success", method: "GET", path: "/books/1", header: []string{plainReader},
			status: 200, want: `{"id":1,"title":"The Sea"}`, has: []string{"Location:"},
			act: parlance.ActDone, means: "success", explains: []string{"200 OK", "The request succeeded"},
		},
		{
			name: "P3: 201 says that a resource was created", method: "POST", path: "/books", body: plainSky, header: []string{plainLibrarian},
			status: 201, want: `{"id":2,"title":"The Sky"}`, has: []string{"Location: /books/2"},
			act: parlance.ActDone, means: "success", explains: []string{"201 Created", "a new resource was created"},
		},
		{
			name: "P4: 400 is for a body whose syntax is wrong", method: "POST", path: "/books", body: `{`, header: []string{plainLibrarian},
			status: 400, want: `The body is not valid JSON: line 1, column 2`,
			act: parlance.ActCorrect, means: "invalid", explains: []string{"400 Bad Request", "The syntax of the request is invalid"},
		},
		{
			name: "P4: 400 is for a value that is missing", method: "POST", path: "/books", body: `{}`, header: []string{plainLibrarian},
			status: 400, want: `Submitted data was invalid (title: The title field is required)`,
			act: parlance.ActCorrect, means: "invalid",
		},
		{
			name: "P5: 401 is for missing credentials, and asks for user and password", method: "GET", path: "/books/1",
			status: 401, want: `A credential is required`, has: []string{`WWW-Authenticate: Basic realm="library", charset="UTF-8"`},
			act: parlance.ActStop, means: "unauthenticated", explains: []string{"401 Unauthorized", "no valid credentials"},
		},
		{
			name: "P6: 403 is for a caller who is known and refused", method: "POST", path: "/books", body: plainSky, header: []string{plainReader},
			status: 403, want: `The credential does not allow this`,
			act: parlance.ActStop, means: "forbidden", explains: []string{"403 Forbidden", "understood the request, and refuses it"},
		},
		{
			name: "P7: 404 is for a book that is not there", method: "GET", path: "/books/2", header: []string{plainReader},
			status: 404, want: `There is no book "2"`,
			act: parlance.ActStop, means: "not_found", explains: []string{"404 Not Found", "does not have this resource"},
		},
		{
			name: "P7: 404 is for a route that is not there", method: "GET", path: "/shelves", header: []string{plainReader},
			status: 404, want: `There is no resource at GET /shelves.`,
			act: parlance.ActStop, means: "not_found",
		},
		{
			name: "P10: 5XX is for a server behind that cannot be reached", config: plain.Config{Backend: "http://" + testnet.Closed},
			method: "GET", path: "/reports", header: []string{plainReader},
			status: 503, want: `The report writer cannot be used now`,
			act: parlance.ActRetry, means: "unavailable",
		},
		{
			name: "P11: 500 is for what nobody foresaw, and its cause stays inside", method: "GET", path: "/books/1/loans?month=13", header: []string{plainReader},
			status: 500, want: plainServerFailed,
			act: parlance.ActRetry, means: "internal", explains: []string{"500 Internal Server Error", "Something unforeseen stopped the server"},
		},
		{
			name: "P12: 502 is for an invalid response from behind", given: func(h *plainHouse) { h.behind.sends(200, "text/html", "<html>") },
			method: "GET", path: "/reports", header: []string{plainReader},
			status: 502, want: `The report writer cannot be used now`,
			act: parlance.ActRetry, means: "bad_gateway", explains: []string{"502 Bad Gateway", "A server behind this one gave an invalid response"},
		},
		{
			name: "P13: 503 is for maintenance", given: func(h *plainHouse) { h.Maintenance.Close(time.Time{}) },
			method: "GET", path: "/books/1", header: []string{plainReader},
			status: 503, want: `The library is closed for maintenance`,
			act: parlance.ActRetry, means: "unavailable", explains: []string{"503 Service Unavailable", "Temporary overload or maintenance"},
		},
		{
			name: "P15: a code of the class keeps its text if the service says it", config: plain.Config{Room: 1},
			method: "POST", path: "/books", body: plainSky, header: []string{plainLibrarian},
			status: 507, want: `The shelf is full`,
			act: parlance.ActRetry, means: "internal", explains: []string{"5xx"},
		},
		{
			name: "P15: a code of the class from behind is kept, and its text stays in the log", given: func(h *plainHouse) { h.behind.sends(599, "text/plain", "reel 7 is torn") },
			method: "GET", path: "/archive/1926", header: []string{plainReader},
			status: 599, want: plainServerFailed,
			act: parlance.ActRetry, means: "internal", explains: []string{"its row for 5xx says"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.holds(t)
		})
	}

	t.Run("P5: a caller without credentials is told to give user and password", func(t *testing.T) {
		t.Parallel()
		h := openPlain(t, plain.Config{})
		tells(t, "plain", 1, "Give them with -u env:NAME", "401 unauthenticated", h.url+"/books/1")
		tells(t, "plain", 0, "success", "200", h.url+"/books/1", "-u", "env:READER")
	})

	t.Run("P8: a request is sent once if the response is a 4XX", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{400, 401, 403, 404, 408, 418, 423, 425, 429, 499} {
			var times atomic.Int32
			socket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				times.Add(1)
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(status)
			}))
			defer socket.Close()
			h := &plainHouse{url: socket.URL}
			_, keyed := plainFile(t, "idempotency: {header: Idempotency-Key}\noperations: [{method: POST, safe: true}]\n")
			for i, c := range []struct {
				method string
				speaks *dialect.Dialect
				call   client.Call
			}{
				{method: "GET"}, {method: "POST"}, {method: "POST", call: client.Call{RetryUnsafe: true}}, {method: "POST", speaks: keyed},
			} {
				report := h.calls(t, c.speaks, c.call, c.method, "/books", plainSky)
				if report.Decision.Act == parlance.ActRetry || int(times.Load()) != i+1 {
					t.Errorf("%s after %d: got %v, and %d requests in all, want %d", c.method, status, report.Decision.Act, times.Load(), i+1)
				}
			}
		}
		h := openPlain(t, plain.Config{})
		h.calls(t, nil, client.Call{RetryUnsafe: true}, "POST", "/books", "{", plainJSON, plainLibrarian)
		if n := len(h.requests()); n != 1 {
			t.Errorf("the library: got %d requests, want 1", n)
		}
		explains(t, "plain", "4xx", "Never retry it unchanged", "never sends it again unchanged")
	})

	t.Run("P9: the message of a 4XX is shown, in whatever member it stands", func(t *testing.T) {
		t.Parallel()
		h := openPlain(t, plain.Config{})
		tells(t, "plain", 1, "detail", `There is no book "2"`, h.url+"/books/2", "-u", "env:READER")
		for _, body := range []string{`{"message":"Too long"}`, `{"error":"Too long"}`, `{"detail":"Too long"}`, `{"error":{"message":"Too long"}}`, "Too long"} {
			met{"GET", "/x", 418, http.Header{}, body}.decodes(t, "plain", "Too long", "invalid")
		}
		explains(t, "plain", "4xx", "The message in the body says what")
	})

	t.Run("P10: 5XX is for a server that is down, overloaded or set up wrongly", func(t *testing.T) {
		t.Parallel()
		explains(t, "plain", "5xx", "cannot be reached, is overloaded or is set up wrongly")
	})

	t.Run("P14: a GET is sent again after the delay of a 503", func(t *testing.T) {
		t.Parallel()
		h := closedPlain(t)
		report := h.calls(t, nil, client.Call{}, "GET", "/books/1", "", plainReader)
		if n := len(h.requests()); n != 2 || report.Outcome.Status != 200 || len(report.Attempts) != 2 || report.Attempts[0].Wait < time.Second {
			t.Errorf("got %d requests and %+v, want 2 with a wait of at least 1s", n, report)
		}
		explains(t, "plain", "503", "sends the request again after 1 second", "GET, PUT, DELETE")
	})
	t.Run("P14: a POST is sent once, and the texts say what a retry needs", func(t *testing.T) {
		t.Parallel()
		h := closedPlain(t)
		report := h.calls(t, nil, client.Call{}, "POST", "/books", plainSky, plainJSON, plainLibrarian)
		held := report.Attempts[0].Held
		if n := len(h.requests()); n != 1 || report.Decision.RetrySafe || held != "not retried: a POST is retried only with an idempotency key, an operation that the dialect marks, or Call.RetryUnsafe" {
			t.Errorf("got %d requests, and %q", n, held)
		}
		h = closedPlain(t)
		tells(t, "plain", 1, "Find out before you send it again. --retry-unsafe sends it again all the same: this API has no idempotency key.",
			"a POST is retried only with an idempotency key, an operation that the dialect marks, or --retry-unsafe",
			h.url+"/books", "-u", "env:LIBRARIAN", "-H", plainJSON, "-d", plainSky)
		explains(t, "plain", "5xx", "only with an idempotency key, if the file marks the operation, or if the caller says that a retry is fine", "No status alone proves that nothing was done")
	})
	for name, c := range map[string]struct {
		file string
		call client.Call
		flag []string
		key  string
	}{
		"P14: a POST is sent again if the caller says that a retry is fine": {call: client.Call{RetryUnsafe: true}, flag: []string{"--retry-unsafe"}},
		"P14: a POST is sent again if the file marks the operation":         {file: "operations: [{method: POST, path: /books, safe: true}]\n"},
		"P14: a POST is sent again under its key if the file has a header":  {file: "idempotency: {header: Idempotency-Key}\n", call: client.Call{Key: "sky-1"}, flag: []string{"--key", "sky-1"}, key: "sky-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, d := plainFile(t, c.file)
			h := closedPlain(t)
			report := h.calls(t, d, c.call, "POST", "/books", plainSky, plainJSON, plainLibrarian)
			if report.Outcome.Status != 201 || len(report.Attempts) != 2 || report.Attempts[0].Wait < time.Second {
				t.Errorf("got %+v, want 201 after a wait of at least 1s", report)
			}
			called := closedPlain(t)
			tells(t, file, 0, "attempt 2", "201 success", append([]string{called.url + "/books", "-u", "env:LIBRARIAN", "-H", plainJSON, "-d", plainSky}, c.flag...)...)
			for _, h := range []*plainHouse{h, called} {
				came := h.requests()
				if len(came) != 2 {
					t.Fatalf("got %d requests, want 2", len(came))
				}
				for _, header := range came {
					if got := header.Get("Idempotency-Key"); got != c.key {
						t.Errorf("got the key %q, want %q", got, c.key)
					}
				}
			}
		})
	}

	t.Run("P15: an unlisted code of the class keeps its text at the client", func(t *testing.T) {
		t.Parallel()
		for status, want := range map[int]string{418: "invalid", 429: "invalid", 507: "internal", 599: "internal"} {
			met{"GET", "/x", status, http.Header{}, `{"message":"So it is"}`}.decodes(t, "plain", want, "So it is", strconv.Itoa(status))
			says(t, `{"outcome":{"kind":"`+want+`","status":`+strconv.Itoa(status)+`,"detail":"So it is"}}`,
				[]string{"encode", "--dialect", "plain"}, []string{strconv.Itoa(status), `{\"message\":\"So it is\"}`})
		}
	})
}
