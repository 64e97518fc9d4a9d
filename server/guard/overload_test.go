package guard_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestMoreThanAServiceCanServeIsShed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect string
		refusal parlance.Outcome
		status  int
		after   string
	}{
		{"vbapi", parlance.Outcome{}, 503, "1"},
		{"omilia", parlance.Outcome{Kind: parlance.KindRateLimited, RetryAfter: 5 * time.Second}, 429, "5"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := servertest.New(t, c.dialect)
			o := guard.Overload{Served: 2, Queue: 3, Wait: 10 * time.Second, Error: c.refusal}
			var now, most atomic.Int32
			h := s.Wrap(o.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
				n := now.Add(1)
				defer now.Add(-1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(8 * time.Second) // virtual
				return "done", nil
			})))
			client := &http.Client{Transport: memhttp.Serve(t, h)}
			var mu sync.Mutex
			got := map[int]int{}
			took := map[time.Duration]int{}
			var wg sync.WaitGroup
			begin := time.Now()
			for range 10 {
				wg.Go(func() {
					a := servertest.As(t, client, "ann", "GET", "http://house/")
					mu.Lock()
					defer mu.Unlock()
					got[a.Status]++
					took[time.Since(begin)]++
					if a.Status != 200 && a.Header.Get("Retry-After") != c.after {
						t.Errorf("%s: Retry-After %q", c.dialect, a.Header.Get("Retry-After"))
					}
				})
			}
			wg.Wait()
			// Two are served, two more after them; one waits for 10 s in vain, five are shed at once.
			if got[200] != 4 || got[c.status] != 6 || most.Load() != 2 {
				t.Errorf("%s: got %v, %d at one time", c.dialect, got, most.Load())
			}
			if took[0] != 5 || took[8*time.Second] != 2 || took[10*time.Second] != 1 || took[16*time.Second] != 2 {
				t.Errorf("%s: they took %v", c.dialect, took)
			}
			if a := servertest.As(t, client, "ann", "GET", "http://house/"); a.Status != 200 {
				t.Errorf("%s: afterwards %d", c.dialect, a.Status)
			}
		})
	}
}
