package limit_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

func TestNoMoreRequestsOfOneCallerAreServedAtOneTime(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"vms", "vbapi"} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, dialect)
			l := limit.Sessions{Store: memory.New().Seats(), Name: "at once", Most: 2, By: limit.Principal, Lease: time.Minute}
			h := memhttp.Serve(t, s.Wrap(knows(l.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
				time.Sleep(10 * time.Minute) // virtual, and longer than a lease
				return "done", nil
			})))))
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					if a := ask(t, h, "ann@acme", "/"); a.status != 200 {
						t.Errorf("%s: got %d %s", dialect, a.status, a.body)
					}
				})
			}
			time.Sleep(5 * time.Minute)
			if a := ask(t, h, "ann@acme", "/"); a.status != 429 || a.header.Get("Retry-After") != "" {
				t.Errorf("%s: a third: got %d %v", dialect, a.status, a.header)
			}
			wg.Go(func() {
				if a := ask(t, h, "bob@acme", "/"); a.status != 200 {
					t.Errorf("%s: another's: got %d %s", dialect, a.status, a.body)
				}
			})
			wg.Wait()
			if a := ask(t, h, "ann@acme", "/"); a.status != 200 {
				t.Errorf("%s: afterwards: got %d %s", dialect, a.status, a.body)
			}
		})
	}
}

func TestNoMoreSessionsOfOneTenantAreOpenAtOneTime(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"vms", "omilia"} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, dialect)
			l := limit.Sessions{Store: memory.New().Seats(), Name: "sessions", Most: 1, By: limit.Tenant, Session: limit.Principal, Lease: time.Minute}
			mux := http.NewServeMux()
			mux.Handle("GET /", l.Wrap(s.Handle(done)))
			mux.Handle("GET /logout", s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
				p, _ := server.PrincipalOf(r.Context())
				return "bye", l.End(r, p.ID)
			}))
			h := memhttp.Serve(t, s.Wrap(knows(mux)))
			want := func(who, path string, status int) {
				t.Helper()
				if a := ask(t, h, who, path); a.status != status {
					t.Errorf("%s: %s %s: got %d %s", dialect, who, path, a.status, a.body)
				}
			}
			want("ann@acme", "/", 200)
			want("ann@acme", "/", 200)
			want("bob@acme", "/", 429)
			want("cid@other", "/", 200)
			want("dan@", "/", 200) // of no tenant: not counted
			want("ann@acme", "/logout", 200)
			want("bob@acme", "/", 200)
			time.Sleep(time.Minute) // virtual
			want("ann@acme", "/", 200)
			want("bob@acme", "/", 429)
		})
	}
}
