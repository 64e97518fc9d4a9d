package store_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/store/sqlite"
	"github.com/parlance-api/parlance/store/storetest"
)

// While a process runs nobody can set its clock: see store/internal/clock. The next
// one has to believe what it finds.
func TestAClockThatWasSetBetweenTwoProcessesRepeatsNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set     time.Duration
		other   int    // told to who wants the seat that another had
		holder  int    // and then to the other
		token   int    // told to who comes with a token of 20 minutes
		job     int    // told of the job that the dead process had begun
		problem string // the reason why the token is good no more
	}{
		"five hours ahead": {5 * time.Hour, 200, 403, 401, 200, "expired"},
		"five hours back":  {-5 * time.Hour, 403, 200, 200, 202, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock storetest.Clock
			path := filepath.Join(t.TempDir(), "store.db")
			began := make(chan bool)
			done := make(chan string, 8)
			work := func(ctx context.Context, j jobs.Job) (any, error) {
				if j.Attempt > 1 {
					done <- string(j.Input)
					return "done", nil
				}
				began <- true
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}
			serve := func() (url string, end func()) {
				s, err := sqlite.Open(path, sqlite.WithClock(clock.Now))
				if err != nil {
					t.Fatal(err)
				}
				d, err := catalog.Open("problem")
				if err != nil {
					t.Fatal(err)
				}
				api := server.New(d, server.WithLogger(slog.New(slog.DiscardHandler)))
				mux := http.NewServeMux()
				limit := license.Cap{Store: s.Seats(), Name: "cameras", Most: 1}
				mux.Handle("POST /camera/{id}", idempotency.Middleware(s.Idempotency(), idempotency.Required(), idempotency.Transactional())(
					api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
						return server.AtomicIn(s)(func(ctx context.Context) (any, error) { return "made", limit.Take(ctx, 1) }), nil
					})))
				jobs := jobs.New(api, s.Queue(), jobs.Kind("job", work), jobs.Poll(time.Millisecond), jobs.Drain(0))
				mux.Handle("POST /job/{id}", jobs.AsyncHandler("job"))
				mux.Handle("GET /jobs/", jobs.Watch())
				pool := license.Seats{Store: s.Seats(), Pool: "p", Count: 1}
				mux.Handle("POST /seat/{id}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
					return "sits", pool.Acquire(r.Context(), r.PathValue("id"))
				}))
				mux.Handle("POST /token/{id}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
					return auth.GiveToken(r.Context(), s.Tokens(), server.Principal{ID: "a"}, 20*time.Minute)
				}))
				mux.Handle("GET /mine", auth.Authenticate(auth.APIKey("Idempotency-Key", auth.Tokens(s.Tokens())))(
					api.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return "mine", nil })))
				h := httptest.NewServer(api.Wrap(mux))
				ctx, stop := context.WithCancel(t.Context())
				ran := make(chan bool)
				go func() { jobs.Run(ctx); close(ran) }()
				return h.URL, func() {
					s.Close() // it is dead from now on: no job is put back
					stop()
					<-ran
					h.Close()
				}
			}
			is := func(want int, method, url, key string) (string, http.Header) {
				t.Helper()
				status, _, body, header := ask(t, "problem", method, url, key)
				if status != want {
					t.Errorf("%s %s: got %d %s, want %d", method, url, status, body, want)
				}
				return body, header
			}

			url, end := serve()
			is(200, "POST", url+"/camera/1", "first")
			is(200, "POST", url+"/seat/ann", "")
			token, _ := is(200, "POST", url+"/token/a", "")
			token = strings.Trim(token, `"`)
			_, accepted := is(202, "POST", url+"/job/1", "")
			<-began
			end()

			clock.Pass(c.set)
			url, end = serve()
			defer end()
			if _, header := is(200, "POST", url+"/camera/1", "first"); header.Get(idempotency.ReplayedHeader) != "true" {
				t.Error("what was acknowledged was done again")
			}
			is(403, "POST", url+"/camera/2", "second") // the cap counts as before
			is(c.other, "POST", url+"/seat/bob", "")
			is(c.holder, "POST", url+"/seat/ann", "") // never both
			if body, _ := is(c.token, "GET", url+"/mine", token); !strings.Contains(body, c.problem) {
				t.Errorf("the token: %s", body)
			}
			if c.job == 202 {
				is(202, "GET", url+accepted.Get("Location"), "") // it rests for as long as the clock was set back
				clock.Pass(-c.set + time.Minute)
			}
			if got := <-done; got != "" {
				t.Errorf("another job was done: %q", got)
			}
			for status := 202; status == 202; {
				var body string
				status, _, body, _ = ask(t, "problem", "GET", url+accepted.Get("Location"), "")
				if status != 202 && status != 200 {
					t.Errorf("the job: %d %s", status, body)
				}
			}
		})
	}
}
