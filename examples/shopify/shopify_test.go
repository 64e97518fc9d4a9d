package shopify_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/examples/shopify"
	"github.com/parlance-api/parlance/internal/memhttp"
)

func open(t testing.TB) *dialect.Dialect {
	t.Helper()
	d, err := shopify.Open()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// throttled is what Shopify responds where the bucket has no room.
func throttled(cost string) string {
	return `{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED","documentation":"https://shopify.dev/api/usage/rate-limits"}}],"extensions":{"cost":` + cost + `}}`
}

func bill(requested, maximum, available, restore string) string {
	return `{"requestedQueryCost":` + requested + `,"actualQueryCost":null,"throttleStatus":{"maximumAvailable":` +
		maximum + `,"currentlyAvailable":` + available + `,"restoreRate":` + restore + `}}`
}

func reply(body string) dialect.Response {
	return dialect.Response{Status: 200, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

var post = dialect.Request{Method: "POST", Path: "/admin/api/2026-01/graphql.json"}

func TestTheFileHasNoFaultAndReadsItsSamples(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("shopify.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range authoring.Lint("shopify.yaml", source) {
		t.Error(fault)
	}
}

func TestTheWaitIsWhatTheBucketTakesToFill(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, cost string
		want       time.Duration
		stop       bool
	}{
		{"a whole number of seconds", bill("752", "1000.0", "652", "50.0"), 2 * time.Second, false},
		{"a part of a second is rounded up", bill("752", "1000.0", "666", "50.0"), 2 * time.Second, false},
		{"a point is missing", bill("100", "1000", "99", "50"), time.Second, false},
		{"the whole bucket", bill("1000", "1000", "0", "50"), 20 * time.Second, false},
		{"an overdrawn bucket", bill("50", "1000", "-50", "50"), 2 * time.Second, false},
		{"room that is there already leaves the backoff", bill("10", "1000", "900", "50"), 0, false},
		{"more than the bucket ever holds", bill("1001", "1000", "1000", "50"), 0, true},
		{"exactly what the bucket holds", bill("1000", "1000", "950", "50"), time.Second, false},
		{"nothing is restored", bill("100", "1000", "0", "0"), 0, false},
		{"points drain", bill("100", "1000", "0", "-50"), 0, false},
		{"a wait that no Duration holds", bill("1000", "1000", "0", "1e-300"), 0, false},
		{"no bucket", `{"requestedQueryCost":100}`, 0, false},
		{"no requested cost", `{"throttleStatus":{"maximumAvailable":1000,"currentlyAvailable":0,"restoreRate":50}}`, 0, false},
		{"numbers that are null", bill("null", "null", "null", "null"), 0, false},
		{"no cost", `null`, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			r := d.Decode(post, reply(throttled(test.cost)))
			o := r.Outcome
			if o.Kind != parlance.KindRateLimited || o.Code != "THROTTLED" || o.RetryAfter != test.want {
				t.Errorf("got %v %q after %v, want a wait of %v", o.Kind, o.Code, o.RetryAfter, test.want)
			}
			decision := d.Decide(post, &o)
			switch {
			case test.stop && decision.Act != parlance.ActStop:
				t.Errorf("%v, though no wait will help", decision.Act)
			case !test.stop && (decision.Act != parlance.ActRetry || !decision.RetrySafe || decision.After != test.want):
				t.Errorf("%+v", decision)
			case !test.stop && test.want == 0 && decision.Backoff.Floor == 0:
				t.Errorf("the backoff is gone: %+v", decision)
			}
			if g := d.Classify(post, reply(throttled(test.cost))); g.Kind != o.Kind || g.Decision.After != decision.After {
				t.Errorf("a classification says otherwise: %+v", g)
			}
			if len(r.Diagnostics) > 0 {
				t.Errorf("complaints: %v", r.Diagnostics)
			}
		})
	}
}

func TestNumbersThatAreNoneAreToldAndChangeNothing(t *testing.T) {
	t.Parallel()
	for _, cost := range []string{
		bill(`"many"`, "1000", "0", "50"), bill("1e999", "1000", "0", "50"), bill("[1]", "1000", "0", "50"), `7`, `"free"`, `[]`,
	} {
		d := open(t)
		r := d.Decode(post, reply(throttled(cost)))
		if r.Outcome.Kind != parlance.KindRateLimited || r.Outcome.RetryAfter != 0 || d.Decide(post, &r.Outcome).Act != parlance.ActRetry {
			t.Errorf("%s: %+v", cost, r.Outcome)
		}
		if len(r.Diagnostics) != 1 || r.Diagnostics[0].Rule != "bad_cost" {
			t.Errorf("%s: complaints %v", cost, r.Diagnostics)
		}
	}
}

func TestOnlyAThrottledQueryIsAskedToWait(t *testing.T) {
	t.Parallel()
	cost := `"extensions":{"cost":` + bill("752", "1000", "0", "50") + `}`
	for body, want := range map[string]parlance.Kind{
		`{"data":{"shop":{"name":"A"}},` + cost + `}`: parlance.KindSuccess,
		`{"data":{"shop":null},"errors":[{"message":"No","path":["shop"],"extensions":{"code":"THROTTLED"}}],` + cost + `}`: parlance.KindPartial,
		`{"errors":[{"message":"No","extensions":{"code":"ACCESS_DENIED"}}],` + cost + `}`:                                  parlance.KindUnauthenticated,
		`{"errors":[{"message":"Too dear","extensions":{"code":"MAX_COST_EXCEEDED","cost":2003,"maxCost":1000}}]}`:          parlance.KindInvalid,
		`{"errors":[{"message":"Parse error"}],` + cost + `}`:                                                               parlance.KindFailed,
		`{"errors":"no list at all",` + cost + `}`:                                                                          parlance.KindFailed,
		`{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],` + cost:                                     parlance.KindNoted, // broken off
	} {
		d := open(t)
		r := d.Decode(post, reply(body))
		if r.Outcome.Kind != want || r.Outcome.RetryAfter != 0 {
			t.Errorf("%s: %v after %v, want %v", body, r.Outcome.Kind, r.Outcome.RetryAfter, want)
		}
		if act := d.Decide(post, &r.Outcome).Act; act == parlance.ActRetry {
			t.Errorf("%s: %v", body, act)
		}
	}
}

// shop is Shopify as far as its bucket goes.
type shop struct {
	mu        sync.Mutex
	available float64
	at        time.Time
	seen      []time.Time
}

const size, rate, price = 1000.0, 50.0, 300.0

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.seen = append(s.seen, now)
	s.available = min(size, s.available+rate*now.Sub(s.at).Seconds())
	s.at = now
	w.Header().Set("Content-Type", "application/json")
	if s.available < price {
		fmt.Fprint(w, throttled(bill(fmt.Sprint(price), fmt.Sprint(size), fmt.Sprint(s.available), fmt.Sprint(rate))))
		return
	}
	s.available -= price
	fmt.Fprint(w, `{"data":{"shop":{"name":"A"}}}`)
}

func TestAThrottledMutationIsSentAgainWhenTheBucketHasRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{available: 118, at: time.Now()}
		c := &http.Client{Transport: client.New(open(t), client.WithBase(memhttp.Serve(t, s)))}
		res, err := c.Post("http://a.myshopify.test/admin/api/2026-01/graphql.json", "application/json", strings.NewReader(`{"query":"mutation { … }"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := client.Check(res); err != nil {
			t.Error(err)
		}
		// (300 - 118) / 50 is 3.64.
		if len(s.seen) != 2 || s.seen[1].Sub(s.seen[0]) != 4*time.Second {
			t.Errorf("seen at %v", s.seen)
		}
		if r, _ := client.ReportOf(res); string(r.Data) != `{"shop":{"name":"A"}}` {
			t.Errorf("data %s", r.Data)
		}
	})
}

func TestAQueryThatIsTooDearIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body string
		act        parlance.Act
	}{
		{"for this bucket", throttled(bill("1500", "1000", "1000", "50")), parlance.ActStop},
		{"for any", `{"errors":[{"message":"Query cost is 2003","extensions":{"code":"MAX_COST_EXCEEDED","cost":2003,"maxCost":1000}}]}`, parlance.ActCorrect},
		{"for the caller's patience", throttled(bill("1000", "1000", "0", "1")), parlance.ActRetry}, // 1000 s: held, for the caller to park
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			count := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				count++
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, test.body)
			}))
			defer srv.Close()
			c := &http.Client{Transport: client.New(open(t), client.WithBase(srv.Client().Transport))}
			res, err := c.Post(srv.URL+"/admin/api/2026-01/graphql.json", "application/json", strings.NewReader(`{"query":"{ shop { name } }"}`))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			r, ok := client.ReportOf(res)
			if !ok || count != 1 || r.Decision.Act != test.act {
				t.Errorf("%d requests, %+v", count, r.Decision)
			}
			if body, err := io.ReadAll(res.Body); err != nil || string(body) != test.body {
				t.Errorf("the caller read %q, %v", body, err)
			}
		})
	}
}

func TestAWaitIsWrittenAsRetryAfterAndReadBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := parlance.Outcome{Kind: parlance.KindRateLimited, Code: "THROTTLED", Detail: "Throttled", RetryAfter: 4 * time.Second}
	m := d.Encode([]byte("before "), post, &o, dialect.Payload{})
	if want := `before {"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]}`; m.Status != 200 || string(m.Body) != want || len(m.Losses) > 0 {
		t.Errorf("got %d %s, losses %v", m.Status, m.Body, m.Losses)
	}
	header := dialect.HeaderMap{}
	for _, p := range m.Header {
		header[p.Name] = append(header[p.Name], p.Value)
	}
	r := d.Decode(post, dialect.Response{Status: m.Status, Header: header, Body: m.Body[len("before "):]})
	if r.Outcome.RetryAfter != o.RetryAfter || r.Outcome.Kind != o.Kind {
		t.Errorf("read back as %+v", r.Outcome)
	}
}

func FuzzReadingACostHoldsTheFilesMeaning(f *testing.F) {
	f.Add(bill("752", "1000", "666", "50"))
	f.Add(bill("1e308", "1e308", "-1e308", "1e-308"))
	f.Add(`{"throttleStatus":[]}`)
	f.Add(`null}},{"extensions":{"cost":{`)
	d := open(f)
	f.Fuzz(func(t *testing.T, cost string) {
		r := d.Decode(post, reply(throttled(cost)))
		if k := r.Outcome.Kind; k != parlance.KindRateLimited && k != parlance.KindNoted {
			t.Errorf("%v", k)
		}
		if r.Outcome.RetryAfter < 0 || r.Outcome.RetryAfter%time.Second != 0 {
			t.Errorf("a wait of %v", r.Outcome.RetryAfter)
		}
	})
}

func Example() {
	d, err := shopify.Open()
	if err != nil {
		panic(err)
	}
	req := dialect.Request{Method: "POST", Path: "/admin/api/2026-01/graphql.json"}
	r := d.Decode(req, dialect.Response{Status: 200, Body: []byte(`{
		"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
		"extensions": {"cost": {"requestedQueryCost": 202, "actualQueryCost": null, "throttleStatus":
			{"maximumAvailable": 1000.0, "currentlyAvailable": 118, "restoreRate": 50.0}}}}`)})
	decision := d.Decide(req, &r.Outcome)
	fmt.Println(r.Outcome.Kind, "->", decision.Act, "after", decision.After)
	// Output: rate_limited -> retry after 2s
}
