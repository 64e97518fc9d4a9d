package client_test

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/client"
)

func TestALateResponseIsHedged(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	after := func(d time.Duration, status int, body string) response {
		return response{do: func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(d):
			case <-r.Context().Done():
				return
			}
			w.WriteHeader(status)
			w.Write([]byte(body))
		}}
	}
	tests := []struct {
		name    string
		method  string
		options []client.Option
		replies []response
		body    string
		seen    int
		took    time.Duration
	}{
		{"not where it comes in time", "GET", nil, []response{after(40*ms, 200, "first")}, "first", 1, 40 * ms},
		{"the second one wins", "GET", nil, []response{after(500*ms, 200, "first"), after(10*ms, 200, "second")}, "second", 2, 60 * ms},
		{"the first one wins after all", "GET", nil, []response{after(70*ms, 200, "first"), after(100*ms, 200, "second")}, "first", 2, 70 * ms},
		{"a server's failure does not win over a response", "GET", nil, []response{after(100*ms, 200, "first"), after(10*ms, 503, "second")}, "first", 2, 100 * ms},
		{"with its body", "PUT", nil, []response{after(500*ms, 200, "first"), after(10*ms, 200, "second")}, "second", 2, 60 * ms},
		{"not where a retry could do something twice", "POST", nil, []response{after(90*ms, 200, "first")}, "first", 1, 90 * ms},
		{"not where no budget pays for it", "GET", []client.Option{client.WithBudget(client.NewBudget(0, 0))}, []response{after(90*ms, 200, "first")}, "first", 1, 90 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, tt.replies...)
				body := ""
				if tt.method != "GET" {
					body = "{}"
				}
				var bodies atomic.Int32
				base := roundTripper(func(req *http.Request) (*http.Response, error) {
					resp, err := u.transport.RoundTrip(req)
					if err == nil {
						bodies.Add(1)
						resp.Body = &counted{ReadCloser: resp.Body, open: &bodies}
					}
					return resp, err
				})
				start := time.Now()
				c := &http.Client{Transport: client.New(open(t, "http"), append(tt.options, client.WithBase(base), client.WithHedge(50*ms))...)}
				resp, got := call(t, c, request(t, tt.method, body))
				if took := time.Since(start); got != tt.body || took != tt.took {
					t.Errorf("got %q after %v, want %q after %v", got, took, tt.body, tt.took)
				}
				a := report(t, resp).Attempts
				if len(a) != 1 || a[0].Hedged != (tt.seen == 2) {
					t.Errorf("the attempts are %+v", a)
				}
				synctest.Wait()
				if seen := u.sightings(); len(seen) != tt.seen || seen[len(seen)-1].body != body {
					t.Errorf("the server saw %+v", seen)
				}
				if n := bodies.Load(); n != 0 {
					t.Errorf("%d bodies are left open", n)
				}
			})
		})
	}
}

// counted is a body that counts how many of its kind are open.
type counted struct {
	io.ReadCloser
	open *atomic.Int32
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.ReadCloser.Close()
}
