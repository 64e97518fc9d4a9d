package vision_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/vision"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server/limit"
)

// house is a warehouse, the carrier behind it, and a caller with the client end.
type house struct {
	*vision.Service
	t       *testing.T
	url     string
	tape    *golden.Tape
	carrier *httptest.Server
	price   atomic.Value // what the carrier says
	form    url.Values   // the first grant
	login   *client.Login
	refresh string // that the login holds
	keeps   golden.Kept
	caller  *http.Client
}

// open starts it all: over sockets, or in memory where time is virtual.
func open(t *testing.T, virtual bool, rate limit.Rate, options ...func(*vision.Config)) *house {
	h := &house{t: t, keeps: golden.Keep(t), form: url.Values{"grant_type": {"client_credentials"}, "client_id": {vision.ClientID}, "client_secret": {vision.ClientCode}}}
	c := vision.Config{Logger: slog.New(slog.DiscardHandler), Activity: h.keeps.Recorder, Rate: rate}
	if virtual {
		c.Carrier, c.Transport = "http://carrier", memhttp.Serve(t, http.HandlerFunc(golden.Hang))
	} else {
		h.price.Store("900")
		h.carrier = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, h.price.Load().(string)) }))
		t.Cleanup(h.carrier.Close)
		c.Carrier = h.carrier.URL
	}
	for _, o := range options {
		o(&c)
	}
	var err error
	if h.Service, err = vision.New(c); err != nil {
		t.Fatal(err)
	}
	h.url, h.tape = golden.Stage(t, h.Handler(), "warehouse", virtual)
	h.signIn()
	return h
}

// signIn gets tokens for the caller with a form.
func (h *house) signIn() {
	d, err := catalog.Open("vision")
	if err != nil {
		h.t.Fatal(err)
	}
	h.login = client.NewLogin(
		func(ctx context.Context) (client.Grant, error) { return h.ask(ctx, h.form) },
		func(ctx context.Context, refresh string) (client.Grant, error) { return h.ask(ctx, h.renewal(refresh)) })
	options := []client.Option{client.WithBase(h.tape), client.WithCredential(h.login), client.WithMaxAttempts(3)}
	if h.tape.Slow { // who has the time waits as long as the page says
		options = append(options, client.WithMaxWait(time.Hour))
	}
	h.caller = &http.Client{Transport: client.New(d, options...)}
}

// renewal is the form that gets the next token.
func (h *house) renewal(refresh string) url.Values {
	return url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refresh},
		"client_id": h.form["client_id"], "client_secret": h.form["client_secret"],
	}
}

// ask gets a token, as [client.NewOAuth] does, and forgets when it will expire: by
// the caller's clock it is good for ever.
func (h *house) ask(ctx context.Context, form url.Values) (client.Grant, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+tokens, strings.NewReader(form.Encode()))
	if err != nil {
		return client.Grant{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := h.tape.RoundTrip(r)
	if err != nil {
		return client.Grant{}, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusUnauthorized && form.Has("refresh_token") {
		return client.Grant{}, client.ErrSpent
	}
	var granted struct {
		Token   string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	err = json.NewDecoder(res.Body).Decode(&granted)
	h.refresh = granted.Refresh
	return client.Grant{Token: granted.Token, Refresh: granted.Refresh}, err
}

// as makes the caller another user.
func (h *house) as(user string) {
	h.form = url.Values{"grant_type": {"password"}, "username": {user}, "password": {vision.Password}}
	h.signIn()
}

// send sends a request by the client end. A header is "Name: value".
func (h *house) send(method, path, body string, header ...string) *client.Report {
	h.t.Helper()
	if body != "" {
		header = append([]string{"Content-Type: application/xml"}, header...)
	}
	r := golden.Request(h.t, h.url, method, path, body, header...)
	res, err := h.caller.Do(r)
	a := golden.Read(h.t, res, err)
	if a.Report == nil {
		h.t.Fatal(client.ErrForeign)
	}
	return a.Report
}

// inVain is what the page says of a fault that stays. In the end the token has
// expired, too.
const inVain = "retries after 5m0s, retries after 30m0s, gets a new token and retries, reports it to support with its id"

const (
	stock     = "/StockAvailability?product=WIDGET"
	complete  = "/service/ManufactureComplete"
	sales     = "/service/SalesOrder"
	countings = "/service/StockCount"
	tokens    = "/token"
	isForm    = "Content-Type: application/x-www-form-urlencoded"
)

func manufacture(records ...string) string {
	return "<MANUFACTURING>\n" + strings.Join(records, "\n") + "\n</MANUFACTURING>"
}

func record(ref, site string) string {
	return "<MC><DocRef>" + ref + "</DocRef><Customer>JOE</Customer><SiteCode>" + site + "</SiteCode></MC>"
}

func order(product, quantity string) string {
	return "<ORDERS>" + line(product, quantity) + "</ORDERS>"
}

func line(product, quantity string) string {
	return "<SO><Product>" + product + "</Product><Quantity>" + quantity + "</Quantity></SO>"
}

func counted(quantity string) string {
	return "<COUNTS><CT><Product>WIDGET</Product><Quantity>" + quantity + "</Quantity></CT></COUNTS>"
}

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
		gone               bool // nobody listens where the carrier was
	}{
		{name: "101 nobody ever got such a token", method: "GET", path: stock, header: "Authorization: Bearer made-up", client: "stops"},
		{
			name:   "101 the secret is wrong",
			method: "POST", path: tokens, body: "grant_type=client_credentials&client_id=warehouse&client_secret=guess", header: isForm, client: "stops",
		},
		{name: "102 the customer is served by others", method: "GET", path: stock + "&customer=ACME", client: "stops"},
		{name: "110 a parameter is missing", method: "GET", path: "/StockAvailability", client: "has it corrected"},
		{name: "110 a history of nothing", method: "GET", path: "/StockHistory", client: "has it corrected"},
		{name: "405 a token is asked for by POST", method: "GET", path: tokens, client: "has it corrected"},
		{name: "416 a range behind the end", method: "GET", path: "/PriceList", header: "Range: bytes=100-", client: "has it corrected"},
		{name: "400 such a grant is not given", method: "POST", path: tokens, body: "grant_type=magic", header: isForm, client: "has it corrected"},
		{name: "120 the stock is being counted", given: (*house).count, method: "GET", path: "/StockCount", client: "is done and tells the user"},
		{
			name: "150 the carrier is gone", gone: true,
			method: "GET", path: "/ShippingRates?pieces=4&weight=10", client: "leaves it to its caller to retry after 5m0s",
		},
		{name: "200 there is stock", method: "GET", path: stock, client: "is done"},
		{name: "203 as XML", given: (*house).count, method: "GET", path: stock + "&response_type=XML", client: "is done and tells the user"},
		{name: "200 as XML", method: "GET", path: stock + "&response_type=XML", client: "is done"},
		{name: "200 the carrier is asked", method: "GET", path: "/ShippingRates?pieces=4&weight=10", client: "is done"},
		{name: "200 every record is handled", method: "POST", path: complete, body: manufacture(record("A1", "MAIN"), record("A2", "WEST")), client: "is done"},
		{
			name:   "200 a token by client_credentials",
			method: "POST", path: tokens, body: "grant_type=client_credentials&client_id=warehouse&client_secret=demo", header: isForm, client: "is done",
		},
		{
			name:   "200 a token by password",
			method: "POST", path: tokens, body: "grant_type=password&username=joe&password=demo", header: isForm, client: "is done",
		},
		{name: "201 some of it is on back order", method: "POST", path: sales, body: order("WIDGET", "9"), client: "is done and tells the user"},
		{
			name:   "202 all of it is on back order",
			given:  func(h *house) { h.send("POST", sales, order("WIDGET", "5")) },
			method: "POST", path: sales, body: order("WIDGET", "1"), client: "is done and tells the user",
		},
		{name: "203 the stock is told of before the count", given: (*house).count, method: "GET", path: stock, client: "is done and tells the user"},
		{name: "204 all is as it was booked", method: "POST", path: countings, body: counted("5"), client: "is done and tells the user"},
		{name: "205 the count found less than was booked", given: (*house).count, method: "POST", path: countings, body: counted("4"), client: "is done and tells the user"},
		{name: "206 a range of the price list", method: "GET", path: "/PriceList", header: "Range: bytes=14-24", client: "is done and tells the user"},
		{name: "200 the price list", method: "GET", path: "/PriceList", client: "is done"},
		{name: "204 nothing matches", method: "GET", path: "/StockAvailability?product=GADGET", client: "is done and tells the user"},
		{
			name:   "207 one of two records names an unknown site",
			method: "POST", path: complete, body: manufacture(record("A1", "MAIN"), record("A2", "PF")), client: "is done and tells the user, has record 2 corrected",
		},
		{
			name:   "400 every record failed",
			given:  func(h *house) { h.send("POST", complete, manufacture(record("A1", "MAIN"))) },
			method: "POST", path: complete, body: manufacture(record("A1", "MAIN"), record("A2", "PF")), client: "has the failed records corrected",
		},
		{
			name: "401 the token has expired", virtual: true,
			given:  func(*house) { time.Sleep(20 * time.Minute) },
			method: "GET", path: stock, client: "gets a new token and retries, is done",
		},
		{
			name: "401 the token has expired and the refresh token is spent", virtual: true,
			given: func(h *house) {
				time.Sleep(20 * time.Minute)
				if _, err := h.ask(h.t.Context(), h.renewal(h.refresh)); err != nil { // another program has it, too
					h.t.Fatal(err)
				}
			},
			method: "GET", path: stock, client: "gets a new token and retries, is done",
		},
		{
			name:   "403 the account may not post",
			given:  func(h *house) { h.as(vision.Auditor) },
			method: "POST", path: complete, body: manufacture(record("A1", "MAIN")), client: "stops",
		},
		{
			name:   "403 the account is not authorised for this API",
			given:  func(h *house) { h.as(vision.Auditor) },
			method: "GET", path: "/ShippingRates?pieces=4&weight=10", client: "stops",
		},
		{
			name: "403 the account posts too often", virtual: true, rate: limit.Rate{Quota: 2, Window: time.Minute},
			given: func(h *house) {
				h.send("POST", sales, order("WIDGET", "1"))
				h.send("POST", sales, order("WIDGET", "1"))
			},
			method: "POST", path: sales, body: order("WIDGET", "1"), client: "stops",
		},
		{
			name:   "207 one of two lines is of no product",
			method: "POST", path: sales, body: "<ORDERS>" + line("WIDGET", "9") + line("GADGET", "1") + "</ORDERS>",
			client: "is done and tells the user, has record 2 corrected",
		},
		{
			name:   "201 one line is on back order and another is not",
			method: "POST", path: sales, body: "<ORDERS>" + line("WIDGET", "5") + line("WIDGET", "1") + "</ORDERS>",
			client: "is done and tells the user",
		},
		{name: "404 there is no such service", method: "GET", path: "/Nothing", client: "stops"},
		{
			name:   "405 it is no service for GET",
			method: "GET", path: complete, client: "has it corrected",
		},
		{
			name:   "406 a site code is too long",
			method: "POST", path: complete, body: manufacture(record("A1", "MAIN"), record("A2", "TOOLONG")), client: "has it corrected",
		},
		{name: "406 a field is missing", method: "POST", path: complete, body: manufacture("<MC><DocRef>A1</DocRef><SiteCode>MAIN</SiteCode></MC>"), client: "has it corrected"},
		{name: "406 it is no XML", method: "POST", path: complete, body: "<MANUFACTURING><MC>", client: "has it corrected"},
		{name: "415 it is of another type", method: "POST", path: complete, body: "{}", header: "Content-Type: application/json", client: "has it corrected"},
		{
			name: "429 the account asks too often", virtual: true, rate: limit.Rate{Quota: 2, Window: time.Minute},
			given: func(h *house) {
				h.send("GET", stock, "")
				h.send("GET", stock, "")
			},
			method: "GET", path: stock, client: "retries when it was told to, after 30s, is done",
		},
		{
			name: "500 a bug panics", virtual: true,
			method: "GET", path: "/ShippingRates?pieces=4&weight=31", client: inVain,
		},
		{
			name:   "502 the carrier says nothing of use",
			given:  func(h *house) { h.price.Store("<html>") },
			method: "GET", path: "/ShippingRates?pieces=4&weight=10", client: "leaves it to its caller to retry after 5m0s",
		},
		{
			name:   "503 the warehouse is closed",
			given:  func(h *house) { h.Maintenance.Close(time.Time{}) },
			method: "GET", path: stock, client: "leaves it to its caller to retry after 5m0s",
		},
		{
			name: "504 the carrier does not respond in time", virtual: true,
			method: "GET", path: "/ShippingRates?pieces=4&weight=10", client: inVain,
		},
		{
			name: "999 the old ledger cannot spell it", virtual: true,
			method: "GET", path: "/StockHistory?product=%C5%BBURAW", client: inVain,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			play := func(t *testing.T) {
				h := open(t, row.virtual, row.rate, func(c *vision.Config) {
					if row.gone {
						c.Carrier = "http://" + testnet.Closed
					}
				})
				if _, err := h.login.Token(t.Context()); err != nil {
					t.Fatal(err)
				}
				if row.given != nil {
					row.given(h)
				}
				if _, err := h.login.Token(t.Context()); err != nil {
					t.Fatal(err)
				}
				h.tape.Rewind()
				var header []string
				if row.header != "" {
					header = append(header, row.header)
				}
				report := h.send(row.method, row.path, row.body, header...)
				if did := golden.Did(report); did != row.client {
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

func (h *house) count() { h.Count(true) }

func TestTheRecordOfARequestIsFoundByTheIDThatTheClientGot(t *testing.T) {
	t.Parallel()
	h := open(t, false, limit.Rate{})
	record := h.keeps.Find(h.send("GET", "/ShippingRates?pieces=4&weight=10", "").Outcome.RequestID)
	if record.Caller != vision.ClientID || record.Route != "GET /ShippingRates" || record.Status != 200 || len(record.Calls) != 1 {
		t.Fatalf("got %+v", record)
	}
	if c := record.Calls[0]; "http://"+c.Host != h.carrier.URL || c.Outcome.Status != 200 {
		t.Errorf("got %+v", c)
	}
}
