package dialect_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/raced"
)

func TestAResponseLikeOneBeforeIsReadByItsReplay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what, dialect string
		status        int
		before, after string
		is            bool
	}{
		{"other texts", "vbapi", 404, `{"error":{"type":"a","title":"b","status":404,"detail":"c","instance":"/d"},"debug":{"activityId":"e"}}`,
			`{"error":{"type":"f","title":"gé","status":404,"detail":"h, i","instance":"/"},"debug":{"activityId":"j"}}`, true},
		{"another status inside", "vbapi", 404, `{"error":{"title":"b","status":404,"detail":"c"}}`, `{"error":{"title":"b","status":405,"detail":"c"}}`, false},
		{"other names of fields", "vms", 422, `{"message":"a","errors":{"b":["c","d"],"e":["f"]}}`, `{"message":"g","errors":{"h":["i","j"],"k.0":["l"]}}`, true},
		{"a name that has a place of its own", "vms", 422, `{"message":"a","errors":{"b":["c"]}}`, `{"message":"a","errors":{"error":["c"]}}`, false},
		{"one more message", "vms", 422, `{"message":"a","errors":{"b":["c"]}}`, `{"message":"a","errors":{"b":["c","d"]}}`, false},
		{"an escape", "vms", 422, `{"message":"a","errors":{"b":["c"]}}`, `{"message":"a","errors":{"b":["\"c\""]}}`, false},
		{"an empty text", "vms", 422, `{"message":"a","errors":{"b":["c"]}}`, `{"message":"","errors":{"b":["c"]}}`, false},
		{"bytes that are no text", "vms", 422, `{"message":"a","errors":{"b":["c"]}}`, "{\"message\":\"a\",\"errors\":{\"b\":[\"\xff\"]}}", false},
		{"more behind it", "vms", 422, `{"message":"a","errors":{"b":["c"]}}`, `{"message":"a","errors":{"b":["c"]}} x`, false},
		{"the beginning of it", "vms", 422, `{"message":"a","errors":{"b":["c"]}}`, `{"message":"a","errors":{"b":["c"`, false},
		{"a path in brackets", "stripe", 400, `{"error":{"code":"parameter_unknown","message":"a","param":"b[c]","type":"invalid_request_error"}}`,
			`{"error":{"code":"parameter_missing","message":"d","param":"e","type":"invalid_request_error"}}`, true},
		{"what nobody asks for", "stripe", 400, `{"error":{"code":"a","message":"b","type":"c","request_log_url":"d","at":17}}`,
			`{"error":{"code":"e","message":"f","type":"g","request_log_url":"","at":-1.5e3}}`, true},
		{"another type of it", "stripe", 400, `{"error":{"code":"a","message":"b","type":"c","at":17}}`, `{"error":{"code":"a","message":"b","type":"c","at":"17"}}`, false},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			d, err := catalog.Open(test.dialect)
			if err != nil {
				t.Fatal(err)
			}
			d = dialect.Forgetful(d)
			before, after := jsonResponse(test.status, test.before), jsonResponse(test.status, test.after)
			d.Decode(dialect.Request{}, before)
			if is := dialect.Recasts(d, dialect.Request{}, after); is != test.is {
				t.Errorf("that it is read by the replay is %t", is)
			}
			asIfNew(t, d, dialect.Request{}, after)
		})
	}
}

// A shape that is about other paths takes no part in a replay unless it is tried first.
func TestAReplayHoldsForEachPathThatItsShapesHaveInCommon(t *testing.T) {
	t.Parallel()
	const file = `
dialect: paths
codes: {4xx: invalid}
shapes:
  - {name: token, status: 4xx, path: "*/token", json: {error!: $code, text?: $detail}}
  - {name: error, status: 4xx, json: {error!: $detail}}
  - {name: late, status: 4xx, path: "/late", json: {error!: $title}}
`
	d, err := dialect.Compile("paths.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		before, after string
		is            bool
	}{
		{"/a", "/late", true}, {"/late", "/a", true}, {"/a", "/a/token", false}, {"/a/token", "/a", false}, {"/a/token", "/b/token", true},
	} {
		d := dialect.Forgetful(d)
		res := jsonResponse(400, `{"error":"x"}`)
		d.Decode(dialect.Request{Path: test.before}, res)
		if is := dialect.Recasts(d, dialect.Request{Path: test.after}, res); is != test.is {
			t.Errorf("after one of %s, that one of %s is read by the replay is %t", test.before, test.after, is)
		}
		asIfNew(t, d, dialect.Request{Path: test.after}, res)
	}
}

func jsonResponse(status int, body string) dialect.Response {
	return dialect.Response{Status: status, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(body), Received: stated}
}

// asIfNew holds what a dialect reads against one that has read nothing yet.
func asIfNew(t *testing.T, d *dialect.Dialect, req dialect.Request, res dialect.Response) {
	t.Helper()
	fresh := dialect.Forgetful(d)
	if got, want := d.Decode(req, res), fresh.Decode(req, res); !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nis read as\n%+v\nnot\n%+v", res.Body, got, want)
	}
	if got, want := d.Classify(req, res), dialect.Forgetful(d).Classify(req, res); !reflect.DeepEqual(got, want) {
		t.Errorf("classified %s\nis\n%+v\nnot\n%+v", res.Body, got, want)
	}
}

func TestAPlainErrorCanBeReadByAReplay(t *testing.T) {
	t.Parallel()
	for _, e := range plainErrors(t) {
		d, err := catalog.Open(e.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		d = dialect.Forgetful(d)
		res := jsonResponse(e.Status, e.Body)
		d.Decode(e.request(), res)
		if !dialect.Recasts(d, e.request(), res) {
			t.Errorf("%s: got %s read anew, want it read by the replay", e.Dialect, e.Body)
		}
	}
}

// A response whose words differ from those before is read as any other.
func TestResponsesWithWordsOfTheVendorAreReadAsAnyOther(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect, body string
		status        int
		words         []string // of which each body has one
	}{
		{"stripe", `{"error":{"code":"%s","doc_url":"https://stripe.com/%[1]s","message":"m%[2]d","param":"p[%[2]d]","type":"invalid_request_error"}}`, 400,
			[]string{"parameter_unknown", "parameter_missing", "parameter", "card_declined", "é", "", "lock_timeout", "rate_limit", "missing"}},
		{"stripe", `{"error":{"message":"m%[2]d","type":"%[1]s"}}`, 409, []string{"idempotency_error", "api_error", "idempotency_err", "", `\u0061pi_error`}},
		{"vbapi", `{"error":{"type":"t/%s","title":"%[1]s","status":404,"detail":"d%[2]d","instance":"/%[2]d"}}`, 404, []string{"Not Found", "Not", "Not Found ", "", "Gone"}},
		{"vision", `{"errors":[{"code":%s,"message":"m%[2]d"}]}`, 400, []string{"101", "10", "1010", "150", "-1", "1e2", `"101"`}},
	} {
		t.Run(test.dialect, func(t *testing.T) {
			t.Parallel()
			d, err := catalog.Open(test.dialect)
			if err != nil {
				t.Fatal(err)
			}
			d = dialect.Forgetful(d)
			for i := range 200 {
				word := test.words[i*i/7%len(test.words)]
				asIfNew(t, d, dialect.Request{Method: "POST"}, jsonResponse(test.status, fmt.Sprintf(test.body, word, i)))
			}
		})
	}
}

func TestReadingsShareNoText(t *testing.T) {
	t.Parallel()
	d, err := catalog.Open("stripe")
	if err != nil {
		t.Fatal(err)
	}
	d = dialect.Forgetful(d)
	var last parlance.Outcome
	for i := range 4 {
		body := []byte(`{"error":{"code":"parameter_unknown","doc_url":"d","message":"the same","param":"p","type":"invalid_request_error"}}`)
		o := d.Decode(dialect.Request{}, jsonResponse(400, string(body))).Outcome
		if i > 0 && (oneText(o.Code, last.Code) || oneText(o.Detail, last.Detail) || oneText(o.Fields[0].Message, last.Detail)) {
			t.Error("two responses share a text")
		}
		last = o
	}
}

// oneText reports that two texts are one, and not only equal.
func oneText(a, b string) bool { return a == b && unsafe.StringData(a) == unsafe.StringData(b) }

// A classification asks for Retry-After only where it is to be waited for.
func TestAGlanceWaitsAsLongAsADecision(t *testing.T) {
	t.Parallel()
	raced.Skip(t)
	for _, s := range subjects() {
		for _, status := range []int{200, 202, 301, 400, 401, 402, 404, 409, 422, 425, 429, 500, 503} {
			for _, after := range []string{"", "7", "-1", "soon", stated.Add(time.Minute).Format(http.TimeFormat)} {
				for _, again := range []string{"", "true", "false"} {
					for _, body := range []string{"", "{}", `{"error":{"code":"lock_timeout","message":"m","type":"card_error"}}`, `{"code":429,"message":"m","retry_after":3}`} {
						res := jsonResponse(status, body)
						res.Header = dialect.HeaderMap{"Content-Type": {"application/json"}, "Retry-After": {after}, "Stripe-Should-Retry": {again}, "X-Ratelimit-Reset": {"9"}}
						glanced(t, s.Dialect, dialect.Request{Method: "POST"}, res)
					}
				}
			}
		}
	}
}

// A moment that stands in a response with an escape, as some write the + of a zone, is
// as far off as it is now, and not as it was when a replay was made.
func TestTimeGoesOnWhileAMomentIsTheSame(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("shop.yaml", []byte(`dialect: shop
codes: {429: {kind: rate_limited}}
shapes: [{name: error, status: 4xx, json: {code: $code, message: $detail, until: "$retry_after:iso"}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	at := stated.Add(time.Hour).UTC().Format("2006-01-02T15:04:05")
	for _, zone := range []string{"Z", "+00:00", `\u002B00:00`} {
		for i := range 20 {
			res := jsonResponse(429, fmt.Sprintf(`{"code":"slow","message":"m%d","until":"%s%s"}`, i, at, zone))
			res.Received = stated.Add(time.Duration(i) * time.Minute)
			o := d.Decode(dialect.Request{}, res).Outcome
			if want := time.Duration(60-i) * time.Minute; o.RetryAfter != want {
				t.Errorf("%s: %v is to be waited, not %v", res.Body, o.RetryAfter, want)
			}
			asIfNew(t, d, dialect.Request{}, res)
		}
	}
}

// varied is a JSON document with other texts and numbers, and now and then with
// something else changed.
func varied(r *rand.Rand, body []byte, texts ...string) []byte {
	of := func() string { return texts[r.IntN(len(texts))] }
	var to []byte
	for i := 0; i < len(body); {
		end := i + 1
		switch c := body[i]; {
		case c == '"':
			for end < len(body) && body[end] != '"' {
				if body[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(body))
			if r.IntN(3) == 0 {
				to = append(append(append(to, '"'), of()...), '"')
				i = end
			}
		case c >= '0' && c <= '9' && r.IntN(3) == 0:
			to = fmt.Appendf(to, "%d", r.IntN(1000))
			i = end
		case r.IntN(200) == 0:
			to = append(to, of()...)
		}
		if i < end {
			to = append(to, body[i:end]...)
			i = end
		}
	}
	return to
}

// FuzzLike reads responses that differ in their texts, one after the other: each
// must read as by a dialect that has read nothing before.
func FuzzLike(f *testing.F) {
	own, err := dialect.Compile("repeated.yaml", []byte(repeated))
	if err != nil {
		f.Fatal(err)
	}
	all := append([]subject{{"repeated", own}}, subjects()...)
	seen := map[string]bool{}
	for which, s := range all {
		for _, e := range exchanges(f) {
			if key := fmt.Sprint(s.name, e.res.Status, len(e.res.Body)/16); len(e.res.Body) > 0 && e.res.Body[0] == '{' && e.res.Status >= 400 && !seen[key] && (which == 0 || e.of == s.name) {
				seen[key] = true
				f.Add(uint8(which), uint16(e.res.Status), e.res.Body, uint64(which), "a.0[b]", `x\"é`)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, status uint16, body []byte, draw uint64, a, b string) {
		r := rand.New(rand.NewPCG(draw, uint64(which)))
		d := dialect.Forgetful(all[int(which)%len(all)].Dialect)
		req := dialect.Request{Method: "POST", Path: "/service/Order"}
		res := jsonResponse(int(status), string(body))
		for range 12 {
			asIfNew(t, d, req, res)
			req.Method = []string{"POST", "GET"}[r.IntN(2)]
			req.Path = []string{"/service/Order", "/_bulk", "/a/_delete_by_query", "/admin/oauth/access_token", "/v1/things:batch", ""}[r.IntN(6)]
			res.Body = varied(r, body, "", "x", "two words", "none", "gone: x", "101", "404", "true", "a[b][0]", "/in/x", "parameter_unknown", "card", "E7", a, b)
		}
	})
}
