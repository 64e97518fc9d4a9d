package dialect_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/raced"
)

// compile makes a dialect of the text of a file that must be free of faults.
func compile(t *testing.T, source string) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Compile("test.yaml", []byte("dialect: test\n"+source))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func open(t *testing.T, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Each case is a wrong reading that a prototype, or this one, had with every
// recorded response green.
func TestAResponseIsNotTakenForBetterThanItIs(t *testing.T) {
	t.Parallel()
	const records = `<MANUFACTURING><MC><DocRef>1</DocRef><RES><Code>200</Code></RES></MC>%</MANUFACTURING>`
	for _, c := range []struct {
		name, dialect, method string
		status                int
		media, body           string
		kind                  parlance.Kind
		told                  bool // a Diagnostic says so
	}{
		{"one of several records failed under 207", "vision", "POST", 207, "", strings.Replace(records, "%", `<MC><DocRef>2</DocRef><RES><Code>400</Code></RES></MC>`, 1), parlance.KindPartial, false},
		{"one of several records failed under 200", "vision", "POST", 200, "", strings.Replace(records, "%", `<MC><DocRef>2</DocRef><RES><Code>400</Code></RES></MC>`, 1), parlance.KindPartial, false},
		{"a record without its RES under 200", "vision", "POST", 200, "", strings.Replace(records, "%", `<MC><DocRef>2</DocRef></MC>`, 1), parlance.KindNoted, true},
		{"a record's code that nobody listed", "vision", "POST", 200, "", strings.Replace(records, "%", `<MC><DocRef>2</DocRef><RES><Code>777</Code></RES></MC>`, 1), parlance.KindPartial, false},
		{"a failed record under a method that the page does not name", "vision", "PUT", 200, "", strings.Replace(records, "%", `<MC><DocRef>2</DocRef><RES><Code>400</Code></RES></MC>`, 1), parlance.KindPartial, false},
		{"a list without RES under GET", "vision", "GET", 200, "", `<PRODUCTS><PC><Name>a</Name></PC></PRODUCTS>`, parlance.KindSuccess, false},
		{"an HTML sign-in page where records get a response", "vision", "POST", 200, "text/html", `<html><title>Log in</title></html>`, parlance.KindNoted, true},
		{"an HTML sign-in page instead of the envelope", "vbapi", "GET", 200, "text/html", `<!DOCTYPE html><html><title>Log in</title></html>`, parlance.KindNoted, true},
		{"JSON that is not the envelope", "vbapi", "GET", 200, "", `{"id":1}`, parlance.KindNoted, true},
		{"an error in the envelope under 200", "vbapi", "GET", 200, "", `{"data":null,"error":{"type":null,"title":"T","status":404,"detail":"D","instance":"/x"},"debug":{"activityId":"a"}}`, parlance.KindFailed, false},
		{"an envelope that is cut off in the middle", "vbapi", "GET", 200, "", `{"data":[{"id":1},{"i`, parlance.KindNoted, true},
		{"a batch item without its status", "vbapi", "PUT", 207, "text/plain", `{"data":[{"id":[{"key":"k","value":1}],"status":200,"body":"ok"},{"id":[{"key":"k","value":2}],"body":"?"}],"error":null,"debug":{"activityId":"a"}}`, parlance.KindNoted, true},
		{"XML that is broken where records get a response", "vision", "POST", 207, "", `<MANUFACTURING><MC>`, parlance.KindPartial, true},
		{"JSON that is broken where null could be meant", "vms", "GET", 200, "application/json", `nul`, parlance.KindNoted, true},
		{"an image where JSON could be", "vms", "GET", 200, "image/jpeg", "\xff\xd8\xff", parlance.KindSuccess, false},
		{"a text that begins like a number", "vms", "GET", 200, "text/plain", "12 cameras", parlance.KindSuccess, false},
		{"an unlisted code in the envelope of a 503", "omilia", "GET", 503, "", `{"errors":[{"code":"77","detail":"D","meta":{},"source":"","status":200,"title":"OK"}]}`, parlance.KindUnavailable, false},
		{"a problem that calls itself a success under 500", "problem", "GET", 500, "", `{"kind":"success","detail":"fine"}`, parlance.KindInternal, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			if c.media != "" {
				h.Set("Content-Type", c.media)
			}
			r := open(t, c.dialect).Decode(dialect.Request{Method: c.method}, dialect.Response{Status: c.status, Header: h, Body: []byte(c.body)})
			if r.Outcome.Kind != c.kind {
				t.Errorf("it reads as %s, not %s: %+v", r.Outcome.Kind, c.kind, r.Outcome)
			}
			if told := len(r.Diagnostics) > 0; told != c.told {
				t.Errorf("the complaints are %v", r.Diagnostics)
			}
		})
	}
}

func TestTextsThatCarryMeaningAreWrittenForThatMeaningAlone(t *testing.T) {
	t.Parallel()
	d := open(t, "omilia")
	w := d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindQuota, Reason: parlance.ReasonLicense, Detail: "Der Platz ist belegt"}, dialect.Payload{})
	if !strings.Contains(string(w.Body), "No available licenses") || len(w.Losses) != 1 || w.Losses[0].Attribute != "detail" {
		t.Errorf("the canonical text is not written, or its loss not told: %s %v", w.Body, w.Losses)
	}
	w = d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindForbidden, Detail: "No available licenses"}, dialect.Payload{})
	if back := d.Decode(dialect.Request{}, dialect.Response{Status: w.Status, Body: w.Body}); back.Outcome.Kind != parlance.KindForbidden {
		t.Errorf("a forbidden with that text reads as %s: %s", back.Outcome.Kind, w.Body)
	}
}

func TestACodeThatMeansSomethingElseInTheDialectIsNotWritten(t *testing.T) {
	t.Parallel()
	w := open(t, "vision").Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindNotFound, Code: "101", Detail: "gone"}, dialect.Payload{})
	if strings.Contains(string(w.Body), "101") || w.Status != 404 {
		t.Errorf("it wrote %d %s", w.Status, w.Body)
	}
	if len(w.Losses) != 1 || w.Losses[0].Attribute != "code" {
		t.Errorf("the losses are %v", w.Losses)
	}
}

func TestARowWithAStatusIsAboutACodeAndNeverAnHTTPStatus(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes:
  200: success
  200-299: {kind: forbidden, status: 403}
  404: not_found
shapes:
  - name: error
    json: {code!: $code:int, message: $detail}
`)
	if k := d.Decode(dialect.Request{}, dialect.Response{Status: 201}).Outcome.Kind; k != parlance.KindSuccess {
		t.Errorf("an HTTP 201 reads as %s", k)
	}
	if o := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(`{"code":230,"message":"m"}`)}).Outcome; o.Kind != parlance.KindForbidden || o.Code != "230" {
		t.Errorf("the code 230 reads as %s, code %q", o.Kind, o.Code)
	}
	// And a plain row is about a status, and not about a code that looks like one.
	if k := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(`{"code":404,"message":"m"}`)}).Outcome.Kind; k != parlance.KindInvalid {
		t.Errorf("the code 404 under 400 reads as %s", k)
	}
}

func TestYAMLDoesNotTurnWordsIntoBooleans(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes:
  200: success
  on: {kind: invalid, status: 400}
  no: {kind: not_found, status: 404}
shapes:
  - {name: error, json: {state!: $code, yes?: $detail}}
`)
	for body, want := range map[string]parlance.Kind{`{"state":"on","yes":"y"}`: parlance.KindInvalid, `{"state":"no"}`: parlance.KindNotFound} {
		if k := d.Decode(dialect.Request{}, dialect.Response{Status: 422, Body: []byte(body)}).Outcome.Kind; k != want {
			t.Errorf("%s reads as %s, not %s", body, k, want)
		}
	}
}

func TestTheFirstElementsAttributesAreNotMixedWithTheSecondOnes(t *testing.T) {
	t.Parallel()
	o := open(t, "omilia").Decode(dialect.Request{}, dialect.Response{Status: 422, Body: []byte(
		`{"errors":[{"code":"1","detail":null,"meta":{},"source":"/body/a"},{"code":"2","detail":"second","meta":{},"source":"/body/b"}]}`)}).Outcome
	if o.Code != "1" || o.Detail != "" {
		t.Errorf("the whole has code %q and detail %q, of two elements", o.Code, o.Detail)
	}
	want := []parlance.Field{{Path: "a", Code: "1"}, {Path: "b", Code: "2", Message: "second"}}
	if len(o.Fields) != 2 || o.Fields[0] != want[0] || o.Fields[1] != want[1] {
		t.Errorf("the fields are %v", o.Fields)
	}
}

func TestASecondErrorWithoutAPathIsNotDropped(t *testing.T) {
	t.Parallel()
	d := open(t, "omilia")
	o := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(
		`{"errors":[{"code":"1","detail":"first","meta":{},"source":""},{"code":"2","detail":"second","meta":{},"source":""}]}`)}).Outcome
	if len(o.Fields) != 1 || o.Fields[0] != (parlance.Field{Code: "2", Message: "second"}) {
		t.Errorf("the fields are %v", o.Fields)
	}
	w := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{})
	if back := d.Decode(dialect.Request{}, dialect.Response{Status: w.Status, Body: w.Body}).Outcome; len(back.Fields) != 1 || back.Detail != "first" || len(w.Losses) > 0 {
		t.Errorf("written as %s, with losses %v, it reads as %+v", w.Body, w.Losses, back)
	}
}

func TestRetryAfterIsReadInAllItsForms(t *testing.T) {
	t.Parallel()
	d := open(t, "plain")
	now := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{"seconds", "120", "", 2 * time.Minute},
		{"a part of a second", "0.5", "", 500 * time.Millisecond},
		{"a date by our clock", "Fri, 20 Nov 2026 16:01:00 GMT", "", time.Minute},
		{"a date by the server's clock", "Fri, 20 Nov 2026 16:01:00 GMT", "Fri, 20 Nov 2026 16:00:30 GMT", 30 * time.Second},
		{"a date of RFC 850", "Friday, 20-Nov-26 16:01:00 GMT", "", time.Minute},
		{"a date of asctime", "Fri Nov 20 16:01:00 2026", "", time.Minute},
		{"a date that has passed", "Fri, 20 Nov 2026 15:00:00 GMT", "", parlance.RetryNow},
		{"a negative number", "-5", "", 0},
		{"no number", "soon", "", 0},
		{"infinity", "Inf", "", 0},
		{"a number beyond all time", "1e300", "", 0},
	} {
		h := http.Header{"Retry-After": {c.value}}
		if c.date != "" {
			h.Set("Date", c.date)
		}
		o := d.Decode(dialect.Request{}, dialect.Response{Status: 503, Header: h, Received: now}).Outcome
		if o.RetryAfter != c.want {
			t.Errorf("%s: %s, not %s", c.name, o.RetryAfter, c.want)
		}
		if p := d.Decide(dialect.Request{}, &o); c.want > 0 && p.After != c.want || c.want <= 0 && p.Backoff.Floor == 0 {
			t.Errorf("%s: the client waits %s or %v", c.name, p.After, p.Backoff)
		}
	}
}

func TestABodyBeyondTheLimitIsReadAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", dialect.MaxBody)
	for _, c := range []struct {
		name, dialect, body string
		status              int
		kind                parlance.Kind
		detail              string
	}{
		{"a long success whose rest could say that it failed", "vbapi", `{"data":"` + long + `","error":null}`, 200, parlance.KindNoted, ""},
		{"a long success that has said so before", "vbapi", `{"error":null,"data":"` + long + `"}`, 200, parlance.KindSuccess, ""},
		{"a long failure tells what came first", "vms", `{"message":"first","errors":{"a":["` + long + `"]}}`, 422, parlance.KindInvalid, "first"},
		{"a long failure keeps its meaning", "plain", long, 502, parlance.KindBadGateway, "*"},
	} {
		r := open(t, c.dialect).Decode(dialect.Request{}, dialect.Response{Status: c.status, Body: []byte(c.body)})
		if r.Outcome.Kind != c.kind || c.detail != "*" && r.Outcome.Detail != c.detail {
			t.Errorf("%s: %s %.20q", c.name, r.Outcome.Kind, r.Outcome.Detail)
		}
		if r.Enveloped {
			t.Errorf("%s: half a payload is handed out", c.name)
		}
	}
}

func TestABulkResponseIsGraftedIntoTheCallersOwnDocument(t *testing.T) {
	t.Parallel()
	d := open(t, "vision")
	document := `<?xml version="1.0"?><m:MANUFACTURING xmlns:m="urn:m"><m:MC n="1"><m:DocRef>A &amp; B</m:DocRef><Customer>JOE</Customer></m:MC><m:MC/></m:MANUFACTURING>`
	items := []parlance.Item{
		{Index: 0, ID: "A & B", Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Detail: "done"}},
		{Index: 1, Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "DocRef <is> missing"}},
	}
	req := dialect.Request{Method: "POST", Path: "/service/ManufactureComplete", Body: []byte(document)}
	w := d.Encode(nil, req, &parlance.Outcome{Kind: parlance.KindPartial, Items: items}, dialect.Payload{})
	want := `<?xml version="1.0"?><m:MANUFACTURING xmlns:m="urn:m"><m:MC n="1"><m:DocRef>A &amp; B</m:DocRef><Customer>JOE</Customer><RES><Code>200</Code><Message>done</Message></RES></m:MC><m:MC><RES><Code>400</Code><Message>DocRef &lt;is&gt; missing</Message></RES></m:MC></m:MANUFACTURING>`
	if string(w.Body) != want || w.Status != 207 {
		t.Errorf("%d\n%s\nnot\n%s", w.Status, w.Body, want)
	}
	back := d.Decode(req, dialect.Response{Status: w.Status, Body: w.Body}).Outcome
	if back.Kind != parlance.KindPartial || len(back.Items) != 2 || back.Items[0].ID != "A & B" || back.Items[1].Outcome.Kind != parlance.KindInvalid {
		t.Errorf("it reads as %+v", back)
	}
}

func TestTheFormOfAResponseFollowsAccept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dialect, accept, media string }{
		{"vms", "", "application/json"}, {"vms", "*/*", "application/json"}, {"vms", "text/html, application/xhtml+xml, */*;q=0.8", "text/html"}, {"vms", "text/html, application/json;q=0.9", "text/html"},
		{"vms", "application/json", "application/json"}, {"vms", "application/json, text/plain, */*", "application/json"},
		{"problem", "", "application/problem+json"}, {"problem", "*/*", "application/problem+json"}, {"problem", "application/json", "application/problem+json"},
		{"problem", "application/problem+xml", "application/problem+xml"}, {"problem", "application/xml;q=0.9, application/json;q=0.1", "application/problem+xml"},
		{"problem", "image/png", "application/problem+json"}, // what nobody can serve gets a response all the same
	} {
		req := dialect.Request{Header: http.Header{}}
		if c.accept != "" {
			req.Header.(http.Header).Set("Accept", c.accept)
		}
		w := open(t, c.dialect).Encode(nil, req, &parlance.Outcome{Kind: parlance.KindNotFound, Detail: "no"}, dialect.Payload{})
		if got := w.Header[0]; got.Name != "Content-Type" || !strings.HasPrefix(got.Value, c.media) {
			t.Errorf("%s with Accept %q responds with %v", c.dialect, c.accept, w.Header)
		}
	}
}

func TestARowUnderACondition(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes:
  200: success
  404:
    - not_found
    - {kind: empty, method: GET, path: "/search/*"}
  409: {kind: conflict, no_effect: true, retry: {after: 3s}}
`)
	for _, c := range []struct {
		method, path string
		want         parlance.Kind
	}{{"GET", "/search/x", parlance.KindEmpty}, {"POST", "/search/x", parlance.KindNotFound}, {"GET", "/items/1", parlance.KindNotFound}} {
		if k := d.Decode(dialect.Request{Method: c.method, Path: c.path}, dialect.Response{Status: 404}).Outcome.Kind; k != c.want {
			t.Errorf("%s %s: %s, not %s", c.method, c.path, k, c.want)
		}
	}
	p := d.Decide(dialect.Request{Method: "POST"}, &parlance.Outcome{Kind: parlance.KindConflict, Status: 409})
	if p.Act != parlance.ActRetry || !p.RetrySafe || p.After != 3*time.Second {
		t.Errorf("an undone conflict: %+v", p)
	}
}

func TestHeaderValuesCannotEndTheHeader(t *testing.T) {
	t.Parallel()
	w := open(t, "problem").Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindNoted, Status: 200, Notes: []string{"a\r\nSet-Cookie: x=1", "b"}, RequestID: "1\n2"}, dialect.Payload{})
	for _, h := range w.Header {
		if strings.ContainsAny(h.Value, "\r\n\x00") {
			t.Errorf("%s: %q", h.Name, h.Value)
		}
	}
}

func TestARecordKeepsItsPlaceWhereAnotherCouldNotBeRead(t *testing.T) {
	t.Parallel()
	o := open(t, "vision").Decode(dialect.Request{Method: "POST"}, dialect.Response{Status: 207, Body: []byte(
		`<MANUFACTURING><MC><DocRef>A</DocRef></MC><MC><DocRef>B</DocRef><RES><Code>400</Code><Message>x</Message></RES></MC></MANUFACTURING>`)}).Outcome
	if o.Kind != parlance.KindPartial || len(o.Items) != 1 || o.Items[0].Index != 1 {
		t.Errorf("it reads as %s with %+v; nobody knows that every record failed, and B is the second", o.Kind, o.Items)
	}
}

func TestADecisionNamesTheLineThatSaidSo(t *testing.T) {
	t.Parallel()
	d := open(t, "vision")
	lines := map[string]string{}
	for _, e := range authoring.Codes(d) {
		if lines[e.Key] == "" && !strings.Contains(e.When, "/token") { // the first is that of a POST
			lines[e.Key] = e.Line
		}
	}
	for _, c := range []struct {
		name, body string
		status     int
		line       string
	}{
		{"all records failed under 200", records400, 200, lines["400"]},
		{"a body that nobody can read", "<html><title>Log in</title></html>", 200, lines["200"]},
		{"a code in the body", "<RES><Code>150</Code></RES>", 500, lines["150"]},
		{"the status alone", "", 404, lines["404"]},
	} {
		req := dialect.Request{Method: "POST"}
		o := d.Decode(req, dialect.Response{Status: c.status, Body: []byte(c.body)}).Outcome
		if p := d.Decide(req, &o); p.Line != c.line {
			t.Errorf("%s: %s, not %s: %s", c.name, p.Line, c.line, p.Why)
		}
	}
	// An unlisted code obeys no schedule that the page gives for another.
	o := d.Decode(dialect.Request{}, dialect.Response{Status: 200, Body: []byte("<RES><Code>777</Code></RES>")}).Outcome
	if p := d.Decide(dialect.Request{}, &o); !strings.HasPrefix(p.Line, "http.yaml:") || len(p.Schedule) > 0 {
		t.Errorf("an unlisted 777: %+v", p)
	}
}

const records400 = `<ORDERS><SO><RES><Code>400</Code></RES></SO><SO><RES><Code>400</Code></RES></SO></ORDERS>`

func TestOmiliasLicenseIsFoundAmongOtherErrorsAndInBothEnvelopes(t *testing.T) {
	t.Parallel()
	d := open(t, "omilia")
	for _, body := range []string{
		`{"errors":[{"code":"x","detail":"No available licenses","meta":{},"source":""},{"code":"y","detail":"other","meta":{},"source":""}]}`,
		`{"errors":[{"code":"y","detail":"other","meta":{},"source":""},{"code":"x","detail":"No available licenses for this app","meta":{},"source":""}]}`,
		`{"detail":[{"loc":[],"msg":"No available licenses","type":"t"}]}`,
	} {
		r := d.Decode(dialect.Request{}, dialect.Response{Status: 403, Body: []byte(body)})
		if o := r.Outcome; o.Kind != parlance.KindQuota || o.Reason != parlance.ReasonLicense || !strings.HasPrefix(o.Detail, "No available licenses") || len(r.Diagnostics) > 0 {
			t.Errorf("%s reads as %+v %v", body, o, r.Diagnostics)
		}
	}
}

func TestPathsInEveryNotationBecomeDotted(t *testing.T) {
	t.Parallel()
	d := open(t, "omilia")
	for source, want := range map[string]string{"/body/a/0/b": "a.0.b", "/a~1b": "a/b", "body.a[0].b": "a.0.b", "$.body.a": "a", "description": "description", "": ""} {
		o := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(`{"errors":[{"code":"1","detail":"d","meta":{},"source":"` + source + `"}]}`)}).Outcome
		got := ""
		if len(o.Fields) > 0 {
			got = o.Fields[0].Path
		}
		if got != want || o.Code != "1" {
			t.Errorf("%q reads as %q, code %q", source, got, o.Code)
		}
	}
}

func TestABatchItemOfAnUnknownFormHidesNoOther(t *testing.T) {
	t.Parallel()
	r := open(t, "vbapi").Decode(dialect.Request{Method: "PUT"}, dialect.Response{Status: 207, Body: []byte(
		`{"data":[{"id":[{"key":"a","value":1}],"status":400,"body":{"msg":"x"}},{"id":[{"key":"a","value":2}],"status":200,"body":"ok"}],"error":null,"debug":{"activityId":"i"}}`)})
	o := r.Outcome
	if len(o.Items) != 2 || o.Items[0].Outcome.Kind != parlance.KindInvalid || o.Kind != parlance.KindPartial || len(r.Diagnostics) == 0 {
		t.Errorf("it reads as %s with %+v, %v", o.Kind, o.Items, r.Diagnostics)
	}
}

func TestAnActivityIdIsFoundWhateverTheEnvelopeLooksLike(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"data":[],"error":{"title":"T"},"debug":{"activityId":"i"}}`, `{"error":null,"debug":{"activityId":"i"}}`, `{"data":null,"error":"text","debug":{"activityId":"i"}}`,
	} {
		if o := open(t, "vbapi").Decode(dialect.Request{}, dialect.Response{Status: 404, Body: []byte(body)}).Outcome; o.RequestID != "i" {
			t.Errorf("%s gives %+v", body, o)
		}
	}
}

func TestProblemsOfOtherPeopleAreRead(t *testing.T) {
	t.Parallel()
	d := open(t, "problem")
	for _, c := range []struct {
		name, body string
		fields     int
		title      string
	}{
		{"nothing but extensions", `{"balance":30}`, 0, ""},
		{"a map of errors", `{"title":"One or more validation errors occurred.","errors":{"Name":["is required","is short"],"Age":["is no number"]}}`, 3, "One or more validation errors occurred."},
		{"errors as texts", `{"title":"T","errors":["a","b"]}`, 2, "T"},
		{"pointers as RFC 9457 writes them", `{"title":"T","errors":[{"detail":"must be positive","pointer":"#/age"}]}`, 1, "T"},
		{"XML with a prefix", `<p:problem xmlns:p="urn:ietf:rfc:7807"><p:title>T</p:title></p:problem>`, 0, "T"},
		{"XML without a namespace", `<problem><title>T</title></problem>`, 0, "T"},
		{"a kind of the other side", `{"title":"T","kind":"internal"}`, 0, "T"},
	} {
		r := d.Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(c.body)})
		if o := r.Outcome; o.Kind != parlance.KindInvalid || len(o.Fields) != c.fields || o.Title != c.title || len(r.Diagnostics) > 0 {
			t.Errorf("%s reads as %+v %v", c.name, o, r.Diagnostics)
		}
	}
}

func TestAuthenticationSchemesAreComparedWithoutCase(t *testing.T) {
	t.Parallel()
	req := dialect.Request{Header: http.Header{"Authorization": {"bearer abc"}}}
	if o := open(t, "vbapi").Decode(req, dialect.Response{Status: 401}).Outcome; o.Reason != parlance.ReasonExpired {
		t.Errorf("it reads as %+v", o)
	}
}

func TestARecordShapeIsChosenByThePath(t *testing.T) {
	t.Parallel()
	d := open(t, "vision")
	o := parlance.Outcome{Kind: parlance.KindPartial, Items: []parlance.Item{
		{Index: 0, ID: "a", Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}, {Index: 1, ID: "b", Outcome: parlance.Outcome{Kind: parlance.KindInvalid}},
	}}
	for path, want := range map[string]string{
		"/service/ManufactureComplete": "<MANUFACTURING><MC><DocRef>a</DocRef><RES><Code>200</Code><Message></Message></RES></MC>",
		"/service/PreAdvice":           "<PREADVICES><PA><HD><CustomerPONumber>a</CustomerPONumber></HD><RES>",
		"/service/FusionOrder":         "<FUSIONS><FO><FH><DocRef>a</DocRef></FH><RES>",
		"/service/Products":            "<PRODUCTS><PC><RES>",
		"/service/SalesOrder":          "<ORDERS><SO><RES>",
		"/service/Another":             "<RECORDS><RECORD><RES>",
	} {
		w := d.Encode(nil, dialect.Request{Method: "POST", Path: path}, &o, dialect.Payload{})
		if !strings.HasPrefix(string(w.Body), want) || w.Status != 207 {
			t.Errorf("%s: %d %s", path, w.Status, w.Body)
		}
		if lost := !strings.Contains(string(w.Body), ">a<"); lost != (len(w.Losses) > 0) {
			t.Errorf("%s: the losses are %v", path, w.Losses)
		}
	}
}

func TestNotationsAreRestoredOnWriting(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes:
  200: success
  ok: {kind: success, status: 200}
  dup: {kind: conflict, status: 409}
  429: rate_limited
  E1*: {kind: forbidden, status: 403}
shapes:
  - name: records
    status: 200
    json: {results!: [{id: $item.id, state!: $item.code}]}
  - name: error
    status: 4xx 5xx
    json: {code: $code, text: $detail, wait?: $retry_after:ms}
`)
	w := d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindRateLimited, RetryAfter: 1500 * time.Millisecond}, dialect.Payload{})
	if !strings.Contains(string(w.Body), `"wait":1500`) {
		t.Errorf("milliseconds are written as %s", w.Body)
	}
	if o := d.Decode(dialect.Request{}, dialect.Response{Status: w.Status, Body: w.Body}).Outcome; o.RetryAfter != 1500*time.Millisecond {
		t.Errorf("they read as %s", o.RetryAfter)
	}
	w = d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindForbidden}, dialect.Payload{})
	if strings.Contains(string(w.Body), "E1") || w.Status != 403 {
		t.Errorf("a glob is written as a code: %d %s", w.Status, w.Body)
	}
	w = d.Encode(nil, dialect.Request{}, &parlance.Outcome{Kind: parlance.KindPartial, Items: []parlance.Item{
		{Index: 0, ID: "a", Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}, {Index: 1, ID: "b", Outcome: parlance.Outcome{Kind: parlance.KindConflict}},
	}}, dialect.Payload{})
	if string(w.Body) != `{"results":[{"id":"a","state":"ok"},{"id":"b","state":"dup"}]}` || w.Status != 200 {
		t.Errorf("records are written with the words of statuses: %d %s", w.Status, w.Body)
	}
}

func TestTheFirstFilledPlaceIsRead(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"message":null,"detail":"m"}`, `{"message":"","error":"m"}`, `{"error":true,"detail":"m"}`, `{"message":"m","detail":null}`, `{"error":{"message":"m"}}`} {
		for _, name := range []string{"plain", "http"} {
			if o := open(t, name).Decode(dialect.Request{}, dialect.Response{Status: 400, Body: []byte(body)}).Outcome; o.Detail != "m" {
				t.Errorf("%s reads %s as %+v", name, body, o)
			}
		}
	}
}

func TestATokenResponseOfVisionIsASuccess(t *testing.T) {
	t.Parallel()
	d := open(t, "vision")
	req := dialect.Request{Method: "POST", Path: "/token"}
	r := d.Decode(req, dialect.Response{Status: 200, Body: []byte(`{"access_token":"a","token_type":"bearer","expires_in":3600,"refresh_token":"r"}`)})
	if r.Outcome.Kind != parlance.KindSuccess || len(r.Diagnostics) > 0 {
		t.Errorf("it reads as %s %v", r.Outcome.Kind, r.Diagnostics)
	}
	r = d.Decode(req, dialect.Response{Status: 400, Body: []byte(`{"error":"invalid_grant","error_description":"spent"}`)})
	if r.Outcome.Kind != parlance.KindInvalid || r.Outcome.Detail != "spent" {
		t.Errorf("a refusal reads as %+v", r.Outcome)
	}
}

func TestAResponseToHEADHasNoBodyAndSaysWhatThatLoses(t *testing.T) {
	t.Parallel()
	w := open(t, "plain").Encode(nil, dialect.Request{Method: "HEAD"}, &parlance.Outcome{Kind: parlance.KindNotFound, Detail: "gone"}, dialect.Payload{})
	if len(w.Body) > 0 || w.Status != 404 || len(w.Losses) != 1 || w.Losses[0].Attribute != "detail" {
		t.Errorf("%d %q %v", w.Status, w.Body, w.Losses)
	}
}

func TestAFormThatIsRefusedGetsNoResponse(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"application/json;q=0": "text/html", "text/html;q=0, application/json;q=0.1": "application/json", "text/html;q=0": "application/json",
	} {
		w := open(t, "vms").Encode(nil, dialect.Request{Header: http.Header{"Accept": {accept}}}, &parlance.Outcome{Kind: parlance.KindNotFound, Detail: "no"}, dialect.Payload{})
		if got := w.Header[0].Value; !strings.HasPrefix(got, want) {
			t.Errorf("%s responds with %s", accept, got)
		}
	}
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
	w := open(t, "vms").Encode(nil, dialect.Request{Header: http.Header{"Accept": {browser}}}, &parlance.Outcome{Kind: parlance.KindNotFound, Detail: "no"}, dialect.Payload{})
	if got := w.Header[0].Value; !strings.HasPrefix(got, "text/html") {
		t.Errorf("a browser gets %s", got)
	}
}

func TestABlankIdempotencyKeyIsNone(t *testing.T) {
	t.Parallel()
	d := open(t, "omilia")
	for key, safe := range map[string]bool{"": false, "  ": false, "k": true} {
		req := dialect.Request{Method: "POST", Header: http.Header{"Idempotency-Key": {key}}}
		if p := d.Decide(req, &parlance.Outcome{Kind: parlance.KindInternal, Status: 500}); p.RetrySafe != safe {
			t.Errorf("with the key %q a retry is safe: %t", key, p.RetrySafe)
		}
	}
}

func TestDownloadsAreNeitherReadNorDoubted(t *testing.T) {
	t.Parallel()
	d := open(t, "vbapi")
	for _, h := range []http.Header{
		{"Content-Type": {"text/csv"}}, {"Content-Type": {"application/octet-stream"}}, {"Content-Type": {"text/event-stream; charset=utf-8"}},
		{"Content-Type": {"application/json"}, "Content-Disposition": {`Attachment; filename="a.json"`}},
	} {
		if d.NeedsBody(dialect.Request{}, 200, h) {
			t.Errorf("%v is to be read", h)
		}
		if r := d.Decode(dialect.Request{}, dialect.Response{Status: 200, Header: h, Body: []byte(`[1]`)}); r.Outcome.Kind != parlance.KindSuccess || len(r.Diagnostics) > 0 {
			t.Errorf("%v reads as %s %v", h, r.Outcome.Kind, r.Diagnostics)
		}
	}
}

func TestACodeIsNotCopiedIntoTheMemberOfItsCoarserOne(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes: {200: success, card_error: {kind: failed, status: 402}, declined: {kind: quota, status: 402}, 4xx: invalid}
shapes:
  - {name: fine, status: 4xx, json: {error: {type?: $family, code!: $code, message: $detail}}}
  - {name: coarse, status: 4xx, json: {error: {type!: $code, code: $absent, message: $detail}}}
`)
	for body, want := range map[string]parlance.Outcome{
		`{"error":{"type":"card_error","message":"m"}}`:                   {Kind: parlance.KindFailed, Code: "card_error"},
		`{"error":{"type":"card_error","code":"declined","message":"m"}}`: {Kind: parlance.KindQuota, Code: "declined", Family: "card_error"},
		`{"error":{"code":"declined","message":"m"}}`:                     {Kind: parlance.KindQuota, Code: "declined"},
		`{"error":{"type":"card_error","code":"new","message":"m"}}`:      {Kind: parlance.KindFailed, Code: "new", Family: "card_error"},
	} {
		o := d.Decode(dialect.Request{}, dialect.Response{Status: 402, Body: []byte(body)}).Outcome
		if o.Kind != want.Kind || o.Code != want.Code || o.Family != want.Family {
			t.Errorf("%s reads as %+v", body, o)
		}
		w := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{})
		back := d.Decode(dialect.Request{}, dialect.Response{Status: w.Status, Body: w.Body}).Outcome
		if back.Kind != o.Kind || back.Code != o.Code || back.Family != o.Family || strings.Count(string(w.Body), o.Code) != 1 {
			t.Errorf("%s is written as %s", body, w.Body)
		}
	}
}

func TestARecordIsWrittenIntoOneOfSeveralLists(t *testing.T) {
	t.Parallel()
	d := compile(t, `
codes: {200: success, bad: {kind: invalid, status: 400}, 4xx: invalid}
shapes:
  - {name: lists, status: 200, json: {added?: [{id: $item, code?: $item.code}], changed?: [{id: $item, code?: $item.code, text: $item.detail}], gone?: [$item]}}
`)
	o := d.Decode(dialect.Request{}, dialect.Response{Status: 200, Body: []byte(`{"added":[{"id":"a"}],"changed":[{"id":"b","code":"bad","text":"t"}],"gone":["c","d"]}`)}).Outcome
	if o.Kind != parlance.KindPartial || len(o.Items) != 4 {
		t.Fatalf("it reads as %+v", o)
	}
	w := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{})
	for _, id := range []string{`"a"`, `"b"`, `"c"`, `"d"`} {
		if strings.Count(string(w.Body), id) != 1 {
			t.Errorf("%s stands there %d times: %s", id, strings.Count(string(w.Body), id), w.Body)
		}
	}
	back := d.Decode(dialect.Request{}, dialect.Response{Status: w.Status, Body: w.Body}).Outcome
	if back.Kind != o.Kind || len(back.Items) != len(o.Items) {
		t.Errorf("%s reads as %+v", w.Body, back)
	}
}

func TestAForgottenDollarIsWarnedOf(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{message: detail}`: true, `{message: {text: code}}`: true, `{errors: [field.message]}`: true, `{"id": item}`: true,
		`{message: $detail}`: false, `{message: "detail"}`: false, `{status: failed}`: false, `{message: title of it}`: false,
	} {
		all := authoring.Lint("test.yaml", []byte("dialect: test\n"+usual+"shapes: [{name: e, status: 4xx, json: "+body+"}]\n"))
		if told := strings.Contains(strings.Join(rules(all), " "), "constant_attribute"); told != want {
			t.Errorf("%s: %v", body, all)
		}
	}
}

func TestAStatusThatNoServerCanSendIsNotWritten(t *testing.T) {
	t.Parallel()
	raced.Skip(t)
	for _, s := range subjects() {
		for _, kind := range parlance.Kinds() {
			for _, status := range []int{0, 1, 99, 100, 101, 103, 110, 150, 199, 1000, 70000, -1} {
				for _, code := range []string{"", "110", "150", "101"} {
					o := parlance.Outcome{Kind: kind, Status: status, Code: code}
					w := s.Encode(nil, dialect.Request{Method: "POST"}, &o, dialect.Payload{})
					if w.Status < 200 || w.Status > 999 {
						t.Fatalf("%s writes %+v under %d", s.name, o, w.Status)
					}
					back := s.Decode(dialect.Request{Method: "POST"}, dialect.Response{Status: w.Status, Header: headerOf(w.Header), Body: w.Body}).Outcome
					if back.Kind != kind && !strings.Contains(attributes(w.Losses), "kind") {
						t.Fatalf("%s writes %+v as %d %s, which reads as %s", s.name, o, w.Status, w.Body, back.Kind)
					}
				}
			}
		}
	}
}

func headerOf(all []dialect.HeaderField) http.Header {
	h := http.Header{}
	for _, p := range all {
		h.Add(p.Name, p.Value)
	}
	return h
}

func TestAFinalInterimStatusIsNoSuccess(t *testing.T) {
	t.Parallel()
	for _, s := range subjects() {
		for _, status := range []int{100, 102, 103, 110, 150, 199} {
			if o := s.Decode(dialect.Request{}, dialect.Response{Status: status}).Outcome; o.Kind == parlance.KindSuccess {
				t.Errorf("%s takes %d for %s", s.name, status, o.Kind)
			}
		}
	}
}

// A payload that is a text keeps its quotes: without them "12" would be written
// as a number, and "a\"b" as another text.
func TestAPayloadThatIsATextIsStillJSON(t *testing.T) {
	t.Parallel()
	d, err := catalog.Open("vbapi")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{`"12"`, `"a\"b"`, `""`, `[]`, `{}`, `12`, `true`, `{"a":"b"}`} {
		body := []byte(`{"data":` + value + `,"error":null,"debug":{"activityId":"a"}}`)
		r := d.Decode(dialect.Request{}, dialect.Response{Status: 200, Body: body})
		if string(r.Data) != value || !r.Enveloped {
			t.Errorf("the payload is %q, not %q", r.Data, value)
		}
		if m := d.Encode(nil, dialect.Request{}, &r.Outcome, dialect.Payload{Body: r.Data}); string(m.Body) != string(body) {
			t.Errorf("written it is %s, not %s", m.Body, body)
		}
	}
}

// What is told by a text that was cut away is not told: a client would retry a
// POST of which nothing is known.
func TestACutBodyIsNotTakenForWhatItsMissingPartWouldTell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect, body string
		want          parlance.Kind
	}{
		{"github", `{"message":"becaus`, parlance.KindForbidden},
		{"github", `{`, parlance.KindForbidden},
		{"github", `{"message":"You have exceeded a secondary rate limit. Please wait","documentation_url":"http`, parlance.KindRateLimited},
		{"omilia", `{"errors":[{"code":"1`, parlance.KindForbidden},
	} {
		d, err := catalog.Open(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		r := d.Decode(dialect.Request{Method: "POST"}, dialect.Response{Status: 403, Body: []byte(c.body), Cut: true})
		if r.Outcome.Kind != c.want {
			t.Errorf("%s: %s became %v/%s, not %v", c.dialect, c.body, r.Outcome.Kind, r.Outcome.Reason, c.want)
		}
	}
}

// A code that cannot be a status does not become one, nor does the first one of
// the range that it is in: 600 is nobody's response to 999.
func TestACodeThatCannotBeAStatusIsWrittenUnderThatOfItsMeaning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect, code string
		kind          parlance.Kind
		status        int
	}{
		{"vbapi", "999", parlance.KindInternal, 500},
		{"vbapi", "600", parlance.KindInternal, 500},
		{"vbapi", "1", parlance.KindInternal, 500},
		{"vision", "600", parlance.KindInternal, 500},
		{"vision", "999", parlance.KindInternal, 500}, // in the body
		{"vision", "415", parlance.KindInvalid, 415},
	} {
		d, err := catalog.Open(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		o := parlance.Outcome{Kind: c.kind, Code: c.code}
		if m := d.Encode(nil, dialect.Request{}, &o, dialect.Payload{}); m.Status != c.status {
			t.Errorf("%s writes %s under %d, not %d", c.dialect, c.code, m.Status, c.status)
		}
	}
}

func TestAConstantThatIsTheCodeOfARow(t *testing.T) {
	t.Parallel()
	const codes = "dialect: d\ncodes: {200: success, 401: unauthenticated, 4xx: invalid, expired: {kind: unauthenticated/expired, status: 401, retry: refresh}, \"7\": {kind: conflict, status: 409}}\nshapes:\n" +
		"  - {name: any, status: 402, json: {code: $code, kind: $family, codes: [$item.code]}}\n"
	for shape, want := range map[string]bool{
		"{name: e, status: 401, json: {code: expired, message: $detail}}":                                                   true,
		"{name: e, status: 401, json: {error!: {code: expired}, message: $detail}}":                                         true,
		"{name: e, status: 409, json: {code: 7, message: $detail}}":                                                         true,
		"{name: e, status: 401, json: {code: {$either: [expired, old]}, message: $detail}}":                                 true,
		"{name: e, status: 401, json: {$either: [{code: expired, m: $detail}, {code: $code, n: $detail}]}}":                 true,
		"{name: e, status: 401, xml: {Error: {Code: expired, Message: $detail}}}":                                           true,
		"{name: e, status: 401, text: expired}":                                                                             true,
		"{name: e, status: 401, headers: {X-Error: expired}, json: {message: $detail}}":                                     true,
		"{name: e, status: 200, path: /b, json: {rows!: [{id: $item, code: expired}, {id: $item, code?: $item.code}]}}":     true,
		"{name: e, status: 401, is: expired, json: {code: expired, message: $detail}}":                                      false,
		"{name: e, status: 401, json: {$is: expired, code: expired, message: $detail}}":                                     false,
		"{name: e, status: 401, json: {state: expired, code: $code, message: $detail}}":                                     false,
		"{name: e, status: 401, json: {state: expired, errors!: [{code: $code, message: $detail}]}}":                        false,
		"{name: e, status: 401, headers: {X-Code: $code}, json: {state: expired, message: $detail}}":                        false,
		"{name: e, status: 401, json: {details!: [{type: expired, m: $detail}, {type: info, code: $code}]}}":                false,
		"{name: e, status: 401, json: {code: {$write: expired}, message: $detail}}":                                         false,
		"{name: e, status: 401, json: {code: 401, message: $detail}}":                                                       false,
		"{name: e, status: 401, json: {code: old, message: $detail}}":                                                       false,
		"{name: e, status: 200, path: /b, json: {rows!: [{id: $item, $is: expired, code: expired}, {id: $item, v: true}]}}": false,
	} {
		all := complaints("d.yaml", []byte(codes+"  - "+shape+"\n"))
		if told := slices.Contains(rules(all), "constant_code"); told != want {
			t.Errorf("%s: it is warned of %v, not %v: %v", shape, told, want, all)
		}
	}
}
