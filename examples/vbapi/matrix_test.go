package vbapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/vbapi"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server/limit"
)

// house is the products, the rating service behind them, and a caller with the
// client end.
type house struct {
	t      *testing.T
	url    string
	tape   *golden.Tape
	rating http.HandlerFunc // that is behind
	login  *client.Login    // nil where the caller is nobody
	speaks *dialect.Dialect
	caller *http.Client
	keeps  golden.Kept
}

// open starts it all: over sockets, or in memory where time is virtual.
func open(t *testing.T, virtual bool, rate limit.Rate, options ...func(*vbapi.Config)) *house {
	h := &house{t: t, rating: golden.Respond(200, "application/json", `{"stars":4}`), keeps: golden.Keep(t)}
	c := vbapi.Config{Activity: h.keeps.Recorder, Logger: slog.New(slog.DiscardHandler), Rate: rate}
	behind := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.rating(w, r) })
	if virtual {
		c.Rating, c.Transport = "http://rating", memhttp.Serve(t, behind)
	} else {
		socket := httptest.NewServer(behind)
		t.Cleanup(socket.Close)
		c.Rating, c.Timeout = socket.URL, time.Minute
	}
	for _, o := range options {
		o(&c)
	}
	s, err := vbapi.New(c)
	if err != nil {
		t.Fatal(err)
	}
	h.url, h.tape = golden.Stage(t, s.Handler(), "products", virtual)
	if h.speaks, err = catalog.Open("vbapi"); err != nil {
		t.Fatal(err)
	}
	h.login = client.NewLogin(h.logIn, nil)
	h.by(client.WithCredential(h.login))
	return h
}

// gone is that nobody listens where the rating service was.
func gone(c *vbapi.Config) { c.Rating = "http://" + testnet.Closed }

// by makes the caller one that says who it is in a way of its own.
func (h *house) by(who ...client.Option) {
	options := append(who, client.WithBase(h.tape), client.WithMaxAttempts(1))
	if h.tape.Slow { // who has the time waits
		options = append(options, client.WithMaxAttempts(3))
	}
	h.caller = &http.Client{Transport: client.New(h.speaks, options...)}
}

func (h *house) nobody() {
	h.login = nil
	h.by()
}

func (h *house) logIn(ctx context.Context) (client.Grant, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/user-authentication", nil)
	if err != nil {
		return client.Grant{}, err
	}
	r.SetBasicAuth(vbapi.User, vbapi.Password)
	r.Header.Set("X-Api-Key", vbapi.Key)
	res, err := h.tape.RoundTrip(r)
	if err != nil {
		return client.Grant{}, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return client.Grant{}, fmt.Errorf("the sign-in failed with %s", res.Status)
	}
	var response struct {
		Data struct{ IDToken string }
	}
	err = json.NewDecoder(res.Body).Decode(&response)
	return client.Grant{Token: response.Data.IDToken}, err
}

// send sends a request by the client end. A header is "Name: value".
func (h *house) send(method, path, body, header string) *client.Report {
	h.t.Helper()
	headers := []string{"X-Api-Key: " + vbapi.Key}
	if header != "" {
		headers = append(headers, header)
	}
	r := golden.Request(h.t, h.url, method, path, body, headers...)
	res, err := h.caller.Do(r)
	a := golden.Read(h.t, res, err)
	if a.Report == nil {
		h.t.Fatal(client.ErrForeign)
	}
	return a.Report
}

const (
	products = "/clients/abc/products"
	batch    = "/commission-activities-batch"
	rated    = products + "/dental/rating"
)

// Each row of the page, its cause brought about, and what a client does then.
func TestEachCodeHasItsCause(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name               string
		rate               limit.Rate
		given              func(*house) // brings the cause about
		method, path, body string
		header             string
		client             string
		virtual            bool // time passes
		config             func(*vbapi.Config)
	}{
		{name: "200 a product", method: "GET", path: products + "/dental", client: "is done"},
		{name: "200 a list", method: "GET", path: products, client: "is done"},
		{name: "200 the second page of a list", method: "GET", path: products + "?page=2&pageSize=1", client: "is done"},
		{name: "200 the page after the last", method: "GET", path: products + "?page=9", client: "is done"},
		{name: "200 the rating service responds", method: "GET", path: rated, client: "is done"},
		{name: "200 a sign-in", given: (*house).nobody, method: "POST", path: "/user-authentication", header: "Authorization: Basic ZGVtbzpkZW1v", client: "is done"},
		{name: "201 a product is added", method: "POST", path: products, body: `{"id":"hearing","name":"Hearing plan"}`, client: "is done"},
		{
			name:   "207 one of three records is bad",
			method: "PUT", path: batch, client: "is done and tells the user, has record 3 corrected",
			body: `[{"commissionActivity_Key":1,"payee_ID":"P1","amount":5},{"commissionActivity_Key":2,"payee_ID":"P1","amount":6},{"commissionActivity_Key":3,"payee_ID":"P1","amount":-7}]`,
		},
		{
			name:   "207 every record is bad",
			method: "PUT", path: batch, client: "has the failed records corrected",
			body: `[{"commissionActivity_Key":3,"payee_ID":"P1","amount":-7}]`,
		},
		{
			name:   "207 a bug panics at one of two records",
			method: "PUT", path: batch, client: "is done and tells the user, reports record 2 to support",
			body: `[{"commissionActivity_Key":1,"payee_ID":"P1","amount":5},{"commissionActivity_Key":2,"amount":6}]`,
		},
		{name: "400 the quantity is no number", method: "GET", path: products + "/dental/price?quantity=some", client: "has it corrected"},
		{name: "400 a product without a name", method: "POST", path: products, body: `{"id":"hearing"}`, client: "has it corrected"},
		{name: "400 it is no JSON", method: "POST", path: products, body: `{`, client: "has it corrected"},
		{
			name: "401 the idToken is a day old", virtual: true,
			given: func(h *house) {
				h.send("GET", products, "", "")
				time.Sleep(24*time.Hour - time.Second)
				h.send("GET", products, "", "")
				time.Sleep(time.Second)
			},
			method: "GET", path: products, client: "gets a new token and retries, is done",
		},
		{name: "401 the key is wrong", given: (*house).nobody, method: "GET", path: products, header: "X-Api-Key: guess", client: "stops"},
		{name: "401 there is no key beside the password", given: (*house).nobody, method: "POST", path: "/user-authentication", header: "X-Api-Key: ", client: "stops"},
		{
			name:   "401 there is no key beside the idToken",
			method: "GET", path: products, header: "X-Api-Key: ", client: "gets a new token and retries, stops",
		},
		{name: "401 nobody says who asks", given: (*house).nobody, method: "GET", path: products, client: "stops"},
		{name: "401 the password is wrong", given: (*house).nobody, method: "POST", path: "/user-authentication", header: "Authorization: Basic ZGVtbzpndWVzcw==", client: "stops"},
		{name: "403 the caller names no User-Agent", method: "GET", path: products, header: "User-Agent: ", client: "stops"},
		{
			name:   "403 the address is blocked",
			config: func(c *vbapi.Config) { c.Blocked = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} },
			given:  (*house).nobody, // who could log in nowhere
			method: "GET", path: products, client: "stops",
		},
		{name: "403 the user works for another client", method: "GET", path: "/clients/other/products", client: "stops"},
		{name: "404 there is no such product", method: "GET", path: products + "/xyz", client: "stops"},
		{name: "404 there is no such route", method: "GET", path: "/nowhere", client: "stops"},
		{
			name: "429 the user asks too often", virtual: true, rate: limit.Rate{Quota: 2, Window: time.Minute},
			given: func(h *house) {
				h.send("GET", products, "", "")
				h.send("GET", products, "", "")
			},
			method: "GET", path: products, client: "retries when it was told to, after 30s, is done",
		},
		{name: "500 a bug panics", method: "GET", path: products + "/dental/price?quantity=30", client: "reports it to support with its id"},
		{
			name:   "502 the rating service sends no JSON",
			given:  func(h *house) { h.rating = golden.Respond(200, "text/html", "<html>") },
			method: "GET", path: rated, client: "gives up",
		},
		{
			name: "502 the rating service breaks off and then does not", virtual: true,
			given: func(h *house) {
				h.rating = func(http.ResponseWriter, *http.Request) {
					h.rating = golden.Respond(200, "application/json", `{"stars":4}`)
					panic(http.ErrAbortHandler)
				}
			},
			method: "GET", path: rated, client: "waits and retries, is done",
		},
		{
			name: "503 the rating service is gone", config: gone,
			method: "GET", path: rated, client: "gives up",
		},
		{
			name: "504 the rating service hangs", virtual: true,
			given: func(h *house) {
				h.rating = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
			},
			method: "GET", path: rated, client: "waits and retries, waits and retries, gives up",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			play := func(t *testing.T) {
				var options []func(*vbapi.Config)
				if row.config != nil {
					options = append(options, row.config)
				}
				h := open(t, row.virtual, row.rate, options...)
				if row.given != nil {
					row.given(h)
				}
				if h.login != nil {
					if _, err := h.login.Token(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				h.tape.Rewind()
				if did := golden.Did(h.send(row.method, row.path, row.body, row.header)); did != row.client {
					t.Errorf("the client %s; it should be that it %s", did, row.client)
				}
				golden.Compare(t, row.name, h.tape.String())
			}
			if row.virtual {
				synctest.Test(t, play)
				return
			}
			play(t)
		})
	}
}

func TestTheActivityIDAloneFindsEveryLineOfARequest(t *testing.T) {
	t.Parallel()
	h := open(t, false, limit.Rate{})
	h.send("GET", products+"/vision/price?quantity=1", "", "") // another one, whose lines are its own
	report := h.send("GET", products+"/dental/price?quantity=30", "", "")
	record := h.keeps.Find(report.Outcome.RequestID)
	var lines []string
	for _, l := range record.Lines {
		lines = append(lines, l.Message+" "+strings.Join(l.Attrs, " "))
	}
	if len(lines) != 2 || lines[0] != "a price was asked for product=dental quantity=30" ||
		!strings.Contains(lines[1], "the handler panicked") || !strings.Contains(lines[1], "index out of range") {
		t.Errorf("got %q", lines)
	}
	if record.Caller != vbapi.User || record.Status != 500 {
		t.Errorf("got %+v", record)
	}
}

func TestTheRecordOfARequestTellsWhoWasAskedOnItsBehalf(t *testing.T) {
	t.Parallel()
	h := open(t, false, limit.Rate{}, gone)
	record := h.keeps.Find(h.send("GET", rated, "", "").Outcome.RequestID)
	if record.Caller != vbapi.User || record.Route != "GET /clients/{client}/products/{id}/rating" || record.Status != 503 || len(record.Calls) != 1 {
		t.Fatalf("got %+v", record)
	}
	if c := record.Calls[0]; c.Host != testnet.Closed || c.Path != "/ratings/dental" || c.Outcome.Reason != parlance.ReasonRefused {
		t.Errorf("got %+v", c)
	}
}
