package client_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parlance-api/parlance/client"
)

// selective is an observer that is enabled for some attempts.
type selective struct {
	marking
	enabled func(context.Context) bool
}

var _ client.SelectiveObserver = selective{}

func (s selective) Enabled(ctx context.Context) bool { return s.enabled(ctx) }

// TestASelectiveObserverIsAskedBeforeEachAttempt has an observer be enabled for the second of
// three attempts. It stands behind one that is always told, and its question comes in the context
// of that one.
func TestASelectiveObserverIsAskedBeforeEachAttempt(t *testing.T) {
	t.Parallel()
	for name, always := range map[string]bool{"alone": false, "behind another": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				busy := response{status: 503, header: map[string]string{"Retry-After": "3"}, body: vmsError}
				u := newUpstream(t, busy, busy, response{status: 200, body: "{}"})
				type first struct{}
				type second struct{}
				var asked int
				var began, ended []int
				options := []client.Option{}
				if always {
					options = append(options, client.WithObserver(marking{func(ctx context.Context, _ *http.Request, a *client.Attempt) context.Context {
						return context.WithValue(ctx, first{}, a.Number)
					}, func(ctx context.Context, _ *http.Request, a *client.Attempt) {
						if ctx.Value(first{}) != a.Number {
							t.Errorf("attempt %d ends in the context of %v", a.Number, ctx.Value(first{}))
						}
					}}))
				}
				options = append(options, client.WithObserver(selective{marking{func(ctx context.Context, req *http.Request, a *client.Attempt) context.Context {
					req.Header.Set("Traceparent", "ours")
					began = append(began, a.Number)
					return context.WithValue(ctx, second{}, a.Number)
				}, func(ctx context.Context, _ *http.Request, a *client.Attempt) {
					if n, ok := ctx.Value(second{}).(int); ok != (a.Number == 2) || ok && n != 2 {
						t.Errorf("attempt %d ends in the context of %d", a.Number, n)
					}
					ended = append(ended, a.Number)
				}}, func(ctx context.Context) bool {
					asked++
					if n, ok := ctx.Value(first{}).(int); ok != always || ok && n != asked {
						t.Errorf("before attempt %d it was asked in the context of %d", asked, n)
					}
					return asked == 2
				}}))
				req := request(t, "GET", "")
				call(t, u.client(t, "vms", options...), req)
				if asked != 3 || len(began) != 1 || began[0] != 2 || len(ended) != 3 {
					t.Errorf("asked %d times, began %v, ended %v", asked, began, ended)
				}
				for i, s := range u.sightings() {
					if got, want := s.header.Get("Traceparent"), map[bool]string{true: "ours"}[i == 1]; got != want {
						t.Errorf("attempt %d had %q, not %q", i+1, got, want)
					}
				}
				if len(req.Header) != 0 {
					t.Errorf("the caller's header is now %v", req.Header)
				}
			})
		})
	}
}

// TestAnObserverThatIsNotEnabledCostsNoMemory counts the allocations of a request without any
// observer, and with some that are not enabled. An enabled one must cost some, or the count is wrong.
func TestAnObserverThatIsNotEnabledCostsNoMemory(t *testing.T) {
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 204, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	observer := func(enabled bool) client.Option {
		return client.WithObserver(selective{marking{
			func(ctx context.Context, _ *http.Request, _ *client.Attempt) context.Context { return ctx },
			func(context.Context, *http.Request, *client.Attempt) {},
		}, func(context.Context) bool { return enabled }})
	}
	allocations := func(options ...client.Option) float64 {
		rt := client.New(open(t, "vms"), append(options, client.WithBase(base))...)
		req := request(t, "GET", "")
		req.Header.Set("X-Some", strings.Repeat("a", 10))
		return testing.AllocsPerRun(100, func() {
			if _, err := rt.RoundTrip(req); err != nil {
				t.Fatal(err)
			}
		})
	}
	none := allocations()
	if n := allocations(observer(false), observer(false), client.WithObserver(client.ObserverFunc(func(context.Context, *http.Request, *client.Attempt) {}))); n != none {
		t.Errorf("%v allocations with observers that are not enabled, and %v without", n, none)
	}
	if n := allocations(observer(true)); n <= none {
		t.Errorf("%v allocations with an observer that is enabled, and %v without", n, none)
	}
}
