package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/examples/vms"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

const (
	vmsOperator = "Authorization: Bearer " + vms.Token
	vmsViewer   = "Authorization: Bearer " + vms.Viewer
	vmsCameras  = "/api/v1/cameras"
	vmsCamera   = vmsCameras + "/1"
	vmsSnapshot = vmsCamera + "/snapshot"
	vmsList     = "/api/v1/billing/cameras/list"
	vmsItems    = "/api/v1/items"
	vmsGate     = `{"name":"Gate"}`

	// The request and the response of the page's example, and the body that it
	// describes before.
	vmsExample     = `{"url":"http//example.com","date":"2000-01-01"}`
	vmsExampleBody = `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],"date":["The date field doesn't match the format: Y-m-d H:i:s."]}}`
	vmsFirstBody   = `{"message":"No error message here","errors":{"any_key":["Error details"]}}`
)

// vmsHouse is the camera service on a socket, and the recorder behind it.
type vmsHouse struct {
	*vms.Service
	t        *testing.T
	url      string
	recorder *backend
	speak    *dialect.Dialect
}

// openVMS has the store's clock stand still, so that what is left of a rate does not
// hang on how slow this machine is.
func openVMS(t *testing.T, c vms.Config) *vmsHouse {
	t.Helper()
	h := &vmsHouse{t: t, speak: cataloged(t, "vms"), recorder: newBackend(t, 200, "image/gif", "GIF89a")}
	now := time.Now()
	c.Store = memory.New(memory.WithClock(func() time.Time { return now }))
	c.Recorder, c.Logger = cmp.Or(c.Recorder, h.recorder.URL), new(testlog.Log).Logger()
	c.Timeout = cmp.Or(c.Timeout, time.Minute)
	var err error
	if h.Service, err = vms.New(c); err != nil {
		t.Fatal(err)
	}
	h.url = onSocket(t, h.Handler())
	return h
}

// did sends what went before, and wants its status.
func (h *vmsHouse) did(status int, method, path, body string) {
	h.t.Helper()
	if m := meet(h.t, method, h.url+path, body, vmsOperator); m.status != status {
		h.t.Fatalf("%s %s: got %d %s, want %d", method, path, m.status, m.body, status)
	}
}

func vmsOne(h *vmsHouse) { h.did(201, "POST", vmsCameras, vmsGate) }

func vmsFull(h *vmsHouse) {
	vmsOne(h)
	vmsOne(h)
}

func vmsViews(h *vmsHouse) {
	vmsOne(h)
	h.did(404, "GET", vmsCameras+"/999/live?session=x", "") // takes no session
	h.did(200, "GET", vmsCamera+"/live?session=a", "")
	h.did(200, "GET", vmsCamera+"/live?session=b", "")
}

func vmsHangs(h *vmsHouse) {
	vmsOne(h)
	h.recorder.does(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// vmsAct is what a client end with one attempt does, what it takes the response for, and
// its report.
func vmsAct(t *testing.T, d *dialect.Dialect, url, method, path, body string, header ...string) (string, *client.Report) {
	t.Helper()
	r := omiliaRequest(t, t.Context(), url, method, path, body, header...)
	report, _ := omiliaCall(t, d, r, client.WithMaxAttempts(1))
	return omiliaAct(report.Decision, report.Outcome), report
}

// vmsOwn is an error whose reason stands under a key of its own.
func vmsOwn(reason string) string {
	return fmt.Sprintf(`{"message":"","errors":{"error":["%s"]}}`, reason)
}

// vmsRow is a response of the service, its cause, and what is made of it.
type vmsRow struct {
	says   string // the statement that it holds; "" is M2 alone
	config vms.Config
	given  func(*vmsHouse)

	method, path, body, who, header string

	status  int
	whole   string   // the body
	headers []string // of the response

	act   string   // of the client end, and what it takes the response for
	title string   // in the page that explain prints; "" if the page does not list the status
	help  []string // what explain says of the status
}

// meet brings the cause about, and returns the response to curl.
func (r vmsRow) meet(t *testing.T) (*vmsHouse, met) {
	t.Helper()
	h := openVMS(t, r.config)
	if r.given != nil {
		r.given(h)
	}
	return h, meet(t, r.method, h.url+r.path, r.body, r.headed()...)
}

func (r vmsRow) headed() []string {
	header := []string{"User-Agent: curl/8.14.1", r.who}
	if r.header != "" {
		header = append(header, r.header)
	}
	return header
}

// holds wants it of the service, the client end and the command.
func (r vmsRow) holds(t *testing.T) {
	t.Helper()
	_, m := r.meet(t)
	kind := "Content-Type: application/json"
	switch {
	case r.whole == "":
		kind = "Content-Type:"
	case r.whole == "GIF89a":
		kind = "Content-Type: image/gif"
	}
	m.is(t, r.status, r.whole, append([]string{kind}, r.headers...)...)
	act, takenFor, _ := strings.Cut(r.act, " ")
	m.decodes(t, "vms", "outcome "+takenFor, "vendor says "+act)
	if r.title != "" {
		explains(t, "vms", fmt.Sprint(r.status), append([]string{"means " + takenFor}, r.help...)...)
		says(t, "", []string{"explain", "vms"}, []string{r.title})
	}

	h := openVMS(t, r.config) // anew, for the first request may have changed it
	if r.given != nil {
		r.given(h)
	}
	if got, report := vmsAct(t, h.speak, h.url, r.method, r.path, r.body, r.headed()...); got != r.act {
		t.Errorf("%s %s: got %q for %+v, want %q", r.method, r.path, got, report.Outcome, r.act)
	}
}

var vmsRows = []vmsRow{
	{
		says: "M1: 200 says that a camera was read", given: vmsOne, method: "GET", path: vmsCamera, who: vmsViewer,
		status: 200, whole: `{"id":1,"name":"Gate"}`, act: "done success", title: "200, 201 OK (success)", help: []string{"nothing more to do"},
	},
	{
		says: "M1: 200 with null says that the list is empty", method: "GET", path: vmsList, who: vmsViewer,
		status: 200, whole: `null`, act: "done empty",
	},
	{
		says: "M1: 201 says that a camera was made, and where it is", method: "POST", path: vmsCameras, body: vmsGate, who: vmsOperator,
		status: 201, whole: `{"id":1,"name":"Gate"}`, headers: []string{"Location: " + vmsCamera}, act: "done success", title: "200, 201 OK (success)",
	},
	{
		says: "M1: 204 says that a camera was deleted, and has no body", given: vmsOne, method: "DELETE", path: vmsCamera, who: vmsOperator,
		status: 204, headers: []string{"Content-Length:"}, act: "done empty", title: "204 No Content (empty)",
	},
	{
		says: "M4: 400 is for a body that is no JSON", method: "POST", path: vmsCameras, body: `{`, who: vmsOperator,
		status: 400, whole: `{"message":"The body is not valid JSON: line 1, column 2","errors":{}}`,
		act: "correct invalid", title: "400 Bad Request (invalid)", help: []string{"The input is wrong", "never sends it again unchanged", "group 4xx"},
	},
	{
		says: "M4: 400 is for a parameter that is missing", given: vmsOne, method: "GET", path: vmsCamera + "/live", who: vmsViewer,
		status: 400, whole: `{"message":"The parameter session is missing","errors":{}}`, act: "correct invalid",
	},
	{
		says: "M4: 400 is for a parameter of a wrong type", given: vmsOne, method: "GET", path: vmsCamera + "/archive?hour=noon", who: vmsViewer,
		status: 400, whole: `{"message":"The parameter hour must be a number","errors":{}}`, act: "correct invalid",
	},
	{
		says:  "M4: 400 is also for trouble with a system outside",
		given: func(h *vmsHouse) { vmsOne(h); h.recorder.sends(409, "text/plain", "camera off") }, method: "GET", path: vmsSnapshot, who: vmsViewer,
		status: 400, whole: `{"message":"The camera is switched off","errors":{}}`,
		act: "correct invalid", title: "400 Bad Request (invalid)", help: []string{"an external system has a problem"},
	},
	{
		method: "GET", path: vmsList, who: "Authorization: ",
		status: 401, whole: vmsOwn("A credential is required"), headers: []string{"WWW-Authenticate: Bearer"}, act: "stop unauthenticated",
	},
	{
		method: "GET", path: vmsList, who: "Authorization: Bearer guess",
		status: 401, whole: vmsOwn("The credential is wrong"), act: "stop unauthenticated",
	},
	{
		says: "M5: 402 is for one camera more than the license allows", given: vmsFull, method: "POST", path: vmsCameras, body: vmsGate, who: vmsOperator,
		status: 402, whole: `{"message":"","errors":{"license":["The license limit is exceeded"]}}`,
		act: "stop quota/license", title: "402 Payment Required (quota/license)", help: []string{"The license limit for creating cameras", "another license issue", "A client stops"},
	},
	{
		says:  "M5: with a camera less there is room again, and no 402",
		given: func(h *vmsHouse) { vmsFull(h); h.did(204, "DELETE", vmsCamera, "") }, method: "POST", path: vmsCameras, body: vmsGate, who: vmsOperator,
		status: 201, whole: `{"id":3,"name":"Gate"}`, act: "done success",
	},
	{
		says: "M6: 422 is for data of a good form that are wrong", method: "POST", path: vmsCameras, body: `{"name":""}`, who: vmsOperator,
		status: 422, whole: `{"message":"Submitted data was invalid","errors":{"name":["The name can be no shorter than 1 character"]}}`,
		act: "correct invalid/fields", title: "422 Unprocessable Entity (invalid/fields)", help: []string{"The request was understood", "data are invalid"},
	},
	{
		says: "M7: 403 is for a viewer, who may not create cameras", method: "POST", path: vmsCameras, body: vmsGate, who: vmsViewer,
		status: 403, whole: vmsOwn("The credential does not allow this"),
		act: "stop forbidden", title: "403 Forbidden (forbidden)", help: []string{"no permissions for the resource", "the page on managing access"},
	},
	{
		says: "M7: 403 is for a viewer, who may not delete one", given: vmsOne, method: "DELETE", path: vmsCamera, who: vmsViewer,
		status: 403, whole: vmsOwn("The credential does not allow this"), act: "stop forbidden",
	},
	{
		says: "M8: 404 is for a camera that is not there", method: "GET", path: vmsCamera, who: vmsViewer,
		status: 404, whole: vmsOwn(`No camera \"1\"`), act: "stop not_found", title: "404 Not Found (not_found)", help: []string{"The requested resource is not there", "A client stops"},
	},
	{
		says: "M8: 404 is for a snapshot of a camera that is not there", given: vmsOne, method: "GET", path: vmsCameras + "/999/snapshot", who: vmsViewer,
		status: 404, whole: vmsOwn(`No camera \"999\"`), act: "stop not_found",
	},
	{
		says: "M8: 404 is for the archive of a camera that is not there", given: vmsOne, method: "GET", path: vmsCameras + "/999/archive?hour=2", who: vmsViewer,
		status: 404, whole: vmsOwn(`No camera \"999\"`), act: "stop not_found",
	},
	{
		says: "M8: 404 is for a view of a camera that is not there", given: vmsOne, method: "GET", path: vmsCameras + "/999/live?session=a", who: vmsViewer,
		status: 404, whole: vmsOwn(`No camera \"999\"`), act: "stop not_found",
	},
	{
		says: "M8: 404 is for a camera to delete that is not there", method: "DELETE", path: vmsCamera, who: vmsOperator,
		status: 404, whole: vmsOwn(`No camera \"1\"`), act: "stop not_found",
	},
	{
		says: "M8: 404 is for a route that is not there", method: "GET", path: "/nowhere", who: vmsViewer,
		status: 404, whole: vmsOwn("There is no resource at GET /nowhere."), act: "stop not_found",
	},
	{
		method: "PUT", path: vmsCameras, body: vmsGate, who: vmsOperator,
		status: 405, whole: vmsOwn("The method PUT is not allowed at /api/v1/cameras. Allowed: POST."), headers: []string{"Allow: POST"}, act: "correct invalid",
	},
	{
		method: "POST", path: vmsCameras, body: strings.Repeat(" ", 1<<20) + vmsGate, who: vmsOperator,
		status: 413, whole: vmsOwn("The body is longer than 1,048,576 bytes"), act: "correct invalid",
	},
	{
		method: "POST", path: vmsCameras, body: "name=Gate", who: vmsOperator, header: "Content-Type: application/x-www-form-urlencoded",
		status: 415, whole: vmsOwn("The content type must be application/json"), headers: []string{"Accept: application/json"}, act: "correct invalid",
	},
	{
		says: "M9: 429 is for too many requests, and says when to come back", config: vms.Config{Rate: limit.Rate{Quota: 2, Window: time.Minute}}, given: vmsFull,
		method: "GET", path: vmsList, who: vmsOperator,
		status: 429, whole: vmsOwn("Too many requests in a short time"), headers: []string{"Retry-After: 30"},
		act: "retry rate_limited", title: "429, 419 Too Many Requests (rate_limited)",
		help: []string{"after 1 second, then up to twice as long each time, at most 1 minute", "Every request may be sent again"},
	},
	{
		says: "M9: 429 is for too many live views of cameras that are there", given: vmsViews, method: "GET", path: vmsCamera + "/live?session=c", who: vmsOperator,
		status: 429, whole: vmsOwn("Too many sessions at one time"), headers: []string{"Retry-After:"},
		act: "retry rate_limited", title: "429, 419 Too Many Requests (rate_limited)", help: []string{"too many sessions"},
	},
	{
		says: "M10: 500 is a fault of the service, and its cause is in the log", given: vmsOne, method: "GET", path: vmsCamera + "/archive?hour=25", who: vmsViewer,
		status: 500, whole: vmsOwn("The request could not be handled. The cause is in the server's log under the request ID."),
		act: "retry internal", title: "500 Server error (internal)", help: []string{"A rare error, mostly of the VSaaS servers", "group 5xx"},
	},
	{
		says:  "M10: 502 is for a recorder that fails",
		given: func(h *vmsHouse) { vmsOne(h); h.recorder.sends(500, "text/plain", "disk 3 is full") }, method: "GET", path: vmsSnapshot, who: vmsViewer,
		status: 502, whole: vmsOwn("The recorder cannot be used now"),
		act: "retry bad_gateway", title: "502 Server error (bad_gateway)", help: []string{"A rare error, mostly of the VSaaS servers", "group 5xx"},
	},
	{
		says: "M10: 502 is for a recorder that is gone, for 503 is left to maintenance", config: vms.Config{Recorder: "http://" + testnet.Closed}, given: vmsOne,
		method: "GET", path: vmsSnapshot, who: vmsViewer,
		status: 502, whole: vmsOwn("The recorder cannot be used now"), headers: []string{"Retry-After:"}, act: "retry bad_gateway",
	},
	{
		says: "M11: 503 is for maintenance", given: func(h *vmsHouse) { h.Maintenance.Close(time.Time{}) }, method: "GET", path: vmsList, who: vmsViewer,
		status: 503, whole: vmsOwn("The system is closed for maintenance"), headers: []string{"Retry-After:"},
		act: "retry unavailable/maintenance", title: "503 Service unavailable (unavailable/maintenance)",
		help: []string{"Maintenance: updates or troubleshooting", "after 10 seconds, then up to twice as long each time, at most 10 minutes"},
	},
	{
		config: vms.Config{Timeout: 50 * time.Millisecond}, given: vmsHangs, method: "GET", path: vmsSnapshot, who: vmsViewer,
		status: 504, whole: vmsOwn("The recorder cannot be used now"), act: "retry timeout",
	},
}

// vmsErrors are all error responses of the service.
func vmsErrors(t *testing.T) (all []met) {
	t.Helper()
	for _, r := range vmsRows {
		if r.status >= 400 {
			_, m := r.meet(t)
			all = append(all, m)
		}
	}
	return all
}

// vmsError is the body of an error, read as strictly as the page describes it.
type vmsError struct {
	Message *string
	Errors  map[string][]string
}

var vmsMembers = regexp.MustCompile(`^\{"message":"[^"]*","errors":\{.*\}\}$`)

// error reads the body, which has both members in their order and no others.
func (m met) error(t *testing.T) vmsError {
	t.Helper()
	var e vmsError
	in := json.NewDecoder(strings.NewReader(m.body))
	in.DisallowUnknownFields()
	if err := in.Decode(&e); err != nil || e.Message == nil || e.Errors == nil || !vmsMembers.MatchString(m.body) {
		t.Fatalf("%s %s: got %d %s %v, want a message, then errors, an object of lists", m.method, m.path, m.status, m.body, err)
	}
	return e
}

// TestVMSPage holds each statement of the page at both ends.
func TestVMSPage(t *testing.T) {
	t.Parallel()
	for _, r := range vmsRows {
		name := r.says
		if name == "" {
			name = fmt.Sprintf("M2: %d says what went wrong", r.status)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r.holds(t)
		})
	}
	t.Run("M2: every error describes what went wrong, in message or in errors", func(t *testing.T) {
		t.Parallel()
		statuses := map[int]bool{}
		for _, m := range vmsErrors(t) {
			statuses[m.status] = true
			e := m.error(t)
			said := *e.Message
			for key, texts := range e.Errors {
				if key == "" || len(texts) == 0 || slices.Contains(texts, "") {
					t.Errorf("%s %s: got %d %s, with a key or a text that says nothing", m.method, m.path, m.status, m.body)
				}
				said += strings.Join(texts, "")
			}
			if said == "" {
				t.Errorf("%s %s: got %d %s, which says nothing", m.method, m.path, m.status, m.body)
			}
			for _, text := range e.Errors["error"] {
				m.decodes(t, "vms", "detail "+strings.ReplaceAll(text, `\"`, `"`))
			}
		}
		for _, status := range []int{400, 401, 402, 403, 404, 405, 413, 415, 422, 429, 500, 502, 503, 504} {
			if !statuses[status] {
				t.Errorf("no row has %d", status)
			}
		}
	})
	t.Run("M3: 4xx is the caller's to mend, and 5xx is the server's", func(t *testing.T) {
		t.Parallel()
		for _, r := range vmsRows {
			act, _, _ := strings.Cut(r.act, " ")
			class, mended := "4xx: Error in the request", act == "correct" || act == "stop" || r.status == 429
			switch {
			case r.status < 400:
				class, mended = "2xx: OK", act == "done"
			case r.status >= 500:
				class, mended = "5xx: Server error", act == "retry"
			}
			if !mended {
				t.Errorf("%d is met by %q", r.status, r.act)
			}
			stdout, _, _ := invoke(t, "", "explain", "vms", fmt.Sprint(r.status))
			text := strings.Join(strings.Fields(stdout), " ")
			if !strings.Contains(text, class) && !strings.Contains(text, "its row for "+class[:3]+" says") {
				t.Errorf("explain vms %d does not name the class %s:\n%s", r.status, class, stdout)
			}
		}
		explains(t, "vms", "2xx", "2xx OK", "The request was completed", "200, 201 OK", "204 No Content")
		explains(t, "vms", "4xx", "4xx Error in the request", "a required parameter", "400 Bad Request", "402 Payment Required", "403 Forbidden", "404 Not Found", "422 Unprocessable Entity", "429, 419 Too Many Requests")
		explains(t, "vms", "5xx", "5xx Server error", "mostly of the VSaaS servers", "500 Server error", "502 Server error", "503 Service unavailable")

		// A class stands for its codes: those that no row lists are read by it.
		for status, want := range map[string]string{"451": "correct invalid", "599": "retry internal"} {
			got, report := vmsAct(t, cataloged(t, "vms"), vmsParrot(t), "GET", "/things", "", "X-Status: "+status, "X-Body: "+vmsFirstBody)
			if got != want || report.Outcome.Detail != "No error message here" {
				t.Errorf("%s: got %q for %+v, want %q", status, got, report.Outcome, want)
			}
			explains(t, "vms", status, "its row for "+status[:1]+"xx says")
		}
	})
	t.Run("M11: a client with the defaults waits until the maintenance is over", vmsMaintenance)
	t.Run("M11: a client waits as long as the server says, if that is short enough", vmsAnnounced)
	t.Run("M12: an error has message and errors, in this order and nothing else", func(t *testing.T) {
		t.Parallel()
		for _, m := range vmsErrors(t) {
			m.error(t)
		}
	})
	t.Run("M12: the body that the page describes is read and written to the letter", func(t *testing.T) {
		t.Parallel()
		any := []parlance.Field{{Path: "any_key", Message: "Error details"}}
		for _, status := range []int{400, 422} {
			o := parlance.Outcome{Kind: parlance.KindInvalid, Status: status, Detail: "No error message here", Fields: any}
			if status == 422 {
				o.Reason = parlance.ReasonFields
			}
			url := vmsWriter(t, o)
			m := meet(t, "GET", url+"/things", "")
			m.is(t, status, vmsFirstBody, "Content-Type: application/json")
			m.decodes(t, "vms", "outcome invalid", "detail No error message here", "fields any_key Error details")
			_, report := vmsAct(t, cataloged(t, "vms"), url, "GET", "/things", "")
			if got := report.Outcome; got.Detail != o.Detail || !slices.Equal(got.Fields, any) {
				t.Errorf("%d: got %+v, want %+v", status, got, o)
			}
			in := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n\r\n%s", status, http.StatusText(status), vmsFirstBody)
			decoded, stderr, exit := invoke(t, in, "decode", "--json", "--dialect", "vms")
			if exit != 0 {
				t.Fatalf("exit %d\n%s", exit, stderr)
			}
			says(t, decoded, []string{"encode", "--dialect", "vms"}, []string{`"body":` + quoted(t, vmsFirstBody), `"losses":[]`})
		}
		// Other errors have their reason in errors, beside the fields.
		m := meet(t, "GET", vmsWriter(t, parlance.Outcome{Kind: parlance.KindNotFound, Detail: "No error message here", Fields: any})+"/things", "")
		m.is(t, 404, `{"message":"","errors":{"error":["No error message here"],"any_key":["Error details"]}}`)
	})
	t.Run("M13: an error of another structure is read too", vmsOtherStructures)
	t.Run("M13: a browser gets a page, which a client end reads too", func(t *testing.T) {
		t.Parallel()
		h := openVMS(t, vms.Config{})
		const browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
		m := meet(t, "GET", h.url+vmsCamera, "", vmsViewer, browser)
		m.is(t, 404, `<html><head><title>No camera &quot;1&quot;</title></head><body>404</body></html>`, "Content-Type: text/html; charset=utf-8")
		m.decodes(t, "vms", "outcome not_found", `detail No camera "1"`)
		got, report := vmsAct(t, h.speak, h.url, "GET", vmsCamera, "", vmsViewer, browser)
		if got != "stop not_found" || report.Outcome.Detail != `No camera "1"` {
			t.Errorf("got %q for %+v", got, report.Outcome)
		}
		for _, accept := range []string{"Accept: */*", "Accept: ", "Accept: application/json", "Accept: image/webp", "Accept: application/json, text/html;q=0.5"} {
			meet(t, "GET", h.url+vmsCamera, "", vmsViewer, accept).is(t, 404, vmsOwn(`No camera \"1\"`), "Content-Type: application/json")
		}
	})
	t.Run("M14: message is empty but for the reason of a 400, and for what stands above invalid fields", func(t *testing.T) {
		t.Parallel()
		for _, m := range vmsErrors(t) {
			e := m.error(t)
			switch m.status {
			case 400:
				if *e.Message == "" || len(e.Errors) > 0 {
					t.Errorf("%s %s: got %s, want the reason in message", m.method, m.path, m.body)
				}
				m.decodes(t, "vms", "detail "+*e.Message)
			case 422:
				if *e.Message != "Submitted data was invalid" || len(e.Errors) == 0 {
					t.Errorf("%s %s: got %s, want fields and the message of the page's example", m.method, m.path, m.body)
				}
			default:
				if *e.Message != "" || len(e.Errors) == 0 {
					t.Errorf("%s %s: got %d %s, want no message, and the reason in errors", m.method, m.path, m.status, m.body)
				}
			}
		}
		explains(t, "vms", "400", "The reason may stand in message")
		h := openVMS(t, vms.Config{})
		if _, report := vmsAct(t, h.speak, h.url, "POST", vmsCameras, `{`, vmsOperator); report.Outcome.Detail != "The body is not valid JSON: line 1, column 2" {
			t.Errorf("got %+v", report.Outcome)
		}
		if _, report := vmsAct(t, h.speak, h.url, "GET", vmsCamera, "", vmsViewer); report.Outcome.Detail != `No camera "1"` {
			t.Errorf("got %+v", report.Outcome)
		}
	})
	t.Run("M15: the keys of errors are the fields that are wrong, and no others", func(t *testing.T) {
		t.Parallel()
		h := openVMS(t, vms.Config{})
		for _, row := range []struct {
			path, sent, errors string
			fields             []parlance.Field
		}{
			{vmsItems, `{"url":"http//a.b","date":"2026-01-02 03:04:05"}`, `{"url":["The URL value is in invalid format"]}`, []parlance.Field{{Path: "url", Message: "The URL value is in invalid format"}}},
			{vmsItems, `{"url":"http://a.b","date":"x"}`, `{"date":["The date field doesn't match the format: Y-m-d H:i:s."]}`, []parlance.Field{{Path: "date", Message: "The date field doesn't match the format: Y-m-d H:i:s."}}},
			{vmsItems, `{}`, `{"url":["The URL field is required"],"date":["The date field is required"]}`, []parlance.Field{{Path: "url", Message: "The URL field is required"}, {Path: "date", Message: "The date field is required"}}},
			{vmsCameras, `{}`, `{"name":["The name field is required"]}`, []parlance.Field{{Path: "name", Message: "The name field is required"}}},
		} {
			m := meet(t, "POST", h.url+row.path, row.sent, vmsOperator)
			m.is(t, 422, `{"message":"Submitted data was invalid","errors":`+row.errors+`}`)
			got, report := vmsAct(t, h.speak, h.url, "POST", row.path, row.sent, vmsOperator)
			if got != "correct invalid/fields" || !slices.Equal(report.Outcome.Fields, row.fields) {
				t.Errorf("%s: got %q for %+v, want %+v", row.sent, got, report.Outcome, row.fields)
			}
			for _, f := range row.fields {
				m.decodes(t, "vms", f.Path+" "+f.Message)
			}
		}
	})
	t.Run("M16: what belongs to no field has a key of its own, also beside fields", vmsNoField)
	t.Run("M17: a key has as many texts as there are faults, in their order", func(t *testing.T) {
		t.Parallel()
		h := openVMS(t, vms.Config{})
		const sent = `{"url":"no url, and too long","date":"2026-01-02 03:04:05"}`
		two := []parlance.Field{{Path: "url", Message: "The URL value is in invalid format"}, {Path: "url", Message: "The URL can be no longer than 10 characters"}}
		m := meet(t, "POST", h.url+vmsItems, sent, vmsViewer)
		m.is(t, 422, `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"]}}`)
		m.decodes(t, "vms", "url The URL value is in invalid format", "url The URL can be no longer than 10 characters")
		if _, report := vmsAct(t, h.speak, h.url, "POST", vmsItems, sent, vmsViewer); !slices.Equal(report.Outcome.Fields, two) {
			t.Errorf("got %+v, want %+v", report.Outcome.Fields, two)
		}
		// Also if another field stands between them: a key stands once.
		apart := []parlance.Field{{Path: "a", Message: "first"}, {Path: "b", Message: "second"}, {Path: "a", Message: "third"}}
		meet(t, "GET", vmsWriter(t, parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Detail: "Wrong", Fields: apart})+"/things", "").
			is(t, 422, `{"message":"Wrong","errors":{"a":["first","third"],"b":["second"]}}`)
	})
	t.Run("M18: the example of the page comes out to the letter", func(t *testing.T) {
		t.Parallel()
		h := openVMS(t, vms.Config{})
		m := meet(t, "POST", h.url+vmsItems, vmsExample, vmsViewer, "User-Agent: curl/8.14.1")
		m.is(t, 422, vmsExampleBody, "Content-Type: application/json")
		const url, long, date = "The URL value is in invalid format", "The URL can be no longer than 10 characters", "The date field doesn't match the format: Y-m-d H:i:s."
		m.decodes(t, "vms", "outcome invalid/fields", "detail Submitted data was invalid", "url "+url, "url "+long, "date "+date, "vendor says correct")
		got, report := vmsAct(t, h.speak, h.url, "POST", vmsItems, vmsExample, vmsViewer)
		want := []parlance.Field{{Path: "url", Message: url}, {Path: "url", Message: long}, {Path: "date", Message: date}}
		if got != "correct invalid/fields" || report.Outcome.Detail != "Submitted data was invalid" || !slices.Equal(report.Outcome.Fields, want) {
			t.Errorf("got %q for %+v, want the fields %+v", got, report.Outcome, want)
		}
		explains(t, "vms", "422", "The texts in errors say why", "A client corrects the request")
	})
}

// quoted is a text as JSON.
func quoted(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// vmsParrot is a server that says what a request wishes to hear.
func vmsParrot(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", cmp.Or(r.Header.Get("X-Type"), "application/json"))
		var status int
		_, _ = fmt.Sscan(r.Header.Get("X-Status"), &status)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, r.Header.Get("X-Body"))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// vmsWriter is a service of the dialect that fails in one way only.
func vmsWriter(t *testing.T, o parlance.Outcome) string {
	t.Helper()
	api := server.New(cataloged(t, "vms"), server.WithLogger(new(testlog.Log).Logger()))
	s := httptest.NewServer(api.Wrap(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return nil, &parlance.Error{Outcome: o}
	})))
	t.Cleanup(s.Close)
	return s.URL
}

// vmsOtherStructures reads what the page says may come instead of its format.
func vmsOtherStructures(t *testing.T) {
	t.Parallel()
	const asJSON, page, plain = "application/json", "text/html; charset=UTF-8", "text/plain"
	none := func(texts ...string) (all []parlance.Field) {
		for _, text := range texts {
			all = append(all, parlance.Field{Message: text})
		}
		return all
	}
	url, d := vmsParrot(t), cataloged(t, "vms")
	for _, row := range []struct {
		kind, body, detail string
		fields             []parlance.Field
	}{
		{asJSON, `{"message":"gone"}`, "gone", nil},
		{asJSON, `{"error":"gone"}`, "gone", nil},
		{asJSON, `{"detail":"gone"}`, "gone", nil},
		{asJSON, `{"message":"gone","errors":["a","b"]}`, "gone", none("a", "b")},
		{asJSON, `{"message":"","errors":["a","b"]}`, "", none("a", "b")},
		{asJSON, `{"message":"","errors":"gone"}`, "gone", nil},
		{asJSON, `{"message":"gone","errors":{"a":"one"}}`, "gone", []parlance.Field{{Path: "a", Message: "one"}}},
		{asJSON, `{"message":"gone","errors":{"a":{"b":["c"]}}}`, "gone", []parlance.Field{{Path: "a.b", Message: "c"}}},
		{asJSON, `{"message":"gone","errors":{},"trace":[]}`, "gone", nil},
		{asJSON, `{"errors":{"a":["one"]}}`, "", []parlance.Field{{Path: "a", Message: "one"}}},
		{asJSON, `["a","b"]`, "", none("a", "b")},
		{asJSON, `"gone"`, "gone", nil},
		{page, `<html><head><title>Gone</title></head><body>404</body></html>`, "Gone", nil},
		{plain, `gone`, "gone", nil},
	} {
		said := []string{"X-Status: 404", "X-Type: " + row.kind, "X-Body: " + row.body}
		got, report := vmsAct(t, d, url, "GET", "/things", "", said...)
		if o := report.Outcome; got != "stop not_found" || o.Detail != row.detail || !slices.Equal(o.Fields, row.fields) {
			t.Errorf("%s: got %q, the detail %q and %+v; want %q and %+v", row.body, got, o.Detail, o.Fields, row.detail, row.fields)
		}
		want := []string{"outcome not_found", row.detail}
		for _, f := range row.fields {
			want = append(want, f.Message)
		}
		meet(t, "GET", url+"/things", "", said...).decodes(t, "vms", want...)
	}
}

// vmsNoField has errors that belong to no field.
func vmsNoField(t *testing.T) {
	t.Parallel()
	h := openVMS(t, vms.Config{})
	const general = "The body must be of type object"
	for _, sent := range []string{`[]`, `[` + vmsGate + `]`, `null`, `"Gate"`} {
		m := meet(t, "POST", h.url+vmsCameras, sent, vmsOperator)
		m.is(t, 422, `{"message":"Submitted data was invalid","errors":{"general":["`+general+`"]}}`)
		m.decodes(t, "vms", "outcome invalid/fields", general)
		got, report := vmsAct(t, h.speak, h.url, "POST", vmsCameras, sent, vmsOperator)
		if got != "correct invalid/fields" || !slices.Equal(report.Outcome.Fields, []parlance.Field{{Message: general}}) {
			t.Errorf("%s: got %q for %+v", sent, got, report.Outcome)
		}
	}
	for _, m := range vmsErrors(t) {
		m.error(t) // an object of lists, and never a list
	}

	// Nothing is lost beside a field, and all of it comes back.
	fields := []parlance.Field{{Message: "The form has expired"}, {Path: "url", Message: "The URL is missing"}}
	for _, row := range []struct {
		o      parlance.Outcome
		status int
		body   string
	}{
		{parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Detail: "Wrong", Fields: fields}, 422, `{"message":"Wrong","errors":{"general":["The form has expired"],"url":["The URL is missing"]}}`},
		{parlance.Outcome{Kind: parlance.KindInvalid, Detail: "Wrong", Fields: fields}, 400, `{"message":"Wrong","errors":{"general":["The form has expired"],"url":["The URL is missing"]}}`},
		{parlance.Outcome{Kind: parlance.KindForbidden, Detail: "Not yours", Fields: fields}, 403, `{"message":"","errors":{"error":["Not yours"],"general":["The form has expired"],"url":["The URL is missing"]}}`},
	} {
		url := vmsWriter(t, row.o)
		meet(t, "GET", url+"/things", "").is(t, row.status, row.body)
		if _, report := vmsAct(t, h.speak, url, "GET", "/things", ""); report.Outcome.Detail != row.o.Detail || !slices.Equal(report.Outcome.Fields, fields) {
			t.Errorf("%s: got %+v, want %+v", row.body, report.Outcome, row.o)
		}
		in, err := json.Marshal(map[string]any{"outcome": row.o})
		if err != nil {
			t.Fatal(err)
		}
		says(t, string(in), []string{"encode", "--dialect", "vms"}, []string{`"body":` + quoted(t, row.body), `"losses":[]`})
	}
}

// vmsWaited is a wait as people are told of it: without parts of a second.
var vmsWaited = regexp.MustCompile(`the wait of (1[0-9]|20)s is longer than 5s, the longest allowed`)

// vmsMaintenance is the service in virtual time, closed for who knows how long.
func vmsMaintenance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, to := vmsTown(t)
		s.Maintenance.Close(time.Time{})
		time.AfterFunc(9*time.Second, s.Maintenance.Reopen) // virtual
		began := time.Now()
		report, body := omiliaCall(t, cataloged(t, "vms"), omiliaRequest(t, t.Context(), "http://house", "GET", vmsList, "", vmsViewer), client.WithBase(to))
		if len(report.Attempts) != 2 || report.Outcome.Status != 200 || body != "null" {
			t.Fatalf("got %d %s after %d attempts, want 200 null after 2", report.Outcome.Status, body, len(report.Attempts))
		}
		first := report.Attempts[0]
		if first.Outcome.Reason != parlance.ReasonMaintenance || first.Wait < 10*time.Second || first.Wait > 20*time.Second || time.Since(began) != first.Wait {
			t.Errorf("waited %v after %+v, want from 10s to 20s", first.Wait, first.Outcome)
		}

		// The longest wait that is drawn is still one that a default client waits.
		s.Maintenance.Close(time.Time{})
		report, _ = omiliaCall(t, cataloged(t, "vms"), omiliaRequest(t, t.Context(), "http://house", "GET", vmsList, "", vmsViewer), client.WithBase(to))
		if len(report.Attempts) != 4 || !strings.Contains(report.Attempts[3].Held, "as often as allowed") {
			t.Errorf("got %d attempts, and %q", len(report.Attempts), report.Attempts[len(report.Attempts)-1].Held)
		}
		for _, a := range report.Attempts[:3] {
			if a.Wait < 10*time.Second || a.Wait > 30*time.Second || !a.Again {
				t.Errorf("attempt %d: it waits %v, want from 10s to 30s", a.Number, a.Wait)
			}
		}

		// A client that may not wait so long says so in whole seconds.
		report, _ = omiliaCall(t, cataloged(t, "vms"), omiliaRequest(t, t.Context(), "http://house", "GET", vmsList, "", vmsViewer), client.WithBase(to), client.WithMaxWait(5*time.Second))
		if held := report.Attempts[0].Held; len(report.Attempts) != 1 || !vmsWaited.MatchString(held) {
			t.Errorf("got %d attempts, and %q", len(report.Attempts), held)
		}
	})
	m := met{"GET", vmsList, 503, http.Header{"Content-Type": {"application/json"}}, vmsOwn("The system is closed for maintenance")}
	m.decodes(t, "vms", "outcome unavailable/maintenance", "vendor says retry", "when after 10 seconds, then up to twice as long each time, at most 10 minutes")
}

// vmsAnnounced is the service in virtual time, which knows when it opens again.
func vmsAnnounced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, to := vmsTown(t)
		call := func() (*client.Report, string) {
			t.Helper()
			return omiliaCall(t, cataloged(t, "vms"), omiliaRequest(t, t.Context(), "http://house", "GET", vmsList, "", vmsViewer), client.WithBase(to))
		}
		s.Maintenance.Plan(guard.Window{From: time.Now(), To: time.Now().Add(25 * time.Second)})
		report, body := call()
		if len(report.Attempts) != 2 || report.Attempts[0].Wait != 25*time.Second || body != "null" {
			t.Errorf("got %s after %+v, want null after a wait of 25s", body, report.Attempts)
		}
		s.Maintenance.Close(time.Now().Add(90*time.Second + 300*time.Millisecond))
		report, _ = call()
		if held := report.Attempts[0].Held; len(report.Attempts) != 1 || !strings.Contains(held, "the wait of 1m31s is longer than 30s") {
			t.Errorf("got %d attempts, and %q", len(report.Attempts), held)
		}
	})
	m := met{"GET", vmsList, 503, http.Header{"Content-Type": {"application/json"}, "Retry-After": {"25"}}, vmsOwn("The system is closed for maintenance")}
	m.decodes(t, "vms", "outcome unavailable/maintenance", "vendor says retry", "25 seconds")
}

// vmsTown is the service in virtual time.
func vmsTown(t *testing.T) (*vms.Service, http.RoundTripper) {
	t.Helper()
	s, err := vms.New(vms.Config{Logger: new(testlog.Log).Logger()})
	if err != nil {
		t.Fatal(err)
	}
	return s, memhttp.Serve(t, s.Handler())
}
