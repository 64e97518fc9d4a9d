package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// guarded responds with 200 to the token that is good, else 401 as vision's expired
// tokens do.
func guarded(good string) response {
	return response{do: func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+good {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "{}")
	}}
}

// counting is a sign-in whose tokens are t1, t2, …
func counting(logins *atomic.Int32) *client.Login {
	return client.NewLogin(func(context.Context) (client.Grant, error) {
		return client.Grant{Token: fmt.Sprint("t", logins.Add(1))}, nil
	}, nil)
}

func TestATokenThatExpiredIsRenewedAndTheRequestRetried(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, dialect, method, body string }{
		{"a GET of vision", "vision", "GET", ""},
		{"a POST of vision: a 401 did nothing", "vision", "POST", "<ORDERS/>"},
		{"a GET of vbapi logs in again", "vbapi", "GET", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var logins atomic.Int32
				u := newUpstream(t, guarded("t2"))
				req := request(t, tt.method, tt.body)
				resp, body := call(t, u.client(t, tt.dialect, client.WithCredential(counting(&logins))), req)
				if resp.StatusCode != 200 || body != "{}" || logins.Load() != 2 {
					t.Errorf("got %d %q after %d sign-ins", resp.StatusCode, body, logins.Load())
				}
				seen := u.sightings()
				if len(seen) != 2 || seen[1].body != tt.body {
					t.Errorf("the server saw %+v", seen)
				}
				if r := report(t, resp); r.Attempts[0].Decision.Act != parlance.ActRefresh || r.Attempts[0].Outcome.Reason != parlance.ReasonExpired {
					t.Errorf("first attempt %+v", r.Attempts[0])
				}
				if len(req.Header) != 0 {
					t.Errorf("the caller's request was altered: %v", req.Header)
				}
			})
		})
	}
}

func TestASecond401IsTheResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins atomic.Int32
		u := newUpstream(t, guarded("never"))
		resp, _ := call(t, u.client(t, "vision", client.WithCredential(counting(&logins))), request(t, "GET", ""))
		if resp.StatusCode != 401 || len(u.sightings()) != 2 || logins.Load() != 2 {
			t.Errorf("got %d after %d requests and %d sign-ins", resp.StatusCode, len(u.sightings()), logins.Load())
		}
		if act := report(t, resp).Decision.Act; act != parlance.ActStop {
			t.Errorf("act %v", act)
		}
	})
}

func TestOneRefreshServesAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins atomic.Int32
		u := newUpstream(t, guarded("t2"))
		c := u.client(t, "vision", client.WithCredential(counting(&logins)))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if resp, _ := call(t, c, request(t, "GET", "")); resp.StatusCode != 200 {
					t.Errorf("got %d", resp.StatusCode)
				}
			})
		}
		wg.Wait()
		if n := logins.Load(); n != 2 {
			t.Errorf("%d sign-ins", n)
		}
	})
}

func TestTheCallersAuthorizationIsHisOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins atomic.Int32
		u := newUpstream(t, guarded("t1"))
		req := request(t, "GET", "")
		req.Header.Set("Authorization", "Bearer his")
		resp, _ := call(t, u.client(t, "vision", client.WithCredential(counting(&logins))), req)
		if resp.StatusCode != 401 || len(u.sightings()) != 1 || logins.Load() != 0 {
			t.Errorf("got %d after %d requests and %d sign-ins", resp.StatusCode, len(u.sightings()), logins.Load())
		}
		if a := report(t, resp).Attempts[0]; a.Held != "not retried: the token is the caller's own; send it again with a new one" {
			t.Errorf("held %q", a.Held)
		}
	})
}

func TestARefreshThatFailsGivesThe401(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := true
		down := errors.New("the sign-in is down")
		l := client.NewLogin(func(context.Context) (client.Grant, error) {
			if !first {
				return client.Grant{}, down
			}
			first = false
			return client.Grant{Token: "t1"}, nil
		}, nil)
		u := newUpstream(t, guarded("t2"))
		c := u.client(t, "vision", client.WithCredential(l))
		resp, _ := call(t, c, request(t, "GET", ""))
		if a := report(t, resp).Attempts[0]; resp.StatusCode != 401 || a.Held != "not retried: no new token could be had" || !errors.Is(a.Err, down) {
			t.Errorf("got %d, %+v", resp.StatusCode, a)
		}
		if err := client.Check(resp); !errors.Is(err, parlance.ErrUnauthenticated) || !errors.Is(err, down) {
			t.Errorf("Check: %v", err)
		}

		// And without a token at all nothing is sent.
		before := len(u.sightings())
		_, err := c.Do(request(t, "GET", ""))
		if !errors.Is(err, down) || !errors.Is(err, parlance.ErrUnauthenticated) || len(u.sightings()) != before {
			t.Errorf("%v after %d requests", err, len(u.sightings())-before)
		}
	})
}

func TestATokenDoesNotFollowARedirectToAnotherHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins atomic.Int32
		u := newUpstream(t,
			response{status: 302, header: map[string]string{"Location": "/here"}},
			response{status: 302, header: map[string]string{"Location": "http://elsewhere.test/"}},
			response{status: 200, body: "{}"})
		call(t, u.client(t, "vms", client.WithCredential(counting(&logins))), request(t, "GET", ""))
		var got []string
		for _, s := range u.sightings() {
			got = append(got, s.header.Get("Authorization"))
		}
		if fmt.Sprintf("%q", got) != `["Bearer t1" "Bearer t1" ""]` {
			t.Errorf("the hosts saw %q", got)
		}
	})
}
