package vms_test

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/vms"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

const (
	operator = "Authorization: Bearer " + vms.Token
	viewer   = "Authorization: Bearer " + vms.Viewer
	asJSON   = "Accept: application/json"
	browser  = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

	camera   = "/api/v1/cameras/1"
	cameras  = "/api/v1/cameras"
	list     = "/api/v1/billing/cameras/list"
	gate     = `{"name":"Gate"}`
	good     = `{"url":"http://a.b","date":"2026-01-02 03:04:05"}`
	bad      = `{"url":"no url, and too long","date":"tomorrow"}`
	snapshot = camera + "/snapshot"
)

// house is the camera service and the recorder behind it.
type house struct {
	*vms.Service
	t        *testing.T
	url      string
	recorder *golden.Backend
	log      testlog.Log
}

// open has what is counted stand still in time: what is left of a rate is the
// same however slow this machine is.
func open(t *testing.T, c vms.Config) *house {
	h := &house{t: t, recorder: golden.NewBackend(t, golden.Respond(200, "image/gif", "GIF89a"))}
	now := time.Now()
	c.Store = memory.New(memory.WithClock(func() time.Time { return now }))
	c.Recorder, c.Logger = cmp.Or(c.Recorder, h.recorder.URL), h.log.Logger()
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	var err error
	if h.Service, err = vms.New(c); err != nil {
		t.Fatal(err)
	}
	h.url = golden.Serve(t, h.Handler())
	return h
}

// records has the recorder respond the same to all.
func (h *house) records(status int, contentType, body string) {
	h.recorder.Handle(golden.Respond(status, contentType, body))
}

// did sends what went before, and wants its status.
func (h *house) did(status int, method, path, body string) {
	h.t.Helper()
	a := golden.Send(h.t, "vms", http.DefaultTransport, golden.Request(h.t, h.url, method, path, body, operator, asJSON), 1)
	if a.StatusCode != status {
		h.t.Fatalf("%s %s: got %s %s", method, path, a.Response.Status, a.Text)
	}
}

func one(h *house) { h.did(201, "POST", cameras, gate) }

func full(h *house) { one(h); one(h) }

// Each row of the page, its cause brought about, and what a client does then.
func TestEachCodeHasItsCause(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name               string
		config             vms.Config
		given              func(*house)
		method, path, body string
		header             []string
		client             string
		log                string // what stands in it of the cause, under the response's id
	}{
		{
			name:   "200 a camera is read",
			given:  func(h *house) { h.did(201, "POST", cameras, gate) },
			method: "GET", path: camera, header: []string{viewer, asJSON}, client: "is done",
		},
		{name: "200 null where there are no cameras", method: "GET", path: list, header: []string{viewer, asJSON}, client: "is done"},
		{
			name: "200 a list of cameras", given: full,
			method: "GET", path: list, header: []string{viewer, asJSON}, client: "is done",
		},
		{name: "200 the recorder has a picture", given: one, method: "GET", path: snapshot, header: []string{viewer, asJSON}, client: "is done"},
		{name: "201 an item is created", method: "POST", path: "/api/v1/items", body: good, header: []string{viewer, asJSON}, client: "is done"},
		{name: "201 a camera is created", method: "POST", path: cameras, body: gate, header: []string{operator, asJSON}, client: "is done"},
		{
			name:   "201 a camera was deleted and there is room again",
			given:  func(h *house) { full(h); h.did(204, "DELETE", camera, "") },
			method: "POST", path: cameras, body: gate, header: []string{operator, asJSON}, client: "is done",
		},
		{
			name: "204 a camera is deleted", given: full,
			method: "DELETE", path: camera, header: []string{operator, asJSON}, client: "is done",
		},
		{name: "400 the body is no JSON", method: "POST", path: cameras, body: `{`, header: []string{operator, asJSON}, client: "corrects it"},
		{
			name:   "400 the external system has the camera switched off",
			given:  func(h *house) { one(h); h.records(409, "text/plain", "camera off") },
			method: "GET", path: snapshot, header: []string{viewer, asJSON}, client: "corrects it",
		},
		{name: "401 the token is missing", method: "GET", path: list, header: []string{asJSON}, client: "stops"},
		{name: "401 the token is wrong", method: "GET", path: list, header: []string{"Authorization: Bearer guess", asJSON}, client: "stops"},
		{
			name: "402 one camera too many", given: full,
			method: "POST", path: cameras, body: gate, header: []string{operator, asJSON}, client: "stops",
		},
		{name: "403 a viewer creates nothing", method: "POST", path: cameras, body: gate, header: []string{viewer, asJSON}, client: "stops"},
		{name: "404 there is no such camera", method: "GET", path: camera, header: []string{viewer, asJSON}, client: "stops"},
		{name: "404 where anything is asked for", method: "GET", path: camera, header: []string{viewer, "Accept: */*"}, client: "stops"},
		{name: "404 as a page for a browser", method: "GET", path: camera, header: []string{viewer, browser}, client: "stops"},
		{name: "404 in Russian", method: "GET", path: camera, header: []string{viewer, asJSON, "Hl: ru"}, client: "stops"},
		{name: "404 a view of no camera", method: "GET", path: camera + "/live?session=a", header: []string{viewer, asJSON}, client: "stops"},
		{name: "404 a snapshot of no camera", method: "GET", path: snapshot, header: []string{viewer, asJSON}, client: "stops"},
		{name: "404 the archive of no camera", method: "GET", path: camera + "/archive?hour=25", header: []string{viewer, asJSON}, client: "stops"},
		{name: "400 a view without a session", given: one, method: "GET", path: camera + "/live", header: []string{viewer, asJSON}, client: "corrects it"},
		{name: "400 an hour that is no number", given: one, method: "GET", path: camera + "/archive?hour=noon", header: []string{viewer, asJSON}, client: "corrects it"},
		{name: "404 there is no such route", method: "GET", path: "/api/v1/doors", header: []string{viewer, asJSON}, client: "stops"},
		{name: "405 nobody changes a camera", method: "PUT", path: camera, body: gate, header: []string{operator, asJSON}, client: "corrects it"},
		{name: "413 the body is too long", method: "POST", path: cameras, body: strings.Repeat(" ", 1<<20) + gate, header: []string{operator, asJSON}, client: "corrects it"},
		{name: "415 the body is a form", method: "POST", path: cameras, body: "name=Gate", header: []string{operator, asJSON, "Content-Type: application/x-www-form-urlencoded"}, client: "corrects it"},
		{name: "422 every fault of each field", method: "POST", path: "/api/v1/items", body: bad, header: []string{viewer, asJSON}, client: "corrects it"},
		{name: "422 in Russian by header", method: "POST", path: "/api/v1/items", body: bad, header: []string{viewer, asJSON, "Hl: ru"}, client: "corrects it"},
		{name: "422 in Russian by query", method: "POST", path: "/api/v1/items?hl=ru", body: bad, header: []string{viewer, asJSON}, client: "corrects it"},
		{
			name: "429 too many requests", config: vms.Config{Rate: limit.Rate{Quota: 2, Window: time.Minute}}, given: full,
			method: "GET", path: list, header: []string{operator, asJSON}, client: "retries it after 30s",
		},
		{
			name: "429 too many sessions",
			given: func(h *house) {
				h.did(201, "POST", cameras, gate)
				h.did(200, "GET", camera+"/live?session=a", "")
				h.did(200, "GET", camera+"/live?session=b", "")
				h.did(200, "GET", camera+"/live?session=a", "") // is one that there is
			},
			method: "GET", path: camera + "/live?session=c", header: []string{operator, asJSON}, client: "retries it, later each time",
		},
		{
			name: "200 a session ended and there is room again",
			given: func(h *house) {
				h.did(201, "POST", cameras, gate)
				h.did(200, "GET", camera+"/live?session=a", "")
				h.did(200, "GET", camera+"/live?session=b", "")
				h.did(204, "DELETE", "/api/v1/sessions/a", "")
			},
			method: "GET", path: camera + "/live?session=c", header: []string{operator, asJSON}, client: "is done",
		},
		{
			name:  "500 a bug panics",
			given: one, method: "GET", path: camera + "/archive?hour=25", header: []string{viewer, asJSON}, client: "retries it, later each time", log: "index out of range",
		},
		{
			name:   "502 the recorder sends no picture",
			given:  func(h *house) { one(h); h.records(200, "text/html", "<html>") },
			method: "GET", path: snapshot, header: []string{viewer, asJSON}, client: "retries it, later each time", log: "no picture",
		},
		{
			name:   "502 the recorder fails",
			given:  func(h *house) { one(h); h.records(500, "text/plain", "disk 3 is full") },
			method: "GET", path: snapshot, header: []string{viewer, asJSON}, client: "retries it, later each time", log: "responded with 500",
		},
		{
			name:   "502 the recorder is gone",
			config: vms.Config{Recorder: "http://" + testnet.Closed},
			given:  one,
			method: "GET", path: snapshot, header: []string{viewer, asJSON}, client: "retries it, later each time", log: "refused",
		},
		{
			name:   "504 the recorder is too slow",
			config: vms.Config{Timeout: time.Millisecond},
			given: func(h *house) {
				one(h)
				h.recorder.Handle(golden.Hang)
			},
			method: "GET", path: snapshot, header: []string{viewer, asJSON}, client: "retries it, later each time", log: "exceeded",
		},
		{
			name:   "503 maintenance for who knows how long",
			given:  func(h *house) { h.Maintenance.Close(time.Time{}) },
			method: "GET", path: list, header: []string{viewer, asJSON}, client: "retries it, later each time",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, row.config)
			if row.given != nil {
				row.given(h)
			}
			r := golden.Request(t, h.url, row.method, row.path, row.body, row.header...)
			a := golden.Send(t, "vms", http.DefaultTransport, r, 1)
			golden.Exchange(t, row.name, r, row.body, a)
			a.Check(t, row.client, &h.log, row.log, "disk 3", h.recorder.URL)
		})
	}
}

// The client end reads when to come back, to the second, and then is served.
func TestMaintenanceSaysToTheSecondWhenItEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := vms.New(vms.Config{Logger: new(testlog.Log).Logger()})
		if err != nil {
			t.Fatal(err)
		}
		house := memhttp.Serve(t, s.Handler())
		ask := func() *http.Request { return golden.Request(t, "http://house", "GET", list, "", viewer, asJSON) }
		began := time.Now()
		s.Maintenance.Plan(guard.Window{From: began, To: began.Add(90 * time.Second)})

		r := ask()
		a := golden.Send(t, "vms", house, r, 1)
		golden.Exchange(t, "503 maintenance for 90 seconds", r, "", a)
		if a.Does() != "retries it after 1m30s" {
			t.Errorf("the client end %s", a.Does())
		}
		patient := client.WithCall(t.Context(), client.Call{MaxWait: 2 * time.Minute})
		if a := golden.Send(t, "vms", house, ask().WithContext(patient), 2); a.Text != "null" || time.Since(began) != 90*time.Second {
			t.Errorf("after %v: %s %s", time.Since(began), a.Response.Status, a.Text)
		}
	})
}

// Sessions are for cameras that there are: whoever asks for others has them all left.
func TestAViewOfNoCameraTakesNoSession(t *testing.T) {
	t.Parallel()
	h := open(t, vms.Config{})
	one(h)
	for _, session := range []string{"a", "b", "c", "d"} {
		h.did(404, "GET", "/api/v1/cameras/999/live?session="+session, "")
	}
	h.did(200, "GET", camera+"/live?session=e", "")
	h.did(200, "GET", camera+"/live?session=f", "")
	h.did(429, "GET", camera+"/live?session=g", "")
}

// What curl sends where it is told nothing else gets the page's own example.
func TestThePagesExampleComesOutForCurl(t *testing.T) {
	t.Parallel()
	h := open(t, vms.Config{})
	const sent = `{"url":"http//example.com","date":"2000-01-01"}`
	r := golden.Request(t, h.url, "POST", "/api/v1/items", sent, viewer, "Accept: */*", "User-Agent: curl/8.14.1")
	res, err := http.DefaultClient.Do(r)
	golden.Exchange(t, "422 the example of the page", r, sent, golden.Read(t, res, err))
}

func TestTheCapHoldsHoweverManyComeAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t, vms.Config{Cameras: 3})
	var created, refused atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			r := golden.Request(t, h.url, "POST", cameras, gate, operator, asJSON)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			switch res.StatusCode {
			case 201:
				created.Add(1)
			case 402:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if created.Load() != 3 || refused.Load() != 17 {
		t.Errorf("%d created, %d refused", created.Load(), refused.Load())
	}
}

func TestTheRecordOfARequestIsFoundByTheIDThatTheClientGot(t *testing.T) {
	t.Parallel()
	keeps := golden.Keep(t)
	h := open(t, vms.Config{Activity: keeps.Recorder})
	one(h)
	h.records(409, "text/plain", "camera off")
	a := golden.Send(t, "vms", http.DefaultTransport, golden.Request(t, h.url, "GET", snapshot, "", viewer, asJSON), 1)
	r := keeps.Find(a.Response.Header.Get("X-Request-Id"))
	if r.Caller != "viewer" || r.Route != "GET /api/v1/cameras/{id}/snapshot" || r.Status != 400 || len(r.Calls) != 1 || len(r.Lines) != 1 {
		t.Fatalf("got %+v", r)
	}
	if c := r.Calls[0]; "http://"+c.Host != h.recorder.URL || c.Path != "/1" || c.Outcome.Status != 409 {
		t.Errorf("got %+v", c)
	}
}
