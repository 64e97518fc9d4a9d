package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

const (
	vmsError  = `{"message":"not now","errors":{}}`
	vbapi500  = `{"data":null,"error":{"type":"https://x/e","title":"Internal","status":500,"detail":"broke","instance":"/things"},"debug":{"activityId":"1b4e28ba-2fa1-11d2-883f-0016d3cca427"}}`
	vbapi401  = `{"data":null,"error":{"type":"https://x/e","title":"Unauthorized","status":401,"detail":"expired","instance":"/things"},"debug":{"activityId":"1b4e28ba-2fa1-11d2-883f-0016d3cca427"}}`
	vbapiBulk = `{"data":[{"id":[{"key":"id","value":"1"}],"status":200,"body":"ok"},{"id":[{"key":"id","value":"2"}],"status":503,"body":"later"}],"error":null,"debug":{"activityId":"1b4e28ba-2fa1-11d2-883f-0016d3cca427"}}`
)

// Marks of a response that was given before under its idempotency key, or was not.
var (
	given    = map[string]string{"Idempotent-Replayed": "true"}
	notGiven = map[string]string{"Idempotent-Replayed": "false"}
)

// TestWhatIsRetried is law 2, and the rows of the five systems that say what a
// client does. The server keeps count; time is virtual.
func TestWhatIsRetried(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		dialect string
		method  string
		body    string
		reply   response
		want    int // how often the server saw it
		act     parlance.Act
		held    string // a part of why it was not retried
	}{
		{"a success is sent once", "vms", "GET", "", response{status: 200, body: `{"id":1}`}, 1, parlance.ActDone, ""},
		{"a GET is retried after a 502", "vms", "GET", "", response{status: 502, body: vmsError}, 4, parlance.ActRetry, "as often as allowed"},
		{"a PUT is retried after a 500, with its body", "vms", "PUT", `{"a":1}`, response{status: 500, body: vmsError}, 4, parlance.ActRetry, "as often as allowed"},
		{"a POST is not retried after a 500", "vms", "POST", `{"a":1}`, response{status: 500, body: vmsError}, 1, parlance.ActRetry, "Call.RetryUnsafe"},
		{"a PATCH is not retried after a 502", "vms", "PATCH", `{"a":1}`, response{status: 502, body: vmsError}, 1, parlance.ActRetry, "Call.RetryUnsafe"},
		{"a POST is retried after a 429, which did nothing", "vms", "POST", `{"a":1}`, response{status: 429, body: vmsError}, 4, parlance.ActRetry, "as often as allowed"},
		{"a POST with a key is retried after a 503", "omilia", "POST", `{"a":1}`, response{status: 503, body: `{"errors":[]}`}, 4, parlance.ActRetry, "as often as allowed"},
		{"a failure that was given before under its key is not asked for again", "omilia", "POST", `{"a":1}`, response{status: 500, header: given, body: `{"errors":[]}`}, 1, parlance.ActStop, ""},
		{"nor by another method", "omilia", "PUT", `{"a":1}`, response{status: 503, header: given, body: `{"errors":[]}`}, 1, parlance.ActStop, ""},
		{"a mark that says no is none", "omilia", "POST", `{"a":1}`, response{status: 503, header: notGiven, body: `{"errors":[]}`}, 4, parlance.ActRetry, "as often as allowed"},
		{"a success that was given before is one", "omilia", "POST", `{"a":1}`, response{status: 201, header: given, body: `{}`}, 1, parlance.ActDone, ""},
		{"what is to be corrected is, though it was given before", "omilia", "POST", `{"a":1}`, response{status: 400, header: given, body: `{"errors":[]}`}, 1, parlance.ActCorrect, ""},
		{"what support is to be told is, though it was given before", "vbapi", "POST", `{"a":1}`, response{status: 500, header: given, body: vbapi500}, 1, parlance.ActEscalate, ""},
		{"a 409 is not retried", "omilia", "POST", `{"a":1}`, response{status: 409, body: `{"errors":[]}`}, 1, parlance.ActStop, ""},
		{"a 400 is corrected, not retried", "vms", "GET", "", response{status: 400, body: vmsError}, 1, parlance.ActCorrect, ""},
		{"a 401 without a token of ours is not retried", "vms", "GET", "", response{status: 401, body: vmsError}, 1, parlance.ActStop, ""},
		{"an unlisted 4XX is not retried", "plain", "GET", "", response{status: 418, body: `{"message":"teapot"}`}, 1, parlance.ActCorrect, ""},
		{"an unlisted 429 of plain is a client error like another", "plain", "GET", "", response{status: 429, body: `{"message":"slow"}`}, 1, parlance.ActCorrect, ""},
		{"an unlisted 5XX of plain is retried", "plain", "GET", "", response{status: 599, body: `{"message":"?"}`}, 4, parlance.ActRetry, "as often as allowed"},
		{"a 500 of vbapi goes to support", "vbapi", "GET", "", response{status: 500, body: vbapi500}, 1, parlance.ActEscalate, ""},
		{"a bulk is never retried whole", "vbapi", "PUT", `[1,2]`, response{status: 207, body: vbapiBulk}, 1, parlance.ActRetry, "in a new request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, tt.reply)
				resp, body := call(t, u.client(t, tt.dialect, client.WithMaxWait(time.Hour)), request(t, tt.method, tt.body))
				if body != tt.reply.body {
					t.Errorf("the caller read %q", body)
				}
				seen := u.sightings()
				if len(seen) != tt.want {
					t.Errorf("the server saw %d requests, want %d", len(seen), tt.want)
				}
				for i, s := range seen {
					if s.body != tt.body {
						t.Errorf("request %d had the body %q", i+1, s.body)
					}
				}
				r := report(t, resp)
				if r.Decision.Act != tt.act {
					t.Errorf("act %v (%s), want %v", r.Decision.Act, r.Decision.Why, tt.act)
				}
				if len(r.Attempts) != len(seen) {
					t.Errorf("%d attempts reported of %d", len(r.Attempts), len(seen))
				}
				held := r.Attempts[len(r.Attempts)-1].Held
				if (held == "") != (tt.held == "") || !strings.Contains(held, tt.held) {
					t.Errorf("held: %q, want %q in it", held, tt.held)
				}
			})
		})
	}
}

func TestWaitsAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	fivehundred := response{status: 500, header: map[string]string{"Content-Type": "application/xml"}, body: "<RES><Code>500</Code><Message>encoding</Message></RES>"}
	tests := []struct {
		name    string
		dialect string
		ceiling time.Duration
		reply   response
		want    []time.Duration
		act     parlance.Act
	}{
		{"Retry-After is exact", "vms", 30 * time.Second, response{status: 429, header: map[string]string{"Retry-After": "17"}, body: vmsError},
			[]time.Duration{17 * time.Second, 17 * time.Second, 17 * time.Second}, parlance.ActRetry},
		{"Retry-After at the ceiling is waited for", "vms", 30 * time.Second, response{status: 429, header: map[string]string{"Retry-After": "30"}, body: vmsError},
			[]time.Duration{30 * time.Second, 30 * time.Second, 30 * time.Second}, parlance.ActRetry},
		{"Retry-After beyond the ceiling is handed back", "vms", 30 * time.Second, response{status: 429, header: map[string]string{"Retry-After": "31"}, body: vmsError},
			nil, parlance.ActRetry},
		{"5 minutes, then every 30, then the report", "vision", 30 * m, fivehundred,
			[]time.Duration{5 * m, 30 * m}, parlance.ActEscalate},
		{"a schedule beyond the ceiling is handed back", "vision", 30 * time.Second, fivehundred,
			nil, parlance.ActRetry},
		{"a schedule is followed as far as the ceiling", "vision", 10 * m, fivehundred,
			[]time.Duration{5 * m}, parlance.ActRetry},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, tt.reply)
				resp, body := call(t, u.client(t, tt.dialect, client.WithMaxWait(tt.ceiling)), request(t, "GET", ""))
				got := u.waits()
				if len(got) != len(tt.want) {
					t.Fatalf("waited %v, want %v", got, tt.want)
				}
				for i := range got {
					if got[i] != tt.want[i] {
						t.Errorf("wait %d was %v, want %v", i+1, got[i], tt.want[i])
					}
				}
				r := report(t, resp)
				if r.Decision.Act != tt.act {
					t.Errorf("act %v, want %v", r.Decision.Act, tt.act)
				}
				if last := r.Attempts[len(r.Attempts)-1]; tt.act == parlance.ActRetry && (last.Wait <= 0 || last.Held == "") {
					t.Errorf("handed back with wait %v, held %q", last.Wait, last.Held)
				}
				if body != tt.reply.body {
					t.Errorf("the caller read %q", body)
				}
			})
		})
	}
}

func TestABackoffIsJitteredBetweenItsFloorAndTheDoubledStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 429, body: vmsError})
		resp, _ := call(t, u.client(t, "vms", client.WithMaxWait(time.Hour)), request(t, "GET", ""))
		b := report(t, resp).Decision.Backoff
		if b.Floor <= 0 {
			t.Fatal("no backoff in the decision")
		}
		top := b.Floor
		for i, got := range u.waits() {
			top = min(2*top, b.Cap)
			if got < b.Floor || got > top {
				t.Errorf("wait %d was %v, want it between %v and %v", i+1, got, b.Floor, top)
			}
		}
	})
}

func TestABackoffThatMayBeginBelowTheCeilingIsWaitedFor(t *testing.T) {
	t.Parallel()
	const at30 = `
dialect: slow
codes:
  503: {kind: unavailable, retry: {backoff: 30s..10m}}
`
	d, err := dialect.Compile("slow.yaml", []byte(at30))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		ceiling time.Duration
		sent    int
		held    string
	}{
		{"a floor at the ceiling", 30 * time.Second, 4, `^not retried: it was sent 4 times`},
		{"a floor below the ceiling", 40 * time.Second, 4, `^not retried: it was sent 4 times`},
		{"a floor above the ceiling is handed back, its time rounded", 2500 * time.Millisecond, 1, `^not retried: the wait of [0-9m]+s? is longer than 2\.5s, the longest allowed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, response{status: 503, body: "{}"})
				c := &http.Client{Transport: client.New(d, client.WithBase(u.transport), client.WithMaxWait(tt.ceiling))}
				resp, _ := call(t, c, request(t, "GET", ""))
				if n := len(u.sightings()); n != tt.sent {
					t.Errorf("sent %d times, want %d", n, tt.sent)
				}
				for _, w := range u.waits() {
					if w < 30*time.Second || w > tt.ceiling {
						t.Errorf("waited %v, want it between 30s and %v", w, tt.ceiling)
					}
				}
				a := report(t, resp).Attempts
				if held := a[len(a)-1].Held; !regexp.MustCompile(tt.held).MatchString(held) {
					t.Errorf("held %q, want it to match %q", held, tt.held)
				}
			})
		})
	}
}

func TestAContextThatEndsBeforeTheWaitHandsBackAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "20"}, body: vmsError})
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		resp, body := call(t, u.client(t, "vms"), request(t, "GET", "").WithContext(ctx))
		if spent := time.Since(start); spent != 0 {
			t.Errorf("slept %v for nothing", spent)
		}
		if resp.StatusCode != 503 || body != vmsError {
			t.Errorf("got %d %q", resp.StatusCode, body)
		}
		if a := report(t, resp).Attempts[0]; a.Wait != 20*time.Second || a.Held != "not retried: the context ends before the wait would" {
			t.Errorf("wait %v, held %q", a.Wait, a.Held)
		}
	})
}

func TestAContextThatEndsDuringTheWaitGivesTheLastResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "20"}, body: vmsError})
		ctx, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(5*time.Second, cancel).Stop()
		resp, body := call(t, u.client(t, "vms"), request(t, "GET", "").WithContext(ctx))
		if resp.StatusCode != 503 || body != vmsError || len(u.sightings()) != 1 {
			t.Errorf("got %d %q after %d requests", resp.StatusCode, body, len(u.sightings()))
		}
		if a := report(t, resp).Attempts[0]; a.Held != "not retried: the context ended during the wait" {
			t.Errorf("held %q", a.Held)
		}
	})
}

func TestAClientTimeoutIsAContextThatEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "20"}, body: vmsError})
		c := u.client(t, "vms")
		c.Timeout = 10 * time.Second
		resp, body := call(t, c, request(t, "GET", ""))
		if resp.StatusCode != 503 || body != vmsError {
			t.Errorf("got %d %q", resp.StatusCode, body)
		}
		report(t, resp) // found although the client wrapped the body
	})
}

func TestABodyThatCannotBeHadAgainIsSentOnce(t *testing.T) {
	t.Parallel()
	gone := func() (io.ReadCloser, error) { return nil, errors.New("the file was deleted") }
	for name, again := range map[string]func() (io.ReadCloser, error){"by nobody": nil, "when it is needed": gone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, response{status: 503, body: vmsError})
				req := request(t, "PUT", "")
				req.Body, req.GetBody = io.NopCloser(strings.NewReader("once")), again
				resp, body := call(t, u.client(t, "vms", client.WithMaxWait(time.Hour)), req)
				if n := len(u.sightings()); n != 1 || resp.StatusCode != 503 || body != vmsError {
					t.Errorf("sent %d times, got %d %q", n, resp.StatusCode, body)
				}
				if a := report(t, resp).Attempts; len(a) != 1 || a[0].Again || a[0].Held != "not retried: the body cannot be read a second time (http.Request.GetBody)" {
					t.Errorf("attempts %+v", a)
				}
			})
		})
	}
}

func TestTheKeyIsTheSameOnEveryAttempt(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, method, own string }{
		{"a POST gets a key", "POST", ""},
		{"a PATCH gets a key", "PATCH", ""},
		{"the caller's key is kept", "POST", "mine"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				header := open(t, "omilia").IdempotencyHeader()
				u := newUpstream(t, response{status: 503, body: `{"errors":[]}`})
				req := request(t, tt.method, "{}")
				if tt.own != "" {
					req.Header.Set(header, tt.own)
				}
				before := len(req.Header)
				call(t, u.client(t, "omilia", client.WithMaxWait(time.Hour)), req)
				seen := u.sightings()
				key := seen[0].header.Get(header)
				if key == "" || tt.own != "" && key != tt.own || len(seen) < 2 {
					t.Fatalf("key %q, %d requests", key, len(seen))
				}
				for _, s := range seen {
					if s.header.Get(header) != key {
						t.Errorf("key %q after %q", s.header.Get(header), key)
					}
				}
				if len(req.Header) != before {
					t.Errorf("the caller's request was altered: %v", req.Header)
				}
			})
		})
	}
}

func TestAGETGetsNoKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 200, body: "{}"})
		call(t, u.client(t, "omilia"), request(t, "GET", ""))
		if key := u.sightings()[0].header.Get(open(t, "omilia").IdempotencyHeader()); key != "" {
			t.Errorf("key %q", key)
		}
	})
}

func TestTheObserverSeesEveryAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t,
			response{status: 503, header: map[string]string{"Retry-After": "3"}, body: vmsError},
			response{status: 200, body: "{}"})
		type mark struct{}
		var seen []client.Attempt
		c := u.client(t, "vms", client.WithObserver(client.ObserverFunc(func(ctx context.Context, _ *http.Request, a *client.Attempt) {
			if ctx.Value(mark{}) != true {
				t.Error("not the caller's context")
			}
			seen = append(seen, *a)
		})))
		call(t, c, request(t, "GET", "").WithContext(context.WithValue(t.Context(), mark{}, true)))
		if len(seen) != 2 {
			t.Fatalf("%d attempts seen", len(seen))
		}
		if a := seen[0]; a.Number != 1 || a.Outcome.Kind != parlance.KindUnavailable || a.Wait != 3*time.Second || a.Held != "" {
			t.Errorf("first %+v", a)
		}
		if a := seen[1]; a.Number != 2 || a.Outcome.Kind != parlance.KindSuccess || a.Wait != 0 || a.Start.Sub(seen[0].Start) != 3*time.Second {
			t.Errorf("second %+v", a)
		}
	})
}

var _ http.RoundTripper = (*client.Transport)(nil)
