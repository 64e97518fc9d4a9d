package omilia_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/omilia"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

const (
	key      = "Authorization: Bearer " + omilia.Key
	once     = "Idempotency-Key: order-7"
	bank     = `{"app":"bank"}`
	shop     = `{"app":"shop"}`
	messages = "/dialogs/1/messages"
	hello    = `{"text":"What have I got?"}`
)

// house is the dialog service and the engine behind it.
type house struct {
	*omilia.Service
	t      *testing.T
	url    string
	engine *golden.Backend
	log    testlog.Log
}

// open has what is counted stand still in time: what is left of a rate is the
// same however slow this machine is.
func open(t *testing.T, c omilia.Config) *house {
	h := &house{t: t, engine: golden.NewBackend(t, golden.Respond(200, "", `{"intent":"balance","mood":0}`))}
	now := time.Now()
	c.Store = memory.New(memory.WithClock(func() time.Time { return now }))
	c.Engine, c.Logger = cmp.Or(c.Engine, h.engine.URL), h.log.Logger()
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	var err error
	if h.Service, err = omilia.New(c); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h.Handler())
	t.Cleanup(s.Close)
	h.url = s.URL
	return h
}

// respond sets one response of the engine to all requests.
func (h *house) respond(status int, body string) { h.engine.Handle(golden.Respond(status, "", body)) }

// did sends what went before, and wants its status.
func (h *house) did(status int, method, path, body string, header ...string) {
	h.t.Helper()
	a := golden.Send(h.t, "omilia", http.DefaultTransport, golden.Request(h.t, h.url, method, path, body, append(header, key)...), 1)
	if a.StatusCode != status {
		h.t.Fatalf("%s %s: got %s %s", method, path, a.Response.Status, a.Text)
	}
}

func dialog(h *house) { h.did(201, "POST", "/dialogs", bank) }

func full(h *house) {
	dialog(h)
	dialog(h)
}

// busy has a message under way until the test ends.
func busy(h *house) {
	dialog(h)
	began := make(chan bool)
	h.engine.Handle(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		golden.Hang(w, r)
	})
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan bool)
	r := golden.Request(h.t, h.url, "POST", messages, hello, key, once).WithContext(ctx)
	go func() {
		defer close(ended)
		if res, err := http.DefaultTransport.RoundTrip(r); err == nil {
			res.Body.Close()
		}
	}()
	h.t.Cleanup(func() {
		cancel()
		<-ended
		h.engine.CloseClientConnections() // under its key the service goes on without its client
	})
	<-began
}

// Each row of the page, its cause brought about, and what a client does then.
func TestEachCodeHasItsCause(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name               string
		config             omilia.Config
		given              func(*house)
		method, path, body string
		header             []string // nil is the key alone
		client             string
		log                string // what stands in it of the cause, under the response's id
	}{
		{name: "200 a dialog is read", given: dialog, method: "GET", path: "/dialogs/1", client: "is done"},
		{name: "200 a message is understood", given: dialog, method: "POST", path: messages, body: hello, client: "is done"},
		{name: "201 a dialog is opened", method: "POST", path: "/dialogs", body: bank, client: "is done"},
		{
			name:   "201 the same key again opens no second dialog",
			given:  func(h *house) { h.did(201, "POST", "/dialogs", bank, once) },
			method: "POST", path: "/dialogs", body: bank, header: []string{key, once}, client: "is done",
		},
		{
			name:   "201 a dialog ended and its seat is free",
			given:  func(h *house) { full(h); h.did(204, "DELETE", "/dialogs/1", "") },
			method: "POST", path: "/dialogs", body: bank, client: "is done",
		},
		{name: "202 the work goes on in the background", method: "POST", path: "/jobs", client: "looks again"},
		{name: "204 a dialog is closed", given: dialog, method: "DELETE", path: "/dialogs/1", client: "is done"},
		{name: "400 a required parameter is missing", method: "POST", path: "/dialogs", body: `{"description":"x"}`, client: "corrects it"},
		{name: "400 the body is no JSON", method: "POST", path: "/dialogs", body: `{`, client: "corrects it"},
		{name: "400 a name stands twice", method: "POST", path: "/dialogs", body: `{"app":"bank","app":"shop"}`, client: "corrects it"},
		{name: "405 nobody closes all jobs", method: "DELETE", path: "/jobs", client: "corrects it"},
		{name: "401 no key was sent", method: "POST", path: "/jobs", header: []string{"Accept: application/json"}, client: "stops"},
		{name: "401 the key is wrong", method: "POST", path: "/jobs", header: []string{"Authorization: Bearer guess"}, client: "stops"},
		{
			name:   "402 the parameters are valid and yet nothing was understood",
			given:  func(h *house) { dialog(h); h.respond(200, `{}`) },
			method: "POST", path: messages, body: hello, client: "stops",
		},
		{
			name:   "403 a reader creates an app",
			method: "POST", path: "/apps", body: `{"name":"bank","language":"el"}`, header: []string{"Authorization: Bearer " + omilia.Reader}, client: "stops",
		},
		{name: "403 all seats are taken", given: full, method: "POST", path: "/dialogs", body: bank, client: "stops"},
		{name: "404 there is no such dialog", method: "GET", path: "/dialogs/1", client: "stops"},
		{name: "404 a job of nobody", method: "GET", path: "/jobs/7", client: "stops"},
		{
			name: "409 another request is in the way under the same key", given: busy,
			method: "POST", path: messages, body: hello, header: []string{key, once}, client: "retries it after 1s",
		},
		{
			name:   "409 the key was used for something else",
			given:  func(h *house) { h.did(201, "POST", "/dialogs", bank, once) },
			method: "POST", path: "/dialogs", body: shop, header: []string{key, once}, client: "stops",
		},
		{
			name:   "422 the description is too long",
			method: "POST", path: "/dialogs", body: `{"app":"bank","description":"` + strings.Repeat("é", 51) + `"}`, client: "corrects it",
		},
		{
			name:   "422 all that is wrong at once",
			method: "POST", path: "/dialogs", body: `{"app":"","description":"` + strings.Repeat("é", 51) + `"}`, client: "corrects it",
		},
		{name: "201 an app is created", method: "POST", path: "/apps", body: `{"name":"bank","language":"el"}`, client: "is done"},
		{name: "422 in the envelope of the services that validate", method: "POST", path: "/apps", body: `{"name":"","language":"xx"}`, client: "corrects it"},
		{
			name: "429 too many requests too quickly", config: omilia.Config{Rate: limit.Rate{Quota: 2, Window: time.Minute}}, given: full,
			method: "GET", path: "/dialogs/1", client: "retries it after 30s",
		},
		{
			name:   "500 a bug panics",
			given:  func(h *house) { dialog(h); h.respond(200, `{"intent":"balance","mood":7}`) },
			method: "POST", path: messages, body: hello, header: []string{key, once}, client: "retries it, later each time", log: "index out of range",
		},
		{
			name:   "502 the engine responds with nonsense",
			given:  func(h *house) { dialog(h); h.respond(200, `<html>`) },
			method: "POST", path: messages, body: hello, header: []string{key, once}, client: "retries it, later each time", log: "nonsense",
		},
		{ // the client end gives a POST a key of its own
			name:   "502 the engine fails",
			given:  func(h *house) { dialog(h); h.respond(500, `core 3 dumped`) },
			method: "POST", path: messages, body: hello, client: "retries it, later each time", log: "responded with 500",
		},
		{
			name: "503 as many are served as can be", config: omilia.Config{AtOnce: 1}, given: busy,
			method: "GET", path: "/dialogs/1", client: "retries it after 1s",
		},
		{
			name:   "503 maintenance for who knows how long",
			given:  func(h *house) { h.Maintenance.Close(time.Time{}) },
			method: "GET", path: "/dialogs/1", client: "retries it, later each time",
		},
		{
			name: "503 the engine is gone", config: omilia.Config{Engine: "http://" + testnet.Closed}, given: dialog,
			method: "POST", path: messages, body: hello, header: []string{key, once}, client: "retries it, later each time", log: "refused",
		},
		{
			name: "504 the engine is too slow", config: omilia.Config{Timeout: time.Millisecond},
			given:  func(h *house) { dialog(h); h.engine.Handle(golden.Hang) },
			method: "POST", path: messages, body: hello, header: []string{key, once}, client: "retries it, later each time", log: "exceeded",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, row.config)
			if row.given != nil {
				row.given(h)
			}
			if row.header == nil {
				row.header = []string{key}
			}
			r := golden.Request(t, h.url, row.method, row.path, row.body, row.header...)
			a := golden.Send(t, "omilia", http.DefaultTransport, r, 1)
			golden.Exchange(t, row.name, r, row.body, a)
			a.Check(t, row.client, &h.log, row.log, "core 3", h.engine.URL)
		})
	}
}

// The code of the one envelope is the outcome's, that of the other the field's
// alone.
func TestTheClientEndReadsBothEnvelopes(t *testing.T) {
	t.Parallel()
	h := open(t, omilia.Config{})
	for path, want := range map[string]struct {
		body, code string
		field      parlance.Field
	}{
		"/dialogs": {`{"app":7}`, "1023", parlance.Field{Path: "app", Code: "1023", Message: "The app must be of type string"}},
		"/apps":    {`{"name":"bank","language":"xx"}`, "", parlance.Field{Path: "language", Code: "enum", Message: "The language must be one of: en, el"}},
	} {
		o := golden.Send(t, "omilia", http.DefaultTransport, golden.Request(t, h.url, "POST", path, want.body, key), 1).Outcome
		if o.Kind != parlance.KindInvalid || o.Reason != parlance.ReasonFields || o.Code != want.code || !slices.Contains(o.Fields, want.field) {
			t.Errorf("%s: got %+v", path, o)
		}
	}
}

// town is the service in virtual time.
func town(t *testing.T, engine http.HandlerFunc) (*omilia.Service, http.RoundTripper) {
	s, err := omilia.New(omilia.Config{
		Logger: new(testlog.Log).Logger(), Seats: 1, Rate: limit.Rate{Quota: 10, Window: 10 * time.Second},
		Engine: "http://engine", Transport: memhttp.Serve(t, engine),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, memhttp.Serve(t, s.Handler())
}

func TestAJobIsLookedAtUntilItIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, to := town(t, golden.Hang)
		ask := func(method, path, body string) (*http.Request, golden.Response) {
			r := golden.Request(t, "http://house", method, path, body, key)
			return r, golden.Send(t, "omilia", to, r, 1)
		}
		ask("POST", "/dialogs", bank)
		_, accepted := ask("POST", "/jobs", "")
		r, a := ask("GET", accepted.Response.Header.Get("Location"), "")
		golden.Exchange(t, "202 the job waits for its turn", r, "", a)

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan bool)
		time.AfterFunc(9*time.Second, func() { // virtual: until then nobody works
			defer close(ended)
			s.Run(ctx)
		})
		looks := 0
		poller := client.Poller{Client: golden.ClientEnd(t, "omilia", to, 1), Look: func(*client.Report, time.Duration) { looks++ }}
		res, err := poller.Follow(ctx, accepted.Response)
		golden.Exchange(t, "200 the job is done", res.Request, "", golden.Read(t, res, err))
		if looks != 5 { // every 2 s, as Retry-After says
			t.Errorf("the client end looked %d times", looks)
		}
		cancel()
		<-ended
	})
}

func TestADialogThatIsSilentForTooLongLosesItsSeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, to := town(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"intent":"hello"}`) })
		want := func(status int, path, body string) {
			t.Helper()
			if a := golden.Send(t, "omilia", to, golden.Request(t, "http://house", "POST", path, body, key), 1); a.StatusCode != status {
				t.Errorf("%s: got %s %s", path, a.Response.Status, a.Text)
			}
		}
		want(201, "/dialogs", bank)
		time.Sleep(20 * time.Minute) // virtual
		want(200, messages, hello)   // renews the lease
		time.Sleep(20 * time.Minute)
		want(403, "/dialogs", shop)
		time.Sleep(11 * time.Minute)
		want(201, "/dialogs", shop)
		want(403, messages, hello) // the seat is another dialog's now
	})
}

// The page says exponential backoff, and the response says when.
func TestTheClientEndWaitsAsItIsToldAndIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, to := town(t, golden.Hang)
		ask := func(attempts int) golden.Response {
			return golden.Send(t, "omilia", to, golden.Request(t, "http://house", "GET", "/dialogs/1", "", key), attempts)
		}
		for range 10 {
			ask(1)
		}
		began := time.Now()
		if a := ask(2); a.StatusCode != 404 || len(a.Attempts) != 2 || time.Since(began) != time.Second {
			t.Errorf("after %v and %d attempts: %s", time.Since(began), len(a.Attempts), a.Response.Status)
		}
	})
}

func TestTheRecordOfARequestIsFoundByTheIDThatTheClientGot(t *testing.T) {
	t.Parallel()
	keeps := golden.Keep(t)
	h := open(t, omilia.Config{Activity: keeps.Recorder})
	dialog(h)
	h.respond(500, `core 3 dumped`)
	a := golden.Send(t, "omilia", http.DefaultTransport, golden.Request(t, h.url, "POST", messages, hello, key), 1)
	r := keeps.Find(a.Response.Header.Get("X-Request-Id"))
	if r.Caller != "demo" || r.Route != "POST /dialogs/{id}/messages" || r.Status != 502 || len(r.Calls) != 1 || len(r.Lines) != 1 {
		t.Fatalf("got %+v", r)
	}
	if c := r.Calls[0]; c.Method != "POST" || "http://"+c.Host != h.engine.URL || c.Outcome.Kind != parlance.KindInternal || c.Outcome.Status != 500 {
		t.Errorf("got %+v", c)
	}
}
