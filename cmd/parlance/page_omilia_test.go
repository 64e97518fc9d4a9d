package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/examples/omilia"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

const (
	omiliaList     = "../../examples/omilia/codes.yaml" // the service's list of codes
	omiliaKey      = "Authorization: Bearer " + omilia.Key
	omiliaOnce     = "Idempotency-Key: order-7"
	omiliaBank     = `{"app":"bank"}`
	omiliaMessages = "/dialogs/1/messages"
	omiliaHello    = `{"text":"What have I got?"}`
	omiliaApp      = `{"name":"bank","language":"el"}`
)

// omiliaHouse is the dialog service on a socket, and the engine behind it.
type omiliaHouse struct {
	*omilia.Service
	t            *testing.T
	url          string
	engine       *backend
	list, vendor *dialect.Dialect
}

// openOmilia has the store's clock stand still, so that what is left of a rate does not
// hang on how slow this machine is.
func openOmilia(t *testing.T, c omilia.Config) *omiliaHouse {
	t.Helper()
	h := &omiliaHouse{t: t, engine: newBackend(t, 200, "application/json", `{"intent":"balance","mood":0}`)}
	now := time.Now()
	c.Store = memory.New(memory.WithClock(func() time.Time { return now }))
	c.Engine, c.Logger = cmp.Or(c.Engine, h.engine.URL), new(testlog.Log).Logger()
	c.Timeout = cmp.Or(c.Timeout, time.Minute)
	var err error
	if h.Service, err = omilia.New(c); err != nil {
		t.Fatal(err)
	}
	h.url = onSocket(t, h.Handler())
	h.list, h.vendor = omiliaDialects(t)
	return h
}

// omiliaCompiled is the service's own list, compiled once for all tests.
var omiliaCompiled = sync.OnceValues(omilia.Dialect)

// omiliaDialects are the two that a client may read the service by: the service's own
// list, and the vendor's file alone.
func omiliaDialects(t *testing.T) (list, vendor *dialect.Dialect) {
	t.Helper()
	list, err := omiliaCompiled()
	if err != nil {
		t.Fatal(err)
	}
	return list, cataloged(t, "omilia")
}

func omiliaHang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that a client has gone
	<-r.Context().Done()
}

// ask sends a request with the API key, unless a header says otherwise.
func (h *omiliaHouse) ask(t *testing.T, method, path, body string, header ...string) met {
	t.Helper()
	return meet(t, method, h.url+path, body, append([]string{omiliaKey}, header...)...)
}

// did sends what went before, and wants its status.
func (h *omiliaHouse) did(status int, method, path, body string, header ...string) {
	h.t.Helper()
	if m := h.ask(h.t, method, path, body, header...); m.status != status {
		h.t.Fatalf("%s %s: got %d %s, want %d", method, path, m.status, m.body, status)
	}
}

func omiliaDialog(h *omiliaHouse) { h.did(201, "POST", "/dialogs", omiliaBank) }

func omiliaFull(h *omiliaHouse) {
	omiliaDialog(h)
	omiliaDialog(h)
}

// omiliaBusy has a message under way until the test ends.
func omiliaBusy(h *omiliaHouse) {
	omiliaDialog(h)
	began := make(chan bool)
	h.engine.does(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		omiliaHang(w, r)
	})
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan bool)
	r := omiliaRequest(h.t, ctx, h.url, "POST", omiliaMessages, omiliaHello, omiliaOnce)
	go func() {
		defer close(ended)
		if res, err := http.DefaultTransport.RoundTrip(r); err == nil {
			res.Body.Close()
		}
	}()
	h.t.Cleanup(func() {
		cancel()
		<-ended
		h.engine.CloseClientConnections() // the service goes on without its client
	})
	<-began
}

// omiliaRequest is a request with the API key, unless a header says otherwise.
func omiliaRequest(t *testing.T, ctx context.Context, url, method, path, body string, header ...string) *http.Request {
	t.Helper()
	return asking(t, ctx, method, url+path, body, append([]string{omiliaKey}, header...)...)
}

// omiliaCall sends a request by the client end, and returns the report and the body.
func omiliaCall(t *testing.T, d *dialect.Dialect, r *http.Request, options ...client.Option) (*client.Report, string) {
	t.Helper()
	report, body, _ := reported(t, d, r, options...)
	return report, body
}

// acts wants what the client end does about a response, and what it takes it for, such as
// "stop quota/license".
func (h *omiliaHouse) acts(t *testing.T, d *dialect.Dialect, want, method, path, body string, header ...string) {
	t.Helper()
	report, text := omiliaCall(t, d, omiliaRequest(t, t.Context(), h.url, method, path, body, header...), client.WithMaxAttempts(1))
	if got := omiliaAct(report.Decision, report.Outcome); got != want {
		t.Errorf("%s %s by %s: got %q for %d %s, want %q", method, path, d.Name(), got, report.Outcome.Status, text, want)
	}
}

func omiliaAct(d parlance.Decision, o parlance.Outcome) string {
	return d.Act.String() + " " + meaning(o.Kind, o.Reason)
}

// omiliaError is the envelope of an error.
func omiliaError(code, detail, source string, status int, title string) string {
	return fmt.Sprintf(`{"errors":[{"code":"%s","detail":"%s","meta":{},"source":"%s","status":%d,"title":"%s"}]}`, code, detail, source, status, title)
}

// omiliaRow is a response of the service, its cause, and what is made of it.
type omiliaRow struct {
	says   string // the statement that it holds
	config omilia.Config
	given  func(*omiliaHouse)

	method, path, body string
	header             []string

	status              int
	code, detail, title string   // of the error, in the first envelope
	source              string   // of the error
	whole               string   // the whole body, if that is no error of the first envelope
	headers             []string // of the response

	list, vendor string   // the act and the meaning by the service's list, and by the vendor's file; "" asks for neither
	help         []string // what explain says of the status
}

// want is the whole body.
func (r omiliaRow) want() string {
	if r.code == "" {
		return r.whole
	}
	return omiliaError(r.code, r.detail, r.source, r.status, r.title)
}

var omiliaRows = []omiliaRow{
	{
		says: "O3: 200 says that a dialog was read", given: omiliaDialog, method: "GET", path: "/dialogs/1",
		status: 200, whole: `{"id":"1","app":"bank"}`, list: "done success", vendor: "done success", help: []string{"OK", "means success"},
	},
	{
		says: "O3: 200 says that a message was understood", given: omiliaDialog, method: "POST", path: omiliaMessages, body: omiliaHello,
		status: 200, whole: `{"intent":"balance","mood":"calm"}`, list: "done success", vendor: "done success",
	},
	{
		says: "O4: 201 says that a dialog was made, and where it is", config: omilia.Config{Seats: 9}, method: "POST", path: "/dialogs", body: omiliaBank,
		status: 201, whole: `{"id":"1","app":"bank"}`, headers: []string{"Location: /dialogs/1"},
		list: "done success", vendor: "done success", help: []string{"Created", "means success", "Location says where"},
	},
	{
		says: "O4: 201 says that an app was made, and where it is", method: "POST", path: "/apps", body: omiliaApp,
		status: 201, whole: omiliaApp, headers: []string{"Location: /apps/bank"}, list: "done success", vendor: "done success",
	},
	{
		says: "O6: 204 has no body and no type of one", method: "DELETE", path: "/dialogs/1", given: omiliaDialog,
		status: 204, headers: []string{"Content-Type:", "Content-Length:"},
		help: []string{"No Content", "means empty"},
	},
	{
		says: "O7: 400 names the parameter that is missing", method: "POST", path: "/dialogs", body: `{"description":"x"}`,
		status: 400, code: "1021", detail: "The app field is required", source: "/body/app", title: "Bad Request",
		list: "correct invalid", vendor: "correct invalid", help: []string{"Bad Request", "a required parameter is missing", "never sends it again unchanged"},
	},
	{
		says: "O7: 400 is for a body that is no JSON", method: "POST", path: "/dialogs", body: `{`,
		status: 400, code: "1020", detail: "The body is not valid JSON: line 1, column 2", title: "Bad Request", list: "correct invalid", vendor: "correct invalid",
	},
	{
		says: "O8: 401 is for a caller without a key", method: "POST", path: "/jobs", header: []string{"Authorization: "},
		status: 401, code: "1000", detail: "A credential is required", title: "Unauthorized", headers: []string{"WWW-Authenticate: Bearer"},
		list: "stop unauthenticated/no_credential", vendor: "stop unauthenticated", help: []string{"Unauthorized", "no valid API key", "A client stops"},
	},
	{
		says: "O8: 401 is for a wrong key", method: "POST", path: "/jobs", header: []string{"Authorization: Bearer guess"},
		status: 401, code: "1001", detail: "The credential is wrong", title: "Unauthorized",
		list: "stop unauthenticated", vendor: "stop unauthenticated",
	},
	{
		says:  "O9: 402 is Request Failed: the parameters are good, and nobody understands the text",
		given: func(h *omiliaHouse) { omiliaDialog(h); h.engine.sends(200, "application/json", `{}`) }, method: "POST", path: omiliaMessages, body: omiliaHello,
		status: 402, code: "1060", detail: "The message was not understood", title: "Request Failed",
		list: "stop failed", vendor: "stop failed", help: []string{"Request Failed", "The parameters are valid", "A client stops and shows the reason"},
	},
	{
		says: "O10: 403 says that no license is available", given: omiliaFull, method: "POST", path: "/dialogs", body: omiliaBank,
		status: 403, code: "1040", detail: "No available licenses", title: "Forbidden",
		list: "stop quota/license", vendor: "stop quota/license",
		help: []string{`a text in the body contains "No available licenses"`, "means quota/license", "no seat is free", "means forbidden"},
	},
	{
		says: "O10: 403 is also for a key that does not permit it", method: "POST", path: "/apps", body: omiliaApp, header: []string{"Authorization: Bearer " + omilia.Reader},
		status: 403, code: "1003", detail: "The credential does not allow this", title: "Forbidden", list: "stop forbidden", vendor: "stop forbidden",
	},
	{
		says: "O11: 404 is for a dialog that is not there", method: "GET", path: "/dialogs/1",
		status: 404, code: "1004", detail: "There is no dialog 1", title: "Not Found",
		list: "stop not_found", vendor: "stop not_found", help: []string{"Not Found", "does not exist", "A client stops"},
	},
	{
		says: "O11: 404 is for a job that is not there", method: "GET", path: "/jobs/7",
		status: 404, code: "1004", detail: "There is no resource at GET /jobs/7.", title: "Not Found", list: "stop not_found", vendor: "stop not_found",
	},
	{
		says: "O11: 404 is for a route that is not there", method: "POST", path: "/nowhere", body: `{}`,
		status: 404, code: "1004", detail: "There is no resource at POST /nowhere.", title: "Not Found", list: "stop not_found", vendor: "stop not_found",
	},
	{
		says: "O12: 409 is for a key that is in flight", given: omiliaBusy, method: "POST", path: omiliaMessages, body: omiliaHello, header: []string{omiliaOnce},
		status: 409, code: "1050", title: "Conflict", headers: []string{"Retry-After: 1"},
		detail: "A request with this idempotency key is in progress. Wait for it, and retry with the same key.",
		list:   "retry conflict/idempotency_in_flight", vendor: "retry conflict/idempotency_in_flight",
		help: []string{
			"if the request has Idempotency-Key: … and the response has Retry-After", "wait as long as the response says, and send the same key again",
			"if no condition above holds", "Use a new key only for a new request",
		},
	},
	{
		says: "O12: 409 is for a key that was used for another request", given: func(h *omiliaHouse) { h.did(201, "POST", "/dialogs", omiliaBank, omiliaOnce) },
		method: "POST", path: "/dialogs", body: `{"app":"shop"}`, header: []string{omiliaOnce},
		status: 409, code: "1051", title: "Conflict", headers: []string{"Retry-After:"},
		detail: "This idempotency key was used for another request. Use a new one for a new request.",
		list:   "stop conflict/idempotency_mismatch", vendor: "stop conflict",
	},
	{
		says: "O13: 429 says when to come back", config: omilia.Config{Rate: limit.Rate{Quota: 2, Window: time.Minute}}, given: omiliaFull, method: "GET", path: "/dialogs/1",
		status: 429, code: "1002", detail: "There were too many requests in a short time. Retry in 30 seconds.", title: "Too Many Requests", headers: []string{"Retry-After: 30"},
		list: "retry rate_limited", vendor: "retry rate_limited",
		help: []string{"Too Many Requests", "wait longer after each one", "after 1 second, then up to twice as long each time, at most 1 minute"},
	},
	{
		says: "O14: 500 says that the cause is in the log",
		given: func(h *omiliaHouse) {
			omiliaDialog(h)
			h.engine.sends(200, "application/json", `{"intent":"balance","mood":7}`)
		}, method: "POST", path: omiliaMessages, body: omiliaHello,
		status: 500, code: "1080", detail: "The request could not be handled. The cause is in the server's log under the request ID.", title: "Internal Server Error",
		list: "retry internal", vendor: "retry internal", help: []string{"Internal Server Error", "unexpected condition", "A client sends the request again"},
	},
	{
		says:  "O15: 502 is for an engine that sends nonsense",
		given: func(h *omiliaHouse) { omiliaDialog(h); h.engine.sends(200, "application/json", `<html>core 3`) }, method: "POST", path: omiliaMessages, body: omiliaHello,
		status: 502, code: "1082", detail: "A service behind this one gave an unusable response.", title: "Bad Gateway",
		list: "retry bad_gateway", vendor: "retry bad_gateway", help: []string{"Bad Gateway", "A server behind this one gave an invalid response"},
	},
	{
		says:  "O15: 502 is for an engine that fails",
		given: func(h *omiliaHouse) { omiliaDialog(h); h.engine.sends(500, "application/json", `core 3 dumped`) }, method: "POST", path: omiliaMessages, body: omiliaHello,
		status: 502, code: "1082", detail: "A service behind this one gave an unusable response.", title: "Bad Gateway", list: "retry bad_gateway", vendor: "retry bad_gateway",
	},
	{
		says: "O16: 503 says that it is overload", config: omilia.Config{AtOnce: 1}, given: omiliaBusy, method: "GET", path: "/dialogs/1",
		status: 503, code: "1070", detail: "Overload: the service handles as many requests as it can", title: "Service Unavailable", headers: []string{"Retry-After: 1"},
		list: "retry unavailable", vendor: "retry unavailable", help: []string{"Service Unavailable", "overload or maintenance", "A client sends the request again"},
	},
	{
		says: "O16: 503 says that it is maintenance", given: func(h *omiliaHouse) { h.Maintenance.Close(time.Time{}) }, method: "GET", path: "/dialogs/1",
		status: 503, code: "1071", detail: "Maintenance: the service is closed for planned work", title: "Service Unavailable", headers: []string{"Retry-After:"},
		list: "retry unavailable/maintenance", vendor: "retry unavailable",
	},
	{
		says: "O16: 503 says that it is the engine which is gone", config: omilia.Config{Engine: "http://" + testnet.Closed}, given: omiliaDialog,
		method: "POST", path: omiliaMessages, body: omiliaHello,
		status: 503, code: "1072", detail: "A service behind this one is unavailable.", title: "Service Unavailable", list: "retry unavailable", vendor: "retry unavailable",
	},
	{
		says: "O17: 504 is Unidentified Server Error", config: omilia.Config{Timeout: time.Millisecond},
		given:  func(h *omiliaHouse) { omiliaDialog(h); h.engine.does(omiliaHang) },
		method: "POST", path: omiliaMessages, body: omiliaHello,
		status: 504, code: "1084", detail: "A service behind this one did not respond in time.", title: "Unidentified Server Error",
		list: "retry timeout", vendor: "retry timeout", help: []string{"Unidentified Server Error", "means timeout", "A client sends the request again"},
	},
}

// meet has the service give the response of the row.
func (r omiliaRow) meet(t *testing.T) (*omiliaHouse, met) {
	t.Helper()
	h := openOmilia(t, r.config)
	if r.given != nil {
		r.given(h)
	}
	return h, h.ask(t, r.method, r.path, r.body, r.header...)
}

// TestOmiliaPage holds each statement of the page at both ends.
func TestOmiliaPage(t *testing.T) {
	t.Parallel()
	for _, r := range omiliaRows {
		t.Run(r.says, func(t *testing.T) {
			t.Parallel()
			h, m := r.meet(t)
			headers := r.headers
			if r.status != 204 {
				headers = append([]string{"Content-Type: application/json"}, headers...)
			}
			m.is(t, r.status, r.want(), headers...)
			if m.header.Get("X-Request-Id") == "" {
				t.Error("no request ID came")
			}
			if r.list != "" {
				h.acts(t, h.list, r.list, r.method, r.path, r.body, r.header...)
				h.acts(t, h.vendor, r.vendor, r.method, r.path, r.body, r.header...)
			}
			if len(r.help) > 0 {
				explains(t, "omilia", fmt.Sprint(r.status), r.help...)
			}
			if r.code != "" {
				_, list, _ := strings.Cut(r.list, " ")
				_, vendor, _ := strings.Cut(r.vendor, " ")
				vendor, _, _ = strings.Cut(vendor, "/") // decode is not told of the request's header
				explains(t, omiliaList, r.code, r.title, "means "+list, fmt.Sprint("under HTTP status ", r.status))
				m.decodes(t, omiliaList, "outcome "+list, "code "+r.code, "title "+r.title, "detail "+r.detail)
				m.decodes(t, "omilia", "outcome "+vendor, "code "+r.code, "title "+r.title, "detail "+r.detail)
			}
		})
	}
	omiliaClasses(t)
	omiliaCodes(t)
	t.Run("O4: what was made is found where Location says", func(t *testing.T) {
		t.Parallel()
		h := openOmilia(t, omilia.Config{})
		m := h.ask(t, "POST", "/dialogs", omiliaBank)
		h.ask(t, "GET", m.header.Get("Location"), "").is(t, 200, m.body)
		m.decodes(t, "omilia", "outcome success", "status 201")
	})
	t.Run("O5: 202 is looked at again until the work is done", omiliaBackground)
	t.Run("O6: 204 is a success without anything", func(t *testing.T) {
		t.Parallel()
		h := openOmilia(t, omilia.Config{})
		omiliaFull(h)
		h.acts(t, h.list, "done empty", "DELETE", "/dialogs/1", "")
		h.acts(t, h.vendor, "done empty", "DELETE", "/dialogs/2", "")
		met{method: "DELETE", path: "/dialogs/1", status: 204}.decodes(t, "omilia", "outcome empty", "vendor says done")
	})
	t.Run("O7: the parameter is in what a reader sees", func(t *testing.T) {
		t.Parallel()
		h := openOmilia(t, omilia.Config{})
		h.ask(t, "POST", "/dialogs", `{"description":"x"}`).decodes(t, "omilia", "fields app 1021 The app field is required", "vendor says correct")
	})
	omiliaLicenses(t)
	list, vendor := omiliaDialects(t)
	for by, d := range map[string]*dialect.Dialect{"the list": list, "the vendor's file": vendor} {
		t.Run("O12: a key in flight is waited for, and gets the response to the first request, by "+by, func(t *testing.T) { omiliaInFlight(t, d) })
	}
	t.Run("O12: a request without a key is not sent again", func(t *testing.T) {
		t.Parallel()
		for key, want := range map[string]string{
			``: `"act":"stop"`, `,"request_headers":{"Idempotency-Key":"order-7"}`: `"act":"retry","scope":"request","after":1,"retry_safe":true`,
		} {
			says(t, `{"dialect":"omilia","method":"POST","path":"/dialogs","status":409,"headers":{"Retry-After":"1"}`+key+`}`, []string{"decode", "--jsonl"}, []string{want})
		}
	})
	t.Run("O12: after another request under the key it stops, and a new key is for a new request only", func(t *testing.T) {
		t.Parallel()
		h := openOmilia(t, omilia.Config{})
		h.did(201, "POST", "/dialogs", omiliaBank, omiliaOnce)
		report, _ := omiliaCall(t, h.list, omiliaRequest(t, t.Context(), h.url, "POST", "/dialogs", `{"app":"shop"}`, omiliaOnce))
		if len(report.Attempts) != 1 || report.Decision.Act != parlance.ActStop || !strings.Contains(report.Decision.Why, "use a new key for a new request only") {
			t.Errorf("got %d attempts and %+v", len(report.Attempts), report.Decision)
		}
		explains(t, omiliaList, "1051", "use a new key for a new request only", "A client stops")
		explains(t, omiliaList, "1050", "wait, and send it again with the same key", "sends the request again after 1 second")
	})
	t.Run("O13: each wait may be twice as long as the one before", omiliaBackoff)
	t.Run("O13: a client waits as it is told, and is served", omiliaToldToWait)
	t.Run("O14: each failure of the server says something, and nothing of its inside", func(t *testing.T) {
		t.Parallel()
		seen := map[int]bool{}
		for _, r := range omiliaRows {
			if r.status < 500 {
				continue
			}
			h, m := r.meet(t)
			var got struct{ Errors []struct{ Detail string } }
			if err := json.Unmarshal([]byte(m.body), &got); err != nil || len(got.Errors) != 1 || got.Errors[0].Detail == "" {
				t.Errorf("%s: got %d %s", r.says, m.status, m.body)
				continue
			}
			for _, secret := range []string{"core 3", "index out of range", "refused", h.engine.URL, ".go"} {
				if strings.Contains(m.body, secret) {
					t.Errorf("%s: %q is in %s", r.says, secret, m.body)
				}
			}
			m.decodes(t, "omilia", "detail "+got.Errors[0].Detail, "vendor says retry")
			seen[m.status] = true
		}
		for _, status := range []int{500, 502, 503, 504} {
			if !seen[status] {
				t.Errorf("no %d came", status)
			}
		}
	})
}

// omiliaClasses holds what the page says of the classes, for all that the service sends
// and for what no row lists.
func omiliaClasses(t *testing.T) {
	t.Run("O1: each response is of the class that its status says", func(t *testing.T) {
		t.Parallel()
		_, vendor := omiliaDialects(t)
		for _, r := range omiliaRows {
			_, m := r.meet(t)
			o := vendor.Decode(dialect.Request{Method: r.method, Path: r.path}, dialect.Response{Status: m.status, Header: dialect.HeaderMap(m.header), Body: []byte(m.body)}).Outcome
			if m.status != r.status || o.Kind.Good() != (m.status < 300) || omiliaServers(o.Kind) != (m.status >= 500) {
				t.Errorf("%s: got %d %s, read as %s", r.says, m.status, m.body, o.Kind)
			}
		}
	})
	for _, c := range []struct {
		class            string
		unlisted         int
		title, act, help string
	}{
		{"2xx", 299, "Success", "done success", "The request succeeded"},
		{"4xx", 418, "Client error", "correct invalid", "such as without a required parameter"},
		{"5xx", 599, "Server error", "retry internal", "An error on Omilia's servers, which is rare"},
	} {
		t.Run("O1: "+c.class+" stands for each status of the class that has no row", func(t *testing.T) {
			t.Parallel()
			socket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.unlisted) }))
			t.Cleanup(socket.Close)
			act, kind, _ := strings.Cut(c.act, " ")
			list, vendor := omiliaDialects(t)
			for _, d := range []*dialect.Dialect{list, vendor} {
				report, _ := omiliaCall(t, d, omiliaRequest(t, t.Context(), socket.URL, "GET", "/", ""), client.WithMaxAttempts(1))
				if got := omiliaAct(report.Decision, report.Outcome); got != c.act {
					t.Errorf("%s: got %q, want %q", d.Name(), got, c.act)
				}
			}
			meet(t, "GET", socket.URL+"/", "").decodes(t, "omilia", "outcome "+kind, "vendor says "+act)
			explains(t, "omilia", c.class, c.title, "means "+kind, c.help)
		})
	}
}

// omiliaServers are the kinds of failure that are the server's own.
func omiliaServers(k parlance.Kind) bool {
	return slices.Contains([]parlance.Kind{parlance.KindInternal, parlance.KindBadGateway, parlance.KindUnavailable, parlance.KindTimeout}, k)
}

// omiliaCodes holds that every error has a code which the list explains.
func omiliaCodes(t *testing.T) {
	t.Run("O2: each error has a code, and the list explains it", func(t *testing.T) {
		t.Parallel()
		list, _ := omiliaDialects(t)
		page, _, _ := invoke(t, "", "explain", omiliaList)
		look := func(m met, code string) {
			t.Helper()
			rows := authoring.Explain(list, code)
			if code == "" || len(rows) != 1 || rows[0].Key != code || rows[0].Title == "" || rows[0].Help == "" {
				t.Errorf("%s %s: got %d %s, and %+v in the list", m.method, m.path, m.status, m.body, rows)
				return
			}
			explains(t, omiliaList, code, code+" "+rows[0].Title, rows[0].Help)
			if !strings.Contains(page, "\n"+code+" ") {
				t.Errorf("the list does not show %s", code)
			}
		}
		all := omiliaStrangers(t)
		for _, r := range omiliaRows {
			if r.status >= 400 {
				_, m := r.meet(t)
				all = append(all, m)
			}
		}
		for _, m := range all {
			var got struct {
				Errors []struct{ Code string }
				Detail []struct{ Type string }
			}
			if err := json.Unmarshal([]byte(m.body), &got); err != nil || len(got.Errors)+len(got.Detail) == 0 {
				t.Errorf("%s %s: got %d %s %v", m.method, m.path, m.status, m.body, err)
			}
			for _, e := range got.Errors {
				look(m, e.Code)
				m.decodes(t, omiliaList, e.Code)
			}
			for _, e := range got.Detail {
				look(m, e.Type)
				m.decodes(t, omiliaList, e.Type)
			}
		}
	})
	t.Run("O2: the code of the page's own sample is in the vendor's file", func(t *testing.T) {
		t.Parallel()
		h := openOmilia(t, omilia.Config{})
		long := `{"app":"bank","description":"` + strings.Repeat("é", 51) + `"}`
		m := h.ask(t, "POST", "/dialogs", long)
		m.is(t, 422, omiliaError("1022", "The description can be no longer than 50 characters", "/body/description", 422, "Unprocessable Entity"))
		h.acts(t, h.vendor, "correct invalid/fields", "POST", "/dialogs", long)
		explains(t, "omilia", "1022", "A text is too long")
		m.decodes(t, "omilia", "code 1022", "fields description 1022")
	})
}

// omiliaStrangers are the responses to requests that no handler sees.
func omiliaStrangers(t *testing.T) []met {
	t.Helper()
	h := openOmilia(t, omilia.Config{})
	return []met{
		h.ask(t, "PUT", "/dialogs", omiliaBank),
		h.ask(t, "OPTIONS", "/dialogs", ""),
		h.ask(t, "POST", "/dialogs", omiliaBank, "Content-Type: text/plain"),
		h.ask(t, "POST", "/dialogs", strings.Repeat(" ", 70<<10)),
		h.ask(t, "POST", "/dialogs", `[]`),
		h.ask(t, "POST", "/dialogs", `{"app":7,"description":8}`),
		h.ask(t, "POST", "/dialogs", `{"app":""}`),
		h.ask(t, "POST", "/dialogs", `{"app":"a","app":"b"}`),
		h.ask(t, "POST", "/dialogs", omiliaBank, "Idempotency-Key: \u00e9"),
		h.ask(t, "POST", "/apps", `{"language":"xx"}`),
		h.ask(t, "POST", "/apps", `{"name":7,"language":"en"}`),
		h.ask(t, "POST", "/apps", `{"name":"","language":"en"}`),
		h.ask(t, "POST", "/apps", `{"name":"`+strings.Repeat("x", 21)+`","language":"en"}`),
		h.ask(t, "GET", "//nowhere", ""),
		h.ask(t, "GET", "/dialogs/7", ""),
	}
}

// omiliaBackground is a job, in virtual time.
func omiliaBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, vendor := omiliaDialects(t)
		s, to := omiliaTown(t, limit.Rate{})
		through := &http.Client{Transport: client.New(vendor, client.WithBase(to))}
		res, err := through.Do(omiliaRequest(t, t.Context(), "http://house", "POST", "/jobs", ""))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		where := res.Header.Get("Location")
		if res.StatusCode != 202 || !regexp.MustCompile(`^/jobs/[0-9a-f-]+$`).MatchString(where) || res.Header.Get("Retry-After") != "2" ||
			string(body) != fmt.Sprintf(`{"id":"%s","progress":0}`, strings.TrimPrefix(where, "/jobs/")) {
			t.Errorf("got %d %v %s", res.StatusCode, res.Header, body)
		}
		report, _ := client.ReportOf(res)
		if got := omiliaAct(report.Decision, report.Outcome); got != "poll accepted" {
			t.Errorf("got %q", got)
		}
		met{"POST", "/jobs", res.StatusCode, res.Header, string(body)}.decodes(t, "omilia", "outcome accepted", "vendor says poll")
		explains(t, "omilia", "202", "Accepted", "not done yet", "A client looks again later")

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan bool)
		time.AfterFunc(9*time.Second, func() { // virtual: until then nobody works
			defer close(ended)
			s.Run(ctx)
		})
		var looks []string
		poller := client.Poller{Client: through, Look: func(so *client.Report, wait time.Duration) {
			looks = append(looks, fmt.Sprintf("%d in %v", so.Outcome.Status, wait))
		}}
		done, err := poller.Follow(ctx, res)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(done.Body)
		if want := slices.Repeat([]string{"202 in 2s"}, 5); err != nil || done.StatusCode != 200 || string(text) != `{"dialogs":0}` || !slices.Equal(looks, want) {
			t.Errorf("got %d %s %v after %v, want 200 after %v", done.StatusCode, text, err, looks, want)
		}
		cancel()
		<-ended
	})
}

// omiliaTown is the service in virtual time.
func omiliaTown(t *testing.T, rate limit.Rate) (*omilia.Service, http.RoundTripper) {
	t.Helper()
	s, err := omilia.New(omilia.Config{Logger: new(testlog.Log).Logger(), Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	return s, memhttp.Serve(t, s.Handler())
}

// omiliaLicenses reads a 403 that says it in any structure.
func omiliaLicenses(t *testing.T) {
	t.Run("O10: any body under 403 that says it means that no license is available", func(t *testing.T) {
		t.Parallel()
		const asJSON, problem, page, plain = "application/json", "application/problem+json", "text/html; charset=utf-8", "text/plain; charset=utf-8"
		socket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", r.Header.Get("X-Type"))
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.Copy(w, r.Body)
		}))
		t.Cleanup(socket.Close)
		list, vendor := omiliaDialects(t)
		for _, row := range []struct{ kind, body, detail string }{
			{asJSON, `{"errors":[{"code":"x","detail":"No available licenses","meta":{},"source":"","status":403,"title":"Forbidden"}]}`, "No available licenses"},
			{asJSON, `{"errors":[{"code":"x","detail":"NO AVAILABLE LICENSES"}]}`, "NO AVAILABLE LICENSES"},
			{asJSON, `{"errors":[{"code":"x","detail":"Another thing"},{"code":"y","detail":"No available licenses"}]}`, "No available licenses"},
			{asJSON, `{"errors":[{"code":"x","title":"No available licenses"}]}`, "No available licenses"},
			{asJSON, `{"errors":[{"message":"No available licenses"}]}`, "No available licenses"},
			{asJSON, `{"errors":["No available licenses"]}`, "No available licenses"},
			{asJSON, `{"errors":{"license":["No available licenses"]}}`, "No available licenses"},
			{asJSON, `{"detail":[{"loc":["body"],"msg":"No available licenses","type":"x"}]}`, "No available licenses"},
			{asJSON, `{"detail":"We are sorry: no available licenses are left."}`, "We are sorry: no available licenses are left."},
			{asJSON, `{"message":"No available licenses"}`, "No available licenses"},
			{asJSON, `{"message":"No available licenses","status":403,"path":"/dialogs"}`, "No available licenses"},
			{asJSON, `{"msg":"No available licenses"}`, "No available licenses"},
			{asJSON, `{"status":403,"reason":"No available licenses"}`, "No available licenses"},
			{asJSON, `{"error":"No available licenses"}`, "No available licenses"},
			{asJSON, `{"error":"forbidden","error_description":"No available licenses"}`, "No available licenses"},
			{asJSON, `{"timestamp":1,"status":403,"error":"Forbidden","message":"No available licenses"}`, "No available licenses"},
			{asJSON, `{"error":{"code":403,"message":"There are No available licenses for you"}}`, "There are No available licenses for you"},
			{asJSON, `{"error":{"msg":"No available licenses"}}`, "No available licenses"},
			{asJSON, `{"error":{"message":"Forbidden","detail":"No available licenses"}}`, "No available licenses"},
			{asJSON, `["No available licenses"]`, "No available licenses"},
			{asJSON, `[{"message":"No available licenses"}]`, "No available licenses"},
			{asJSON, `"No available licenses"`, "No available licenses"},
			{problem, `{"type":"about:blank","title":"No available licenses","status":403}`, ""},
			{problem, `{"type":"about:blank","title":"Forbidden","status":403,"detail":"No available licenses"}`, "No available licenses"},
			{plain, "No available licenses", "No available licenses"},
			{plain, "403: no available licenses. Call us.", "403: no available licenses. Call us."},
			{plain, `{"message":"No available licenses"}`, "No available licenses"},
			{asJSON, "No available licenses", "No available licenses"},
			{page, `<html><head><title>Forbidden</title></head><body><p>No available licenses</p></body></html>`, "No available licenses"},
			{page, `<html><head><title>No available licenses</title></head><body></body></html>`, "No available licenses"},
			// Further down, or in a form that is not Omilia's: what it means is read, and the
			// text if it stands where most APIs have it.
			{asJSON, `{"data":{"why":[{"text":{"en":"No available licenses"}}]}}`, ""},
			{asJSON, `{"error":{"errors":[{"message":"No available licenses"}]}}`, "No available licenses"},
			{"application/xml", `<error><message>No available licenses</message></error>`, "No available licenses"},
		} {
			for _, d := range []*dialect.Dialect{list, vendor} {
				report, _ := omiliaCall(t, d, omiliaRequest(t, t.Context(), socket.URL, "POST", "/dialogs", row.body, "X-Type: "+row.kind))
				if got := omiliaAct(report.Decision, report.Outcome); got != "stop quota/license" || report.Outcome.Detail != row.detail || len(report.Attempts) != 1 {
					t.Errorf("%s by %s: got %q %q, want %q", row.body, d.Name(), got, report.Outcome.Detail, row.detail)
				}
			}
			meet(t, "POST", socket.URL+"/dialogs", row.body, "X-Type: "+row.kind).decodes(t, "omilia", "outcome quota/license", "No license is available, so no seat is free")
		}
		for _, row := range []struct{ kind, body string }{
			{asJSON, `{"errors":[{"code":"1003","detail":"The credential does not allow this","meta":{},"source":"","status":403,"title":"Forbidden"}]}`},
			{asJSON, `{"errors":[{"code":"x","detail":"There are licenses available"}]}`},
			{asJSON, `{"detail":[{"loc":["body"],"msg":"not yours","type":"x"}]}`},
			{asJSON, `{"message":"You have no license to do this"}`},
			{asJSON, `{"error":{"message":"Forbidden"}}`},
			{asJSON, `[]`},
			{asJSON, `{}`},
			{asJSON, ``},
			{problem, `{"type":"about:blank","title":"Forbidden","status":403}`},
			{plain, "Forbidden"},
			{page, `<html><head><title>Forbidden</title></head><body>Forbidden</body></html>`},
		} {
			report, _ := omiliaCall(t, vendor, omiliaRequest(t, t.Context(), socket.URL, "POST", "/dialogs", row.body, "X-Type: "+row.kind))
			if got := omiliaAct(report.Decision, report.Outcome); got != "stop forbidden" {
				t.Errorf("%s: got %q, want a plain refusal", row.body, got)
			}
			meet(t, "POST", socket.URL+"/dialogs", row.body, "X-Type: "+row.kind).decodes(t, "omilia", "outcome forbidden")
		}
	})
	t.Run("O10: under another status the words mean nothing", func(t *testing.T) {
		t.Parallel()
		m := met{"POST", "/dialogs", 404, http.Header{"Content-Type": {"application/json"}}, omiliaError("x", "No available licenses", "", 404, "Not Found")}
		m.decodes(t, "omilia", "outcome not_found", "No available licenses")
	})
}

// omiliaInFlight has a request wait for another one under the same key.
func omiliaInFlight(t *testing.T, d *dialect.Dialect) {
	t.Parallel()
	h := openOmilia(t, omilia.Config{})
	omiliaDialog(h)
	began, release := make(chan bool, 9), make(chan bool)
	h.engine.does(func(w http.ResponseWriter, r *http.Request) {
		began <- true
		select {
		case <-release:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, `{"intent":"balance","mood":1}`)
	})
	first := make(chan met, 1)
	go func() { first <- h.ask(t, "POST", omiliaMessages, omiliaHello, omiliaOnce) }()
	<-began

	var once atomic.Bool
	saw := client.ObserverFunc(func(context.Context, *http.Request, *client.Attempt) {
		if once.CompareAndSwap(false, true) {
			close(release) // the second request was refused: now the first one gets its response
		}
	})
	report, body := omiliaCall(t, d, omiliaRequest(t, t.Context(), h.url, "POST", omiliaMessages, omiliaHello, omiliaOnce), client.WithMaxAttempts(20), client.WithObserver(saw))
	m := <-first
	m.is(t, 200, `{"intent":"balance","mood":"annoyed"}`, "Idempotent-Replayed:")
	last := len(report.Attempts) - 1
	if last < 1 || body != m.body || omiliaAct(report.Decision, report.Outcome) != "done success" || report.Key != "order-7" || len(began) != 0 {
		t.Errorf("after %d attempts under %s and %d more questions to the engine: got %s, want %s", last+1, report.Key, len(began), body, m.body)
	}
	for i, a := range report.Attempts {
		if i < last && (a.Outcome.Code != "1050" || a.Outcome.Reason != parlance.ReasonInFlight || a.Wait != time.Second || !a.Again) || a.Key != "order-7" {
			t.Errorf("attempt %d: got %+v", i+1, a)
		}
	}
}

// omiliaBackoff is a client in virtual time, and a server that does not say when.
func omiliaBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, omiliaError("1002", "Slow down", "", 429, "Too Many Requests"))
		}))
		list, vendor := omiliaDialects(t)
		for _, d := range []*dialect.Dialect{list, vendor} {
			start := time.Now()
			report, _ := omiliaCall(t, d, omiliaRequest(t, t.Context(), "http://house", "POST", "/dialogs", omiliaBank), client.WithBase(to), client.WithMaxAttempts(8), client.WithMaxWait(time.Minute))
			if len(report.Attempts) != 8 {
				t.Fatalf("got %d attempts, want 8", len(report.Attempts))
			}
			var waited time.Duration
			for i, top := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
				a := report.Attempts[i]
				longest := a.Decision.Delay(i+1, func() float64 { return 1 })
				if longest != top*time.Second || a.Wait < time.Second || a.Wait > longest {
					t.Errorf("attempt %d by %s: it waits %v, and %v at most; want 1s to %v", i+1, d.Name(), a.Wait, longest, top*time.Second)
				}
				waited += a.Wait
			}
			if took := time.Since(start); took != waited { // virtual
				t.Errorf("it took %v, want %v", took, waited)
			}
		}
		met{"POST", "/dialogs", 429, http.Header{"Content-Type": {"application/json"}}, omiliaError("1002", "Slow down", "", 429, "Too Many Requests")}.
			decodes(t, "omilia", "outcome rate_limited", "vendor says retry", "after 1 second, then up to twice as long each time, at most 1 minute", "auto retry yes")
	})
}

// omiliaToldToWait is the service in virtual time, and a client that comes too often.
func omiliaToldToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, vendor := omiliaDialects(t)
		_, to := omiliaTown(t, limit.Rate{Quota: 1, Window: 10 * time.Second})
		call := func() *client.Report {
			t.Helper()
			report, _ := omiliaCall(t, vendor, omiliaRequest(t, t.Context(), "http://house", "POST", "/dialogs", omiliaBank), client.WithBase(to))
			return report
		}
		call()
		report := call()
		if len(report.Attempts) != 2 || report.Attempts[0].Outcome.Status != 429 || report.Attempts[0].Wait != 10*time.Second || report.Outcome.Status != 201 {
			t.Errorf("got %+v", report.Attempts)
		}
	})
}
