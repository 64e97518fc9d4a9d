package mock_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/mock/scenario"
)

func compiled(t testing.TB, d *dialect.Dialect, source string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Compile("busy.yaml", []byte(source), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAScenarioSaysWhatEachRequestIsGiven(t *testing.T) {
	t.Parallel()
	d := open(t, "stripe")
	why := make(chan string, 8)
	m, url := started(t, d, mock.WithObserver(func(g mock.Given) { why <- g.Why }), mock.WithScenario(compiled(t, d, `
scenario: busy
requests:
  POST /v1/charges: declined, 503, rate_limited, then 200
responses:
  declined: {code: card_declined, detail: 'No "money", no goods', retry-after: 7s}
`)))
	var got []string
	ask := func(method, path string, header ...string) {
		read, res, _ := sent(t, d, request(t, method, url+path, header...))
		got = append(got, strings.TrimSpace(short(&read.Outcome)+" "+res.Header.Get("Retry-After")))
	}
	ask("POST", "/v1/charges")
	ask("GET", "/v1/charges")
	ask("POST", "/v1/charges", "Prefer: code=404")
	if err := m.Next(1, mock.Wish{Code: "409"}); err != nil {
		t.Fatal(err)
	}
	ask("POST", "/v1/charges")
	ask("POST", "/v1/charges/")
	ask("POST", "/v1/charges")
	ask("POST", "/v1/charges")
	ask("POST", "/v1/charges")
	want := []string{
		"402 failed/declined card_declined 7", "200 success/", "404 not_found/ invalid_request_error", "409 conflict/ invalid_request_error",
		"503 unavailable/ api_error", "429 rate_limited/ invalid_request_error", "200 success/", "200 success/",
	}
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
	for i, want := range []string{
		`scenario busy.yaml:4: code=card_declined, detail="No \"money\", no goods", retry-after=7`, "no wish", "Prefer: code=404", "next: code=409", "scenario busy.yaml:4: code=503",
	} {
		if got := <-why; got != want {
			t.Errorf("response %d was chosen by %q, want %q", i+1, got, want)
		}
	}
}

func TestALatencyOfAScenarioIsWaited(t *testing.T) {
	t.Parallel()
	d := open(t, "vms")
	s := compiled(t, d, "scenario: slow\nlatency: 2s\nrequests: {/a: 503, /b: own}\nresponses: {own: {latency: 5m}}")
	synctest.Test(t, func(t *testing.T) {
		client := http.Client{Transport: memhttp.Serve(t, mock.New(d, mock.WithScenario(s)))}
		for path, want := range map[string]string{"/a": "503 after 2s", "/b": "200 after 5m0s", "/c": "200 after 2s"} {
			began := time.Now()
			res, err := client.Get("http://x" + path)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if got := fmt.Sprintf("%d after %s", res.StatusCode, time.Since(began)); got != want {
				t.Errorf("%s: got %s, want %s", path, got, want)
			}
		}
	})
}

func TestAFaultOfAScenarioBreaksTheResponseOfTheDialect(t *testing.T) {
	t.Parallel()
	d := open(t, "stripe")
	told := make(chan string, 4)
	observe := mock.WithObserver(func(g mock.Given) { told <- fmt.Sprint(g.Status, " ", g.Outcome.Kind, " ", g.Fault) })
	_, url := started(t, d, observe, mock.WithScenario(compiled(t, d, `
scenario: broken
requests:
  /reset: reset, then 200
  /half: half_declined
  /lie: lying_type
responses:
  half_declined: {code: card_declined, fault: half_body}
`)))
	if _, err := http.Get(url + "/reset"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
	if res, err := http.Get(url + "/reset"); err != nil || res.StatusCode != 200 {
		t.Errorf("got %v, %v", res, err)
	}
	res, err := http.Get(url + "/half")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || res.StatusCode != 402 || !strings.HasPrefix(string(body), `{"error":{`) || int64(len(body)) != res.ContentLength/2 {
		t.Errorf("got %d %q of %d bytes, %v", res.StatusCode, body, res.ContentLength, err)
	}
	res, err = http.Get(url + "/lie")
	if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/html" {
		t.Errorf("got %v, %v", res, err)
	}
	for _, want := range []string{"0 success reset", "200 success none", "402 failed half_body", "200 success lying_type"} {
		if got := <-told; got != want {
			t.Errorf("the observer is told %s, want %s", got, want)
		}
	}
}

func TestAFaultThatIsNotPossibleIsLoggedAndTheResponseIsWhole(t *testing.T) {
	t.Parallel()
	d := open(t, "stripe")
	var log bytes.Buffer
	m := mock.New(d, mock.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), mock.WithScenario(compiled(t, d, "scenario: x\nrequests: {/: half_header}")))
	server := httptest.NewUnstartedServer(m)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil || res.StatusCode != 200 || res.ProtoMajor != 2 {
		t.Fatal(res, err)
	}
	for _, want := range []string{"a response was sent whole", "half_header needs a connection of HTTP/1.1", "this one is HTTP/2.0", "busy.yaml:2"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log is %s, without %q", &log, want)
		}
	}
}

func TestCloseEndsResponsesThatNeverCome(t *testing.T) {
	t.Parallel()
	d := open(t, "vms")
	s := compiled(t, d, "scenario: x\nrequests: {/never: no_response, /slow: slow}")
	synctest.Test(t, func(t *testing.T) {
		m := mock.New(d, mock.WithScenario(s))
		client := http.Client{Transport: memhttp.Serve(t, m)}
		ended := make(chan error)
		for _, path := range []string{"/never", "/slow"} {
			go func() {
				_, err := client.Get("http://x" + path)
				ended <- err
			}()
		}
		time.Sleep(5 * time.Second)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := <-ended; err == nil {
				t.Error("a response came")
			}
		}
	})
}
