package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

func TestWhoFollowsTheAdviceAfterADeadlineIsChargedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t,
			response{do: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}, // charged, and nobody is told
			response{status: 201, body: "{}"})
		c := u.client(t, "stripe")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		req := request(t, "POST", "amount=2000")
		_, err := c.Do(req.WithContext(ctx))
		var e *client.Error
		if !errors.As(err, &e) {
			t.Fatalf("got %v, want a *client.Error", err)
		}
		if e.Decision.Act != parlance.ActRetry || !e.Decision.RetrySafe || e.Key == "" {
			t.Fatalf("got %v, safe %t, key %q, want a safe retry and its key", e.Decision.Act, e.Decision.RetrySafe, e.Key)
		}
		again := req.Clone(e.Again(t.Context()))
		if again.Body, err = req.GetBody(); err != nil {
			t.Fatal(err)
		}
		resp, _ := call(t, c, again)
		seen := u.sightings()
		if len(seen) != 2 || seen[0].header.Get("Idempotency-Key") != e.Key || seen[1].header.Get("Idempotency-Key") != e.Key {
			t.Errorf("the server saw %v, want two requests under %q", seen, e.Key)
		}
		if r := report(t, resp); r.Key != e.Key || r.Attempts[0].Key != e.Key {
			t.Errorf("reported %q and %q, want %q", r.Key, r.Attempts[0].Key, e.Key)
		}
	})
}

func TestARequestGoesUnderTheKeyThatItsCallNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, dialect, method, header, call string
		want                                string // that the server sees
		sent                                int
	}{
		{"a POST", "stripe", "POST", "", "mine", "mine", 1},
		{"a PUT", "stripe", "PUT", "", "mine", "mine", 1},
		{"a GET has none", "stripe", "GET", "", "mine", "", 1},
		{"the same in the header", "stripe", "POST", "mine", "mine", "mine", 1},
		{"another in the header", "stripe", "POST", "other", "mine", "", 0},
		{"a blank one in the header is none", "stripe", "POST", " ", "mine", "mine", 1},
		{"a dialect without keys", "vms", "POST", "", "mine", "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, response{status: 200, body: "{}"})
				req := request(t, tt.method, "")
				if tt.header != "" {
					req.Header.Set("Idempotency-Key", tt.header)
				}
				resp, err := u.client(t, tt.dialect).Do(req.WithContext(client.WithCall(t.Context(), client.Call{Key: tt.call})))
				seen := u.sightings()
				if len(seen) != tt.sent {
					t.Fatalf("the server saw %d requests, want %d", len(seen), tt.sent)
				}
				if tt.sent == 0 {
					var e *client.Error
					if !errors.As(err, &e) || e.Outcome.Reason != parlance.ReasonNotSent || e.Decision.Act != parlance.ActCorrect {
						t.Fatalf("got %v, want a withheld request that is to be corrected", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				read(t, resp)
				if got := seen[0].header.Get("Idempotency-Key"); got != tt.want {
					t.Errorf("sent under %q, want %q", got, tt.want)
				}
				if got := report(t, resp).Key; got != tt.want {
					t.Errorf("reported %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestACallerMayAllowAnUnsafeRetry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		reply response
		sent  int
		safe  bool
		why   string
	}{
		{"after a 5XX", response{status: 500, body: `{"message":"broke"}`}, 4, true, "the caller allows a retry"},
		{"never after a 4XX", response{status: 400, body: `{"message":"wrong"}`}, 1, false, ""},
		{"nor after a 408, where the server waited in vain", response{status: 408, body: `{"message":"slow"}`}, 1, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, tt.reply)
				ctx := client.WithCall(t.Context(), client.Call{RetryUnsafe: true})
				resp, _ := call(t, u.client(t, "plain", client.WithMaxWait(time.Hour)), request(t, "POST", "{}").WithContext(ctx))
				if n := len(u.sightings()); n != tt.sent {
					t.Errorf("sent %d times, want %d", n, tt.sent)
				}
				if d := report(t, resp).Decision; d.RetrySafe != tt.safe || !strings.Contains(d.Why, tt.why) {
					t.Errorf("safe %t because %q, want %t and %q", d.RetrySafe, d.Why, tt.safe, tt.why)
				}
			})
		})
	}
}

func TestAKeyInFlightIsWaitedForAndSentAgain(t *testing.T) {
	t.Parallel()
	const inUse = `{"error":{"type":"idempotency_error","code":"idempotency_key_in_use","message":"in use"}}`
	tests := []struct {
		name   string
		header map[string]string
		wait   time.Duration // 0 for a backoff
	}{
		{"when the server says", map[string]string{"Retry-After": "7"}, 7 * time.Second},
		{"by the backoff", nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, response{status: 409, header: tt.header, body: inUse}, response{status: 200, body: "{}"})
				resp, _ := call(t, u.client(t, "stripe"), request(t, "POST", "amount=2000"))
				r, seen := report(t, resp), u.sightings()
				if resp.StatusCode != 200 || len(seen) != 2 {
					t.Fatalf("got %d after %d requests, want 200 after 2", resp.StatusCode, len(seen))
				}
				if a, b := seen[0].header.Get("Idempotency-Key"), seen[1].header.Get("Idempotency-Key"); a == "" || a != b {
					t.Errorf("sent under %q and %q, want one key", a, b)
				}
				if got := u.waits()[0]; tt.wait != 0 && got != tt.wait || got <= 0 {
					t.Errorf("waited %v, want %v", got, tt.wait)
				}
				if why := r.Attempts[0].Decision.Why; !strings.Contains(why, "the same idempotency key") {
					t.Errorf("because %q, want it to name the same key", why)
				}
			})
		})
	}
}

func TestAKeyInFlightIsRetriedInEveryDialectThatKnowsIt(t *testing.T) {
	t.Parallel()
	d := open(t, "omilia")
	o := &parlance.Outcome{Kind: parlance.KindConflict, Reason: parlance.ReasonInFlight, Status: 409}
	with, without := d.Decide(dialect.Request{Method: "POST", Key: "k"}, o), d.Decide(dialect.Request{Method: "POST"}, o)
	if with.Act != parlance.ActRetry || !with.RetrySafe {
		t.Errorf("with a key: %v, safe %t, want a safe retry", with.Act, with.RetrySafe)
	}
	if without.RetrySafe {
		t.Error("without a key it is called safe")
	}
}

func TestAKeyThatWasUsedForSomethingElseIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 400, body: `{"error":{"type":"idempotency_error","message":"other parameters"}}`})
		resp, _ := call(t, u.client(t, "stripe"), request(t, "POST", "amount=2000"))
		d := report(t, resp).Decision
		if n := len(u.sightings()); n != 1 || d.Act != parlance.ActStop || !strings.Contains(d.Why, "a new key for a new request only") {
			t.Errorf("sent %d times, %v because %q, want once, stop, and what a new key is for", n, d.Act, d.Why)
		}
	})
}

func TestAGoodOutcomeThatIsToBeStoppedAtIsAnErrorToCheck(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("straight.yaml", []byte(`
dialect: straight
codes:
  3xx: {kind: redirected, do: stop, not_used: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 301, header: map[string]string{"Location": "/elsewhere"}})
		c := &http.Client{
			Transport:     client.New(d, client.WithBase(u.transport)),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		resp, _ := call(t, c, request(t, "GET", ""))
		var e *client.Error
		if err := client.Check(resp); resp.StatusCode != 301 || len(u.sightings()) != 1 || !errors.As(err, &e) || e.Decision.Act != parlance.ActStop {
			t.Errorf("got %d after %d requests, checked as %v, want 301, once, an error that says stop", resp.StatusCode, len(u.sightings()), err)
		}
	})
}
