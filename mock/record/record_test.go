package record_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/mock/record"
)

// stripe is an API that is recorded: a mock, and what a mock has not.
func stripe(t *testing.T) (*dialect.Dialect, *url.URL) {
	t.Helper()
	d, err := catalog.Open("stripe")
	if err != nil {
		t.Fatal(err)
	}
	m := mock.New(d)
	mux := http.NewServeMux()
	mux.Handle("/", m)
	mux.HandleFunc("/v1/secret", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "sid=s3cr3t")
		io.WriteString(w, `{"id":1,"client_secret":"s3cr3t"}`)
	})
	mux.HandleFunc("/v1/long", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write(bytes.Repeat([]byte("x"), record.MaxBody+1))
	})
	mux.HandleFunc("/v1/image", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Write([]byte("\x89PNG\x00"))
	})
	var base string
	mux.HandleFunc("/v1/moved", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", base+"/v1/here?x=1")
		w.WriteHeader(http.StatusFound)
	})
	s := httptest.NewServer(mux)
	base = s.URL
	t.Cleanup(func() {
		s.Close()
		m.Close()
	})
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return d, u
}

// ask sends a request, and returns the status and the body.
func ask(t *testing.T, method, url string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

// recorded runs requests through a Recorder.
func recorded(t *testing.T, d *dialect.Dialect, upstream *url.URL, w record.Writer, requests [][]string, options ...record.Option) {
	t.Helper()
	r := record.New(upstream, d, w, options...)
	s := httptest.NewServer(r)
	defer s.Close()
	for _, q := range requests {
		ask(t, q[0], s.URL+q[1], q[2:]...)
	}
	s.Close()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

var someRequests = [][]string{
	{"GET", "/v1/charges?page=2&token=s3cr3t", "Authorization: Bearer s3cr3t", "User-Agent: me"},
	{"POST", "/v1/charges", "Prefer: code=card_declined", "Idempotency-Key: k"},
	{"POST", "/v1/charges", "Prefer: sample=5"},
	{"GET", "/v1/secret"},
	{"GET", "/v1/long"},
	{"GET", "/v1/image"},
}

func TestRecordedCasesAreTestedWithoutADifferenceAndHoldNoSecret(t *testing.T) {
	t.Parallel()
	d, upstream := stripe(t)
	var file bytes.Buffer
	var mu sync.Mutex
	var why []string
	recorded(t, d, upstream, record.Cases(&file, d), someRequests, record.WithObserver(func(g mock.Given) {
		mu.Lock()
		defer mu.Unlock()
		why = append(why, fmt.Sprint(g.Status, " ", g.Why))
	}))
	if strings.Contains(file.String(), "s3cr3t") {
		t.Errorf("a secret is in\n%s", file.String())
	}
	cases, err := authoring.Cases("stripe.cases.jsonl", file.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, file.String())
	}
	if len(cases) != 4 {
		t.Errorf("got %d cases, want the 4 with a short body of text:\n%s", len(cases), file.String())
	}
	for _, r := range authoring.Test(d, cases...).Results {
		if !r.Passed {
			t.Errorf("%s differs: %v", r.Name, r.Differences)
		}
	}
	for _, want := range []string{`"outcome":{"code":"card_declined","kind":"failed","reason":"declined"}`, `"act":"stop"`, `"path":"/v1/charges?page=2&token=[redacted]"`, `"Authorization":"Bearer [redacted]"`} {
		if !strings.Contains(strings.ReplaceAll(file.String(), `\u0026`, "&"), want) {
			t.Errorf("%s is not in\n%s", want, file.String())
		}
	}
	if got := strings.Join(why, "\n"); !strings.Contains(got, "402 recorded") || !strings.Contains(got, "200 not kept: the body is longer") || !strings.Contains(got, "200 not kept: the body is neither") {
		t.Errorf("the observer learns\n%s", got)
	}
}

func TestAMockReplaysWhatWasRecordedInItsOrder(t *testing.T) {
	t.Parallel()
	d, upstream := stripe(t)
	var file bytes.Buffer
	recorded(t, d, upstream, record.Cases(&file, d), someRequests)
	cases, err := authoring.Cases("stripe.cases.jsonl", file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	m := mock.New(d, mock.WithReplay(cases...))
	defer m.Close()
	s := httptest.NewServer(m)
	defer s.Close()
	for _, test := range []struct {
		method, target, prefer string
		status                 int
		body                   string
	}{
		{"POST", "/v1/charges", "", 402, `"code":"card_declined"`},
		{"POST", "/v1/charges", "", 429, "lock_timeout"},
		{"POST", "/v1/charges", "", 429, "lock_timeout"}, // the last one again
		{"GET", "/v1/charges?page=2&token=%5Bredacted%5D", "", 200, "{}"},
		{"GET", "/v1/charges?page=3", "", 200, "{}"},
		{"GET", "/v1/secret", "", 200, `{"client_secret":"[redacted]","id":1}`},
		{"GET", "/v1/unknown", "", 404, "Nothing was recorded for GET /v1/unknown"},
		{"GET", "/v1/unknown", "code=503", 503, "This is an example of 503"},
	} {
		var header []string
		if test.prefer != "" {
			header = append(header, "Prefer: "+test.prefer)
		}
		status, body, _ := ask(t, test.method, s.URL+test.target, header...)
		if status != test.status || !strings.Contains(body, test.body) {
			t.Errorf("%s %s: got %d %s, want %d with %s", test.method, test.target, status, body, test.status, test.body)
		}
	}
}

func TestAnArchiveIsWholeAfterEachExchange(t *testing.T) {
	t.Parallel()
	d, upstream := stripe(t)
	path := filepath.Join(t.TempDir(), "stripe.har")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := record.HAR(file)
	r := record.New(upstream, d, w)
	s := httptest.NewServer(r)
	defer s.Close()
	for n := range 4 {
		if n > 0 {
			ask(t, "POST", s.URL+"/v1/charges?token=s3cr3t", "Prefer: code=card_declined", "Authorization: Bearer s3cr3t")
		}
		if n == 3 {
			s.Close() // the last exchange is written
		}
		if n == 0 {
			continue // nothing is written yet
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var archive struct {
			Log struct {
				Version string `json:"version"`
				Entries []struct {
					Request  struct{ Method, URL string }
					Response struct {
						Status  int
						Content struct{ Text string }
					}
				} `json:"entries"`
			} `json:"log"`
		}
		if err := json.Unmarshal(text, &archive); err != nil {
			t.Fatalf("after %d exchanges: %v\n%s", n, err, text)
		}
		if len(archive.Log.Entries) != n || archive.Log.Version != "1.2" || strings.Contains(string(text), "s3cr3t") {
			t.Errorf("after %d exchanges there are %d entries: %s", n, len(archive.Log.Entries), text)
		}
		if e := archive.Log.Entries[0]; e.Response.Status != 402 || !strings.Contains(e.Response.Content.Text, "card_declined") || e.Request.Method != "POST" {
			t.Errorf("got the entry %+v", e)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnArchiveOfNothingIsWholeToo(t *testing.T) {
	t.Parallel()
	d, upstream := stripe(t)
	file, err := os.Create(filepath.Join(t.TempDir(), "empty.har"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := record.New(upstream, d, record.HAR(file)).Close(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil || !json.Valid(text) {
		t.Errorf("got %q %v, want valid JSON", text, err)
	}
}

func TestARedirectToTheAPIStaysWithTheRecorder(t *testing.T) {
	t.Parallel()
	d, upstream := stripe(t)
	r := record.New(upstream, d, record.Cases(io.Discard, d))
	defer r.Close()
	s := httptest.NewServer(r)
	defer s.Close()
	if status, _, h := ask(t, "GET", s.URL+"/v1/moved"); status != 302 || h.Get("Location") != "/v1/here?x=1" {
		t.Errorf("got %d with the Location %q, want 302 to /v1/here?x=1", status, h.Get("Location"))
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAFileThatCannotBeWrittenDoesNotStopTheTraffic(t *testing.T) {
	t.Parallel()
	d, upstream := stripe(t)
	var logged testlog.Log
	r := record.New(upstream, d, record.Cases(full{}, d), record.WithLogger(logged.Logger()))
	s := httptest.NewServer(r)
	defer s.Close()
	for range 3 {
		if status, _, _ := ask(t, "GET", s.URL+"/v1/charges"); status != 200 {
			t.Errorf("got %d, want 200", status)
		}
	}
	s.Close()
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("Close gives %v, want the error of the file", err)
	}
	if n := strings.Count(logged.String(), "no space left"); n != 1 {
		t.Errorf("the log says it %d times, want once:\n%s", n, logged.String())
	}
}

func TestAnAPIThatIsDownIsABadGatewayInTheDialect(t *testing.T) {
	t.Parallel()
	d, _ := stripe(t)
	r := record.New(&url.URL{Scheme: "http", Host: testnet.Closed}, d, record.Cases(io.Discard, d))
	defer r.Close()
	s := httptest.NewServer(r)
	defer s.Close()
	status, body, _ := ask(t, "GET", s.URL+"/v1/charges")
	if status != 502 || !strings.Contains(body, `"type":"api_error"`) {
		t.Errorf("got %d %s, want 502 in the form of Stripe", status, body)
	}
}
