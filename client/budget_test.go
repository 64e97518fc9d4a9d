package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/parlance-api/parlance/client"
)

func TestABudgetThatIsSpentHandsTheAnswerBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, answer{status: 503, body: vmsError})
		c := u.client(t, "vms", client.WithBudget(client.NewBudget(4, 0.1)), client.WithCeiling(1e15))
		var held []string
		for range 4 {
			resp, body := call(t, c, request(t, "GET", ""))
			if resp.StatusCode != 503 || body != vmsError {
				t.Errorf("the caller got %d %q", resp.StatusCode, body)
			}
			r := report(t, resp)
			held = append(held, fmt.Sprint(len(r.Attempts), r.Attempts[len(r.Attempts)-1].Held))
		}
		if n := len(u.sightings()); n != 4+4 {
			t.Errorf("the server saw %d requests, want 4 and the 4 repeats that are paid for; held: %q", n, held)
		}
		if !strings.Contains(held[3], "budget for repeats is spent until more requests to upstream.test succeed") {
			t.Errorf("held: %q", held[3])
		}
	})
}

func TestSuccessesFillABudgetAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fill  answer
		times int
		want  int // repeats that can be paid for afterwards
	}{
		{"ten successes earn a repeat", answer{status: 200, body: "{}"}, 10, 1},
		{"nine do not", answer{status: 200, body: "{}"}, 9, 0},
		{"a client's mistake is an answer of a server that works", answer{status: 404, body: vmsError}, 10, 1},
		{"a server's failure earns nothing", answer{status: 500, body: vmsError}, 50, 0},
		{"nor does a 429", answer{status: 429, body: vmsError}, 50, 0},
		{"it holds no more than it did at the start", answer{status: 200, body: "{}"}, 500, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var now answer
				u := newUpstream(t, answer{do: func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(now.status)
					fmt.Fprint(w, now.body)
				}})
				c := u.client(t, "vms", client.WithBudget(client.NewBudget(3, 0.1)), client.WithCeiling(1e15))
				failing := answer{status: 503, body: vmsError}
				now = failing
				call(t, c, request(t, "GET", "")) // three repeats: all there is
				now = tt.fill
				for range tt.times {
					call(t, c, request(t, "GET", ""))
				}
				now = failing
				resp, _ := call(t, c, request(t, "GET", ""))
				if got := len(report(t, resp).Attempts) - 1; got != tt.want {
					t.Errorf("%d repeats, want %d", got, tt.want)
				}
			})
		})
	}
}

func TestABudgetIsOfAHostAndSharedByThoseWhoAreGivenIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, answer{status: 503, body: vmsError})
		b := client.NewBudget(3, 0.1)
		attempts := func(c *http.Client, url string) int {
			req, err := http.NewRequest("GET", url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, _ := call(t, c, req)
			return len(report(t, resp).Attempts)
		}
		first := u.client(t, "vms", client.WithBudget(b), client.WithCeiling(1e15))
		second := u.client(t, "vms", client.WithBudget(b), client.WithCeiling(1e15))
		if n := attempts(first, "http://upstream.test/a"); n != 4 {
			t.Errorf("%d attempts with a full budget", n)
		}
		if n := attempts(second, "http://upstream.test/a"); n != 1 {
			t.Errorf("%d attempts with a budget that another Transport spent", n)
		}
		if n := attempts(second, "http://other.test/a"); n != 4 {
			t.Errorf("%d attempts at another host", n)
		}
		if n := attempts(u.client(t, "vms", client.WithBudget(nil), client.WithCeiling(1e15)), "http://upstream.test/a"); n != 4 {
			t.Errorf("%d attempts without a budget", n)
		}
	})
}

func TestABudgetPaysEachRepeatOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, answer{status: 503, body: vmsError})
		c := u.client(t, "vms", client.WithBudget(client.NewBudget(7, 0.1)), client.WithCeiling(1e15))
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { call(t, c, request(t, "GET", "")) })
		}
		all.Wait()
		if n := len(u.sightings()); n != 50+7 {
			t.Errorf("the server saw %d requests, want 57", n)
		}
	})
}
