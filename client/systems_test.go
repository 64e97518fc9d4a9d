package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// promise is one row of a system's table: a request, what the server responds to
// it, and what the client makes of that.
type promise struct {
	name   string
	method string            // "" is GET
	path   string            // "" is /things
	asks   map[string]string // header of the request
	sends  string            // its body
	login  bool              // the client has a credential, whose tokens are t1, t2, …

	// The responses, the last of which repeats.
	replies []response

	kind   parlance.Kind
	reason parlance.Reason
	code   string
	act    parlance.Act
	scope  parlance.Scope
	held   string // a part of why a retry that the page asks for was not made

	detail string
	fields []parlance.Field
	items  []string // index, id, kind and code of each record
	id     string   // the request id

	sent    int              // how often the server saw it; 0 is once
	tokens  []string         // the Authorization of each request
	waits   []time.Duration  // before each retry, where they are exact
	backoff parlance.Backoff // the bounds of each wait, where they are not
	wait    time.Duration    // what is handed back to be waited for
	more    func(*testing.T, *http.Response, *client.Report)
}

// virtual reports that the client is to wait, which is tested in virtual time;
// everything else goes over a socket.
func (p *promise) virtual() bool { return len(p.waits) > 0 || p.backoff.Floor > 0 }

// sentinels has one error for each kind that is not good.
var sentinels = map[parlance.Kind]error{
	parlance.KindInvalid: parlance.ErrInvalid, parlance.KindFailed: parlance.ErrFailed, parlance.KindUnauthenticated: parlance.ErrUnauthenticated,
	parlance.KindForbidden: parlance.ErrForbidden, parlance.KindNotFound: parlance.ErrNotFound, parlance.KindConflict: parlance.ErrConflict,
	parlance.KindRateLimited: parlance.ErrRateLimited, parlance.KindQuota: parlance.ErrQuota, parlance.KindInternal: parlance.ErrInternal,
	parlance.KindBadGateway: parlance.ErrBadGateway, parlance.KindUnavailable: parlance.ErrUnavailable, parlance.KindTimeout: parlance.ErrTimeout,
	parlance.KindPartial: parlance.ErrPartial,
}

// onlyOfKind wants the error to be that of the kind and of no other.
func onlyOfKind(t *testing.T, err error, kind parlance.Kind) {
	t.Helper()
	for k, sentinel := range sentinels {
		if errors.Is(err, sentinel) != (k == kind) {
			t.Errorf("errors.Is(%v, %v) is %v", err, sentinel, k != kind)
		}
	}
	if kind.Good() != (err == nil) {
		t.Errorf("a %v gives the error %v", kind, err)
	}
}

var minute = parlance.Backoff{Floor: time.Second, Cap: time.Minute}

func inXML(status int, body string) response {
	return response{status: status, header: map[string]string{"Content-Type": "application/xml"}, body: body}
}

func res(code int, message string) string {
	return fmt.Sprintf("<RES><Code>%d</Code><Message>%s</Message></RES>", code, message)
}

// made is a document of ManufactureComplete, each record with its RES.
func made(codes ...int) string {
	s := "<MANUFACTURING>"
	for i, c := range codes {
		s += fmt.Sprintf("<MC><DocRef>API_%d</DocRef><Customer>JOE</Customer>%s</MC>", i+1, res(c, fmt.Sprintf("record %d", i+1)))
	}
	return s + "</MANUFACTURING>"
}

func inJSON(status int, body string) response { return response{status: status, body: body} }

func (a response) with(name, value string) response {
	header := map[string]string{name: value}
	for n, v := range a.header {
		header[n] = v
	}
	a.header = header
	return a
}

func omiliaErrors(code, detail, source string, status int) string {
	return fmt.Sprintf(`{"errors":[{"code":%q,"detail":%q,"meta":{},"source":%q,"status":%d,"title":"T"}]}`, code, detail, source, status)
}

const activity = "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"

func vbapiError(status int) response {
	return inJSON(status, fmt.Sprintf(`{"data":null,"error":{"type":"https://httpstatuses.com/%[1]d","title":"T","status":%[1]d,"detail":"what went wrong","instance":"/things"},"debug":{"activityId":%[2]q}}`, status, activity))
}

func vbapiData(status int, data string) response {
	return inJSON(status, fmt.Sprintf(`{"data":%s,"error":null,"debug":{"activityId":%q}}`, data, activity))
}

func vbapiBatch(statuses ...int) response {
	var items []string
	for i, s := range statuses {
		items = append(items, fmt.Sprintf(`{"id":[{"key":"key","value":%d}],"status":%d,"body":"text %d"}`, i+1, s, i+1))
	}
	return vbapiData(207, "["+strings.Join(items, ",")+"]").with("Content-Type", "text/plain")
}

const vmsPage = `<html><head><title>Not Found</title></head><body>404</body></html>`

// negotiating is a server of vms: without a wish for JSON, and so under */* too,
// its errors are a page.
var negotiating = response{do: func(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(404)
		io.WriteString(w, `{"message":"no such camera","errors":{}}`)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(404)
	io.WriteString(w, vmsPage)
}}

// told wants the user to be told of all of it.
func told(parts ...string) func(*testing.T, *http.Response, *client.Report) {
	return func(t *testing.T, _ *http.Response, r *client.Report) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(r.Outcome.Help, part) {
				t.Errorf("the help %q does not speak of %q", r.Outcome.Help, part)
			}
		}
	}
}

// five is what each of the five founding systems promises, row by row.
func five() map[string][]promise {
	const (
		manufacture = "/service/ManufactureComplete"
		input       = "<MANUFACTURING><MC><DocRef>API_1</DocRef></MC></MANUFACTURING>"
		m           = time.Minute
	)
	post := func(p promise) promise {
		p.method, p.path, p.sends = "POST", manufacture, input
		return p
	}
	schedule := []time.Duration{5 * m, 30 * m}

	vision := []promise{
		{name: "101 under 401: a wrong token is not refreshed", login: true, replies: []response{inXML(401, res(101, "wrong token"))},
			kind: parlance.KindUnauthenticated, code: "101", act: parlance.ActStop, detail: "wrong token", tokens: []string{"Bearer t1"}, more: told("credential")},
		{name: "101 under 200: the code wins over the status", login: true, replies: []response{inXML(200, res(101, "wrong token"))},
			kind: parlance.KindUnauthenticated, code: "101", act: parlance.ActStop, detail: "wrong token", tokens: []string{"Bearer t1"}},
		{name: "102 under 403", replies: []response{inXML(403, res(102, "not this site"))}, kind: parlance.KindForbidden, code: "102", act: parlance.ActStop, detail: "not this site", more: told("customer or site")},
		{name: "102 under 200", replies: []response{inXML(200, res(102, "not this site"))}, kind: parlance.KindForbidden, code: "102", act: parlance.ActStop, detail: "not this site"},
		{name: "110 under 400", replies: []response{inXML(400, res(110, "bad date"))}, kind: parlance.KindInvalid, code: "110", act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "bad date"},
		{name: "110 under 200", replies: []response{inXML(200, res(110, "bad date"))}, kind: parlance.KindInvalid, code: "110", act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "bad date"},
		{name: "150 under 500 is handed back where 5 minutes are too long", replies: []response{inXML(500, res(150, "the service broke"))},
			kind: parlance.KindInternal, code: "150", act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "the service broke", held: "longer than 30s", wait: 5 * m},
		{name: "150 under 500: as 500", replies: []response{inXML(500, res(150, "the service broke"))},
			kind: parlance.KindInternal, code: "150", act: parlance.ActEscalate, detail: "the service broke", sent: 3, waits: schedule},
		{name: "200", replies: []response{inJSON(200, `[{"SKU":"A"}]`)}, kind: parlance.KindSuccess, act: parlance.ActDone},
		post(promise{name: "200 with a record each", replies: []response{inXML(200, made(200, 200))},
			kind: parlance.KindSuccess, act: parlance.ActDone, items: []string{"0 API_1 success 200", "1 API_2 success 200"}}),
		post(promise{name: "RES 400 under 200 is no success", replies: []response{inXML(200, made(400))},
			kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeItems, items: []string{"0 API_1 invalid 400"}}),
		post(promise{name: "RES 400 beside RES 200 under 200 is partial", replies: []response{inXML(200, made(200, 400))},
			kind: parlance.KindPartial, act: parlance.ActInspect, items: []string{"0 API_1 success 200", "1 API_2 invalid 400"}}),
		{name: "RES 400 under 200 of a GET is no success", replies: []response{inXML(200, made(400))},
			kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeItems, items: []string{"0 API_1 invalid 400"}},
		{name: "204 of a GET is empty, and the user is told", replies: []response{{status: 204}}, kind: parlance.KindEmpty, act: parlance.ActInspect, more: told("nothing matches")},
		post(promise{name: "204 of a POST is noted", replies: []response{{status: 204}}, kind: parlance.KindNoted, act: parlance.ActInspect}),
		post(promise{name: "207", replies: []response{inXML(207, made(200, 400))},
			kind: parlance.KindPartial, act: parlance.ActInspect, items: []string{"0 API_1 success 200", "1 API_2 invalid 400"}, more: told("resubmit only these")}),
		{name: "207 of a GET is noted", replies: []response{inXML(207, "<X/>")}, kind: parlance.KindNoted, act: parlance.ActInspect},
		post(promise{name: "400: every record failed", replies: []response{inXML(400, made(400, 400))},
			kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeItems, items: []string{"0 API_1 invalid 400", "1 API_2 invalid 400"}}),
		{name: "401 is expired: refreshed once, then retried", login: true, replies: []response{{status: 401}, inJSON(200, "[]")},
			kind: parlance.KindSuccess, act: parlance.ActDone, sent: 2, tokens: []string{"Bearer t1", "Bearer t2"}},
		post(promise{name: "401 of a POST did nothing, so it is retried with its body", login: true, replies: []response{{status: 401}, inXML(200, made(200))},
			kind: parlance.KindSuccess, act: parlance.ActDone, sent: 2, tokens: []string{"Bearer t1", "Bearer t2"}, items: []string{"0 API_1 success 200"}}),
		{name: "401 a second time is stop", login: true, replies: []response{{status: 401}}, kind: parlance.KindUnauthenticated, reason: parlance.ReasonExpired, act: parlance.ActStop,
			sent: 2, tokens: []string{"Bearer t1", "Bearer t2"}},
		{name: "401 without a credential of ours is handed back", replies: []response{{status: 401}}, kind: parlance.KindUnauthenticated, reason: parlance.ReasonExpired, act: parlance.ActRefresh,
			scope: parlance.ScopeRequest, held: "the caller's own"},
		post(promise{name: "403", replies: []response{{status: 403}}, kind: parlance.KindForbidden, act: parlance.ActStop, more: told("rate limit")}),
		{name: "404", replies: []response{{status: 404}}, kind: parlance.KindNotFound, act: parlance.ActStop},
		post(promise{name: "406: the sentence names the field", replies: []response{{status: 406, header: map[string]string{"Content-Type": "text/plain"}, body: "Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed"}},
			kind: parlance.KindInvalid, reason: parlance.ReasonXML, act: parlance.ActCorrect, scope: parlance.ScopeRequest,
			detail: "Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed",
			fields: []parlance.Field{{Path: "SiteCode", Message: "Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed"}}}),
		post(promise{name: "406 that names no field", replies: []response{{status: 406, header: map[string]string{"Content-Type": "text/plain"}, body: "The root element is missing"}},
			kind: parlance.KindInvalid, reason: parlance.ReasonXML, act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "The root element is missing"}),
		{name: "406 of a GET is a client error like others", replies: []response{{status: 406}}, kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeRequest},
		{name: "429 backs off", replies: []response{{status: 429}}, kind: parlance.KindRateLimited, act: parlance.ActRetry, scope: parlance.ScopeRequest, sent: 4, backoff: minute, held: "as often as allowed"},
		post(promise{name: "429 of a POST did nothing, so it is retried", replies: []response{{status: 429}, {status: 429}, inXML(200, made(200))},
			kind: parlance.KindSuccess, act: parlance.ActDone, sent: 3, backoff: minute, items: []string{"0 API_1 success 200"}}),
		{name: "500: 5 minutes, then 30, then support", replies: []response{inXML(500, res(500, "encoding"))}, kind: parlance.KindInternal, code: "500", act: parlance.ActEscalate, detail: "encoding", sent: 3, waits: schedule},
		{name: "500 that passes is forgotten", replies: []response{{status: 500}, inJSON(200, "[]")}, kind: parlance.KindSuccess, act: parlance.ActDone, sent: 2, waits: schedule[:1]},
		{name: "500 is handed back where 5 minutes are too long", replies: []response{{status: 500}}, kind: parlance.KindInternal, act: parlance.ActRetry, scope: parlance.ScopeRequest, held: "longer than 30s", wait: 5 * m},
		post(promise{name: "500 of a POST is not retried, for something may have been done", replies: []response{{status: 500}}, kind: parlance.KindInternal, act: parlance.ActRetry, scope: parlance.ScopeRequest, held: "Call.RetryUnsafe", wait: 5 * m}),
		{name: "500 in a body under 200", replies: []response{inXML(200, res(500, "encoding"))}, kind: parlance.KindInternal, code: "500", act: parlance.ActEscalate, detail: "encoding", sent: 3, waits: schedule},
		{name: "999 as a status", replies: []response{{status: 999}}, kind: parlance.KindInternal, act: parlance.ActEscalate, sent: 3, waits: schedule},
		{name: "999 as a status over a socket", replies: []response{inXML(999, res(999, "old"))}, kind: parlance.KindInternal, code: "999", act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "old", held: "longer than 30s", wait: 5 * m},
		{name: "999 in a body under 200", replies: []response{inXML(200, res(999, "old"))}, kind: parlance.KindInternal, code: "999", act: parlance.ActEscalate, detail: "old", sent: 3, waits: schedule},
	}
	for path, record := range map[string]string{ // where a record says which it is differs by resource
		"/service/PreAdvice":   "<PREADVICES><PA><HD><CustomerPONumber>R1</CustomerPONumber></HD>%s</PA></PREADVICES>",
		"/service/FusionOrder": "<FUSIONS><FO><FH><DocRef>R1</DocRef></FH>%s</FO></FUSIONS>",
		"/service/Product":     "<PRODUCTS><PC>%s</PC></PRODUCTS>",
		"/service/PlaceOrder":  "<ORDERS><SO>%s</SO></ORDERS>",
	} {
		id := ""
		if strings.Contains(record, "R1") {
			id = "R1"
		}
		vision = append(vision, promise{name: "a record of " + path, method: "POST", path: path, sends: "<X/>", replies: []response{inXML(400, fmt.Sprintf(record, res(400, "no")))},
			kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeItems, items: []string{"0 " + id + " invalid 400"}})
	}
	for _, code := range []int{100, 103, 109, 111, 120, 149} {
		vision = append(vision, promise{name: fmt.Sprintf("%d under 200 is for information", code), replies: []response{inXML(200, res(code, "by the way"))},
			kind: parlance.KindNoted, code: strconv.Itoa(code), act: parlance.ActInspect, detail: "by the way"})
	}
	for _, status := range []int{201, 202, 203, 205, 206} {
		vision = append(vision,
			promise{name: fmt.Sprintf("%d is noted, and the user is told", status), replies: []response{{status: status}}, kind: parlance.KindNoted, act: parlance.ActInspect, more: told("need attention")},
			post(promise{name: fmt.Sprintf("%d of a POST is noted", status), replies: []response{{status: status}}, kind: parlance.KindNoted, act: parlance.ActInspect}))
	}
	for status := 400; status <= 429; status++ {
		switch status {
		case 401, 403, 404, 406, 429: // rows of their own
			continue
		}
		vision = append(vision,
			promise{name: fmt.Sprintf("%d is to be corrected", status), replies: []response{{status: status}}, kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeRequest},
			post(promise{name: fmt.Sprintf("%d of a POST is to be corrected", status), replies: []response{{status: status}}, kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeRequest}))
	}

	create := func(p promise) promise {
		p.method, p.sends = "POST", `{"name":"x"}`
		return p
	}
	failure := func(status int, detail string) []response {
		return []response{inJSON(status, omiliaErrors("1000", detail, "", status))}
	}
	omilia := []promise{
		{name: "200", replies: []response{inJSON(200, `{"id":1}`)}, kind: parlance.KindSuccess, act: parlance.ActDone},
		create(promise{name: "201 says where", replies: []response{inJSON(201, `{"id":1}`).with("Location", "/things/1")}, kind: parlance.KindSuccess, act: parlance.ActDone,
			more: func(t *testing.T, resp *http.Response, _ *client.Report) {
				if at, err := resp.Location(); err != nil || at.Path != "/things/1" {
					t.Errorf("it is at %v, %v", at, err)
				}
			}}),
		create(promise{name: "202 is to be polled and never counted as done", replies: []response{{status: 202, header: map[string]string{"Location": "/jobs/1", "Retry-After": "7"}}}, kind: parlance.KindAccepted, act: parlance.ActPoll,
			more: func(t *testing.T, _ *http.Response, r *client.Report) {
				if r.Decision.After != 7*time.Second {
					t.Errorf("look again after %v", r.Decision.After)
				}
			}}),
		create(promise{name: "204", replies: []response{{status: 204}}, kind: parlance.KindEmpty, act: parlance.ActDone}),
		create(promise{name: "400", replies: failure(400, "name is missing"), kind: parlance.KindInvalid, code: "1000", act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "name is missing"}),
		create(promise{name: "401 is not refreshed", login: true, replies: []response{{status: 401}}, kind: parlance.KindUnauthenticated, act: parlance.ActStop, tokens: []string{"Bearer t1"}, more: told("API key")}),
		create(promise{name: "402", replies: failure(402, "the card was refused"), kind: parlance.KindFailed, code: "1000", act: parlance.ActStop, detail: "the card was refused"}),
		create(promise{name: "403", replies: failure(403, "not yours"), kind: parlance.KindForbidden, code: "1000", act: parlance.ActStop, detail: "not yours"}),
		create(promise{name: "403 for want of a seat", replies: failure(403, "No available licenses"), kind: parlance.KindQuota, reason: parlance.ReasonLicense, code: "1000", act: parlance.ActStop, detail: "No available licenses", more: told("seat")}),
		create(promise{name: "403 for want of a seat, in the other envelope", replies: []response{inJSON(403, `{"detail":[{"loc":["body"],"msg":"No available licenses for voice","type":"license"}]}`)},
			kind: parlance.KindQuota, reason: parlance.ReasonLicense, act: parlance.ActStop, detail: "No available licenses for voice",
			fields: []parlance.Field{{Code: "license", Message: "No available licenses for voice"}}}),
		{name: "404", replies: failure(404, "no such thing"), kind: parlance.KindNotFound, code: "1000", act: parlance.ActStop, detail: "no such thing"},
		create(promise{name: "409 is never sent twice", replies: failure(409, "the key is in use"), kind: parlance.KindConflict, code: "1000", act: parlance.ActStop, detail: "the key is in use", more: told("new key")}),
		{name: "409 of a GET is not retried either", replies: failure(409, "busy"), kind: parlance.KindConflict, code: "1000", act: parlance.ActStop, detail: "busy"},
		create(promise{name: "422 whose inner status is another", replies: []response{inJSON(422, omiliaErrors("1022", "Description too long", "/body/description", 400))},
			kind: parlance.KindInvalid, reason: parlance.ReasonFields, code: "1022", act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "Description too long",
			fields: []parlance.Field{{Path: "description", Code: "1022", Message: "Description too long"}}}),
		create(promise{name: "422 in the other envelope, whose type is the field's code only", replies: []response{inJSON(422, `{"detail":[{"loc":["body","apps",0,"name"],"msg":"field required","type":"value_error.missing"},{"loc":["body","size"],"msg":"too big","type":"value_error"}]}`)},
			kind: parlance.KindInvalid, reason: parlance.ReasonFields, act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "field required",
			fields: []parlance.Field{{Path: "apps.0.name", Code: "value_error.missing", Message: "field required"}, {Path: "size", Code: "value_error", Message: "too big"}}}),
		create(promise{name: "429 backs off", replies: []response{{status: 429}}, kind: parlance.KindRateLimited, act: parlance.ActRetry, scope: parlance.ScopeRequest, sent: 4, backoff: minute, held: "as often as allowed"}),
	}
	for status, kind := range map[int]parlance.Kind{500: parlance.KindInternal, 502: parlance.KindBadGateway, 503: parlance.KindUnavailable, 504: parlance.KindTimeout} {
		omilia = append(omilia,
			promise{name: fmt.Sprintf("%d of a GET", status), replies: failure(status, "later"), kind: kind, code: "1000", act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "later", sent: 4, backoff: minute, held: "as often as allowed"},
			create(promise{name: fmt.Sprintf("%d of a POST, whose key makes a retry safe", status), replies: failure(status, "later"), kind: kind, code: "1000", act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "later", sent: 4, backoff: minute, held: "as often as allowed"}),
			create(promise{name: fmt.Sprintf("%d of a POST that passes", status), replies: append(failure(status, "later"), inJSON(201, `{"id":1}`)), kind: parlance.KindSuccess, act: parlance.ActDone, sent: 2, backoff: minute}))
	}

	message := func(status int) []response { return []response{inJSON(status, `{"message":"in words"}`)} }
	plain := []promise{
		{name: "200", replies: []response{inJSON(200, `{"id":1}`)}, kind: parlance.KindSuccess, act: parlance.ActDone},
		create(promise{name: "201", replies: []response{inJSON(201, `{"id":1}`)}, kind: parlance.KindSuccess, act: parlance.ActDone}),
		{name: "503 with Retry-After waits just so long", replies: []response{message(503)[0].with("Retry-After", "120"), inJSON(200, "{}")}, kind: parlance.KindSuccess, act: parlance.ActDone, sent: 2, waits: []time.Duration{2 * m}},
		{name: "503 with a Retry-After that is too long is handed back", replies: []response{message(503)[0].with("Retry-After", "120")}, kind: parlance.KindUnavailable, act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "in words", wait: 2 * m, held: "longer than 30s"},
		{name: "503 as a page", replies: []response{{status: 503, header: map[string]string{"Content-Type": "text/html", "Retry-After": "31"}, body: "<html><head><title>Down</title></head></html>"}}, kind: parlance.KindUnavailable, act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "Down", wait: 31 * time.Second, held: "longer than 30s"},
	}
	for status, row := range map[int]struct {
		kind parlance.Kind
		act  parlance.Act
	}{
		400: {parlance.KindInvalid, parlance.ActCorrect}, 401: {parlance.KindUnauthenticated, parlance.ActStop}, 403: {parlance.KindForbidden, parlance.ActStop}, 404: {parlance.KindNotFound, parlance.ActStop},
		402: {parlance.KindInvalid, parlance.ActCorrect}, 409: {parlance.KindInvalid, parlance.ActCorrect}, 418: {parlance.KindInvalid, parlance.ActCorrect}, 429: {parlance.KindInvalid, parlance.ActCorrect}, 499: {parlance.KindInvalid, parlance.ActCorrect},
	} {
		p := promise{name: fmt.Sprintf("%d is never retried unmodified", status), replies: message(status), login: true, kind: row.kind, act: row.act, detail: "in words", tokens: []string{"Bearer t1"}}
		if row.act == parlance.ActCorrect {
			p.scope = parlance.ScopeRequest
		}
		plain = append(plain, p, create(p))
	}
	for status, kind := range map[int]parlance.Kind{500: parlance.KindInternal, 502: parlance.KindBadGateway, 503: parlance.KindUnavailable, 599: parlance.KindInternal, 507: parlance.KindInternal} {
		plain = append(plain,
			promise{name: fmt.Sprintf("%d is retried after a delay", status), replies: message(status), kind: kind, act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "in words", sent: 4, backoff: minute, held: "as often as allowed"},
			create(promise{name: fmt.Sprintf("%d of a POST is not, for something may have been done", status), replies: message(status), kind: kind, act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "in words", held: "Call.RetryUnsafe"}))
	}

	problem := func(p promise) promise {
		p.detail, p.id = "what went wrong", activity
		return p
	}
	vbapi := []promise{
		{name: "200 list", replies: []response{vbapiData(200, `[{"id":1,"name":"Example"}]`).with("X-Pagination", `{"TotalCount":1,"TotalPages":1,"CurrentPage":1,"PageSize":100}`)}, kind: parlance.KindSuccess, act: parlance.ActDone, id: activity,
			more: func(t *testing.T, resp *http.Response, r *client.Report) {
				if string(r.Data) != `[{"id":1,"name":"Example"}]` {
					t.Errorf("the data are %s", r.Data)
				}
				if !strings.Contains(resp.Header.Get("X-Pagination"), `"TotalCount":1`) {
					t.Error("the pagination is gone")
				}
			}},
		create(promise{name: "201", replies: []response{vbapiData(201, `{"id":1}`)}, kind: parlance.KindSuccess, act: parlance.ActDone, id: activity}),
		{name: "207 batch, declared text/plain: an item's 500 is not retried", method: "PUT", path: "/commission-activities-batch", sends: "[1,2,3]", replies: []response{vbapiBatch(200, 201, 500)},
			kind: parlance.KindPartial, act: parlance.ActInspect, id: activity, items: []string{"0 key=1 success 200", "1 key=2 success 201", "2 key=3 internal 500"},
			more: func(t *testing.T, _ *http.Response, r *client.Report) {
				if got := r.Outcome.Items[2].Outcome.Detail; got != "text 3" {
					t.Errorf("the item's detail is %q", got)
				}
				if d := r.ItemDecision(2); d.Act != parlance.ActEscalate {
					t.Errorf("the item's 500 is %v", d.Act)
				}
			}},
		{name: "207 batch: an item's 503 is to be retried, alone", method: "PUT", path: "/commission-activities-batch", sends: "[1,2]", replies: []response{vbapiBatch(200, 503)},
			kind: parlance.KindPartial, act: parlance.ActRetry, scope: parlance.ScopeItems, id: activity, items: []string{"0 key=1 success 200", "1 key=2 unavailable 503"}, held: "in a new request"},
		problem(promise{name: "400", replies: []response{vbapiError(400)}, kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeRequest,
			more: func(t *testing.T, _ *http.Response, r *client.Report) {
				if o := r.Outcome; o.Type != "https://httpstatuses.com/400" || o.Title != "T" || o.Instance != "/things" {
					t.Errorf("type %q, title %q, instance %q", o.Type, o.Title, o.Instance)
				}
			}}),
		{name: "401 with a bearer: log in again, then repeat", login: true, replies: []response{vbapiError(401), vbapiData(200, "[]")}, kind: parlance.KindSuccess, act: parlance.ActDone, id: activity, sent: 2, tokens: []string{"Bearer t1", "Bearer t2"}},
		create(promise{name: "401 with a bearer of a POST did nothing", login: true, replies: []response{vbapiError(401), vbapiData(201, "{}")}, kind: parlance.KindSuccess, act: parlance.ActDone, id: activity, sent: 2, tokens: []string{"Bearer t1", "Bearer t2"}}),
		problem(promise{name: "401 with a bearer, twice", login: true, replies: []response{vbapiError(401)}, kind: parlance.KindUnauthenticated, reason: parlance.ReasonExpired, act: parlance.ActStop, sent: 2, tokens: []string{"Bearer t1", "Bearer t2"}}),
		problem(promise{name: "401 with the caller's own bearer is his to refresh", asks: map[string]string{"Authorization": "Bearer mine"}, login: true, replies: []response{vbapiError(401)},
			kind: parlance.KindUnauthenticated, reason: parlance.ReasonExpired, act: parlance.ActRefresh, scope: parlance.ScopeRequest, tokens: []string{"Bearer mine"}, held: "the caller's own"}),
		problem(promise{name: "401 without a bearer", asks: map[string]string{"X-Api-Key": "k"}, replies: []response{vbapiError(401)}, kind: parlance.KindUnauthenticated, act: parlance.ActStop, tokens: []string{""}}),
		problem(promise{name: "403", replies: []response{vbapiError(403)}, kind: parlance.KindForbidden, act: parlance.ActStop, more: told("User-Agent", "blocked")}),
		problem(promise{name: "404", replies: []response{vbapiError(404)}, kind: parlance.KindNotFound, act: parlance.ActStop}),
		{name: "429 without a body", replies: []response{{status: 429}}, kind: parlance.KindRateLimited, act: parlance.ActRetry, scope: parlance.ScopeRequest, sent: 4, backoff: minute, held: "as often as allowed"},
		create(promise{name: "429 of a POST did nothing", replies: []response{{status: 429}, vbapiData(201, "{}")}, kind: parlance.KindSuccess, act: parlance.ActDone, id: activity, sent: 2, backoff: minute}),
		problem(promise{name: "500 goes to support with the activityId, at once", replies: []response{vbapiError(500)}, kind: parlance.KindInternal, act: parlance.ActEscalate,
			more: func(t *testing.T, _ *http.Response, r *client.Report) {
				if text := r.SupportReport().String(); !strings.Contains(text, "To: VBA Software support\n") || !strings.Contains(text, "activityId "+activity) {
					t.Errorf("support reads\n%s", text)
				}
			}}),
		problem(create(promise{name: "500 of a POST likewise", replies: []response{vbapiError(500)}, kind: parlance.KindInternal, act: parlance.ActEscalate})),
	}
	for status, kind := range map[int]parlance.Kind{502: parlance.KindBadGateway, 503: parlance.KindUnavailable, 504: parlance.KindTimeout} {
		vbapi = append(vbapi,
			problem(promise{name: fmt.Sprintf("%d backs off", status), replies: []response{vbapiError(status)}, kind: kind, act: parlance.ActRetry, scope: parlance.ScopeRequest, sent: 4, backoff: minute, held: "as often as allowed"}),
			problem(create(promise{name: fmt.Sprintf("%d of a POST is not retried, for it is not idempotent", status), replies: []response{vbapiError(status)}, kind: kind, act: parlance.ActRetry, scope: parlance.ScopeRequest, held: "Call.RetryUnsafe"})))
	}

	says := func(status int) []response { return []response{inJSON(status, `{"message":"in words","errors":{}}`)} }
	vms := []promise{
		{name: "200", replies: []response{inJSON(200, `[{"id":1}]`)}, kind: parlance.KindSuccess, act: parlance.ActDone},
		{name: "200 with null is empty", replies: []response{inJSON(200, "null")}, kind: parlance.KindEmpty, act: parlance.ActDone},
		create(promise{name: "201", replies: []response{inJSON(201, `{"id":1}`)}, kind: parlance.KindSuccess, act: parlance.ActDone}),
		{name: "204", method: "DELETE", replies: []response{{status: 204}}, kind: parlance.KindEmpty, act: parlance.ActDone},
		create(promise{name: "400: the reason stands in the message", replies: says(400), kind: parlance.KindInvalid, act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "in words"}),
		create(promise{name: "401 is not refreshed", login: true, replies: says(401), kind: parlance.KindUnauthenticated, act: parlance.ActStop, detail: "in words", tokens: []string{"Bearer t1"}}),
		create(promise{name: "402: no license left", replies: []response{inJSON(402, `{"message":"","errors":{"license":["The license limit is exceeded"]}}`)}, kind: parlance.KindQuota, reason: parlance.ReasonLicense, act: parlance.ActStop,
			fields: []parlance.Field{{Path: "license", Message: "The license limit is exceeded"}}, more: told("license")}),
		{name: "403", replies: says(403), kind: parlance.KindForbidden, act: parlance.ActStop, detail: "in words"},
		{name: "404 in JSON, which the client asks for", replies: []response{negotiating}, kind: parlance.KindNotFound, act: parlance.ActStop, detail: "no such camera"},
		{name: "404 as a page, where the caller takes anything", asks: map[string]string{"Accept": "*/*"}, replies: []response{negotiating}, kind: parlance.KindNotFound, act: parlance.ActStop, detail: "Not Found"},
		{name: "404 as a page all the same", replies: []response{{status: 404, header: map[string]string{"Content-Type": "text/html; charset=UTF-8"}, body: vmsPage}}, kind: parlance.KindNotFound, act: parlance.ActStop, detail: "Not Found"},
		create(promise{name: "422: several messages for one field", replies: []response{inJSON(422, `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],"date":["The date field doesn't match the format: Y-m-d H:i:s."]}}`)},
			kind: parlance.KindInvalid, reason: parlance.ReasonFields, act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "Submitted data was invalid",
			fields: []parlance.Field{{Path: "url", Message: "The URL value is in invalid format"}, {Path: "url", Message: "The URL can be no longer than 10 characters"}, {Path: "date", Message: "The date field doesn't match the format: Y-m-d H:i:s."}}}),
		create(promise{name: "422 in Russian", asks: map[string]string{"Hl": "ru"}, replies: []response{inJSON(422, `{"message":"Данные неверны","errors":{"url":["Неверный формат"]}}`)},
			kind: parlance.KindInvalid, reason: parlance.ReasonFields, act: parlance.ActCorrect, scope: parlance.ScopeRequest, detail: "Данные неверны", fields: []parlance.Field{{Path: "url", Message: "Неверный формат"}}}),
		create(promise{name: "422 whose errors belong to no field", replies: []response{inJSON(422, `{"message":"","errors":["not today"]}`)},
			kind: parlance.KindInvalid, reason: parlance.ReasonFields, act: parlance.ActCorrect, scope: parlance.ScopeRequest, fields: []parlance.Field{{Message: "not today"}}}),
	}
	for status, row := range map[int]struct {
		kind   parlance.Kind
		reason parlance.Reason
		undone bool
		first  time.Duration
		last   time.Duration
	}{
		419: {parlance.KindRateLimited, "", true, time.Second, m}, 429: {parlance.KindRateLimited, "", true, time.Second, m},
		500: {parlance.KindInternal, "", false, time.Second, m}, 502: {parlance.KindBadGateway, "", false, time.Second, m},
		503: {parlance.KindUnavailable, parlance.ReasonMaintenance, false, 10 * time.Second, 10 * m},
	} {
		p := promise{replies: says(status), kind: row.kind, reason: row.reason, act: parlance.ActRetry, scope: parlance.ScopeRequest, detail: "in words"}
		get, set := p, create(p)
		get.name, get.sent, get.held, get.backoff = fmt.Sprintf("%d of a GET", status), 4, "as often as allowed", parlance.Backoff{Floor: row.first, Cap: row.last}
		if set.name, set.held = fmt.Sprintf("%d of a POST is not retried", status), "Call.RetryUnsafe"; row.undone {
			set.name, set.sent, set.held, set.backoff = fmt.Sprintf("%d of a POST did nothing, so it is retried", status), 4, "as often as allowed", get.backoff
		}
		vms = append(vms, get, set)
	}
	return map[string][]promise{"vision": vision, "omilia": omilia, "plain": plain, "vbapi": vbapi, "vms": vms}
}

func TestEveryRowOfTheFiveSystemsIsKeptToByTheClient(t *testing.T) {
	t.Parallel()
	for system, rows := range five() {
		for _, p := range rows {
			t.Run(system+" "+p.name, func(t *testing.T) {
				t.Parallel()
				if p.virtual() {
					synctest.Test(t, func(t *testing.T) {
						u := newUpstream(t, p.replies...)
						p.keep(t, system, u, "http://upstream.test", client.WithBase(u.transport), client.WithMaxWait(time.Hour))
					})
					return
				}
				u := &upstream{replies: p.replies}
				srv := httptest.NewServer(u)
				defer srv.Close()
				p.keep(t, system, u, srv.URL, client.WithBase(srv.Client().Transport))
			})
		}
	}
}

// keep makes the request and holds what comes of it against the promise.
func (p *promise) keep(t *testing.T, system string, u *upstream, host string, opts ...client.Option) {
	t.Helper()
	d := open(t, system)
	var logins atomic.Int32
	if p.login {
		opts = append(opts, client.WithCredential(counting(&logins)))
	}
	method, path := p.method, p.path
	if method == "" {
		method = "GET"
	}
	if path == "" {
		path = "/things"
	}
	var body io.Reader
	if p.sends != "" {
		body = strings.NewReader(p.sends)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, host+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range p.asks {
		req.Header.Set(name, value)
	}
	before := req.Header.Clone()
	resp, read := call(t, &http.Client{Transport: client.New(d, opts...)}, req)

	// What the caller got: the last response, whole.
	seen := u.sightings()
	last := p.replies[min(max(len(seen), 1), len(p.replies))-1]
	if last.do == nil && (resp.StatusCode != last.status || read != last.body) {
		t.Errorf("the caller got %d %q, not the last response %d %q", resp.StatusCode, read, last.status, last.body)
	}
	if fmt.Sprint(req.Header) != fmt.Sprint(before) || req.URL.String() != host+path {
		t.Errorf("the caller's request was altered: %v %v", req.URL, req.Header)
	}

	// What it came to.
	r := report(t, resp)
	o := r.Outcome
	if o.Kind != p.kind || o.Reason != p.reason || o.Code != p.code || o.Status != resp.StatusCode {
		t.Errorf("it came to %v/%v, code %q, status %d; want %v/%v, code %q, status %d", o.Kind, o.Reason, o.Code, o.Status, p.kind, p.reason, p.code, resp.StatusCode)
	}
	if o.Detail != p.detail || o.RequestID != p.id {
		t.Errorf("the detail is %q and the request id %q; want %q and %q", o.Detail, o.RequestID, p.detail, p.id)
	}
	if p.fields != nil && !slices.Equal(o.Fields, p.fields) {
		t.Errorf("the fields are %v, want %v", o.Fields, p.fields)
	}
	var items []string
	for i := range r.Outcome.Items {
		it := &r.Outcome.Items[i]
		items = append(items, fmt.Sprint(it.Index, " ", it.ID, " ", it.Outcome.Kind, " ", it.Outcome.Code))
	}
	if !slices.Equal(items, p.items) {
		t.Errorf("the records are %q, want %q", items, p.items)
	}
	if len(r.Diagnostics) > 0 {
		t.Errorf("complaints: %v", r.Diagnostics)
	}
	err = client.Check(resp)
	onlyOfKind(t, err, p.kind)
	var e *client.Error
	if errors.As(err, &e) && (len(e.Attempts) != len(seen) || e.Decision.Act != p.act || e.Err != nil) {
		t.Errorf("the error has %d attempts, act %v, cause %v", len(e.Attempts), e.Decision.Act, e.Err)
	}

	// What is to be done about it.
	if r.Decision.Act != p.act || r.Decision.Scope != p.scope || r.Decision.Why == "" || !strings.Contains(r.Decision.Line, ".yaml:") {
		t.Errorf("%v %q because %q (%s); want %v %q", r.Decision.Act, r.Decision.Scope, r.Decision.Why, r.Decision.Line, p.act, p.scope)
	}
	final := r.Attempts[len(r.Attempts)-1]
	if (final.Held == "") != (p.held == "") || !strings.Contains(final.Held, p.held) || final.Again {
		t.Errorf("held %q, want %q in it", final.Held, p.held)
	}
	if p.wait != 0 && final.Wait != p.wait {
		t.Errorf("handed back to wait %v, want %v", final.Wait, p.wait)
	}

	// What the server saw.
	if want := max(p.sent, 1); len(seen) != want || len(r.Attempts) != want {
		t.Fatalf("the server saw %d requests and %d were reported, want %d", len(seen), len(r.Attempts), want)
	}
	var tokens []string
	for i, s := range seen {
		if s.method != method || s.body != p.sends {
			t.Errorf("request %d was a %s of %q", i+1, s.method, s.body)
		}
		name := d.IdempotencyHeader()
		if key := s.header.Get(name); name != "" && (key == "") == (method == "POST") || key != seen[0].header.Get(name) {
			t.Errorf("request %d had the key %q, the first one %q", i+1, key, seen[0].header.Get(name))
		}
		tokens = append(tokens, s.header.Get("Authorization"))
		if r.Attempts[i].Number != i+1 || r.Attempts[i].Again != (i+1 < len(seen)) {
			t.Errorf("attempt %d is reported as %+v", i+1, r.Attempts[i])
		}
	}
	if p.tokens != nil && !slices.Equal(tokens, p.tokens) {
		t.Errorf("the server saw the tokens %q, want %q", tokens, p.tokens)
	}
	top := p.backoff.Floor
	for i, wait := range u.waits() {
		if !p.virtual() {
			break // by a clock on the wall, which proves nothing
		}
		if wait != r.Attempts[i].Wait {
			t.Errorf("wait %d was %v, and is reported as %v", i+1, wait, r.Attempts[i].Wait)
		}
		switch top = min(2*top, p.backoff.Cap); {
		case p.backoff.Floor > 0 && (wait < p.backoff.Floor || wait > top):
			t.Errorf("wait %d was %v, not between %v and %v", i+1, wait, p.backoff.Floor, top)
		case len(p.waits) > 0 && wait != p.waits[i]:
			t.Errorf("wait %d was %v, want %v", i+1, wait, p.waits[i])
		}
	}
	if p.more != nil {
		p.more(t, resp, r)
	}
}

// A final 1xx cannot be sent by Go's server, and clients take all but 101 for an
// interim response. What does come through is looked up in the table.
func TestAStatusOfVisionBelow200IsReadWhereItComesThrough(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, reply string
		status      int
		kind        parlance.Kind
		act         parlance.Act
	}{
		{"a final 101 without Upgrade is a wrong token", "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n", 101, parlance.KindUnauthenticated, parlance.ActStop},
		{"a final 101 with Upgrade is a protocol switch", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 101, parlance.KindSuccess, parlance.ActDone},
		{"an interim 102 is passed over", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, parlance.KindNotFound, parlance.ActStop},
		{"an interim 110 is passed over", "HTTP/1.1 110 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", 200, parlance.KindSuccess, parlance.ActDone},
		{"an interim 150 is passed over", "HTTP/1.1 150 X\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403, parlance.KindForbidden, parlance.ActStop},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr, served := wire(t, func(c net.Conn) { io.WriteString(c, tt.reply) })
			base := &http.Transport{DisableKeepAlives: true}
			var logins atomic.Int32
			req, err := http.NewRequestWithContext(t.Context(), "GET", addr+"/things", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.New(open(t, "vision"), client.WithBase(base), client.WithCredential(counting(&logins))).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			r := report(t, resp)
			if resp.StatusCode != tt.status || r.Outcome.Kind != tt.kind || r.Decision.Act != tt.act {
				t.Errorf("%d came to %v, %v", resp.StatusCode, r.Outcome.Kind, r.Decision.Act)
			}
			if served.Load() != 1 || logins.Load() != 1 {
				t.Errorf("the server was asked %d times, with %d sign-ins", served.Load(), logins.Load())
			}
		})
	}
	for status, kind := range map[int]parlance.Kind{102: parlance.KindForbidden, 110: parlance.KindInvalid, 120: parlance.KindNoted} {
		t.Run(fmt.Sprintf("a base that hands on a final %d", status), func(t *testing.T) {
			t.Parallel()
			base := roundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}, nil
			})
			resp, _ := call(t, &http.Client{Transport: client.New(open(t, "vision"), client.WithBase(base))}, request(t, "GET", ""))
			if got := report(t, resp).Outcome.Kind; got != kind {
				t.Errorf("it came to %v, want %v", got, kind)
			}
		})
	}
}

// The whole way of a 401 of vision: the refresh token first, and the first grant
// where that is spent too, all over sockets.
func TestVisionRefreshesAndWhereTheRefreshTokenIsSpentLogsInAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var grants, tokens []string
	var good string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/token" {
			r.ParseForm()
			grants = append(grants, r.PostForm.Get("grant_type")+r.PostForm.Get("refresh_token"))
			n := len(grants)
			if r.PostForm.Get("refresh_token") == "r2" { // spent, in vision's own words
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(401)
				io.WriteString(w, res(101, "wrong token"))
				return
			}
			good = fmt.Sprint("a", n)
			fmt.Fprintf(w, `{"access_token":"a%d","token_type":"bearer","expires_in":3600,"refresh_token":"r%d",".issued":"x",".expires":"y"}`, n, n)
			return
		}
		body, _ := io.ReadAll(r.Body)
		tokens = append(tokens, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer "+good || string(body) != "<ORDERS/>" {
			w.WriteHeader(401)
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, "<ORDERS><SO>"+res(200, "ok")+"</SO></ORDERS>")
	}))
	defer srv.Close()
	login := client.NewOAuth(srv.Client(), srv.URL+"/token", url.Values{"grant_type": {"password"}, "username": {"u"}, "password": {"p"}})
	c := &http.Client{Transport: client.New(open(t, "vision"), client.WithBase(srv.Client().Transport), client.WithCredential(login))}
	for range 3 {
		resp, err := c.Post(srv.URL+"/service/PlaceOrder", "application/xml", strings.NewReader("<ORDERS/>"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if err := client.Check(resp); err != nil {
			t.Error(err)
		}
		mu.Lock()
		good = "" // as if an hour had passed
		mu.Unlock()
	}
	want := []string{"password", "refresh_tokenr1", "refresh_tokenr2", "password"}
	if !slices.Equal(grants, want) {
		t.Errorf("the grants were %q, want %q", grants, want)
	}
	want = []string{"Bearer a1", "Bearer a1", "Bearer a2", "Bearer a2", "Bearer a4"}
	if !slices.Equal(tokens, want) {
		t.Errorf("the tokens were %q, want %q", tokens, want)
	}
}

// "Wait 5 minutes, then every 30 minutes": the client retries until the second
// scheduled failure, gives support all it needs, and keeps the time for a caller
// who goes on.
func TestVisionIsTriedAfter5MinutesThenEvery30AndSupportReadsAllOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now().UTC()
		u := newUpstream(t, inXML(500, res(500, "encoding")), inXML(999, res(999, "old")), inXML(500, res(150, "the service broke")), inXML(500, res(500, "encoding")), inXML(500, res(500, "encoding")), inJSON(200, "[]"))
		c := u.client(t, "vision", client.WithMaxWait(30*time.Minute), client.WithMaxAttempts(10), client.WithAPIKey("X-Api-Key", "S3CRET"))
		ctx := client.WithCall(t.Context(), client.Call{Operation: "look for stock"})
		get := func() *http.Response {
			req := request(t, "GET", "").WithContext(ctx)
			req.URL.User, req.URL.RawQuery = url.UserPassword("u", "S3CRET"), "token=S3CRET"
			resp, _ := call(t, c, req)
			return resp
		}
		resp := get()
		r := report(t, resp)
		if r.Decision.Act != parlance.ActEscalate || len(r.Attempts) != 3 {
			t.Fatalf("%v after %d attempts", r.Decision.Act, len(r.Attempts))
		}
		var support []string
		for i, after := range []time.Duration{0, 5 * time.Minute, 35 * time.Minute} {
			line := start.Add(after).Format("2006-01-02T15:04:05.000Z") + "  " + []string{"500 internal  code 500", "999 internal  code 999", "500 internal  code 150"}[i]
			support = append(support, line)
		}
		want := "To: Vision Support\nGET http://upstream.test/things (look for stock)\n" + strings.Join(support, "\n") + "\n"
		if got := r.SupportReport().String(); got != want {
			t.Errorf("support reads\n%s\nnot\n%s", got, want)
		}
		var e *client.Error
		if err := client.Check(resp); !errors.As(err, &e) || e.SupportReport().String() != want {
			t.Errorf("the error does not lead to the same report: %v", err)
		}

		// The page goes on: every 30 minutes, for as long as the caller likes.
		retry := 2
		for r.Outcome.Kind.Failing() {
			retry++
			wait := r.Decision.Delay(retry, func() float64 { t.Error("a schedule is not jittered"); return 0 })
			time.Sleep(wait) // virtual
			once := client.WithCall(ctx, client.Call{Once: true})
			resp, _ := call(t, c, request(t, "GET", "").WithContext(once))
			next := report(t, resp)
			if next.Outcome.Kind.Good() {
				break
			}
			r = next
		}
		if got, want := u.waits(), []time.Duration{5 * time.Minute, 30 * time.Minute, 30 * time.Minute, 30 * time.Minute, 30 * time.Minute}; !slices.Equal(got, want) {
			t.Errorf("the server was left alone for %v, want %v", got, want)
		}
	})
}

// A transport that fails without a response is an outcome too, in every system.
func TestNoResponseComesToTheSameInEverySystem(t *testing.T) {
	t.Parallel()
	dial := func(err error) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
	tests := []struct {
		name   string
		err    error
		kind   parlance.Kind
		reason parlance.Reason
		undone bool // so that a POST may be repeated too
	}{
		{"refused", &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, parlance.KindUnavailable, parlance.ReasonRefused, true},
		{"a name that nobody has", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "upstream.test", IsNotFound: true}}, parlance.KindUnavailable, parlance.ReasonDNS, true},
		{"a name server that does not respond", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "i/o timeout", Name: "upstream.test", IsTimeout: true}}, parlance.KindUnavailable, parlance.ReasonDNS, true},
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, parlance.KindUnavailable, parlance.ReasonReset, false},
		{"deadline", &net.OpError{Op: "read", Net: "tcp", Err: context.DeadlineExceeded}, parlance.KindTimeout, parlance.ReasonDeadline, false},
	}
	for _, system := range []string{"vision", "omilia", "plain", "vbapi", "vms"} {
		for _, tt := range tests {
			for _, method := range []string{"GET", "POST"} {
				t.Run(fmt.Sprint(system, " ", tt.name, " ", method), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						dials := 0
						base := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
							dials++
							return dial(tt.err)(ctx, network, addr)
						}}
						d := open(t, system)
						want := 4
						if method == "POST" && !tt.undone && d.IdempotencyHeader() == "" {
							want = 1
						}
						_, err := client.New(d, client.WithBase(base), client.WithMaxWait(time.Hour)).RoundTrip(request(t, method, ""))
						var e *client.Error
						if !errors.As(err, &e) {
							t.Fatalf("got %v", err)
						}
						if o := e.Outcome; o.Kind != tt.kind || o.Reason != tt.reason || o.Status != 0 {
							t.Errorf("it came to %v/%v, status %d", o.Kind, o.Reason, o.Status)
						}
						onlyOfKind(t, err, tt.kind)
						if !errors.Is(err, tt.err) {
							t.Errorf("%v has lost %v", err, tt.err)
						}
						if dials != want || len(e.Attempts) != want {
							t.Errorf("dialled %d times in %d attempts, want %d", dials, len(e.Attempts), want)
						}
					})
				})
			}
		}
	}
	for _, system := range []string{"vision", "omilia", "plain", "vbapi", "vms"} {
		t.Run(system+" a certificate that nobody vouches for", func(t *testing.T) {
			t.Parallel()
			var handled atomic.Int32
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { handled.Add(1) }))
			srv.Config.ErrorLog = quiet
			srv.StartTLS()
			defer srv.Close()
			base := &http.Transport{TLSClientConfig: &tls.Config{}}
			defer base.CloseIdleConnections()
			req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL, strings.NewReader("pay"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.New(open(t, system), client.WithBase(base), client.WithMaxWait(0)).RoundTrip(req)
			var e *client.Error
			if !errors.As(err, &e) || e.Outcome.Reason != parlance.ReasonTLS || !errors.Is(err, parlance.ErrUnavailable) || !e.Decision.RetrySafe || e.Decision.Act != parlance.ActStop || len(e.Attempts) != 1 {
				t.Errorf("got %v", err)
			}
			if handled.Load() != 0 {
				t.Error("it was sent all the same")
			}
		})
	}
}

// quiet is where a server writes what goes wrong on purpose.
var quiet = log.New(io.Discard, "", 0)
