package gateway_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store/memory"
)

// depot is a gateway that stores requests, before an upstream.
type depot struct {
	*testing.T
	url   string
	up    *upstream
	store *memory.Store
}

// at is the URL of a path at the gateway.
func (s *depot) at(path string) string { return s.url + path }

func newDepot(t *testing.T, speaks, to string, upstream http.HandlerFunc, change func(*gateway.Later)) *depot {
	t.Helper()
	t.Parallel()
	s := &depot{T: t, up: serve(t, upstream), store: memory.New()}
	box := outbox.New(s.store.Queue(), outbox.WithVendor("upstream", open(t, speaks), client.WithAPIKey("X-Key", "own-secret")), outbox.WithMaxBody(200_000),
		outbox.WithLogger(slog.New(slog.DiscardHandler)))
	ctx, stop := context.WithCancel(t.Context())
	var ran sync.WaitGroup
	ran.Go(func() { box.Run(ctx) })
	t.Cleanup(func() { stop(); ran.Wait() })
	later := gateway.Later{Outbox: box, Vendor: "upstream", Routes: []string{"/orders/", "POST /orders"}, Always: []string{"POST /bulk"}}
	if change != nil {
		change(&later)
	}
	s.url, _ = before(t, s.up.URL+"/api", speaks, to, func(c *gateway.Config) { c.Later = &later })
	return s
}

func TestARequestIsStoredIfTheCallerPrefersIt(t *testing.T) {
	s := newDepot(t, "plain", "omilia", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/api/orders/7")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"number":7}`)
	}, nil)
	big := strings.Repeat("a", 100_000)
	resp, body := get(t, "POST", s.at("/orders?express=yes"), big, "Prefer", "respond-async", "X-Color", "red")
	place := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusAccepted || !strings.HasPrefix(place, "/.parlance/requests/") || resp.Header.Get("Preference-Applied") != "respond-async" ||
		resp.Header.Get("Vary") != "Prefer" || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, `"state":"waiting"`) {
		t.Fatalf("got %d %v %s", resp.StatusCode, resp.Header, body)
	}
	resp, body = get(t, "GET", s.at(place), "", "Prefer", "wait=20")
	if resp.StatusCode != http.StatusCreated || !strings.Contains(body, `{"number":7}`) || resp.Header.Get("Location") != "/orders/7" {
		t.Errorf("got %d %v %s", resp.StatusCode, resp.Header, body)
	}
	if resp, body = get(t, "HEAD", s.at(place), ""); resp.StatusCode != http.StatusCreated || body != "" {
		t.Errorf("HEAD: got %d %s", resp.StatusCode, body)
	}
	s.up.mu.Lock()
	defer s.up.mu.Unlock()
	got := s.up.seen[0]
	if len(s.up.seen) != 1 || got.URL.RequestURI() != "/api/orders?express=yes" || got.Header.Get("X-Color") != "red" || got.Header.Get("Prefer") != "" ||
		got.Header.Get("X-Key") != "own-secret" || got.Header.Get("Via") == "" || s.up.body[0] != big {
		t.Errorf("the upstream got %d, %s %v", len(s.up.seen), got.URL, got.Header)
	}
}

func TestAFailureIsRepeatedLongAfterTheCallerHasLeft(t *testing.T) {
	var once sync.Once
	s := newDepot(t, "problem", "vms", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusConflict
		once.Do(func() {
			w.Header().Set("Retry-After", "1")
			status = http.StatusTooManyRequests
		})
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"title":"Conflict","detail":"There is an order 7"}`)
	}, nil)
	resp, _ := get(t, "POST", s.at("/bulk"), "order") // always, without a preference
	place := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusAccepted || resp.Header.Get("Vary") != "" {
		t.Fatalf("got %d %v", resp.StatusCode, resp.Header)
	}
	if resp, body := get(t, "GET", s.at(place), "", "Prefer", "wait=20"); resp.StatusCode != http.StatusConflict || resp.Header.Get("Content-Type") == "application/problem+json" || !strings.Contains(body, "order 7") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestWhatNobodyPrefersIsForwardedNow(t *testing.T) {
	s := newDepot(t, "plain", "plain", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Vary", "Accept") }, nil)
	for _, c := range []struct{ method, path, prefer, vary string }{
		{"POST", "/orders", "", "Prefer Accept"},
		{"POST", "/orders", "wait=3", "Prefer Accept"},
		{"GET", "/orders", "respond-async", "Accept"}, // no such route
		{"GET", "/orders/7", "", "Prefer Accept"},
	} {
		resp, _ := get(t, c.method, s.at(c.path), "", "Prefer", c.prefer)
		if vary := strings.Join(resp.Header.Values("Vary"), " "); resp.StatusCode != http.StatusOK || vary != c.vary {
			t.Errorf("%v: got %d, Vary %q", c, resp.StatusCode, vary)
		}
	}
}

func TestNoCredentialOfACallerIsStored(t *testing.T) {
	t.Run("it is forwarded now", func(t *testing.T) {
		s := newDepot(t, "plain", "plain", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) }, nil)
		resp, body := get(t, "POST", s.at("/orders"), "", "Prefer", "respond-async", "Authorization", "Bearer abc")
		if resp.StatusCode != http.StatusOK || body != "Bearer abc" || resp.Header.Get("Preference-Applied") != "" {
			t.Errorf("got %d %s", resp.StatusCode, body)
		}
		if resp, _ = get(t, "POST", s.at("/orders?api_key=abc"), "", "Prefer", "respond-async"); resp.StatusCode != http.StatusOK {
			t.Errorf("a key in the URL: got %d", resp.StatusCode)
		}
		if resp, body = get(t, "POST", s.at("/bulk?api_key=abc"), ""); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "the URL") {
			t.Errorf("a key in the URL: got %d %s", resp.StatusCode, body)
		}
		resp, body = get(t, "POST", s.at("/bulk"), "", "Cookie", "session=abc")
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "Cookie") || strings.Contains(body, "abc") {
			t.Errorf("got %d %s", resp.StatusCode, body)
		}
	})
	t.Run("it is dropped", func(t *testing.T) {
		s := newDepot(t, "plain", "plain", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) },
			func(l *gateway.Later) { l.Drop = []string{"authorization"} })
		resp, _ := get(t, "POST", s.at("/orders"), "", "Prefer", "respond-async", "Authorization", "Bearer abc")
		if resp.StatusCode != http.StatusAccepted {
			t.Fatalf("got %d", resp.StatusCode)
		}
		if resp, body := get(t, "GET", s.at(resp.Header.Get("Location")), "", "Prefer", "wait=20"); resp.StatusCode != http.StatusOK || body != "" {
			t.Errorf("got %d, and the upstream got %s", resp.StatusCode, body)
		}
	})
}

func TestARequestThatIsSentAgainUnderItsKeyIsStoredOnce(t *testing.T) {
	var keys sync.Map
	s := newDepot(t, "paypal", "omilia", func(w http.ResponseWriter, r *http.Request) {
		keys.Store(r.Header.Get("Paypal-Request-Id"), true)
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}, nil)
	places := map[string]bool{}
	for range 3 {
		resp, _ := get(t, "POST", s.at("/orders"), "order", "Prefer", "respond-async", "Idempotency-Key", "k1")
		places[resp.Header.Get("Location")] = true
	}
	if len(places) != 1 {
		t.Errorf("got %v", places)
	}
	var place string
	for place = range places {
	}
	if resp, _ := get(t, "DELETE", s.at(place), ""); resp.StatusCode != http.StatusNoContent && resp.StatusCode != http.StatusAccepted {
		t.Errorf("got %d", resp.StatusCode)
	}
	keys.Range(func(key, _ any) bool {
		if key != "k1" {
			t.Errorf("the upstream got the key %q", key)
		}
		return true
	})
}

func TestWhatIsTooLongIsNotStored(t *testing.T) {
	s := newDepot(t, "plain", "plain", func(w http.ResponseWriter, r *http.Request) {}, nil)
	resp, body := get(t, "POST", s.at("/orders"), strings.Repeat("a", 200_001), "Prefer", "respond-async")
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "too long") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	if resp, _ = get(t, "GET", s.at("/.parlance/requests/none"), ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %d", resp.StatusCode)
	}
}
