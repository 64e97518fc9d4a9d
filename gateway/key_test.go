package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
)

// till charges once for each idempotency key that it is sent in a header. It
// tells nobody of the first charge.
type till struct {
	*httptest.Server
	mu   sync.Mutex
	keys map[string]int // how often each came
}

func newTill(t *testing.T, header string, silent bool) *till {
	t.Helper()
	s := &till{keys: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that nobody waits any more
		s.mu.Lock()
		first := len(s.keys) == 0
		s.keys[r.Header.Get(header)]++
		s.mu.Unlock()
		if silent && first {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(s.Close)
	return s
}

// seen is how many were charged, and the one key where there was one.
func (s *till) seen() (charged int, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key = range s.keys {
	}
	return len(s.keys), key
}

func TestACallerWhoSendsAgainUnderTheKeyThatHeWasGivenIsChargedOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, speaks, sent string // the upstream's dialect, and its header
		replies, told      string // the callers'
	}{
		{"one header", "stripe", "Idempotency-Key", "omilia", "Idempotency-Key"},
		{"a header each", "paypal", "Paypal-Request-Id", "omilia", "Idempotency-Key"},
		{"callers without a header", "paypal", "Paypal-Request-Id", "vms", "Paypal-Request-Id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newTill(t, tt.sent, true)
			url, _ := before(t, s.URL, tt.speaks, tt.replies, func(c *gateway.Config) { c.Timeout = time.Second })
			charge := func(key string) *http.Response {
				req, err := http.NewRequest("POST", url+"/v1/charges", strings.NewReader("amount=2000"))
				if err != nil {
					t.Fatal(err)
				}
				if key != "" {
					req.Header.Set(tt.told, key)
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return resp
			}
			first := charge("")
			key := first.Header.Get(tt.told)
			if first.StatusCode != http.StatusGatewayTimeout || key == "" {
				t.Fatalf("got %d with the key %q, want 504 with one", first.StatusCode, key)
			}
			second := charge(key)
			if n, charged := s.seen(); second.StatusCode != http.StatusCreated || n != 1 || charged != key {
				t.Errorf("got %d, charged %d times, under %q, want 201, once, under %q", second.StatusCode, n, charged, key)
			}
		})
	}
}

func TestACallersOwnKeyReachesTheUpstreamUnderItsName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, replies, header string
	}{
		{"in the header of the dialect that responds", "omilia", "Idempotency-Key"},
		{"in that of the upstream's dialect", "omilia", "PayPal-Request-Id"},
		{"in the one that most APIs share, where the dialect that responds has none", "vms", "Idempotency-Key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newTill(t, "Paypal-Request-Id", false)
			url, _ := before(t, s.URL, "paypal", tt.replies)
			for range 2 {
				req, err := http.NewRequest("POST", url+"/v2/orders", strings.NewReader("{}"))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set(tt.header, "mine")
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			if n, key := s.seen(); n != 1 || key != "mine" {
				t.Errorf("charged %d times, under %q, want once, under mine", n, key)
			}
		})
	}
}

func TestAClientOfTheCallersDialectIsChargedOnceThroughTheGateway(t *testing.T) {
	t.Parallel()
	s := newTill(t, "Paypal-Request-Id", true)
	url, _ := before(t, s.URL, "paypal", "omilia", func(c *gateway.Config) { c.Timeout = time.Second })
	d, err := catalog.Open("omilia")
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: client.New(d)}
	resp, err := c.Post(url+"/v2/orders", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	r, _ := client.ReportOf(resp)
	if n, key := s.seen(); resp.StatusCode != http.StatusCreated || n != 1 || key != r.Key {
		t.Errorf("got %d, charged %d times, under %q, want 201, once, under %q", resp.StatusCode, n, key, r.Key)
	}
}

func TestACallerIsToldNotToRetryWhatTheUpstreamCouldDoTwice(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{"POST": "false", "GET": ""} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			u := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
			url, log := before(t, u.URL, "vms", "stripe")
			req, err := http.NewRequest(method, url+"/cameras", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Idempotency-Key", "mine")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.Header.Get("Stripe-Should-Retry"); resp.StatusCode != 503 || got != want {
				t.Errorf("got %d and Stripe-Should-Retry %q, want 503 and %q", resp.StatusCode, got, want)
			}
			if !strings.Contains(log.String(), "may be served twice") {
				t.Error("nobody was warned that the upstream has no keys")
			}
		})
	}
}
