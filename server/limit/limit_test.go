package limit_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

func newServer(t testing.TB, name string) *server.Server {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return server.New(d, server.WithLogger(slog.New(slog.DiscardHandler)))
}

// knows takes a name and a tenant, "ann@acme", from X-Api-Key.
func knows(next http.Handler) http.Handler {
	return auth.Authenticate(auth.APIKey("X-Api-Key", auth.VerifierFunc(func(_ context.Context, _, secret string) (server.Principal, error) {
		name, tenant, _ := strings.Cut(secret, "@")
		return server.Principal{ID: name, Tenant: tenant}, nil
	})))(next)
}

func done(http.ResponseWriter, *http.Request) (any, error) { return "done", nil }

type response struct {
	status int
	header http.Header
	body   string
}

func (a response) fields() (rate, policy, after string) {
	return a.header.Get("RateLimit"), a.header.Get("RateLimit-Policy"), a.header.Get("Retry-After")
}

func ask(t testing.TB, h http.RoundTripper, who, path string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://house"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("X-Api-Key", who)
	res, err := h.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{res.StatusCode, res.Header, string(body)}
}

func TestOneTooManyIsToldWhenToComeBackAndThenServed(t *testing.T) {
	t.Parallel()
	for dialect, body := range map[string]string{
		"omilia": `{"errors":[{"code":"1002","detail":"Too many requests too quickly","meta":{},"source":"","status":429,"title":"Too Many Requests"}]}`,
		"vms":    `{"message":"","errors":{"error":["Too many requests too quickly"]}}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, dialect)
			l := limit.Limiter{
				Store:    memory.New().Limits(),
				Policies: []limit.Policy{{Name: "burst", Rate: limit.Rate{Quota: 3, Window: 30 * time.Second}, By: limit.Principal}},
				Error:    parlance.Outcome{Code: "1002", Detail: "Too many requests too quickly"},
			}
			h := memhttp.Serve(t, s.Wrap(knows(l.Wrap(s.Handle(done)))))
			want := func(who string, status int, rate, after string) {
				t.Helper()
				a := ask(t, h, who, "/")
				gotRate, policy, gotAfter := a.fields()
				if a.status != status || gotRate != rate || gotAfter != after || policy != `"burst";q=3;w=30` {
					t.Errorf("%s: got %d, RateLimit %s, Retry-After %q, RateLimit-Policy %s", dialect, a.status, gotRate, gotAfter, policy)
				}
				if status == 429 && a.body != body {
					t.Errorf("%s: got %s", dialect, a.body)
				}
			}
			want("ann@acme", 200, `"burst";r=2;t=10`, "")
			want("ann@acme", 200, `"burst";r=1;t=20`, "")
			want("ann@acme", 200, `"burst";r=0;t=30`, "")
			want("ann@acme", 429, `"burst";r=0;t=30`, "10")
			want("bob@acme", 200, `"burst";r=2;t=10`, "")
			time.Sleep(500 * time.Millisecond) // virtual
			want("ann@acme", 429, `"burst";r=0;t=30`, "10")
			time.Sleep(9*time.Second + 500*time.Millisecond - time.Nanosecond)
			want("ann@acme", 429, `"burst";r=0;t=21`, "1")
			time.Sleep(time.Nanosecond)
			want("ann@acme", 200, `"burst";r=0;t=30`, "")
		})
	}
}

func TestTheFieldsAreStructuredFieldsAndLeaveWithFailuresToo(t *testing.T) {
	t.Parallel()
	s := newServer(t, "problem")
	l := limit.Limiter{Store: memory.New().Limits(), Policies: []limit.Policy{
		{Name: `with "quotes"`, Rate: limit.Rate{Quota: 5, Window: time.Minute}},
		{Name: "b", Rate: limit.Rate{Quota: 7, Window: 1500 * time.Millisecond}},
	}}
	h := memhttp.Serve(t, s.Wrap(l.Wrap(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return nil, parlance.ErrNotFound }))))
	a := ask(t, h, "", "/")
	rate, policy, _ := a.fields()
	if a.status != 404 || policy != `"with \"quotes\"";q=5;w=60, "b";q=7;w=2` {
		t.Errorf("got %d, %s", a.status, policy)
	}
	if list, err := httpsfv.UnmarshalList([]string{rate}); err != nil || len(list) != 2 {
		t.Errorf("got %s, %v", rate, err)
	}
}

func TestEachKeyHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	rate := limit.Rate{Quota: 1, Window: time.Hour}
	for name, c := range map[string]struct {
		policy limit.Policy
		ask    [][2]string // who, path
		want   []int
	}{
		"a principal": {limit.Policy{Name: "p", Rate: rate, By: limit.Principal},
			[][2]string{{"ann@a", "/x"}, {"ann@a", "/y"}, {"bob@a", "/x"}}, []int{200, 429, 200}},
		"a tenant": {limit.Policy{Name: "p", Rate: rate, By: limit.Tenant},
			[][2]string{{"ann@a", "/x"}, {"bob@a", "/x"}, {"cid@b", "/x"}, {"dan@", "/x"}, {"dan@", "/x"}}, []int{200, 429, 200, 200, 200}},
		"a route": {limit.Policy{Name: "p", Rate: rate, By: limit.Route},
			[][2]string{{"ann@a", "/x"}, {"ann@a", "/y"}, {"bob@a", "/x"}}, []int{200, 200, 429}},
		"a tenant on a route": {limit.Policy{Name: "p", Rate: rate, By: limit.Both(limit.Tenant, limit.Route)},
			[][2]string{{"ann@a", "/x"}, {"ann@a", "/y"}, {"ann@b", "/x"}, {"bob@a", "/x"}}, []int{200, 200, 200, 429}},
		"all together": {limit.Policy{Name: "p", Rate: rate},
			[][2]string{{"ann@a", "/x"}, {"bob@b", "/y"}}, []int{200, 429}},
		"what is free": {limit.Policy{Name: "p", Rate: rate, Cost: func(r *http.Request) int { return len(r.URL.Path) - 2 }},
			[][2]string{{"ann@a", "/x"}, {"ann@a", "/x"}}, []int{200, 200}},
		"what costs more than there is": {limit.Policy{Name: "p", Rate: rate, Cost: func(*http.Request) int { return 9 }},
			[][2]string{{"ann@a", "/x"}, {"ann@a", "/x"}}, []int{200, 429}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, "vms")
			l := limit.Limiter{Store: memory.New().Limits(), Policies: []limit.Policy{c.policy}}
			mux := http.NewServeMux()
			mux.Handle("GET /x", l.Wrap(s.Handle(done)))
			mux.Handle("GET /y", l.Wrap(s.Handle(done)))
			h := memhttp.Serve(t, s.Wrap(knows(mux)))
			for i, q := range c.ask {
				if a := ask(t, h, q[0], q[1]); a.status != c.want[i] {
					t.Errorf("%v: got %d, want %d", q, a.status, c.want[i])
				}
			}
		})
	}
}

func TestAnAddressIsItsNetwork(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"192.0.2.7:1234":            "192.0.2.7",
		"[::ffff:192.0.2.7]:1234":   "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:80":         "fe80::/64",
		"somewhere":                 "somewhere",
	} {
		if got := limit.Address(&http.Request{RemoteAddr: from}); got != want {
			t.Errorf("%s: got %s", from, got)
		}
	}
}

func TestOlderFieldsSayTheSameAsADialectReadsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		github := limit.XRateLimit()
		github.Epoch = true
		for name, older := range map[string]limit.Fields{"discord": {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset-After", false}, "github": github} {
			s := newServer(t, name)
			l := limit.Limiter{Store: memory.New().Limits(), Older: older, Policies: []limit.Policy{
				{Name: "hour", Rate: limit.Rate{Quota: 100, Window: time.Hour}},
				{Name: "burst", Rate: limit.Rate{Quota: 4, Window: time.Minute}},
			}}
			a := ask(t, memhttp.Serve(t, s.Wrap(l.Wrap(s.Handle(done)))), "", "/")
			got := s.Dialect().Limits(dialect.Response{Header: dialect.HeaderMap(a.header), Received: time.Now()})
			if len(got) != 1 || got[0].Limit != 4 || got[0].Remaining != 3 || got[0].Reset != 15*time.Second {
				t.Errorf("%s: got %+v of %v", name, got, a.header)
			}
		}
	})
}

// down is a store that cannot be asked.
type down struct{}

func (down) Take(context.Context, string, limit.Rate, int) (limit.Taken, error) {
	return limit.Taken{}, errors.New("disk 7 is full")
}

func TestWithoutItsStoreALimitLetsPassOrRefusesAsItWasTold(t *testing.T) {
	t.Parallel()
	for closed, want := range map[bool]int{false: 200, true: 503} {
		for _, dialect := range []string{"vms", "problem"} {
			s := newServer(t, dialect)
			var log strings.Builder
			l := limit.Limiter{Store: down{}, Closed: closed, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				Policies: []limit.Policy{{Name: "p", Rate: limit.Rate{Quota: 1, Window: time.Hour}}}}
			a := ask(t, memhttp.Serve(t, s.Wrap(l.Wrap(s.Handle(done)))), "", "/")
			if a.status != want || a.header.Get("RateLimit") != "" || strings.Contains(a.body, "disk") {
				t.Errorf("got %d %v %s", a.status, a.header, a.body)
			}
			if !closed && !strings.Contains(log.String(), "disk 7") {
				t.Errorf("the log says %q", log.String())
			}
		}
	}
}

func TestManyAtOnceGetNoMoreThanTheQuota(t *testing.T) {
	t.Parallel()
	s := newServer(t, "vbapi")
	l := limit.Limiter{Store: memory.New().Limits(), Policies: []limit.Policy{{Name: "p", Rate: limit.Rate{Quota: 7, Window: time.Hour}}}}
	h := memhttp.Serve(t, s.Wrap(l.Wrap(s.Handle(done))))
	var served atomic.Int32
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if ask(t, h, "", "/").status == 200 {
				served.Add(1)
			}
		})
	}
	wg.Wait()
	if served.Load() != 7 {
		t.Errorf("%d were served", served.Load())
	}
}

func TestAPolicyThatCannotBeIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	good := limit.Rate{Quota: 1, Window: time.Hour}
	for name, policies := range map[string][]limit.Policy{
		"no name":            {{Rate: good}},
		"one name for two":   {{Name: "a", Rate: good}, {Name: "a", Rate: good}},
		"a name not printed": {{Name: "ä", Rate: good}},
		"no quota":           {{Name: "a", Rate: limit.Rate{Window: time.Hour}}},
		"no window":          {{Name: "a", Rate: limit.Rate{Quota: 1}}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it went through", name)
				}
			}()
			(&limit.Limiter{Policies: policies}).Wrap(nil)
		}()
	}
}

func TestARateIsABucketThatIsFilledEvenly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, "problem")
		const quota, window = 4, time.Minute
		l := limit.Limiter{Store: memory.New().Limits(), Policies: []limit.Policy{{Name: "burst", Rate: limit.Rate{Quota: quota, Window: window}}}}
		h := memhttp.Serve(t, s.Wrap(l.Wrap(s.Handle(done))))
		var passed []time.Duration // in the first two windows, of a caller who asks each second
		begin := time.Now()
		for time.Since(begin) < 2*window {
			for ask(t, h, "", "/").status == 200 {
				passed = append(passed, time.Since(begin))
			}
			time.Sleep(time.Second) // virtual
		}
		var want []time.Duration
		for n := range 3*quota - 1 {
			want = append(want, max(0, time.Duration(n-quota+1)*window/quota))
		}
		if !slices.Equal(passed, want) {
			t.Errorf("passed at %v, want %v", passed, want)
		}
	})
}
