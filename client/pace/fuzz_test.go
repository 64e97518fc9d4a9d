package pace

import (
	"math"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// FuzzAHeaderHoldsNobodyForLong reads any header: what it states is in bounds, and
// whatever that is, a request waits no longer than one statement can hold it.
func FuzzAHeaderHoldsNobodyForLong(f *testing.F) {
	f.Fuzz(func(t *testing.T, limits, policies, limit, remaining, reset string, after int64) {
		h := http.Header{}
		for name, value := range map[string]string{
			fieldLimits: limits, fieldPolicy: policies, fieldLimit: limit, fieldRemaining: remaining, fieldReset: reset,
		} {
			if value != "" {
				h.Set(name, value)
			}
		}
		for _, s := range fields(h, time.Now()) {
			switch {
			case s.quota < -1 || s.quota > math.MaxInt32 || s.left < -1 || s.left > math.MaxInt32:
				t.Errorf("%d of %d requests are left", s.left, s.quota)
			case s.reset < 0 || s.reset > longest || s.length < 0 || s.length > nonsense:
				t.Errorf("a window of %v ends in %v", s.length, s.reset)
			}
		}
		p := New(nil)
		req := &http.Request{URL: &url.URL{Host: "api.test"}}
		a := &client.Attempt{Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Status: 200}}
		if after != 0 {
			a.Outcome = parlance.Outcome{Kind: parlance.KindRateLimited, Status: 429, RetryAfter: time.Duration(after)}
		}
		for range 2 {
			_, leave, _ := p.Enter(req)
			leave(&http.Response{StatusCode: a.Outcome.Status, Header: h}, a)
		}
		if wait, _, err := p.Enter(req); err != nil || wait < 0 || wait > longest+10*time.Second {
			t.Errorf("the next one waits %v: %v", wait, err)
		}
	})
}
