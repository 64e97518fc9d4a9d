package breaker_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/breaker"
	"github.com/parlance-api/parlance/internal/memhttp"
)

// server responds with the status that stands in it, and counts.
type server struct {
	status, asked atomic.Int32
	hold          time.Duration
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	select {
	case <-time.After(s.hold):
	case <-r.Context().Done():
	}
	w.WriteHeader(int(s.status.Load()))
}

// caller is a client of the server that sends each request once.
func caller(t *testing.T, s *server, settings breaker.Settings, opts ...client.Option) *http.Client {
	t.Helper()
	d, err := catalog.Open("http")
	if err != nil {
		t.Fatal(err)
	}
	opts = append([]client.Option{client.WithBase(memhttp.Serve(t, s)), client.WithMaxAttempts(1), client.WithGate(breaker.New(settings))}, opts...)
	return &http.Client{Transport: client.New(d, opts...)}
}

func get(c *http.Client, url string) error {
	resp, err := c.Get(url)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

const url = "http://upstream.test/"

func TestWhatCountsAsAFailureIsTheServersOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		opens  bool
	}{
		{"a server that broke", 500, true},
		{"a server behind it that broke", 502, true},
		{"an overloaded one", 503, true},
		{"one that was too slow", 504, true},
		{"a request at fault", 400, false},
		{"no such thing", 404, false},
		{"one request too many", 429, false},
		{"a success", 200, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				s.status.Store(int32(c.status))
				hc := caller(t, s, breaker.Settings{})
				for range 10 {
					if err := get(hc, url); err != nil {
						t.Fatal(err)
					}
				}
				if err := get(hc, url); errors.Is(err, breaker.ErrOpen) != c.opens {
					t.Errorf("after ten in a row: %v", err)
				}
			})
		})
	}
}

func TestARefusalIsOurOwnWordAndSaysWhenToAskAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.status.Store(500)
		hc := caller(t, s, breaker.Settings{Failures: 2, Pause: 5 * time.Second})
		get(hc, url)
		get(hc, url)
		time.Sleep(2 * time.Second)
		err := get(hc, url)

		var e *client.Error
		if !errors.As(err, &e) || !errors.Is(err, client.ErrNotSent) || !errors.Is(err, breaker.ErrOpen) {
			t.Fatalf("the error is %v", err)
		}
		if e.Outcome.Reason != parlance.ReasonNotSent || e.Outcome.Status != 0 || len(e.Attempts) != 0 {
			t.Errorf("the outcome is %+v after %d attempts", e.Outcome, len(e.Attempts))
		}
		if e.Decision.Act != parlance.ActRetry || !e.Decision.RetrySafe || e.Decision.After != 3*time.Second+time.Millisecond {
			t.Errorf("the decision is %+v", e.Decision)
		}
		if s.asked.Load() != 2 {
			t.Errorf("the server was asked %d times", s.asked.Load())
		}
		time.Sleep(e.Decision.After)
		if get(hc, url); s.asked.Load() != 3 {
			t.Error("at the time that the refusal named nothing was let through")
		}
	})
}

func TestOneAttemptDecidesAfterThePause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type change struct {
			key  string
			open bool
		}
		var changes []change
		s := &server{hold: 100 * time.Millisecond}
		s.status.Store(500)
		hc := caller(t, s, breaker.Settings{
			Failures: 1, Pause: time.Second,
			OnChange: func(key string, open bool) { changes = append(changes, change{key, open}) },
		})
		// together makes ten requests at once and tells how many were sent.
		together := func() int32 {
			before := s.asked.Load()
			done := make(chan error)
			for range 10 {
				go func() { done <- get(hc, url) }()
			}
			for range 10 {
				<-done
			}
			return s.asked.Load() - before
		}
		get(hc, url)
		time.Sleep(2 * time.Second)
		if n := together(); n != 1 {
			t.Errorf("%d attempts were let through to find out", n)
		}
		if n := together(); n != 0 {
			t.Errorf("%d attempts were let through after the one had failed", n)
		}
		s.status.Store(200)
		time.Sleep(2 * time.Second)
		if n := together(); n != 1 {
			t.Errorf("%d attempts were let through to find out", n)
		}
		if n := together(); n != 10 {
			t.Errorf("%d attempts were let through after the one had succeeded", n)
		}
		want := []change{{"upstream.test", true}, {"upstream.test", false}}
		if len(changes) != 2 || changes[0] != want[0] || changes[1] != want[1] {
			t.Errorf("the changes are %v", changes)
		}
	})
}

func TestWhatTheCallerGaveUpSaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{hold: time.Hour}
		hc := caller(t, s, breaker.Settings{Failures: 1, Pause: time.Second})
		cancelled := func() error {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			_, err := hc.Do(req)
			return err
		}
		for range 3 {
			if err := cancelled(); errors.Is(err, breaker.ErrOpen) {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // longer than any window would be
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		hc.Do(req)
		if err := get(hc, url); !errors.Is(err, breaker.ErrOpen) {
			t.Errorf("after a deadline that passed: %v", err)
		}
		time.Sleep(2 * time.Second)
		cancelled() // it was to find out, and did not
		if err := cancelled(); errors.Is(err, breaker.ErrOpen) {
			t.Errorf("an attempt that was given up kept the next from finding out: %v", err)
		}
	})
}

// longer is a gate that asks for a wait which no caller allows.
type longer struct{}

func (longer) Enter(*http.Request) (time.Duration, func(*http.Response, *client.Attempt), error) {
	return time.Hour, nil, nil
}

func TestWhatAnotherGateKeptBackSaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		hc := caller(t, s, breaker.Settings{Failures: 1}, client.WithGate(longer{}))
		for range 3 {
			if err := get(hc, url); !errors.Is(err, client.ErrNotSent) || errors.Is(err, breaker.ErrOpen) {
				t.Fatal(err)
			}
		}
	})
}

func TestHostsFailApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		key    func(*http.Request) string
		other  string
		spared bool
	}{
		{"another host", nil, "http://other.test/", false},
		{"the same in capitals", nil, "http://UPSTREAM.test/else", true},
		{"another part of it, where the caller tells parts apart", func(r *http.Request) string { return r.URL.Path }, "http://upstream.test/else", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				s.status.Store(500)
				hc := caller(t, s, breaker.Settings{Failures: 1, Key: c.key})
				get(hc, url)
				if err := get(hc, c.other); errors.Is(err, breaker.ErrOpen) != c.spared {
					t.Error(err)
				}
			})
		})
	}
}

func TestARetryIsRefusedToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.status.Store(503)
		hc := caller(t, s, breaker.Settings{Failures: 2, Pause: time.Hour}, client.WithMaxAttempts(4))
		resp, err := hc.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if r, _ := client.ReportOf(resp); len(r.Attempts) != 2 || r.Attempts[1].Held == "" {
			t.Errorf("%d attempts, the last one held because %q", len(r.Attempts), r.Attempts[len(r.Attempts)-1].Held)
		}
	})
}
