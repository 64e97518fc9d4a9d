package client_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

func TestABudgetThatIsSpentHandsTheResponseBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, body: vmsError})
		c := u.client(t, "vms", client.WithBudget(client.NewBudget(4, 0.1)), client.WithMaxWait(1e15))
		var held []string
		for range 4 {
			resp, body := call(t, c, request(t, "GET", ""))
			if resp.StatusCode != 503 || body != vmsError {
				t.Errorf("the caller got %d %q", resp.StatusCode, body)
			}
			r := report(t, resp)
			last := r.Attempts[len(r.Attempts)-1]
			if last.Decision.Act != parlance.ActRetry || last.Wait == 0 {
				t.Errorf("the caller may %v after %v", last.Decision.Act, last.Wait)
			}
			held = append(held, fmt.Sprint(len(r.Attempts), last.Held))
		}
		if n := len(u.sightings()); n != 4+4 {
			t.Errorf("the server saw %d requests, want 4 and the 4 retries that are paid for; held: %q", n, held)
		}
		if !strings.Contains(held[3], "too many requests to upstream.test failed") {
			t.Errorf("held: %q", held[3])
		}
	})
}

func TestSuccessesFillABudgetAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fill  response
		times int
		want  int // retries that can be paid for afterwards
	}{
		{"ten successes earn a retry", response{status: 200, body: "{}"}, 10, 1},
		{"nine do not", response{status: 200, body: "{}"}, 9, 0},
		{"a client's mistake is a response of a server that works", response{status: 404, body: vmsError}, 10, 1},
		{"a server's failure earns nothing", response{status: 500, body: vmsError}, 50, 0},
		{"nor does a 429", response{status: 429, body: vmsError}, 50, 0},
		{"it holds no more than it did at the start", response{status: 200, body: "{}"}, 500, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var now response
				u := newUpstream(t, response{do: func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(now.status)
					fmt.Fprint(w, now.body)
				}})
				c := u.client(t, "vms", client.WithBudget(client.NewBudget(3, 0.1)), client.WithMaxWait(1e15))
				failing := response{status: 503, body: vmsError}
				now = failing
				call(t, c, request(t, "GET", "")) // three retries: all there is
				now = tt.fill
				for range tt.times {
					call(t, c, request(t, "GET", ""))
				}
				now = failing
				resp, _ := call(t, c, request(t, "GET", ""))
				if got := len(report(t, resp).Attempts) - 1; got != tt.want {
					t.Errorf("%d retries, want %d", got, tt.want)
				}
			})
		})
	}
}

func TestABudgetIsOfAHostAndSharedByThoseWhoAreGivenIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, body: vmsError})
		b := client.NewBudget(3, 0.1)
		attempts := func(c *http.Client, url string) int {
			req, err := http.NewRequest("GET", url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, _ := call(t, c, req)
			return len(report(t, resp).Attempts)
		}
		first := u.client(t, "vms", client.WithBudget(b), client.WithMaxWait(1e15))
		second := u.client(t, "vms", client.WithBudget(b), client.WithMaxWait(1e15))
		if n := attempts(first, "http://upstream.test/a"); n != 4 {
			t.Errorf("%d attempts with a full budget", n)
		}
		if n := attempts(second, "http://upstream.test/a"); n != 1 {
			t.Errorf("%d attempts with a budget that another Transport spent", n)
		}
		if n := attempts(second, "http://other.test/a"); n != 4 {
			t.Errorf("%d attempts at another host", n)
		}
		if n := attempts(u.client(t, "vms", client.WithBudget(nil), client.WithMaxWait(1e15)), "http://upstream.test/a"); n != 4 {
			t.Errorf("%d attempts without a budget", n)
		}
	})
}

func TestABudgetPaysEachRetryOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, body: vmsError})
		c := u.client(t, "vms", client.WithBudget(client.NewBudget(7, 0.1)), client.WithMaxWait(1e15))
		var mu sync.Mutex
		held := map[string]int{}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				resp, _ := call(t, c, request(t, "GET", ""))
				mu.Lock()
				defer mu.Unlock()
				held[lastHeld(t, resp)]++
			})
		}
		all.Wait()
		// The seven that were paid for were not sent either: fifty at once are no accident.
		if held[budgetRanOut] != 7 || held[budgetSpent] != 43 || len(u.sightings()) != 50 {
			t.Errorf("the server saw %d requests; held: %v", len(u.sightings()), held)
		}
	})
}

func TestABudgetThatRunsOutTakesBackWhatHasNotBeenSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		held []string // one a caller, all of whom fail, a tenth of a second apart; the wait is 5 s
		sent int
	}{
		{"what it can pay for is sent", []string{budgetOften, budgetOften}, 4},
		{"where a third asks, the two that wait are not sent", []string{budgetRanOut, budgetRanOut, budgetSpent}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(t, response{status: 503, header: map[string]string{"Retry-After": "5"}, body: vmsError})
				c := u.client(t, "vms", client.WithBudget(client.NewBudget(2, 0)), client.WithMaxAttempts(2))
				held := make([]string, len(tt.held))
				var callers sync.WaitGroup
				for i := range held {
					callers.Go(func() {
						resp, body := call(t, c, request(t, "GET", ""))
						if resp.StatusCode != 503 || body != vmsError {
							t.Errorf("caller %d got %d %q", i+1, resp.StatusCode, body)
						}
						held[i] = lastHeld(t, resp)
					})
					time.Sleep(100 * time.Millisecond)
				}
				callers.Wait()
				if !slices.Equal(held, tt.held) {
					t.Errorf("held: %q, want %q", held, tt.held)
				}
				if n := len(u.sightings()); n != tt.sent {
					t.Errorf("the server saw %d requests, want %d", n, tt.sent)
				}
			})
		})
	}
}

const (
	budgetOften  = "not retried: it was sent 2 times, as often as allowed (WithMaxAttempts)"
	budgetSpent  = "not retried: too many requests to upstream.test failed; retries go on as soon as more succeed (WithBudget)"
	budgetRanOut = "not retried: too many other requests to upstream.test failed during the wait (WithBudget)"
)

// lastHeld says what kept the last attempt from being retried.
func lastHeld(t *testing.T, resp *http.Response) string {
	t.Helper()
	a := report(t, resp).Attempts
	return a[len(a)-1].Held
}
