package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// turnstile is a gate that does what it is told, and remembers.
type turnstile struct {
	waits  []time.Duration // one an attempt
	refuse error
	from   int // the attempt from which it refuses

	entered int
	left    []string
}

func (g *turnstile) Enter(*http.Request) (wait time.Duration, leave func(*http.Response, *client.Attempt), err error) {
	g.entered++
	if g.refuse != nil && g.entered >= g.from {
		return 0, nil, g.refuse
	}
	if g.entered <= len(g.waits) {
		wait = g.waits[g.entered-1]
	}
	return wait, func(resp *http.Response, a *client.Attempt) {
		switch {
		case a == nil:
			g.left = append(g.left, "unsent")
		case resp == nil:
			g.left = append(g.left, "no response")
		default:
			g.left = append(g.left, fmt.Sprint(resp.StatusCode, " ", a.Outcome.Kind))
		}
	}, nil
}

var errShut = errors.New("shut")

func TestAGateIsToldOfEveryAttemptThatItLetThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "1"}, body: vmsError}, response{status: 200, body: "{}"})
		outer, inner := &turnstile{}, &turnstile{waits: []time.Duration{2 * time.Second, 0}}
		start := time.Now()
		resp, _ := call(t, u.client(t, "vms", client.WithGate(outer), client.WithGate(inner)), request(t, "GET", ""))
		if resp.StatusCode != 200 {
			t.Errorf("got %d", resp.StatusCode)
		}
		for _, g := range []*turnstile{outer, inner} {
			if want := []string{"503 unavailable", "200 success"}; !slices.Equal(g.left, want) {
				t.Errorf("it was told %q, want %q", g.left, want)
			}
		}
		if seen := u.sightings(); seen[0].at.Sub(start) != 2*time.Second || seen[1].at.Sub(seen[0].at) != time.Second {
			t.Errorf("sent after %v and %v", seen[0].at.Sub(start), seen[1].at.Sub(seen[0].at))
		}
	})
}

func TestARefusalOfOurOwnIsNeverTakenForTheServersResponse(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, err error, after time.Duration) {
		t.Helper()
		var e *client.Error
		if !errors.As(err, &e) {
			t.Fatalf("the error is %v", err)
		}
		o := e.Outcome
		if o.Status != 0 || o.Kind != parlance.KindUnavailable || o.Reason != parlance.ReasonNotSent || !o.Reason.NoEffect() {
			t.Errorf("the outcome is %+v", o)
		}
		if d := e.Decision; d.Act != parlance.ActRetry || !d.RetrySafe || d.After != after || len(e.Attempts) != 0 {
			t.Errorf("the decision is %+v after %d attempts", d, len(e.Attempts))
		}
		if !errors.Is(err, client.ErrNotSent) {
			t.Errorf("%v is no ErrNotSent", err)
		}
	}
	t.Run("before the first attempt it is an error", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			u := newUpstream(t, response{status: 200, body: "{}"})
			first := &turnstile{}
			_, err := u.client(t, "vms", client.WithGate(first), client.WithGate(&turnstile{refuse: errShut})).Do(request(t, "POST", "{}"))
			refused(t, err, 0)
			if !errors.Is(err, errShut) || len(u.sightings()) != 0 {
				t.Errorf("%v, and the server saw %d", err, len(u.sightings()))
			}
			if !slices.Equal(first.left, []string{"unsent"}) {
				t.Errorf("the gate before it was told %q", first.left)
			}
		})
	})
	t.Run("a wait beyond the ceiling is handed back with its time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			u := newUpstream(t, response{status: 200, body: "{}"})
			g := &turnstile{waits: []time.Duration{31 * time.Second}}
			start := time.Now()
			_, err := u.client(t, "vms", client.WithGate(g)).Do(request(t, "GET", ""))
			refused(t, err, 31*time.Second)
			if !slices.Equal(g.left, []string{"unsent"}) || !time.Now().Equal(start) {
				t.Errorf("it was told %q, after %v", g.left, time.Since(start))
			}
		})
	})
	t.Run("before a retry the last response is what the caller gets", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "1"}, body: vmsError})
			resp, body := call(t, u.client(t, "vms", client.WithGate(&turnstile{refuse: errShut, from: 2})), request(t, "GET", ""))
			if resp.StatusCode != 503 || body != vmsError || len(u.sightings()) != 1 {
				t.Errorf("got %d %q, and the server saw %d", resp.StatusCode, body, len(u.sightings()))
			}
			if a := report(t, resp).Attempts[0]; a.Again || !strings.Contains(a.Held, "shut") {
				t.Errorf("the attempt is %+v", a)
			}
		})
	})
	t.Run("a context that ends while it is held is the context's error", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			u := newUpstream(t, response{status: 200, body: "{}"})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			g := &turnstile{waits: []time.Duration{20 * time.Second}}
			_, err := u.client(t, "vms", client.WithGate(g)).Do(request(t, "GET", "").WithContext(ctx))
			var e *client.Error
			if !errors.As(err, &e) || e.Outcome.Reason != parlance.ReasonCanceled || !slices.Equal(g.left, []string{"unsent"}) {
				t.Errorf("%v; it was told %q", err, g.left)
			}
		})
	})
}

func TestWhatACallerAsksOfOneRequestBeatsTheOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		call client.Call
		want int // requests that the server saw
		held string
	}{
		{"nothing", client.Call{}, 1, "longer than 30s"},
		{"a higher ceiling", client.Call{MaxWait: time.Minute}, 4, "as often as allowed"},
		{"no wait at all", client.Call{MaxWait: -1}, 1, "longer than 0s"},
		{"to be sent once", client.Call{MaxWait: time.Minute, Once: true}, 1, "the caller asked to send it once"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "45"}, body: vmsError})
				resp, _ := call(t, u.client(t, "vms"), request(t, "GET", "").WithContext(client.WithCall(t.Context(), tt.call)))
				r := report(t, resp)
				if held := r.Attempts[len(r.Attempts)-1].Held; len(u.sightings()) != tt.want || !strings.Contains(held, tt.held) {
					t.Errorf("the server saw %d; held: %q", len(u.sightings()), held)
				}
			})
		})
	}
}

func TestAGateIsToldWhereTheBasePanics(t *testing.T) {
	t.Parallel()
	g := &turnstile{}
	c := client.New(open(t, "vms"), client.WithGate(g), client.WithBase(roundTripper(func(*http.Request) (*http.Response, error) { panic("a bug") })))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		c.RoundTrip(request(t, "GET", ""))
	}()
	if !slices.Equal(g.left, []string{"unsent"}) {
		t.Errorf("it was told %q", g.left)
	}
}

// shutting is a body that says whether it was closed.
type shutting struct {
	io.Reader
	closed *int
}

func (c shutting) Close() error { *c.closed++; return nil }

func TestARetryThatIsNotSentLeavesNoBodyOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		gate *turnstile
		ends bool // the context, during the wait of the gate
		lost bool // the body, at its second reading
		told []string
	}{
		{"a gate refuses it", &turnstile{refuse: errShut, from: 2}, false, false, []string{"503 unavailable"}},
		{"the wait of a gate is too long", &turnstile{waits: []time.Duration{0, time.Hour}}, false, false, []string{"503 unavailable", "unsent"}},
		{"the context ends in the wait of a gate", &turnstile{waits: []time.Duration{0, 20 * time.Second}}, true, false, []string{"503 unavailable", "unsent"}},
		{"its body is gone", &turnstile{}, false, true, []string{"503 unavailable", "unsent"}},
		{"it is sent", &turnstile{}, false, false, []string{"503 unavailable", "503 unavailable", "503 unavailable", "503 unavailable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				opened, closed := 0, 0
				get := func() (io.ReadCloser, error) {
					if c.lost && opened > 0 {
						return nil, errors.New("gone")
					}
					opened++
					return shutting{strings.NewReader("pay"), &closed}, nil
				}
				u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "1"}, body: vmsError})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.ends {
					time.AfterFunc(10*time.Second, cancel)
				}
				req := request(t, "PUT", "pay").WithContext(ctx)
				req.Body, _ = get()
				req.GetBody = get
				resp, _ := call(t, u.client(t, "vms", client.WithGate(c.gate)), req)
				if resp.StatusCode != 503 || !slices.Equal(c.gate.left, c.told) {
					t.Errorf("got %d; the gate was told %q", resp.StatusCode, c.gate.left)
				}
				if opened != len(u.sightings()) || closed != opened {
					t.Errorf("%d bodies were opened and %d closed for %d requests", opened, closed, len(u.sightings()))
				}
			})
		})
	}
}
