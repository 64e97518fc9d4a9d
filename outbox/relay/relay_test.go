package relay_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/outbox/relay"
	"github.com/parlance-api/parlance/store/memory"
)

// scene is a relay in virtual time, between callers of one dialect and a vendor of another.
type scene struct {
	*testing.T
	box  *outbox.Outbox
	to   *dialect.Dialect
	sent atomic.Int64 // requests that the vendor got
	http.Handler
}

func opened(t *testing.T, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func virtual(t *testing.T, from, to string, vendor http.HandlerFunc, test func(*scene), options ...relay.Option) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{T: t, to: opened(t, to)}
		transport := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.sent.Add(1)
			vendor(w, r)
		}))
		quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
		s.box = outbox.New(memory.New(memory.WithClock(time.Now)).Queue(), outbox.WithVendor("vendor", opened(t, from), client.WithBase(transport)),
			outbox.WithLogger(quiet), outbox.WithMaxBody(1000), outbox.WithDeadline(24*time.Hour))
		front := relay.New(s.box, s.to, append([]relay.Option{relay.WithLogger(quiet)}, options...)...)
		mux := http.NewServeMux()
		mux.Handle("/orders", front.Handler(func(r *http.Request) (outbox.Request, error) {
			body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 2000))
			if string(body) == "bad" {
				return outbox.Request{}, parlance.NewError(parlance.KindInvalid, "An order has a number")
			}
			return outbox.Request{Vendor: r.Header.Get("Vendor") + "vendor", URL: "http://vendor/orders", Body: body, Key: r.Header.Get("Idempotency-Key")}, err
		}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })))
		mux.Handle("/requests/", front.Watch())
		s.Handler = mux
		ctx, stop := context.WithCancel(t.Context())
		var ran sync.WaitGroup
		ran.Go(func() { s.box.Run(ctx) })
		test(s)
		stop()
		ran.Wait()
		transport.CloseIdleConnections()
	})
}

// do sends a request of a caller, and reads the response in the dialect of callers. Each
// header is a name and a value.
func (s *scene) do(method, path, body string, header ...string) (*http.Response, parlance.Outcome) {
	s.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	resp := w.Result()
	text, _ := io.ReadAll(resp.Body)
	if n := resp.Header.Get("Content-Length"); n != "" && n != strconv.Itoa(len(text)) && method != http.MethodHead {
		s.Errorf("%s %s: a length of %s, and %d bytes", method, path, n, len(text))
	}
	got := s.to.Decode(httpdialect.Received(s.to, r), httpdialect.Response(resp, text))
	resp.Body = io.NopCloser(strings.NewReader(string(text)))
	return resp, got.Outcome
}

func text(resp *http.Response) string {
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

func TestARequestIsTakenAndItsStatusBecomesTheVendorsResponse(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		vendor   http.HandlerFunc
		kind     parlance.Kind
		status   int
		body     string // a part of it
	}{
		"a success": {"plain", "plain", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Location", "/orders/7")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"number":7}`)
		}, parlance.KindSuccess, http.StatusCreated, `{"number":7}`},
		"an envelope is put on": {"plain", "omilia", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"number":7}`)
		}, parlance.KindSuccess, http.StatusOK, `{"number":7}`},
		"a refusal": {"vision", "problem", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNotAcceptable)
			_, _ = io.WriteString(w, `<error><message>The element NUMBER is missing</message></error>`)
		}, parlance.KindInvalid, http.StatusBadRequest, `NUMBER is missing`},
		"a doubt": {"vision", "problem", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
		}, parlance.KindConflict, http.StatusConflict, `unknown if the request was done`},
		"nothing to say": {"plain", "plain", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNoContent)
		}, parlance.KindSuccess, http.StatusNoContent, ``},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, c.from, c.to, c.vendor, func(s *scene) {
				resp, o := s.do("POST", "/orders", "order", "Prefer", "respond-async")
				place := resp.Header.Get("Location")
				if resp.StatusCode != http.StatusAccepted || c.to != "plain" && o.Kind != parlance.KindAccepted || !strings.HasPrefix(place, "/requests/") ||
					resp.Header.Get("Preference-Applied") != "respond-async" || resp.Header.Get("Vary") != "Prefer" || o.RetryAfter != 2*time.Second {
					t.Fatalf("got %d %v, %v, after %s", resp.StatusCode, resp.Header, o.Kind, o.RetryAfter)
				}
				resp, o = s.do("GET", place, "", "Prefer", "wait=10")
				if body := text(resp); o.Kind != c.kind || resp.StatusCode != c.status || !strings.Contains(body, c.body) {
					t.Errorf("got %d %s %v %s", resp.StatusCode, o.Kind, resp.Header, body)
				}
				if resp.Header.Get("Cache-Control") != "no-store" {
					t.Error("the status can be cached")
				}
				if n := s.sent.Load(); n != 1 {
					t.Errorf("the vendor got %d requests", n)
				}
			})
		})
	}
}

func TestWhoWaitsIsToldWhenToAskAgain(t *testing.T) {
	virtual(t, "vision", "omilia", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1800")
		w.WriteHeader(http.StatusTooManyRequests)
	}, func(s *scene) {
		resp, _ := s.do("POST", "/orders", "order", "Prefer", "respond-async")
		place := resp.Header.Get("Location")
		time.Sleep(time.Second)
		resp, o := s.do("GET", place, "")
		if after := resp.Header.Get("Retry-After"); o.Kind != parlance.KindAccepted || after != "1799" && after != "1800" {
			t.Errorf("got %s after %s", o.Kind, after)
		}
		if body := text(resp); !strings.Contains(body, `"state":"waiting"`) || !strings.Contains(body, `"attempt":1`) {
			t.Errorf("got %s", body)
		}
		// Called off, it is over, and says so.
		if resp, _ = s.do("DELETE", place, ""); resp.StatusCode != http.StatusNoContent {
			t.Errorf("DELETE: got %d", resp.StatusCode)
		}
		if _, o = s.do("GET", place, ""); o.Kind.Good() || o.Kind.ServerFault() {
			t.Errorf("canceled: got %s", o.Kind)
		}
		time.Sleep(time.Hour)
		if n := s.sent.Load(); n != 1 {
			t.Errorf("the vendor got %d requests", n)
		}
	})
}

func TestARequestThatIsNotDoneInItsTimeIsATimeout(t *testing.T) {
	virtual(t, "vision", "problem", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, func(s *scene) {
		resp, _ := s.do("POST", "/orders", "order", "Prefer", "respond-async")
		time.Sleep(25 * time.Hour)
		resp, o := s.do("GET", resp.Header.Get("Location"), "")
		if o.Kind != parlance.KindTimeout || resp.StatusCode != http.StatusGatewayTimeout {
			t.Errorf("got %d %s %s", resp.StatusCode, o.Kind, text(resp))
		}
	})
}

func TestACallerWaitsForTheResponseIfHePrefersThat(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(5 * time.Second)
		_, _ = io.WriteString(w, "done")
	}
	virtual(t, "plain", "plain", slow, func(s *scene) {
		resp, _ := s.do("POST", "/orders", "1", "Prefer", "respond-async, wait=10")
		if applied := resp.Header.Get("Preference-Applied"); resp.StatusCode != http.StatusOK || text(resp) != "done" || applied != "wait=10" {
			t.Errorf("got %d, applied %q", resp.StatusCode, applied)
		}
		resp, _ = s.do("POST", "/orders", "2", "Prefer", "respond-async, wait=2")
		if applied := resp.Header.Values("Preference-Applied"); resp.StatusCode != http.StatusAccepted || len(applied) != 2 {
			t.Errorf("got %d, applied %q", resp.StatusCode, applied)
		}
	})
}

func TestWhoDoesNotPreferItIsRespondedToNow(t *testing.T) {
	virtual(t, "plain", "plain", nil, func(s *scene) {
		for _, prefer := range []string{"", "wait=10", "return=minimal"} {
			resp, _ := s.do("POST", "/orders", "order", "Prefer", prefer)
			if resp.StatusCode != http.StatusTeapot || resp.Header.Get("Vary") != "Prefer" {
				t.Errorf("%q: got %d %v", prefer, resp.StatusCode, resp.Header)
			}
		}
	})
}

// TestARepeatedRequestIsStoredOnce under its key, and one of other content is another one.
func TestARepeatedRequestIsStoredOnce(t *testing.T) {
	done := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }
	virtual(t, "stripe", "plain", done, func(s *scene) {
		places := map[string]bool{}
		for _, body := range []string{"one", "one", "two"} {
			resp, _ := s.do("POST", "/orders", body, "Prefer", "respond-async", "Idempotency-Key", "k1", "Caller", "ann")
			places[resp.Header.Get("Location")] = true
			time.Sleep(time.Minute)
		}
		resp, _ := s.do("POST", "/orders", "one", "Prefer", "respond-async", "Idempotency-Key", "k1", "Caller", "bob")
		places[resp.Header.Get("Location")] = true
		if len(places) != 4 { // the repeated one found the response, which has no place
			t.Errorf("got %v", places)
		}
		time.Sleep(time.Minute)
		if n := s.sent.Load(); n != 3 {
			t.Errorf("the vendor got %d requests", n)
		}
	}, relay.WithOwner(func(r *http.Request) string { return r.Header.Get("Caller") }))
}

func TestAStatusIsShownToItsOwnerAlone(t *testing.T) {
	done := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }
	virtual(t, "plain", "omilia", done, func(s *scene) {
		resp, _ := s.do("POST", "/orders", "order", "Prefer", "respond-async", "Caller", "ann")
		place := resp.Header.Get("Location")
		for _, method := range []string{"GET", "DELETE"} {
			if _, o := s.do(method, place, "", "Caller", "bob"); o.Kind != parlance.KindNotFound {
				t.Errorf("%s: got %s", method, o.Kind)
			}
		}
		if _, o := s.do("GET", place, "", "Caller", "ann"); o.Kind != parlance.KindAccepted {
			t.Errorf("got %s", o.Kind)
		}
		if resp, o := s.do("PUT", place, "", "Caller", "ann"); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") == "" {
			t.Errorf("PUT: got %s", o.Kind)
		}
	}, relay.WithOwner(func(r *http.Request) string { return r.Header.Get("Caller") }))
}

// TestWhatCannotBeTaken is said to the caller if he can do something about it.
func TestWhatCannotBeTaken(t *testing.T) {
	virtual(t, "plain", "problem", nil, func(s *scene) {
		for _, c := range []struct {
			body, vendor string
			kind         parlance.Kind
			says         string
		}{
			{"bad", "", parlance.KindInvalid, "An order has a number"},
			{strings.Repeat("a", 1001), "", parlance.KindInvalid, "At most 1000 bytes"},
			{strings.Repeat("a", 2001), "", parlance.KindInvalid, "At most 2000 bytes"},
			{"order", "no-", parlance.KindInternal, ""},
		} {
			resp, o := s.do("POST", "/orders", c.body, "Prefer", "respond-async", "Vendor", c.vendor)
			if body := text(resp); o.Kind != c.kind || !strings.Contains(body, c.says) || strings.Contains(body, "WithVendor") {
				t.Errorf("%.10s: got %d %s", c.body, resp.StatusCode, body)
			}
		}
		if _, o := s.do("GET", "/requests/none", ""); o.Kind != parlance.KindNotFound {
			t.Errorf("got %s", o.Kind)
		}
	})
}
