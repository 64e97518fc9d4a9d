package pace_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/pace"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/internal/memhttp"
)

var open = catalogtest.Open

// place is what a Pacer gave one request.
type place struct {
	wait  time.Duration
	leave func(*http.Response, *client.Attempt)
}

func enter(t testing.TB, p *pace.Pacer) place {
	t.Helper()
	req, _ := http.NewRequest(http.MethodGet, "https://api.test/things", nil)
	wait, leave, err := p.Enter(req)
	if err != nil || wait < 0 || leave == nil {
		t.Fatalf("entering: %v, %v", wait, err)
	}
	return place{wait, leave}
}

// waits are those of so many requests at once.
func waits(t testing.TB, p *pace.Pacer, n int) (all []time.Duration) {
	t.Helper()
	for range n {
		all = append(all, enter(t, p).wait)
	}
	return all
}

// response ends an attempt with lines of a header.
func (p place) response(o parlance.Outcome, lines ...string) {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	if o.Kind == 0 {
		o = parlance.Outcome{Kind: parlance.KindSuccess, Status: 200}
	}
	p.leave(&http.Response{StatusCode: o.Status, Header: h}, &client.Attempt{Outcome: o})
}

var (
	fine    = parlance.Outcome{}
	tooMany = parlance.Outcome{Kind: parlance.KindRateLimited, Status: 429}
)

func TestTheNextRequestWaitsAsTheResponseSays(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, c := range []struct {
		name    string
		dialect string
		header  []string
		want    time.Duration
	}{
		{"a list, nothing left", "", []string{`RateLimit: "default";r=0;t=30`}, 30 * s},
		{"a list, some left", "", []string{`RateLimit: "default";r=1;t=30`}, 0},
		{"a list of several, the longest that is used up", "", []string{`RateLimit: "a";r=0;t=5, "b";r=0;t=20, "c";r=9;t=60`}, 20 * s},
		{"a list in several lines", "", []string{`RateLimit: "a";r=0;t=5`, `RateLimit: "b";r=0;t=20`}, 20 * s},
		{"a token for a name", "", []string{`RateLimit: default;r=0;t=30`}, 30 * s},
		{"parameters that nobody knows", "", []string{`RateLimit: "a";acme=x;r=0;t=30;pk=:cHs=:`}, 30 * s},
		{"no time, but a policy", "", []string{`RateLimit: "a";r=0`, `RateLimit-Policy: "b";q=9;w=7, "a";q=9;w=60`}, 60 * s},
		{"no time at all", "", []string{`RateLimit: "a";r=0`}, 0},
		{"a policy alone", "", []string{`RateLimit-Policy: "a";q=0;w=60`}, 0},
		{"bytes, not requests", "", []string{`RateLimit: "a";r=0;t=30`, `RateLimit-Policy: "a";q=9;qu="content-bytes";w=60`}, 0},
		{"requests by name", "", []string{`RateLimit: "a";r=0;t=30`, `RateLimit-Policy: "a";q=9;qu="requests";w=60`}, 30 * s},
		{"a dictionary", "", []string{`RateLimit: limit=100, remaining=0, reset=50`}, 50 * s},
		{"a dictionary, some left", "", []string{`RateLimit: limit=100, remaining=50, reset=50`}, 0},
		{"a dictionary without a time, but a policy", "", []string{`RateLimit: limit=100, remaining=0`, `RateLimit-Policy: 10;w=1, 100;w=40`}, 40 * s},
		{"three fields", "", []string{"RateLimit-Limit: 100", "RateLimit-Remaining: 0", "RateLimit-Reset: 50"}, 50 * s},
		{"three fields with policies in the first", "", []string{"RateLimit-Limit: 100, 10;w=1, 100;w=40", "RateLimit-Remaining: 0"}, 40 * s},
		{"three fields, some left", "", []string{"RateLimit-Remaining: 3", "RateLimit-Reset: 50"}, 0},
		{"a reset by the clock", "", []string{"RateLimit-Remaining: 0", "RateLimit-Reset: 946684845"}, 0}, // before unixTime: see below
		{"the vendor's own", "github", []string{"X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 946684845"}, 45 * s},
		{"the vendor's own, some left", "github", []string{"X-RateLimit-Remaining: 1", "X-RateLimit-Reset: 946684845"}, 0},

		{"from a cache", "", []string{`RateLimit: "a";r=0;t=30`, "Age: 7"}, 0},
		{"from no cache", "", []string{`RateLimit: "a";r=0;t=30`, "Age: 0"}, 30 * s},
		{"two hours", "", []string{`RateLimit: "a";r=0;t=7200`}, time.Hour},
		{"for ever", "", []string{`RateLimit: "a";r=0;t=999999999`}, 0},
		{"until 2030", "", []string{`RateLimit: "a";r=0;t=1893456000`}, 0},
		{"longer than there are numbers", "", []string{`RateLimit: "a";r=0;t=99999999999999999999`}, 0},
		{"a time below zero", "", []string{`RateLimit: "a";r=0;t=-5`}, 0},
		{"a number below zero", "", []string{`RateLimit: "a";r=-1;t=5`}, 0},
		{"a number that is none", "", []string{`RateLimit: "a";r=NaN;t=5`}, 0},
		{"a broken number", "", []string{`RateLimit: "a";r=0.0;t=5.5`}, 0},
		{"a list that breaks off", "", []string{`RateLimit: "a";r=0;t=30, "b`}, 0},
		{"lists in lists", "", []string{`RateLimit: ("a" "b");r=0;t=30`}, 0},
		{"nothing", "", []string{`RateLimit: `}, 0},
		{"words", "", []string{"RateLimit-Remaining: none", "RateLimit-Reset: soon"}, 0},
		{"a field of a megabyte", "", []string{`RateLimit: "a";r=0;t=30, "` + strings.Repeat("b", 1<<20) + `";r=0;t=30`}, 0},
		{"the vendor's own, for ever", "github", []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 9999999999"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var d *dialect.Dialect
				if c.dialect != "" {
					d = open(t, c.dialect)
				}
				p := pace.New(d)
				enter(t, p).response(fine, c.header...)
				if got := enter(t, p).wait; got != c.want {
					t.Errorf("%v, not %v", got, c.want)
				}
			})
		})
	}
}

func TestAResetByTheClockIsADelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(30 * 365 * 24 * time.Hour) // a bubble begins in 2000
		p := pace.New(nil)
		enter(t, p).response(fine, "RateLimit-Remaining: 0", "RateLimit-Reset: "+strconv.FormatInt(time.Now().Unix()+45, 10))
		if got := enter(t, p).wait; got != 45*time.Second {
			t.Error(got)
		}
	})
}

func TestRequestsUnderWayCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(nil)
		enter(t, p).response(fine, `RateLimit: "a";r=3;t=10`)
		if got := fmt.Sprint(waits(t, p, 4)); got != "[0s 0s 0s 10s]" {
			t.Error(got)
		}
	})
}

func TestWhoWaitsIsSentInAWindowWithRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		header []string
		want   string
	}{
		{"as many as the policy allows", []string{`RateLimit: "a";r=0;t=5`, `RateLimit-Policy: "a";q=2;w=10`}, "[5s 5.05s 15s 15.05s 25s]"},
		{"of two limits, by both", []string{`RateLimit: "a";r=0;t=5, "b";r=3;t=60`, `RateLimit-Policy: "a";q=2;w=10, "b";q=100;w=60`}, "[5s 5.05s 15s 1m0s 1m0.05s]"},
		{"one at a time, where nobody says how many", []string{"RateLimit-Remaining: 0", "RateLimit-Reset: 5"}, "[5s 10s 15s 20s 25s]"},
		{"as many as were ever left", []string{"RateLimit-Remaining: 2", "RateLimit-Reset: 5"}, "[0s 0s 5s 5.05s 10s]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := pace.New(nil)
				enter(t, p).response(fine, c.header...)
				if got := fmt.Sprint(waits(t, p, 5)); got != c.want {
					t.Errorf("%s, not %s", got, c.want)
				}
			})
		})
	}
}

func TestResponsesThatOvertakeOneAnother(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		second, first string // in this order
		want          string // of the next two
	}{
		{"in one window, less is left than either says alone", `"a";r=1;t=10`, `"a";r=2;t=10`, "[0s 10s]"},
		{"in one window, that was written in the other order", `"a";r=2;t=10`, `"a";r=1;t=10`, "[0s 10s]"},
		{"of a window that is over", `"a";r=5;t=20`, `"a";r=0;t=3`, "[0s 0s]"},
		{"of a window that has begun", `"a";r=0;t=3`, `"a";r=5;t=20`, "[0s 0s]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := pace.New(nil)
				first, second := enter(t, p), enter(t, p)
				second.response(fine, "RateLimit: "+c.second)
				first.response(fine, "RateLimit: "+c.first)
				if got := fmt.Sprint(waits(t, p, 2)); got != c.want {
					t.Errorf("%s, not %s", got, c.want)
				}
			})
		})
	}
}

func TestWhatGotNoResponseMayHaveCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		reason parlance.Reason
		want   time.Duration
	}{
		{"the connection broke", parlance.ReasonReset, 10 * time.Second},
		{"nothing was sent", parlance.ReasonRefused, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := pace.New(nil)
				enter(t, p).response(fine, `RateLimit: "a";r=1;t=10`)
				enter(t, p).leave(nil, &client.Attempt{Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, Reason: c.reason}})
				if got := enter(t, p).wait; got != c.want {
					t.Error(got)
				}
			})
		})
	}
}

func TestARefusalHoldsTheWholeHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		outcome parlance.Outcome
		act     parlance.Decision
		header  []string
		want    time.Duration
	}{
		{"for its Retry-After", parlance.Outcome{RetryAfter: 9 * time.Second}, parlance.Decision{}, nil, 9 * time.Second},
		{"for what the page says", parlance.Outcome{}, parlance.Decision{After: 7 * time.Second}, nil, 7 * time.Second},
		{"for its Retry-After, not the window's end", parlance.Outcome{RetryAfter: 9 * time.Second}, parlance.Decision{}, []string{`RateLimit: "a";r=0;t=50`}, 9 * time.Second},
		{"until the window ends", parlance.Outcome{}, parlance.Decision{}, []string{`RateLimit: "a";r=0;t=50`}, 50 * time.Second},
		{"an hour at most", parlance.Outcome{RetryAfter: 5 * time.Hour}, parlance.Decision{}, nil, time.Hour},
		{"and not for ever", parlance.Outcome{RetryAfter: math.MaxInt64}, parlance.Decision{}, nil, 1428571428 * time.Nanosecond}, // the rate that was learned
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := pace.New(nil)
				refused := enter(t, p)
				c.outcome.Kind, c.outcome.Status = parlance.KindRateLimited, 429
				h := http.Header{}
				for _, line := range c.header {
					name, value, _ := strings.Cut(line, ": ")
					h.Add(name, value)
				}
				refused.leave(&http.Response{StatusCode: 429, Header: h}, &client.Attempt{Outcome: c.outcome, Decision: c.act})
				if got := enter(t, p).wait; got != c.want {
					t.Errorf("%v, not %v", got, c.want)
				}
				other, _ := http.NewRequest(http.MethodGet, "https://other.test/", nil)
				if got, _, _ := p.Enter(other); got != 0 {
					t.Errorf("another host waits %v", got)
				}
			})
		})
	}
}

func TestWhoWasHeldByARefusalIsNotSentInOneInstant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(nil)
		var all []place
		for range 10 { // at once: ten a second
			all = append(all, enter(t, p))
		}
		for _, refused := range all[5:] { // of one event, which slows down once
			o := tooMany
			o.RetryAfter = 45 * time.Second
			refused.response(o)
		}
		time.Sleep(40 * time.Second)
		got := waits(t, p, 4)
		if got[0] != 5*time.Second {
			t.Errorf("the first waits %v", got[0])
		}
		for i, wait := range got[1:] { // the sixth was refused: 6 × 0.7 a second
			if apart := (wait - got[i]).Round(time.Millisecond); apart != 238*time.Millisecond {
				t.Errorf("they are sent %v apart", apart)
			}
		}
	})
}

func TestAPlaceThatIsNotTakenIsGivenBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		teach func(place)
	}{
		{"in a window", func(p place) { p.response(fine, `RateLimit: "a";r=0;t=5`, `RateLimit-Policy: "a";q=1;w=5`) }},
		{"in a rate that was learned", func(p place) { p.response(tooMany) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := pace.New(nil)
				c.teach(enter(t, p))
				first := enter(t, p)
				for range 100 { // many at once, in the order of their coming
					var all []place
					for range 10 {
						all = append(all, enter(t, p))
					}
					for _, one := range all {
						one.leave(nil, nil)
					}
				}
				first.leave(nil, nil)
				if again := enter(t, p); again.wait != first.wait {
					t.Errorf("%v, and %v after all were withheld", first.wait, again.wait)
				}
			})
		})
	}
}

func TestAWindowThatEndedHoldsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(nil)
		enter(t, p).response(fine, `RateLimit: "a";r=0;t=5`, `RateLimit-Policy: "a";q=2;w=5`)
		time.Sleep(5 * time.Second)
		if got := fmt.Sprint(waits(t, p, 3)); got != "[0s 0s 5s]" {
			t.Errorf("in the next one: %s", got)
		}
		time.Sleep(time.Hour)
		if got := fmt.Sprint(waits(t, p, 3)); got != "[0s 0s 0s]" {
			t.Errorf("when nobody stated one for long: %s", got)
		}
	})
}

func TestManyLimitsOfAHostileServerAreNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(nil)
		for i := range 1000 {
			enter(t, p).response(fine, fmt.Sprintf(`RateLimit: "%d";r=0;t=%d`, i, i+1))
		}
		if got := enter(t, p).wait; got != 8*time.Second {
			t.Errorf("%v: eight limits are kept", got)
		}
	})
}

func TestUsersWithLimitsOfTheirOwnAreToldApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(nil, pace.WithKey(func(req *http.Request) string { return req.Header.Get("X-User") }))
		wait := func(user string) (time.Duration, func(*http.Response, *client.Attempt)) {
			req, _ := http.NewRequest(http.MethodGet, "https://api.test/", nil)
			req.Header.Set("X-User", user)
			d, leave, _ := p.Enter(req)
			return d, leave
		}
		_, leave := wait("a")
		place{0, leave}.response(fine, `RateLimit: "peruser";r=0;t=5`)
		a, _ := wait("a")
		b, _ := wait("b")
		if a != 5*time.Second || b != 0 {
			t.Errorf("a waits %v, b %v", a, b)
		}
	})
}

// shop is a server that takes so many requests in each window, counted from the
// first, and tells of it if tell is set.
type shop struct {
	quota  int
	window time.Duration
	tell   bool

	mu             sync.Mutex
	end            time.Time
	left           int
	taken, refused []time.Time
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(20 * time.Millisecond) // on the way
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !now.Before(s.end) {
		s.end, s.left = now.Add(s.window), s.quota
	}
	status := http.StatusOK
	if s.left == 0 {
		status = http.StatusTooManyRequests
		s.refused = append(s.refused, now)
	} else {
		s.left--
		s.taken = append(s.taken, now)
	}
	if s.tell {
		reset := int((s.end.Sub(now) + time.Second - 1) / time.Second)
		w.Header().Set("RateLimit-Policy", fmt.Sprintf(`"shop";q=%d;w=%d`, s.quota, int(s.window.Seconds())))
		w.Header().Set("RateLimit", fmt.Sprintf(`"shop";r=%d;t=%d`, s.left, reset))
	}
	w.WriteHeader(status)
}

func (s *shop) caller(t *testing.T, opts ...client.Option) *http.Client {
	d := open(t, "http")
	opts = append([]client.Option{client.WithBase(memhttp.Serve(t, s)), client.WithGate(pace.New(d))}, opts...)
	return &http.Client{Transport: client.New(d, opts...)}
}

func TestAServerThatTellsOfItsLimitRefusesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{quota: 5, window: 10 * time.Second, tell: true}
		hc := s.caller(t, client.WithMaxWait(time.Hour))
		get := func() {
			if resp, err := hc.Get("http://api.test/"); err != nil {
				t.Error(err)
			} else {
				resp.Body.Close()
			}
		}
		get() // by which the limit is known
		start := time.Now()
		var all sync.WaitGroup
		for range 23 {
			all.Go(get)
		}
		all.Wait()
		if len(s.refused) != 0 || len(s.taken) != 24 {
			t.Errorf("%d were taken and %d refused", len(s.taken), len(s.refused))
		}
		if took := time.Since(start); took < 40*time.Second || took > 45*time.Second {
			t.Errorf("24 requests, five each ten seconds, took %v", took)
		}
	})
}

func TestAServerThatTellsNothingIsLearned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{quota: 10, window: time.Second}
		hc := s.caller(t, client.WithMaxAttempts(1), client.WithMaxWait(time.Hour))
		var all sync.WaitGroup
		for range 50 { // callers who each send one after the other, with no pause
			all.Go(func() {
				for range 40 {
					resp, err := hc.Get("http://api.test/")
					if err != nil {
						t.Error(err)
						return
					}
					resp.Body.Close()
				}
			})
		}
		start := time.Now()
		all.Wait()
		took := time.Since(start).Seconds()
		if share := float64(len(s.refused)-50) / 2000; share > 0.2 { // 50 were sent before anything was known
			t.Errorf("%.0f %% of the requests were refused", 100*share)
		}
		if rate := float64(len(s.taken)) / took; rate < 5 {
			t.Errorf("%.1f requests a second were taken, of 10", rate)
		}
	})
}

func TestWhatWasLearnedIsForgottenWhenItHoldsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(nil)
		enter(t, p).response(tooMany)
		if got := waits(t, p, 2); got[0] == 0 || got[1] == 0 {
			t.Errorf("after a refusal the next wait %v", got)
		}
		for range 31 {
			time.Sleep(5 * time.Second)
			enter(t, p).response(fine)
		}
		if got := fmt.Sprint(waits(t, p, 3)); got != "[0s 0s 0s]" {
			t.Error(got)
		}
	})
}

func TestAWaitBeyondTheCeilingIsHandedBackWithItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{quota: 1, window: time.Minute, tell: true}
		hc := s.caller(t)
		resp, err := hc.Get("http://api.test/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		_, err = hc.Get("http://api.test/")
		var e *client.Error
		if !errors.As(err, &e) || !errors.Is(err, client.ErrNotSent) || e.Outcome.Reason != parlance.ReasonNotSent || e.Decision.After != time.Minute {
			t.Errorf("the error is %v", err)
		}
		if len(s.taken)+len(s.refused) != 1 {
			t.Error("the server was asked")
		}
	})
}

func TestManyAtOnceAreSafe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{quota: 50, window: time.Second, tell: true}
		hc := s.caller(t, client.WithMaxWait(time.Minute))
		var all sync.WaitGroup
		for i := range 300 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*50*time.Millisecond+time.Millisecond)
				defer cancel()
				req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://api.test/", nil)
				if resp, err := hc.Do(req); err == nil {
					resp.Body.Close()
				}
			})
		}
		all.Wait()
	})
}
