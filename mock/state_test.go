package mock_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/server/limit"
)

// inMemory is a Mock in a bubble of virtual time, and the transport to it.
func inMemory(t *testing.T, d *dialect.Dialect, options ...mock.Option) (*mock.Mock, *http.Transport) {
	t.Helper()
	m := mock.New(d, options...)
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, memhttp.Serve(t, m)
}

// called is the response to a request over a transport.
func called(t testing.TB, d *dialect.Dialect, rt http.RoundTripper, method, target, body string, header ...string) (parlance.Outcome, http.Header, string) {
	t.Helper()
	req := request(t, method, target, header...)
	if body != "" {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	res, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return d.Decode(httpdialect.Request(d, req), httpdialect.Response(res, text)).Outcome, res.Header, string(text)
}

func TestTheTokenEndpointGivesRotatesExpiresAndRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "vision")
		_, rt := inMemory(t, d, mock.WithAuth(), mock.WithTokenLife(time.Minute))
		form := "Content-Type: application/x-www-form-urlencoded"
		type grant struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
			Expires int    `json:"expires_in"`
		}
		ask := func(body string) (g grant, o parlance.Outcome) {
			o, _, text := called(t, d, rt, "POST", "http://vision/service/token", body, form)
			if o.Kind == parlance.KindSuccess {
				if err := json.Unmarshal([]byte(text), &g); err != nil {
					t.Errorf("the token is in %s: %v", text, err)
				}
			}
			return g, o
		}
		orders := func(token, want string) {
			t.Helper()
			var header []string
			if token != "" {
				header = append(header, "Authorization: Bearer "+token)
			}
			o, h, _ := called(t, d, rt, "GET", "http://vision/orders", "", header...)
			if got := fmt.Sprint(o.Kind, "/", o.Reason, " ", o.Code); got != want || o.Kind.Failing() && h.Get("WWW-Authenticate") == "" {
				t.Errorf("got %s with WWW-Authenticate %q; want %s", got, h.Get("WWW-Authenticate"), want)
			}
		}
		first, _ := ask("grant_type=client_credentials&client_id=me&client_secret=secret")
		if first.Expires != 60 || first.Access == "" || first.Refresh == "" {
			t.Fatalf("got %+v, want a token for 60 s and a refresh token", first)
		}
		orders("", "unauthenticated/ 101")
		orders(first.Access, "success/ ")
		orders("not-a-token-of-the-mock", "unauthenticated/ 101")
		time.Sleep(time.Minute + time.Second)
		orders(first.Access, "unauthenticated/expired ")
		second, _ := ask("grant_type=refresh_token&refresh_token=" + first.Refresh + "&client_id=me&client_secret=secret")
		orders(second.Access, "success/ ")
		if second.Refresh == first.Refresh || second.Refresh == "" {
			t.Errorf("got the refresh token %q, want another than %q", second.Refresh, first.Refresh)
		}
		if _, o := ask("grant_type=refresh_token&refresh_token=" + first.Refresh + "&client_id=me&client_secret=secret"); !o.Kind.Failing() {
			t.Errorf("a refresh token that was used is %s, want a failure", o.Kind)
		}
		orders(second.Access, "unauthenticated/ 101") // its sign-in was revoked
		for _, bad := range []string{
			"grant_type=client_credentials&client_id=me&client_secret=" + mock.Wrong,
			"grant_type=password&username=me&password=" + mock.Wrong, "grant_type=magic", "",
		} {
			if _, o := ask(bad); !o.Kind.Failing() {
				t.Errorf("%s is %s, want a failure", bad, o.Kind)
			}
		}
	})
}

func TestAClientRefreshesTheTokenOfAMockAndSendsTheRequestAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "vision")
		_, rt := inMemory(t, d, mock.WithAuth(), mock.WithTokenLife(time.Minute))
		login := client.NewOAuth(&http.Client{Transport: rt}, "http://vision/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"me"}, "client_secret": {"secret"},
		})
		c := &http.Client{Transport: client.New(d, client.WithBase(rt), client.WithCredential(login))}
		for range 3 {
			res, err := c.Get("http://vision/orders")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if err := client.Check(res); err != nil {
				t.Errorf("got %v, want a success", err)
			}
			time.Sleep(2 * time.Minute)
		}
	})
}

func TestALoginGivesATokenThatExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "vbapi")
		_, rt := inMemory(t, d, mock.WithAuth())
		login := func(password string) (parlance.Outcome, string) {
			req := request(t, "POST", "http://vbapi/user-authentication")
			req.SetBasicAuth("ann", password)
			o, _, body := called(t, d, rt, "POST", req.URL.String(), "", "Authorization: "+req.Header.Get("Authorization"))
			_, token, _ := strings.Cut(body, `"idToken":"`)
			token, _, _ = strings.Cut(token, `"`)
			return o, token
		}
		if o, _ := login(mock.Wrong); o.Kind != parlance.KindUnauthenticated {
			t.Errorf("the password %s is %s, want unauthenticated", mock.Wrong, o.Kind)
		}
		_, token := login("secret")
		for _, want := range []parlance.Kind{parlance.KindSuccess, parlance.KindUnauthenticated} {
			if o, _, _ := called(t, d, rt, "GET", "http://vbapi/products", "", "Authorization: Bearer "+token); o.Kind != want {
				t.Errorf("got %s, want %s", o.Kind, want)
			}
			time.Sleep(25 * time.Hour) // its page says 24
		}
	})
}

func TestWithoutAuthOnlyACredentialThatIsKnownToBeBadIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dialect, authorization, want string }{
		{"stripe", "", "success"}, {"stripe", "Bearer sk_test_1", "success"}, {"stripe", "Bearer wrong", "unauthenticated"},
		{"stripe", "Basic c2s6", "success"}, {"vms", "Bearer anything", "success"}, {"vbapi", "Bearer wrong", "unauthenticated"},
	} {
		d := open(t, test.dialect)
		_, base := started(t, d)
		var header []string
		if test.authorization != "" {
			header = append(header, "Authorization: "+test.authorization)
		}
		if o, _, body := called(t, d, http.DefaultTransport, "GET", base+"/x", "", header...); o.Kind.String() != test.want {
			t.Errorf("%s with %q: got %s %s, want %s", test.dialect, test.authorization, o.Kind, body, test.want)
		}
	}
}

func TestAnIdempotencyKeyIsReplayedRefusedInFlightAndRefusedForAnotherRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "stripe")
		var mu sync.Mutex
		var why []string
		_, rt := inMemory(t, d, mock.WithObserver(func(g mock.Given) {
			mu.Lock()
			defer mu.Unlock()
			why = append(why, g.Why)
		}))
		charge := func(body, prefer string) (string, http.Header) {
			header := []string{"Idempotency-Key: k-1", "Content-Type: application/json"}
			if prefer != "" {
				header = append(header, "Prefer: "+prefer)
			}
			o, h, _ := called(t, d, rt, "POST", "http://stripe/v1/charges", body, header...)
			return fmt.Sprint(o.Kind, "/", o.Reason), h
		}
		slow := make(chan string)
		go func() {
			got, _ := charge(`{"amount":1}`, "latency=5s")
			slow <- got
		}()
		synctest.Wait()
		if got, _ := charge(`{"amount":1}`, ""); got != "conflict/idempotency_in_flight" {
			t.Errorf("in flight: got %s, want conflict/idempotency_in_flight", got)
		}
		if got := <-slow; got != "success/" {
			t.Errorf("the first: got %s, want success", got)
		}
		if got, h := charge(`{"amount":1}`, ""); got != "success/" || h.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again: got %s with the header %v, want the success again", got, h)
		}
		if got, _ := charge(`{"amount":2}`, ""); got != "conflict/idempotency_mismatch" {
			t.Errorf("another amount: got %s, want conflict/idempotency_mismatch", got)
		}
		mu.Lock()
		defer mu.Unlock()
		all := strings.Join(why, "\n")
		if !strings.Contains(all, "state: the idempotency key was used before") || !strings.Contains(all, "state: the idempotency key\n") {
			t.Errorf("the reasons are\n%s\nwant both about the key", all)
		}
	})
}

func TestARateLimitCountsAndIsAnnouncedInTheFieldsOfTheDialect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect, limit, remaining, reset string
		kind                             parlance.Kind
	}{
		{"github", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", parlance.KindRateLimited},
		{"jira", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", parlance.KindRateLimited},
		{"okta", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", parlance.KindRateLimited},
		{"microsoft-graph", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", parlance.KindRateLimited},
		{"hubspot", "X-HubSpot-RateLimit-Max", "X-HubSpot-RateLimit-Remaining", "", parlance.KindRateLimited},
		{"plain", "", "", "", parlance.KindUnavailable}, // its page has no row for it
	} {
		t.Run(test.dialect, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := open(t, test.dialect)
				_, rt := inMemory(t, d, mock.WithRate(limit.Rate{Quota: 2, Window: time.Minute}))
				for n, want := range []parlance.Kind{parlance.KindSuccess, parlance.KindSuccess, test.kind} {
					o, h, body := called(t, d, rt, "GET", "http://api/x", "")
					if o.Kind != want {
						t.Errorf("request %d: got %s %s, want %s", n+1, o.Kind, body, want)
					}
					if o.Kind.Failing() && o.RetryAfter <= 0 {
						t.Errorf("the failure asks for no wait: %v", h)
					}
					left := fmt.Sprint(max(1-n, 0))
					for name, value := range map[string]string{test.limit: "2", test.remaining: left} {
						if name != "" && h.Get(name) != value {
							t.Errorf("request %d: %s is %q, want %s", n+1, name, h.Get(name), value)
						}
					}
					if test.reset != "" && h.Get(test.reset) == "" || h.Get("RateLimit") == "" {
						t.Errorf("request %d: the header is %v, want %s and RateLimit in it", n+1, h, test.reset)
					}
					if h.Get("X-Mock-Limit") != "" {
						t.Errorf("the header has a field of the mock's own: %v", h)
					}
					for _, l := range d.Limits(dialect.Response{Status: 200, Header: h}) {
						if test.reset != "" && (l.Reset <= 0 || l.Reset > 61*time.Second) {
							t.Errorf("request %d: %+v, want a reset within the minute", n+1, l)
						}
					}
				}
				time.Sleep(time.Minute)
				if o, _, _ := called(t, d, rt, "GET", "http://api/x", ""); o.Kind != parlance.KindSuccess {
					t.Errorf("after a minute: got %s, want success", o.Kind)
				}
			})
		})
	}
}

func TestA202CanBePolledToItsEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dialect, prefer, field string }{
		{"omilia", "code=202", "Location"},
		{"omilia", "respond-async", "Location"},
		{"azure", "kind=accepted", "Azure-AsyncOperation"},
		{"microsoft-graph", "code=202", "Location"},
	} {
		t.Run(test.dialect+" "+test.prefer, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := open(t, test.dialect)
				_, rt := inMemory(t, d, mock.WithWork(5*time.Second))
				c := client.New(d, client.WithBase(rt))
				began := time.Now()
				res, err := c.RoundTrip(request(t, "POST", "http://api/reports", "Prefer: "+test.prefer))
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if res.StatusCode != 202 || res.Header.Get(test.field) == "" {
					t.Fatalf("got %d with the header %v, want 202 and %s", res.StatusCode, res.Header, test.field)
				}
				done, err := client.Poller{Client: &http.Client{Transport: c}}.Follow(t.Context(), res)
				if err != nil {
					t.Fatal(err)
				}
				done.Body.Close()
				if err := client.Check(done); err != nil || done.StatusCode != 200 {
					t.Errorf("at the end: got %d, %v; want 200", done.StatusCode, err)
				}
				if took := time.Since(began); took < 5*time.Second {
					t.Errorf("it took %s, want at least the 5 s of the work", took)
				}
			})
		})
	}
}

func TestABulkRequestIsAnsweredRecordByRecord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, dialect, method, path, body, prefer string
		want                                      []parlance.Kind // of the records
		kind                                      parlance.Kind
	}{
		{"all go well", "vbapi", "PUT", "/x-batch", `[{"id":1},{"id":2},{"id":3}]`, "", []parlance.Kind{parlance.KindSuccess, parlance.KindSuccess, parlance.KindSuccess}, parlance.KindSuccess},
		{"one fails", "vbapi", "PUT", "/x-batch", `[{"id":1},{"id":2}]`, "failed=1", []parlance.Kind{parlance.KindInvalid, parlance.KindSuccess}, parlance.KindPartial},
		{"one is no object", "vbapi", "PUT", "/x-batch", `[{"id":1},7]`, "", []parlance.Kind{parlance.KindSuccess, parlance.KindInvalid}, parlance.KindPartial},
		{"in the caller's own document", "vision", "POST", "/service/ManufactureComplete",
			`<MANUFACTURING><MC><DocRef>A1</DocRef></MC><MC><DocRef>A2</DocRef></MC></MANUFACTURING>`, "failed=1", []parlance.Kind{parlance.KindInvalid, parlance.KindSuccess}, parlance.KindPartial},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, test.dialect)
			_, base := started(t, d)
			header := []string{"Content-Type: application/json"}
			if strings.HasPrefix(test.body, "<") {
				header[0] = "Content-Type: application/xml"
			}
			if test.prefer != "" {
				header = append(header, "Prefer: "+test.prefer)
			}
			o, _, body := called(t, d, http.DefaultTransport, test.method, base+test.path, test.body, header...)
			var got []parlance.Kind
			for _, it := range o.Items {
				got = append(got, it.Outcome.Kind)
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) || o.Kind != test.kind {
				t.Errorf("got %s with %v; want %s with %v; the body is %s", o.Kind, got, test.kind, test.want, body)
			}
		})
	}
}

func TestARequestThatIsNoBulkRequestGetsAPlainSuccess(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dialect, body string }{
		{"stripe", `[{"id":1}]`}, {"vbapi", `{"id":1}`}, {"vbapi", `{"list":[1,2]}`}, {"vbapi", ""}, {"vbapi", "not JSON"}, {"vbapi", `{"a":`}, {"vbapi", `{"a":{"b":[{}]}}`},
	} {
		d := open(t, test.dialect)
		_, base := started(t, d)
		o, _, body := called(t, d, http.DefaultTransport, "POST", base+"/x", test.body)
		if o.Kind != parlance.KindSuccess || len(o.Items) > 0 || o.Status != 200 {
			t.Errorf("%s with %s: got %d %s %s, want a plain success", test.dialect, test.body, o.Status, o.Kind, body)
		}
	}
}

func TestACallerWhoLeavesDuringALatencyGetsNothingAndHarmsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "stripe")
		m, rt := inMemory(t, d)
		for _, header := range [][]string{{"Prefer: latency=1m"}, {"Prefer: latency=1m; code=402"}, {"Prefer: latency=1m", "Idempotency-Key: k"}} {
			hc := &http.Client{Transport: rt, Timeout: time.Second}
			if res, err := hc.Do(request(t, "POST", "http://stripe/x", header...)); err == nil {
				res.Body.Close()
				t.Errorf("%v: got %d, want no response within a second", header, res.StatusCode)
			}
		}
		time.Sleep(2 * time.Minute) // a request with a key goes on to its end
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest("GET", "/x", http.NoBody))
		if w.Code != 200 {
			t.Errorf("afterwards: got %d, want 200", w.Code)
		}
	})
}

func TestAScenarioSwitchesTheStateOfTheMock(t *testing.T) {
	t.Parallel()
	const token = "grant_type=client_credentials&client_id=me&client_secret=secret"
	form := "Content-Type: application/x-www-form-urlencoded"
	t.Run("tokens", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, "vision")
			s := compiled(t, d, "scenario: x\nstate: {tokens: {life: 30s, required: true, rotate: false}}")
			_, rt := inMemory(t, d, mock.WithScenario(s))
			_, _, text := called(t, d, rt, "POST", "http://x/token", token, form)
			var given struct {
				Access  string `json:"access_token"`
				Refresh string `json:"refresh_token"`
				Expires int    `json:"expires_in"`
			}
			if err := json.Unmarshal([]byte(text), &given); err != nil || given.Expires != 30 {
				t.Fatalf("got %s, %v, want a token for 30 s", text, err)
			}
			for range 3 {
				if o, _, _ := called(t, d, rt, "POST", "http://x/token", "grant_type=refresh_token&client_id=me&client_secret=secret&refresh_token="+given.Refresh, form); o.Kind.Failing() {
					t.Errorf("a refresh token that does not rotate: %v", o)
				}
			}
			if o, _, _ := called(t, d, rt, "GET", "http://x/a", "", "Authorization: Bearer "+given.Access); o.Kind.Failing() {
				t.Errorf("a token: %v", o)
			}
			time.Sleep(31 * time.Second)
			for _, header := range []string{"Authorization: Bearer " + given.Access, "Accept: */*"} {
				if o, _, _ := called(t, d, rt, "GET", "http://x/a", "", header); o.Kind != parlance.KindUnauthenticated {
					t.Errorf("with %s: got %s, want unauthenticated", header, o.Kind)
				}
			}
		})
	})
	t.Run("no tokens", func(t *testing.T) {
		t.Parallel()
		d := open(t, "vision")
		_, url := started(t, d, mock.WithScenario(compiled(t, d, "scenario: x\nstate: {tokens: {refuse: true}}")))
		if o, _, text := called(t, d, http.DefaultTransport, "POST", url+"/token", token, form); o.Kind != parlance.KindUnauthenticated {
			t.Errorf("got %s: %s", o.Kind, text)
		}
	})
	t.Run("a limit", func(t *testing.T) {
		t.Parallel()
		d := open(t, "vms")
		_, url := started(t, d, mock.WithScenario(compiled(t, d, "scenario: x\nstate: {limit: {requests: 2, per: 1h}}")))
		var got []parlance.Kind
		for range 3 {
			o, _, _ := called(t, d, http.DefaultTransport, "GET", url+"/a", "")
			got = append(got, o.Kind)
		}
		if fmt.Sprint(got) != "[success success rate_limited]" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("keys in flight, and work", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, "stripe")
			s := compiled(t, d, "scenario: x\nstate: {idempotency: {in_flight: 5s}, jobs: {take: 9s}}")
			_, rt := inMemory(t, d, mock.WithScenario(s))
			post := func() (parlance.Outcome, http.Header) {
				o, h, _ := called(t, d, rt, "POST", "http://x/v1/charges", "amount=1", "Idempotency-Key: one", form)
				return o, h
			}
			first := make(chan parlance.Outcome)
			go func() {
				o, _ := post()
				first <- o
			}()
			time.Sleep(time.Second)
			if o, _ := post(); o.Kind != parlance.KindConflict {
				t.Errorf("the second request meanwhile is %s, want conflict", o.Kind)
			}
			began := time.Now()
			if o := <-first; o.Kind != parlance.KindSuccess || time.Since(began) != 4*time.Second {
				t.Errorf("the first request is %s after 4 s and %s", o.Kind, time.Since(began)-4*time.Second)
			}
			for key, want := range map[string]time.Duration{"Idempotency-Key: two": 5 * time.Second, "Accept: */*": 0} {
				began = time.Now()
				called(t, d, rt, "POST", "http://x/v1/charges", "amount=1", key, form)
				if took := time.Since(began); took != want {
					t.Errorf("a request with %s took %s, want %s", key, took, want)
				}
			}
			_, h, _ := called(t, d, rt, "POST", "http://x/v1/charges", "amount=1", "Prefer: respond-async", form)
			began = time.Now()
			for h.Get("Location") != "" && time.Since(began) < time.Minute {
				o, _, _ := called(t, d, rt, "GET", "http://x"+h.Get("Location"), "")
				if o.Kind != parlance.KindAccepted {
					break
				}
				time.Sleep(time.Second)
			}
			if took := time.Since(began); took < 9*time.Second || took > 11*time.Second {
				t.Errorf("the work took %s, want 9s", took)
			}
		})
	})
}
