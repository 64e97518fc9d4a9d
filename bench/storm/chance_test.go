package storm

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
)

// chance is a server that has no trouble but that a share of its responses, drawn
// by lot, is a 503.
type chance struct {
	share    float64
	attempts atomic.Int64
}

func (s *chance) RoundTrip(req *http.Request) (*http.Response, error) {
	s.attempts.Add(1)
	time.Sleep(20 * time.Millisecond)
	if rand.Float64() < s.share {
		return response(req, http.StatusServiceUnavailable), nil
	}
	return response(req, http.StatusOK), nil
}

// Who never retries wins every storm. This is what he pays for it.
func TestWhatFailsByChanceIsRetriedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	const requests, rate = 10000, 240
	synctest.Test(t, func(t *testing.T) {
		d, err := catalog.Open("plain")
		if err != nil {
			t.Fatal(err)
		}
		s := &chance{share: 0.05}
		c := client.New(d, client.WithBase(s), client.WithAttemptTimeout(patience))
		request := get(t, "http://chance.example/")
		var good atomic.Int64
		var callers sync.WaitGroup
		for range requests {
			time.Sleep(time.Duration(rand.ExpFloat64() * float64(time.Second) / rate))
			callers.Go(func() {
				if resp, err := c.RoundTrip(request.WithContext(t.Context())); err == nil && resp.StatusCode == http.StatusOK {
					good.Add(1)
				}
			})
		}
		callers.Wait()
		if n := good.Load(); n < requests*999/1000 {
			t.Errorf("%d of %d got a response, though 95%% of attempts are", n, requests)
		}
		if n := s.attempts.Load(); n > requests*11/10 {
			t.Errorf("%d attempts at %d requests", n, requests)
		}
	})
}
