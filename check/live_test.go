package check_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/memhttp"
)

// shop is a page with an idempotency key.
const shop = `
dialect: shop
codes: {200: success, 201: success, 4xx: invalid, 401: unauthenticated, 404: not_found, 409: conflict, 5xx: internal}
idempotency: {header: Idempotency-Key}
shapes:
  - {name: error, status: 4xx 5xx, json: {message!: $detail}}
`

func compiled(t testing.TB, source string) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Compile("shop.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// live serves a handler, and gives what asks it.
func live(t *testing.T, h http.HandlerFunc) *check.Live {
	t.Helper()
	api := httptest.NewServer(h)
	t.Cleanup(api.Close)
	base, err := url.Parse(api.URL + "/v1")
	if err != nil {
		t.Fatal(err)
	}
	return &check.Live{Checker: check.New(compiled(t, shop)), Base: base, Rate: 1e6}
}

// found are the rules that a run finds, with their messages.
func found(t *testing.T, l *check.Live, probes ...check.Probe) (all []check.Finding, asked check.Asked, err error) {
	t.Helper()
	asked, err = l.Run(t.Context(), slices.Values(probes), func(_ check.Exchange, f []check.Finding) { all = append(all, f...) })
	return all, asked, err
}

func write(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	if status == 401 {
		w.Header().Set("Www-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func TestOnlySafeRequestsAreSentUnlessUnsafeOnesAreAllowed(t *testing.T) {
	t.Parallel()
	for _, unsafe := range []bool{false, true} {
		var got []string
		l := live(t, func(w http.ResponseWriter, r *http.Request) {
			got = append(got, r.Method+" "+r.URL.RequestURI())
			write(w, 200, `{}`)
		})
		l.Unsafe = unsafe
		findings, asked, err := found(t, l, check.Probe{Target: "/cameras?limit=1"}, check.Probe{Method: "DELETE", Target: "/cameras/7"}, check.Probe{Method: "POST", Target: "/cameras", Body: []byte(`{}`)})
		if err != nil || len(findings) > 0 {
			t.Errorf("got %v, %v, want a clean run", findings, err)
		}
		want, sent := []string{"GET /v1/cameras?limit=1"}, 1
		if unsafe {
			want, sent = append(want, "DELETE /v1/cameras/7", "POST /v1/cameras", "POST /v1/cameras"), 3
		}
		if !slices.Equal(got, want) || asked.Sent != sent || asked.Skipped != 3-sent {
			t.Errorf("unsafe %v: got %v and %+v, want %v", unsafe, got, asked, want)
		}
	}
}

func TestAKeyThatIsNotHonoredIsFoundByTwoSends(t *testing.T) {
	t.Parallel()
	post := check.Probe{Method: "POST", Target: "/orders", Body: []byte(`{}`)}
	for _, test := range []struct {
		name, want string
		respond    func(n int32) (int, string)
	}{
		{"the second send makes a second order", `{"id":2}`, func(n int32) (int, string) { return 201, fmt.Sprintf(`{"id":%d}`, n) }},
		{"the second send has another status", "status", func(n int32) (int, string) { return 202 - int(n), `{}` }},
		{"the second send fails", "status", func(n int32) (int, string) { return []int{201, 404}[n-1], `{"message":"x"}` }},
		{"the response is replayed", "", func(int32) (int, string) { return 201, `{"id":1}` }},
		{"the first one is still served", "", func(n int32) (int, string) { return []int{201, 409}[n-1], `{"message":"in flight"}` }},
		{"the first one fails", "", func(n int32) (int, string) { return 404, fmt.Sprintf(`{"message":"%d"}`, n) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			keys := map[string]bool{}
			l := live(t, func(w http.ResponseWriter, r *http.Request) {
				keys[r.Header.Get("Idempotency-Key")] = true
				status, body := test.respond(n.Add(1))
				write(w, status, body)
			})
			l.Unsafe = true
			findings, _, err := found(t, l, post)
			if err != nil || len(keys) != 1 || keys[""] {
				t.Fatalf("got the keys %v and %v, want one key", keys, err)
			}
			if test.want == "" && len(findings) == 0 {
				return
			}
			if test.want == "" || len(findings) != 1 || findings[0].Rule != "key_not_honored" || !strings.Contains(string(findings[0].Place.Part)+findings[0].Place.Excerpt, test.want) {
				t.Errorf("got %v, want %q", findings, test.want)
			}
		})
	}
}

func TestAServerThatNeverRespondsIsAFindingAfterTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" || r.URL.Path == "/half" {
				if r.URL.Path == "/half" {
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprint(w, `{"id":`)
					_ = http.NewResponseController(w).Flush()
				}
				<-r.Context().Done()
				return
			}
			write(w, 200, `{}`)
		}))
		base, err := url.Parse("http://api.example")
		if err != nil {
			t.Fatal(err)
		}
		l := &check.Live{Checker: check.New(compiled(t, shop)), Base: base, Client: transport, Timeout: 5 * time.Second}
		began := time.Now()
		findings, asked, err := found(t, l, check.Probe{Target: "/slow"}, check.Probe{Target: "/half"}, check.Probe{Target: "/fast"})
		if took := time.Since(began); err != nil || asked.Sent != 3 || asked.Unanswered != 2 || took != 10*time.Second {
			t.Errorf("got %+v after %v, and %v, want 3 sent in 10s and 2 without a response", asked, took, err)
		}
		for _, f := range findings {
			if f.Rule != "no_response" || f.Message != "there was no complete response in 5s" {
				t.Errorf("got %s, want no_response", f)
			}
		}
		if len(findings) != 2 {
			t.Errorf("got %d findings, want 2", len(findings))
		}
	})
}

func TestAnAPIThatNobodyReachesIsAnErrorAndNoFinding(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(nil)
	base, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	api.Close()
	l := &check.Live{Checker: check.New(compiled(t, shop)), Base: base}
	_, asked, err := found(t, l, check.Probe{Target: "/"})
	if !errors.Is(err, check.ErrNoResponse) || asked.Unanswered != 1 {
		t.Errorf("got %+v and %v, want ErrNoResponse", asked, err)
	}
}

func TestAnAPIThatRespondsDifferentlyEachTimeIsCheckedEachTime(t *testing.T) {
	t.Parallel()
	n := 0
	l := live(t, func(w http.ResponseWriter, _ *http.Request) {
		n++
		write(w, []int{200, 302, 404, 500}[n%4], []string{`{}`, ``, `{"message":"x"}`, `{"message":"panic at main.go:7"}`}[n%4])
	})
	findings, asked, err := found(t, l, slices.Repeat([]check.Probe{{Target: "/"}}, 8)...)
	rules := map[string]int{}
	for _, f := range findings {
		rules[f.Rule]++
	}
	if err != nil || asked.Sent != 8 || rules["unlisted_status"] != 2 || rules["tells_inside"] != 2 || len(rules) != 2 {
		t.Errorf("got %v, %+v and %v, want two of each", rules, asked, err)
	}
}

func TestWrongRequestsAreSentAtABoundedRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var wrong []string
		transport := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			wrong = append(wrong, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
			write(w, 401, `{"message":"x"}`)
		}))
		base, err := url.Parse("http://api.example")
		if err != nil {
			t.Fatal(err)
		}
		l := &check.Live{Checker: check.New(compiled(t, shop)), Base: base, Client: transport, Rate: 2, Provoke: true, Header: http.Header{"Authorization": {"Bearer right"}}}
		began := time.Now()
		probes := []check.Probe{{Target: "/cameras/7?limit=1&sort=id"}, {Target: "/cameras", Wrong: "limit is missing"}}
		findings, asked, err := found(t, l, probes...)
		if err != nil || len(findings) > 0 {
			t.Errorf("got %v and %v", findings, err)
		}
		if least := time.Duration(asked.Sent-1) * time.Second / 2; time.Since(began) != least {
			t.Errorf("got %d requests in %v, want %v", asked.Sent, time.Since(began), least)
		}
		for _, want := range []string{"GET /cameras/7 Bearer right", "GET /cameras/7 ", "GET /cameras/7 Bearer wrong", "GET /cameras/not-a-number Bearer right", "GET /no-such-path-7f3a Bearer right"} {
			if !slices.Contains(wrong, want) {
				t.Errorf("got %q, want %q among them", wrong, want)
			}
		}
		if n := l.Probes(slices.Values(probes)); n != asked.Sent || n < 10 {
			t.Errorf("got %d requests, and %d announced", asked.Sent, n)
		}
	})
}

func TestARunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	l := live(t, func(w http.ResponseWriter, _ *http.Request) { write(w, 200, `{}`) })
	asked, err := l.Run(ctx, slices.Values(slices.Repeat([]check.Probe{{Target: "/"}}, 5)), func(check.Exchange, []check.Finding) { cancel() })
	if !errors.Is(err, context.Canceled) || asked.Sent != 1 {
		t.Errorf("got %+v and %v, want one request", asked, err)
	}
}
