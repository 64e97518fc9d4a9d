package outbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
)

// TestFailuresOfALimitStayWithinItsBudget in an hour in which a vendor answers 500, which by
// itself shuts no limit. Each request would be retried some ten times.
func TestFailuresOfALimitStayWithinItsBudget(t *testing.T) {
	t.Parallel()
	const requests = 200
	for _, c := range []struct {
		name   string
		budget *client.Budget
		every  int // one of so many goes to a path that works; 0 is none
		least  int // failures
		most   int
	}{
		{"without one each is retried by itself", nil, 0, 1500, 1e6},
		{"one of 20, and then the limit is probed", client.NewBudget(20, 0.1), 0, 20, 20 + 40},
		{"none is allowed, and the limit is probed", client.NewBudget(0, 0.1), 0, 5, 40},
		{"what succeeds adds to it", client.NewBudget(20, 1), 2, 100, 20 + requests/2 + 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/bad" {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}, func(s *scene) {
				for i := range requests {
					url := "http://vendor/bad"
					if c.every > 0 && i%c.every == 0 {
						url = "http://vendor/good"
					}
					s.put(outbox.Request{Method: "PUT", URL: url})
				}
				time.Sleep(time.Hour)
				tries := map[string]int{}
				for _, r := range s.asked() {
					tries[r.Path]++
				}
				if n := tries["/bad"]; n < c.least || n > c.most || c.every > 0 && tries["/good"] != requests/c.every {
					s.Errorf("the vendor got %v, want %d to %d failures", tries, c.least, c.most)
				}
				all, err := s.List(s.Context(), outbox.Filter{State: outbox.Waiting, Most: requests})
				said := slices.ContainsFunc(all, func(d outbox.Delivery) bool { return strings.Contains(d.Why, "too many requests of its limit failed") })
				if err != nil || said != (c.budget != nil) {
					s.Errorf("that too many failed is said: %t, %v", said, err)
				}
			}, outbox.WithBudget(c.budget))
		})
	}
}
