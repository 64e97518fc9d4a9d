package catalog_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// systemRow is one row of the five systems' pages: what is met, what it means,
// what a client does, and how a server says the same.
type systemRow struct {
	name     string
	method   string // "" is GET
	status   int
	body     string
	request  http.Header
	response http.Header
	kind     parlance.Kind
	reason   parlance.Reason
	code     string
	act      parlance.Act
	safe     bool
	check    func(*testing.T, parlance.Outcome, parlance.Decision)
	oneWay   bool // a server writes it otherwise: the row is only read
}

var (
	minuteBackoff = func(t *testing.T, _ parlance.Outcome, d parlance.Decision) {
		t.Helper()
		if d.Backoff != (parlance.Backoff{Floor: time.Second, Cap: time.Minute}) {
			t.Errorf("the backoff is %v, not 1s..60s", d.Backoff)
		}
	}
	fiveThenThirty = func(t *testing.T, _ parlance.Outcome, d parlance.Decision) {
		t.Helper()
		if len(d.Schedule) != 2 || d.Schedule[0] != 5*time.Minute || d.Schedule[1] != 30*time.Minute || d.Then != parlance.ActEscalate {
			t.Errorf("the schedule is %v, then %s; not 5 minutes, then every 30, then escalate", d.Schedule, d.Then)
		}
	}
	bearer  = http.Header{"Authorization": {"Bearer abc"}}
	asJSON  = http.Header{"Accept": {"application/json"}}
	code    = func(c string) string { return "<RES><Code>" + c + "</Code><Message>the reason</Message></RES>" }
	records = func(codes ...string) string {
		s := "<ORDERS>"
		for _, c := range codes {
			s += "<SO><RES><Code>" + c + "</Code><Message>m</Message></RES></SO>"
		}
		return s + "</ORDERS>"
	}
	envelope = func(status, detail string) string {
		return `{"data":null,"error":{"type":"https://httpstatuses.com/` + status + `","title":"T","status":` + status + `,"detail":"` + detail + `","instance":"/x"},"debug":{"activityId":"a1"}}`
	}
	omilia = func(detail string) string {
		return `{"errors":[{"code":"x1","detail":"` + detail + `","meta":{},"source":"","status":400,"title":"T"}]}`
	}
)

var systemRows = map[string][]systemRow{
	"vision": {
		{name: "101 in the body: a wrong token is never refreshed", status: 401, body: code("101"), kind: parlance.KindUnauthenticated, code: "101", act: parlance.ActStop, safe: true},
		{name: "101 in the body under 200: the code wins over the status", status: 200, body: code("101"), kind: parlance.KindUnauthenticated, code: "101", act: parlance.ActStop, safe: true, oneWay: true},
		{name: "102 in the body", status: 403, body: code("102"), kind: parlance.KindForbidden, code: "102", act: parlance.ActStop, safe: true},
		{name: "110 in the body", status: 400, body: code("110"), kind: parlance.KindInvalid, code: "110", act: parlance.ActCorrect, safe: true},
		{name: "150 in the body is as 500", status: 500, body: code("150"), kind: parlance.KindInternal, code: "150", act: parlance.ActRetry, safe: true, check: fiveThenThirty},
		{name: "100-150 others are informational", status: 200, body: code("120"), kind: parlance.KindNoted, code: "120", act: parlance.ActInspect, safe: true},
		{name: "110 as a final status", status: 110, kind: parlance.KindInvalid, act: parlance.ActCorrect, safe: true, oneWay: true},
		{name: "a final 101 without Upgrade", status: 101, kind: parlance.KindUnauthenticated, act: parlance.ActStop, safe: true, oneWay: true},
		{name: "a final 101 with Upgrade is a protocol switch", status: 101, response: http.Header{"Upgrade": {"websocket"}}, kind: parlance.KindSuccess, act: parlance.ActDone, safe: true, oneWay: true},
		{name: "200", status: 200, kind: parlance.KindSuccess, act: parlance.ActDone, safe: true},
		{name: "200 with a record that failed is no success", method: "POST", status: 200, body: records("200", "400"), kind: parlance.KindPartial, act: parlance.ActInspect},
		{name: "200 with nothing but failed records", method: "POST", status: 200, body: records("400", "400"), kind: parlance.KindInvalid, act: parlance.ActCorrect, oneWay: true},
		{name: "201 is noted", method: "POST", status: 201, kind: parlance.KindNoted, act: parlance.ActInspect},
		{name: "202 is noted, not accepted", method: "POST", status: 202, kind: parlance.KindNoted, act: parlance.ActInspect},
		{name: "203", status: 203, kind: parlance.KindNoted, act: parlance.ActInspect, safe: true},
		{name: "205", status: 205, kind: parlance.KindNoted, act: parlance.ActInspect, safe: true},
		{name: "206", status: 206, kind: parlance.KindNoted, act: parlance.ActInspect, safe: true},
		{name: "204 of a GET is empty, and the user is told", status: 204, kind: parlance.KindEmpty, act: parlance.ActInspect, safe: true},
		{name: "207 of a POST", method: "POST", status: 207, body: records("200", "400"), kind: parlance.KindPartial, act: parlance.ActInspect},
		{name: "207 whose records all went well", method: "POST", status: 207, body: records("200", "200"), kind: parlance.KindSuccess, act: parlance.ActDone},
		{name: "400 of a POST: every record failed", method: "POST", status: 400, body: records("400", "400"), kind: parlance.KindInvalid, act: parlance.ActCorrect},
		{name: "401 is expired, whatever the method", method: "POST", status: 401, kind: parlance.KindUnauthenticated, reason: parlance.ReasonExpired, act: parlance.ActRefresh, safe: true},
		{name: "403", status: 403, kind: parlance.KindForbidden, act: parlance.ActStop, safe: true},
		{name: "404", status: 404, kind: parlance.KindNotFound, act: parlance.ActStop, safe: true},
		{name: "406 of a POST: the sentence names the field", method: "POST", status: 406, body: "Failed because field 'SiteCode' is too long", kind: parlance.KindInvalid, reason: parlance.ReasonXML, act: parlance.ActCorrect,
			check: func(t *testing.T, o parlance.Outcome, _ parlance.Decision) {
				if len(o.Fields) != 1 || o.Fields[0].Path != "SiteCode" || o.Fields[0].Message != o.Detail {
					t.Errorf("the fields are %v", o.Fields)
				}
			}},
		{name: "406 of a POST without a field", method: "POST", status: 406, body: "The document is not XML", kind: parlance.KindInvalid, reason: parlance.ReasonXML, act: parlance.ActCorrect},
		{name: "400-429 others", method: "POST", status: 413, kind: parlance.KindInvalid, act: parlance.ActCorrect},
		{name: "429", status: 429, kind: parlance.KindRateLimited, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "500: 5 minutes, then every 30", status: 500, kind: parlance.KindInternal, act: parlance.ActRetry, safe: true, check: fiveThenThirty},
		{name: "500 of a POST is not safe to retry", method: "POST", status: 500, kind: parlance.KindInternal, act: parlance.ActRetry, check: fiveThenThirty},
		{name: "999 as a status", status: 999, kind: parlance.KindInternal, act: parlance.ActRetry, safe: true, check: fiveThenThirty, oneWay: true},
		{name: "999 in the body", status: 200, body: code("999"), kind: parlance.KindInternal, code: "999", act: parlance.ActRetry, safe: true, check: fiveThenThirty, oneWay: true},
	},
	"omilia": {
		{name: "200", status: 200, kind: parlance.KindSuccess, act: parlance.ActDone, safe: true},
		{name: "201", method: "POST", status: 201, kind: parlance.KindSuccess, act: parlance.ActDone},
		{name: "202 is polled, never counted as done", method: "POST", status: 202, kind: parlance.KindAccepted, act: parlance.ActPoll},
		{name: "204", status: 204, kind: parlance.KindEmpty, act: parlance.ActDone, safe: true},
		{name: "400", method: "POST", status: 400, body: omilia("name is missing"), kind: parlance.KindInvalid, code: "x1", act: parlance.ActCorrect},
		{name: "401", status: 401, kind: parlance.KindUnauthenticated, act: parlance.ActStop, safe: true},
		{name: "402", status: 402, body: omilia("it failed"), kind: parlance.KindFailed, code: "x1", act: parlance.ActStop, safe: true},
		{name: "403", status: 403, body: omilia("not yours"), kind: parlance.KindForbidden, code: "x1", act: parlance.ActStop, safe: true},
		{name: "403 for want of a license", method: "POST", status: 403, body: omilia("No available licenses"), kind: parlance.KindQuota, reason: parlance.ReasonLicense, code: "x1", act: parlance.ActStop},
		{name: "404", status: 404, kind: parlance.KindNotFound, act: parlance.ActStop, safe: true},
		{name: "409", method: "POST", status: 409, kind: parlance.KindConflict, act: parlance.ActStop},
		{name: "422", method: "POST", status: 422, kind: parlance.KindInvalid, reason: parlance.ReasonFields, act: parlance.ActCorrect},
		{name: "429 proves that nothing was done", method: "POST", status: 429, kind: parlance.KindRateLimited, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "500", status: 500, kind: parlance.KindInternal, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "500 of a POST with an idempotency key is safe to retry", method: "POST", status: 500, request: http.Header{"Idempotency-Key": {"k"}}, kind: parlance.KindInternal, act: parlance.ActRetry, safe: true},
		{name: "502", status: 502, kind: parlance.KindBadGateway, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "503", status: 503, kind: parlance.KindUnavailable, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "504", status: 504, kind: parlance.KindTimeout, act: parlance.ActRetry, safe: true, check: minuteBackoff},
	},
	"plain": {
		{name: "200", status: 200, kind: parlance.KindSuccess, act: parlance.ActDone, safe: true},
		{name: "201", method: "POST", status: 201, kind: parlance.KindSuccess, act: parlance.ActDone},
		{name: "400", status: 400, body: `{"message":"no"}`, kind: parlance.KindInvalid, act: parlance.ActCorrect, safe: true},
		{name: "401", status: 401, kind: parlance.KindUnauthenticated, act: parlance.ActStop, safe: true},
		{name: "403", status: 403, kind: parlance.KindForbidden, act: parlance.ActStop, safe: true},
		{name: "404", status: 404, kind: parlance.KindNotFound, act: parlance.ActStop, safe: true},
		{name: "500", status: 500, kind: parlance.KindInternal, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "502", status: 502, kind: parlance.KindBadGateway, act: parlance.ActRetry, safe: true},
		{name: "503", status: 503, kind: parlance.KindUnavailable, act: parlance.ActRetry, safe: true},
		{name: "an unlisted 418 is a client error", status: 418, kind: parlance.KindInvalid, act: parlance.ActCorrect, safe: true},
		{name: "an unlisted 599 is a server error", status: 599, kind: parlance.KindInternal, act: parlance.ActRetry, safe: true},
		{name: "an unlisted 429 is a client error too", status: 429, kind: parlance.KindInvalid, act: parlance.ActCorrect, safe: true},
		{name: "503 with Retry-After", status: 503, response: http.Header{"Retry-After": {"120"}}, kind: parlance.KindUnavailable, act: parlance.ActRetry, safe: true,
			check: func(t *testing.T, o parlance.Outcome, d parlance.Decision) {
				if d.After != 2*time.Minute || d.Backoff.Floor != 0 {
					t.Errorf("it waits %s and %v, not just 2m", d.After, d.Backoff)
				}
			}},
	},
	"vbapi": {
		{name: "200", status: 200, body: `{"data":[],"error":null,"debug":{"activityId":"a1"}}`, kind: parlance.KindSuccess, act: parlance.ActDone, safe: true},
		{name: "201", method: "POST", status: 201, body: `{"data":{},"error":null,"debug":{"activityId":"a1"}}`, kind: parlance.KindSuccess, act: parlance.ActDone},
		{name: "207: an item's 500 is not retried", method: "PUT", status: 207, body: `{"data":[{"id":[{"key":"k","value":1}],"status":200,"body":"ok"},{"id":[{"key":"k","value":2}],"status":500,"body":"no"}],"error":null,"debug":{"activityId":"a1"}}`, kind: parlance.KindPartial, act: parlance.ActInspect, safe: true},
		{name: "207: an item's 503 is, alone", method: "PUT", status: 207, body: `{"data":[{"id":[{"key":"k","value":1}],"status":200,"body":"ok"},{"id":[{"key":"k","value":2}],"status":503,"body":"no"}],"error":null,"debug":{"activityId":"a1"}}`, kind: parlance.KindPartial, act: parlance.ActRetry, safe: true,
			check: func(t *testing.T, _ parlance.Outcome, d parlance.Decision) {
				if d.Scope != parlance.ScopeItems {
					t.Errorf("the scope is %q, not items", d.Scope)
				}
			}},
		{name: "400", status: 400, body: envelope("400", "bad"), kind: parlance.KindInvalid, act: parlance.ActCorrect, safe: true},
		{name: "401 with a bearer in the request: log in again", method: "POST", status: 401, request: bearer, body: envelope("401", "no"), kind: parlance.KindUnauthenticated, reason: parlance.ReasonExpired, act: parlance.ActRefresh, safe: true},
		{name: "401 without one", method: "POST", status: 401, body: envelope("401", "no"), kind: parlance.KindUnauthenticated, act: parlance.ActStop},
		{name: "403", status: 403, body: envelope("403", "no"), kind: parlance.KindForbidden, act: parlance.ActStop, safe: true},
		{name: "404", status: 404, body: envelope("404", "no"), kind: parlance.KindNotFound, act: parlance.ActStop, safe: true},
		{name: "429", status: 429, kind: parlance.KindRateLimited, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "500 is escalated, not retried", status: 500, body: envelope("500", "no"), kind: parlance.KindInternal, act: parlance.ActEscalate, safe: true},
		{name: "502", status: 502, body: envelope("502", "no"), kind: parlance.KindBadGateway, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "503", status: 503, body: envelope("503", "no"), kind: parlance.KindUnavailable, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "504", status: 504, body: envelope("504", "no"), kind: parlance.KindTimeout, act: parlance.ActRetry, safe: true, check: minuteBackoff},
	},
	"vms": {
		{name: "200", status: 200, body: `[{"id":1}]`, kind: parlance.KindSuccess, act: parlance.ActDone, safe: true},
		{name: "200 with null is empty", status: 200, body: "null", kind: parlance.KindEmpty, act: parlance.ActDone, safe: true},
		{name: "201", method: "POST", status: 201, kind: parlance.KindSuccess, act: parlance.ActDone},
		{name: "204", status: 204, kind: parlance.KindEmpty, act: parlance.ActDone, safe: true},
		{name: "400", status: 400, request: asJSON, body: `{"message":"wrong"}`, kind: parlance.KindInvalid, act: parlance.ActCorrect, safe: true},
		{name: "401", status: 401, kind: parlance.KindUnauthenticated, act: parlance.ActStop, safe: true},
		{name: "402", method: "POST", status: 402, request: asJSON, body: `{"message":"","errors":{"license":["The limit"]}}`, kind: parlance.KindQuota, reason: parlance.ReasonLicense, act: parlance.ActStop},
		{name: "403", status: 403, kind: parlance.KindForbidden, act: parlance.ActStop, safe: true},
		{name: "404", status: 404, kind: parlance.KindNotFound, act: parlance.ActStop, safe: true},
		{name: "422", method: "POST", status: 422, request: asJSON, body: `{"message":"m","errors":{"url":["a","b"],"date":["c"]}}`, kind: parlance.KindInvalid, reason: parlance.ReasonFields, act: parlance.ActCorrect,
			check: func(t *testing.T, o parlance.Outcome, _ parlance.Decision) {
				if len(o.Fields) != 3 || o.Fields[1].Path != "url" || o.Fields[2].Path != "date" {
					t.Errorf("the fields are %v", o.Fields)
				}
			}},
		{name: "429", method: "POST", status: 429, kind: parlance.KindRateLimited, act: parlance.ActRetry, safe: true, check: minuteBackoff},
		{name: "419 on one endpoint", method: "POST", status: 419, kind: parlance.KindRateLimited, act: parlance.ActRetry, safe: true, oneWay: true},
		{name: "500", status: 500, kind: parlance.KindInternal, act: parlance.ActRetry, safe: true},
		{name: "502", status: 502, kind: parlance.KindBadGateway, act: parlance.ActRetry, safe: true},
		{name: "503", status: 503, kind: parlance.KindUnavailable, reason: parlance.ReasonMaintenance, act: parlance.ActRetry, safe: true},
	},
}

func TestEveryRowOfTheFiveSystemsIsReadDecidedOnAndWritten(t *testing.T) {
	t.Parallel()
	for name, rows := range systemRows {
		d := opened(t, name)
		for _, row := range rows {
			t.Run(name+" "+row.name, func(t *testing.T) {
				t.Parallel()
				req := dialect.Request{Method: row.method, Path: "/x", Header: row.request}
				read := d.Decode(req, dialect.Response{Status: row.status, Header: row.response, Body: []byte(row.body)})
				o := read.Outcome
				for _, g := range read.Diagnostics {
					t.Errorf("a complaint: %s", g.Error())
				}
				if o.Kind != row.kind || o.Reason != row.reason || o.Code != row.code || o.Status != row.status {
					t.Errorf("it reads as %s/%s code %q status %d, not %s/%s code %q", o.Kind, o.Reason, o.Code, o.Status, row.kind, row.reason, row.code)
				}
				p := d.Decide(req, &o)
				if p.Act != row.act || p.RetrySafe != row.safe {
					t.Errorf("a client does %s (safe %t), not %s (safe %t)", p.Act, p.RetrySafe, row.act, row.safe)
				}
				if p.Why == "" || !strings.Contains(p.Line, ".yaml:") {
					t.Errorf("the decision has no reason or line: %q, %q", p.Why, p.Line)
				}
				if row.check != nil {
					row.check(t, o, p)
				}
				if row.oneWay {
					return
				}
				w := d.Encode(nil, req, &o, dialect.Payload{Body: read.Data})
				if w.Status != row.status {
					t.Errorf("it is written with status %d", w.Status)
				}
				for _, l := range w.Losses {
					t.Errorf("writing loses %s: %s", l.Attribute, l.Reason)
				}
				again := d.Decode(req, dialect.Response{Status: w.Status, Header: pairs(w.Header), Body: w.Body})
				if got, want := outcomeJSON(t, again.Outcome), outcomeJSON(t, completed(o, again.Outcome)); got != want {
					t.Errorf("what was written, %s, reads as\n%s\nnot as\n%s", w.Body, got, want)
				}
				// A server that knows only the kind gives the same meaning.
				bare := d.Encode(nil, req, &parlance.Outcome{Kind: o.Kind, Reason: o.Reason}, dialect.Payload{})
				if back := d.Decode(req, dialect.Response{Status: bare.Status, Header: pairs(bare.Header), Body: bare.Body}); back.Outcome.Kind != o.Kind || back.Outcome.Reason != o.Reason {
					t.Errorf("%s/%s alone is written as %d %s, which reads as %s/%s", o.Kind, o.Reason, bare.Status, bare.Body, back.Outcome.Kind, back.Outcome.Reason)
				}
			})
		}
	}
}

func TestASecondRefusalAfterARefreshIsAStop(t *testing.T) {
	t.Parallel()
	d := opened(t, "vision")
	o := parlance.Outcome{Kind: parlance.KindUnauthenticated, Reason: parlance.ReasonExpired, Status: 401}
	if p := d.Decide(dialect.Request{}, &o, parlance.ActRefresh); p.Act != parlance.ActStop {
		t.Errorf("the second 401 gives %s, not stop", p.Act)
	}
}

func TestVisionIsReportedAfterTheSecondScheduledFailure(t *testing.T) {
	t.Parallel()
	d := opened(t, "vision")
	o := parlance.Outcome{Kind: parlance.KindInternal, Status: 500}
	for retries, want := range []parlance.Act{parlance.ActRetry, parlance.ActRetry, parlance.ActEscalate} {
		tried := make([]parlance.Act, retries)
		for i := range tried {
			tried[i] = parlance.ActRetry
		}
		if p := d.Decide(dialect.Request{}, &o, tried...); p.Act != want {
			t.Errorf("after %d retries: %s, not %s", retries, p.Act, want)
		}
	}
}

func TestATransportThatFailsIsDecidedOnByWhetherItCanHaveHadAnEffect(t *testing.T) {
	t.Parallel()
	d := opened(t, "vbapi")
	for _, c := range []struct {
		reason parlance.Reason
		kind   parlance.Kind
		act    parlance.Act
		safe   bool
	}{
		{parlance.ReasonRefused, parlance.KindUnavailable, parlance.ActRetry, true}, {parlance.ReasonDNS, parlance.KindUnavailable, parlance.ActRetry, true}, {parlance.ReasonTLS, parlance.KindUnavailable, parlance.ActStop, true},
		{parlance.ReasonReset, parlance.KindUnavailable, parlance.ActRetry, false}, {parlance.ReasonDeadline, parlance.KindTimeout, parlance.ActRetry, false},
	} {
		p := d.Decide(dialect.Request{Method: "POST"}, &parlance.Outcome{Kind: c.kind, Reason: c.reason})
		if p.Act != c.act || p.RetrySafe != c.safe {
			t.Errorf("%s of a POST: %s, safe %t", c.reason, p.Act, p.RetrySafe)
		}
	}
}
