package mock_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/mock"
)

// open is a dialect of the catalog.
var open = catalogtest.Open

// started is a Mock behind a real socket.
func started(t testing.TB, d *dialect.Dialect, options ...mock.Option) (*mock.Mock, string) {
	t.Helper()
	m := mock.New(d, options...)
	s := httptest.NewServer(m)
	t.Cleanup(func() {
		s.Close()
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, s.URL
}

// sent is the response to a request, as it is read, and its body.
func sent(t testing.TB, d *dialect.Dialect, req *http.Request) (dialect.Decoded, *http.Response, string) {
	t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return d.Decode(httpdialect.Request(d, req), httpdialect.Response(res, body)), res, string(body)
}

// request is a request; header is Name: value.
func request(t testing.TB, method, url string, header ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	return req
}

// short is the kind, the reason and the code in one text.
func short(o *parlance.Outcome) string {
	return fmt.Sprint(o.Status, " ", o.Kind, "/", o.Reason, " ", o.Code)
}

func TestAWishIsGivenInTheFormOfTheDialect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dialect, method, prefer, want, body string }{
		{"stripe", "POST", "code=402", "402 failed/ card_error", `{"error":{"message":"This is an example of 402","type":"card_error"}}`},
		{"stripe", "POST", "code=card_declined", "402 failed/declined card_declined", `"code":"card_declined"`},
		{"stripe", "POST", `code="card_declined"; detail="No money, no goods"`, "402 failed/declined card_declined", `"message":"No money, no goods"`},
		{"stripe", "POST", "sample=1", "400 invalid/ parameter_unknown", `"message":"Received unknown parameter: amout"`},
		{"stripe", "POST", "sample=expired_card", "402 failed/card expired_card", `"decline_code":"expired_card"`},
		{"stripe", "GET", "code=418", "418 invalid/ invalid_request_error", ""},
		{"vision", "POST", "code=110", "400 invalid/ 110", "<RES><Code>110</Code>"},
		{"vision", "POST", "code=120", "200 noted/ 120", "<RES><Code>120</Code>"},
		{"vision", "POST", "code=999", "999 internal/ ", ""},
		{"vision", "POST", "kind=partial", "207 partial/ ", "<Code>400</Code>"},
		{"vision", "GET", "code=204", "204 empty/ ", ""},
		{"vision", "POST", "code=202; note=Look", "202 noted/ ", ""},
		{"vbapi", "PUT", "items=3;failed=1", "207 partial/ ", `"status":400`},
		{"vbapi", "PUT", "items=2;failed=2", "207 invalid/ ", ""},
		{"vbapi", "GET", "", "200 success/ ", `{"data":{},"error":null,`},
		{"vms", "POST", "fields=url,date", "422 invalid/fields ", `"errors":{"url":["url is not valid"],"date":["date is not valid"]}`},
		{"vms", "GET", "code=503, retry-after=7", "503 unavailable/maintenance ", ""},
		{"vms", "GET", "kind=timeout", "504 timeout/ ", ""},
		{"vms", "GET", "code=5xx", "599 internal/ ", ""},
		{"vms", "GET", "", "200 success/ ", "{}"},
		{"vms", "POST", "code=201", "201 success/ ", "{}"},
		{"vms", "GET", "code=302", "302 redirected/ ", ""},
		{"omilia", "POST", "kind=quota/license", "403 quota/license ", "No available licenses"},
		{"omilia", "POST", "code=409; kind=conflict", "409 conflict/ ", ""},
		{"omilia", "POST", "code=no license", "403 quota/license ", "No available licenses"},
		{"plain", "GET", "kind=rate_limited", "503 unavailable/ ", ""}, // its page has no other
		{"soap", "POST", "", "200 success/ ", "<soap:Body></soap:Body>"},
		{"plaid", "POST", "code=ITEM_LOCKED", "400 forbidden/item_locked ITEM_LOCKED", `"error_code":"ITEM_LOCKED"`},
	} {
		t.Run(test.dialect+" "+test.prefer, func(t *testing.T) {
			t.Parallel()
			d := open(t, test.dialect)
			_, url := started(t, d)
			req := request(t, test.method, url+"/orders/7")
			if test.prefer != "" {
				req.Header.Set("Prefer", test.prefer)
			}
			read, res, body := sent(t, d, req)
			if got := short(&read.Outcome); got != test.want {
				t.Errorf("got %q, want %q; the body is %s", got, test.want, body)
			}
			if !strings.Contains(body, test.body) {
				t.Errorf("the body is %s, want %s in it", body, test.body)
			}
			if applied := res.Header.Get("Preference-Applied"); (applied == "") != (test.prefer == "") {
				t.Errorf("Preference-Applied is %q", applied)
			}
			if wait := res.Header.Get("Retry-After"); strings.Contains(test.prefer, "retry-after=7") != (wait == "7") {
				t.Errorf("Retry-After is %q", wait)
			}
		})
	}
}

func TestEveryCodeOfEveryDialectIsGivenByAWish(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, name)
			m := mock.New(d)
			defer m.Close()
			for _, e := range mock.Outcomes(d) {
				for key := range strings.SplitSeq(e.Key, ",") {
					req := httptest.NewRequest(e.Request.Method, e.Request.Path, http.NoBody)
					for name, values := range e.Request.Header.(dialect.HeaderMap) {
						req.Header[name] = values
					}
					kind := strings.TrimSuffix(e.Kind.String()+"/"+string(e.Reason), "/")
					req.Header.Set("Prefer", fmt.Sprintf("code=%q; kind=%s", strings.TrimSpace(key), kind))
					w := httptest.NewRecorder()
					m.ServeHTTP(w, req)
					res := w.Result()
					o := d.Decode(httpdialect.Request(d, req), httpdialect.Response(res, w.Body.Bytes())).Outcome
					all := []parlance.Outcome{o}
					for _, it := range o.Items {
						all = append(all, it.Outcome)
					}
					if !slices.ContainsFunc(all, func(o parlance.Outcome) bool { return o.Kind == e.Kind && o.Reason == e.Reason }) {
						t.Errorf("%s %s: got %s with %s; want %s", e.Line, key, short(&o), w.Body, kind)
					}
				}
			}
		})
	}
}

func TestAnUnknownWishIsA400ThatListsWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ prefer, path, want string }{
		{"code=card_declind", "/x", "did you mean card_declined? The codes are card_declined, "},
		{"cod=402", "/x", "did you mean code? The wishes are code, "},
		{"kind=parital", "/x", "did you mean partial? The kinds are partial, "},
		{"sample=99", "/x", `There is no sample "99". The samples are`},
		{"items=-1", "/x", `"-1" is no number from 0 to 10000`},
		{"items=99999999999999999999", "/x", "is no number from 0 to 10000"},
		{"retry-after=soon", "/x", `"soon" is no number of seconds`},
		{"latency=1h", "/x", "is no time such as 500ms or 2s, up to 10m0s"},
		{"fields=", "/x", "0 paths"},
		{"code", "/x", "The value is missing"},
		{"code=<script>", "/x", `"<script>"`},
		{"", "/_mock/code/nope/x", `There is no code "nope"`},
		{"", "/_mock/cod/402/x", "did you mean code?"},
		{"", "/x?__code=nope", `There is no code "nope"`},
		{"", "/x?__dynamic=perhaps", "is neither true nor false"},
	} {
		t.Run(test.prefer+test.path, func(t *testing.T) {
			t.Parallel()
			d := open(t, "stripe")
			_, url := started(t, d)
			req := request(t, "GET", url+test.path)
			if test.prefer != "" {
				req.Header.Set("Prefer", test.prefer)
			}
			read, res, body := sent(t, d, req)
			if res.StatusCode != 400 || read.Outcome.Kind != parlance.KindInvalid || read.Shape == "" {
				t.Errorf("got %d, %s by the shape %q; want 400, invalid in the form of the dialect", res.StatusCode, read.Outcome.Kind, read.Shape)
			}
			if !strings.Contains(read.Outcome.Detail, test.want) {
				t.Errorf("got %s; want %s in it", body, test.want)
			}
		})
	}
}

func TestAWishInThePathComesBeforePreferThatBeforeTheQueryAndThatBeforeNext(t *testing.T) {
	t.Parallel()
	d := open(t, "problem")
	var mu sync.Mutex
	var given []mock.Given
	m, url := started(t, d, mock.WithObserver(func(g mock.Given) {
		mu.Lock()
		defer mu.Unlock()
		given = append(given, g)
	}))
	if err := m.Next(2, mock.Wish{Code: "409"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path, prefer string
		want         int
		why, called  string
	}{
		{"/_mock/code/404/orders/7?__code=403", "code=401", 404, "path: code=404", "/orders/7"},
		{"/orders/7?__code=403", "code=401", 401, "Prefer: code=401", "/orders/7"},
		{"/orders/7?__code=403", "", 403, "query: code=403", "/orders/7"},
		{"/orders/7", "", 409, "next: code=409", "/orders/7"},
		{"/orders/7", "respond-async, odata.maxpagesize=5", 409, "next: code=409", "/orders/7"},
		{"/orders/7", "", 200, "no wish", "/orders/7"},
		{"/_mock/code/404/retry-after/7/-/code/1", "", 404, "path: code=404; retry-after=7", "/code/1"},
		{"/_mock/detail/a%2Fb/", "", 400, "path: detail=a/b", "/"},
	} {
		req := request(t, "GET", url+test.path)
		if test.prefer != "" {
			req.Header.Set("Prefer", test.prefer)
		}
		_, res, body := sent(t, d, req)
		if res.StatusCode != test.want {
			t.Errorf("%s with %q: got %d %s, want %d", test.path, test.prefer, res.StatusCode, body, test.want)
		}
		mu.Lock()
		if g := given[len(given)-1]; g.Why != test.why || g.Path != test.called || g.Status != test.want {
			t.Errorf("it says %q for %s with %d; want %q for %s", g.Why, g.Path, g.Status, test.why, test.called)
		}
		mu.Unlock()
	}
	for _, bad := range []struct {
		n int
		w mock.Wish
	}{{0, mock.Wish{Code: "409"}}, {1, mock.Wish{Code: "no such code"}}, {1, mock.Wish{Sample: "x"}}} {
		if err := m.Next(bad.n, bad.w); err == nil {
			t.Errorf("Next(%d, %v) has no error", bad.n, bad.w)
		}
	}
}

func TestNextIsGivenExactlyAsOftenAsAskedToRequestsAtTheSameTime(t *testing.T) {
	t.Parallel()
	d := open(t, "problem")
	m, url := started(t, d)
	if err := m.Next(7, mock.Wish{Code: "503"}); err != nil {
		t.Fatal(err)
	}
	if err := m.Next(3, mock.Wish{Kind: parlance.KindQuota}); err != nil {
		t.Fatal(err)
	}
	counted := make(chan int, 20)
	for range 20 {
		go func() {
			res, err := http.Get(url + "/x")
			if err != nil {
				t.Error(err)
				counted <- 0
				return
			}
			res.Body.Close()
			counted <- res.StatusCode
		}()
	}
	got := map[int]int{}
	for range 20 {
		got[<-counted]++
	}
	if got[503] != 7 || got[200] != 10 || len(got) != 3 {
		t.Errorf("got %v; want 503 seven times, another failure three times, and 200 ten times", got)
	}
}

// payloads is a document whose successes say what they were asked for.
type payloads struct{}

func (payloads) Methods(string) []string                { return []string{"GET"} }
func (payloads) Status(string, string) int              { return 200 }
func (payloads) Examples(dialect.Request, int) []string { return []string{"cat", "dog"} }

func (payloads) Payload(req dialect.Request, status int, example string, dynamic bool) (dialect.Payload, bool) {
	return dialect.Payload{ContentType: "application/json", Body: fmt.Appendf(nil, `{"of":%q,"status":%d,"example":%q,"dynamic":%t}`, req.Path, status, example, dynamic)}, req.Path != "/unknown"
}

func TestASuccessHasThePayloadAndTheConventionsOfPrismChooseIt(t *testing.T) {
	t.Parallel()
	d := open(t, "vbapi")
	_, url := started(t, d, mock.WithDocument(payloads{}))
	for _, test := range []struct{ path, prefer, want string }{
		{"/cats", "", `{"of":"/cats","status":200,"example":"","dynamic":false}`},
		{"/cats", "example=tom", `{"of":"/cats","status":200,"example":"tom","dynamic":false}`},
		{"/cats", "code=201, example=tom, dynamic=true", `{"of":"/cats","status":201,"example":"tom","dynamic":true}`},
		{"/cats?__example=tom", "", `{"of":"/cats","status":200,"example":"tom","dynamic":false}`},
		{"/cats?__code=201&__dynamic=true", "", `{"of":"/cats","status":201,"example":"","dynamic":true}`},
		{"/unknown", "", `{}`},
	} {
		req := request(t, "GET", url+test.path)
		if test.prefer != "" {
			req.Header.Set("Prefer", test.prefer)
		}
		read, _, body := sent(t, d, req)
		if string(read.Data) != test.want || read.Outcome.Kind != parlance.KindSuccess {
			t.Errorf("%s with %q: got %s, want the payload %s", test.path, test.prefer, body, test.want)
		}
	}
}

func TestAFailureHasTheFieldsThatHTTPDemandsOfIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dialect, code, field, want string }{
		{"vms", "401", "Www-Authenticate", "Bearer"},
		{"shopify", "401", "Www-Authenticate", `ApiKey header="X-Shopify-Access-Token"`},
		{"vms", "405", "Allow", "OPTIONS"},
		{"vms", "201", "Location", "/cameras/1"},
		{"vms", "302", "Location", "/example"},
	} {
		d := open(t, test.dialect)
		_, url := started(t, d)
		_, res, body := sent(t, d, request(t, "POST", url+"/cameras", "Prefer: code="+test.code))
		if got := res.Header.Get(test.field); got != test.want {
			t.Errorf("%s %s: %s is %q, want %q; the body is %s", test.dialect, test.code, test.field, got, test.want, body)
		}
	}
}

func TestASampleThatIsOnlyReadIsGivenAsItWasRecorded(t *testing.T) {
	t.Parallel()
	d := open(t, "plain")
	_, base := started(t, d)
	read, res, body := sent(t, d, request(t, "GET", base+"/x", "Prefer: sample=2"))
	want := "<html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>"
	if res.StatusCode != 503 || strings.TrimSpace(body) != want || res.Header.Get("Retry-After") != "120" || res.Header.Get("Preference-Applied") != "sample=2" {
		t.Errorf("got %d %v\n%s\nwant 503 with Retry-After: 120 and\n%s", res.StatusCode, res.Header, body, want)
	}
	if read.Outcome.Kind != parlance.KindUnavailable {
		t.Errorf("it is read as %s, want unavailable", read.Outcome.Kind)
	}
}
