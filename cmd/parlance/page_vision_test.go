package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
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
	"github.com/parlance-api/parlance/examples/vision"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

const (
	visionStock    = "/StockAvailability?product=WIDGET"
	visionComplete = "/service/ManufactureComplete"
	visionSales    = "/service/SalesOrder"
	visionCounts   = "/service/StockCount"
	visionRates    = "/ShippingRates?pieces=4&weight=10"
	visionBug      = "/ShippingRates?pieces=4&weight=31"
	visionForm     = "Content-Type: application/x-www-form-urlencoded"
	visionXML      = "Content-Type: application/xml"
	visionCounting = "The stock is being counted: quantities are those of before the count"
)

// visionHouse is the warehouse on a socket, the carrier behind it, and a caller's token.
type visionHouse struct {
	*vision.Service
	url   string
	token string
}

// openVision has the store's clock stand still, so that what is left of a rate does not
// hang on how slow this machine is.
func openVision(t *testing.T, price string, options ...func(*vision.Config)) *visionHouse {
	t.Helper()
	carrier := newBackend(t, 200, "application/json", price)
	now := time.Now()
	c := vision.Config{Logger: new(testlog.Log).Logger(), Store: memory.New(memory.WithClock(func() time.Time { return now })), Carrier: carrier.URL}
	for _, o := range options {
		o(&c)
	}
	s, err := vision.New(c)
	if err != nil {
		t.Fatal(err)
	}
	h := &visionHouse{Service: s, url: onSocket(t, s.Handler())}
	h.is(t, byClient)
	return h
}

// is logs the caller in by a form.
func (h *visionHouse) is(t *testing.T, form url.Values) {
	t.Helper()
	m := meet(t, "POST", h.url+"/token", form.Encode(), visionForm)
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(m.body), &got); err != nil || m.status != 200 {
		t.Fatalf("got %d %s, want 200 with a token", m.status, m.body)
	}
	h.token = got.Token
}

// ask sends a request as the caller. A body is XML if no header says otherwise.
func (h *visionHouse) ask(t *testing.T, method, path, body string, header ...string) met {
	t.Helper()
	return meet(t, method, h.url+path, body, append(visionHeads(h.token, body), header...)...)
}

func visionHeads(token, body string) []string {
	heads := []string{"Authorization: Bearer " + token}
	if body != "" {
		heads = append(heads, visionXML)
	}
	return heads
}

// visionRequest is the same for the client end.
func visionRequest(t *testing.T, ctx context.Context, url, token, method, path, body string, header ...string) *http.Request {
	t.Helper()
	r := asking(t, ctx, method, url+path, body, append(visionHeads(token, body), header...)...)
	if token == "" {
		r.Header.Del("Authorization")
	}
	return r
}

// visionCall sends a request by the client end.
func visionCall(t *testing.T, r *http.Request, options ...client.Option) (*client.Report, string, error) {
	t.Helper()
	return reported(t, cataloged(t, "vision"), r, options...)
}

// visionAct is what remains to be done, and what the response is taken for.
func visionAct(r *client.Report) string {
	return r.Decision.Act.String() + " " + meaning(r.Outcome.Kind, r.Outcome.Reason)
}

// visionRES is the RES at the root.
func visionRES(code, message string) string {
	return "<RES><Code>" + code + "</Code><Message>" + message + "</Message></RES>"
}

// visionMade is a record of ManufactureComplete, and what is said of it.
func visionMade(ref, site, res string) string {
	return "<MC><DocRef>" + ref + "</DocRef><Customer>JOE</Customer><SiteCode>" + site + "</SiteCode>" + res + "</MC>"
}

func visionMakes(records ...string) string {
	return "<MANUFACTURING>" + strings.Join(records, "") + "</MANUFACTURING>"
}

// visionLine is a line of an order, and what is said of it.
func visionLine(product, quantity, res string) string {
	return "<SO><Product>" + product + "</Product><Quantity>" + quantity + "</Quantity>" + res + "</SO>"
}

func visionOrders(lines ...string) string { return "<ORDERS>" + strings.Join(lines, "") + "</ORDERS>" }

func visionFound(quantity string) string {
	return "<COUNTS><CT><Product>WIDGET</Product><Quantity>" + quantity + "</Quantity></CT></COUNTS>"
}

// visionBehind is what explain says of each code of the group 5xx.
var visionBehind = []string{"Wait 5 minutes, then retry every 30 minutes, and tell Vision Support if it persists", "after 5 minutes, then every 30 minutes", "it reports it to Vision Support, with the request ID"}

const (
	visionDone       = "Manufacture complete processed"
	visionNoSite     = "Validation failure occurred on line: 1 Customer Code: JOE and site code: PF does not exist."
	visionNotKnown   = "The credential is wrong"
	visionMayNotPost = "The account may not post"
)

// visionRow is a response of the warehouse, its cause, and what is made of it.
type visionRow struct {
	says  string // the statement that it holds
	set   func(*vision.Config)
	given func(*testing.T, *visionHouse)
	price string // what the carrier says; "" is 900

	method, path, body string
	header             []string

	status  int
	want    string   // the whole body
	kind    string   // its content type; "" for no body
	headers []string // of the response, beside the type
	note    string   // in the header Vision-Note, and in what the client end tells

	act   string   // what the client end does, and what it takes the response for
	reads []string // what decode says beside the kind and the act
	code  string   // that explain is asked for; "" for none
	help  []string // what it says
}

const (
	visionAsXML  = "application/xml"
	visionAsJSON = "application/json"
	visionAsText = "text/plain; charset=utf-8"
	visionAsCSV  = "text/csv; charset=utf-8"
)

func visionCounted(_ *testing.T, h *visionHouse) { h.Count(true) }

func visionAuditor(t *testing.T, h *visionHouse) {
	h.is(t, url.Values{"grant_type": {"password"}, "username": {vision.Auditor}, "password": {vision.Password}})
}

func visionOften(c *vision.Config) { c.Rate = limit.Rate{Quota: 1, Window: time.Minute} }

// visionLate is a carrier that is not done in time.
type visionLate struct{}

func (visionLate) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, os.ErrDeadlineExceeded
}

var visionRows = []visionRow{
	{
		says: "V1: 200 says that there is stock", method: "GET", path: visionStock,
		status: 200, want: `[{"Product":"WIDGET","Quantity":5}]`, kind: visionAsJSON, act: "done success",
		code: "200", help: []string{"OK", "means success", "The request was handled", "A client has nothing more to do"},
	},
	{
		says: "V1: 200 says it as XML", method: "GET", path: visionStock + "&response_type=XML",
		status: 200, want: "<STOCK><SA><Product>WIDGET</Product><Quantity>5</Quantity></SA></STOCK>", kind: visionAsXML, act: "done success",
	},
	{
		says: "V1: 200 says that each record is handled", method: "POST", path: visionComplete, body: visionMakes(visionMade("A1", "MAIN", ""), visionMade("A2", "WEST", "")),
		status: 200, want: visionMakes(visionMade("A1", "MAIN", visionRES("200", visionDone)), visionMade("A2", "WEST", visionRES("200", visionDone))), kind: visionAsXML, act: "done success",
		reads: []string{"items 0 A1 success 200 " + visionDone + " 1 A2 success 200 " + visionDone},
	},
	{
		says: "V3: 120 is in the body that the stock is counted", given: visionCounted, method: "GET", path: "/StockCount",
		status: 200, want: visionRES("120", visionCounting), kind: visionAsXML, act: "inspect noted",
		reads: []string{"code 120", "title Informational", "detail " + visionCounting},
		code:  "120", help: []string{"Informational", "means noted", "in the body, under HTTP status 200", "shows its user what to look at"},
	},
	{
		says: "V4: 201 is some of it on back order", method: "POST", path: visionSales, body: visionOrders(visionLine("WIDGET", "9", "")),
		status: 201, want: visionOrders(visionLine("WIDGET", "9", visionRES("200", "Sales order processed, 4 of WIDGET on back order"))), kind: visionAsXML,
		note: "Lines on back order, in part or whole: 1 of 1", act: "inspect noted", reads: []string{"status 201", "4 of WIDGET on back order"},
		code: "201", help: []string{"Success with notes", "A success with notes or comments", "tell the user what they say"},
	},
	{
		says: "V4: 202 is all of it on back order", given: func(_ *testing.T, h *visionHouse) { h.Stock("WIDGET", 0) }, method: "POST", path: visionSales, body: visionOrders(visionLine("WIDGET", "1", "")),
		status: 202, want: visionOrders(visionLine("WIDGET", "1", visionRES("200", "Sales order processed, 1 of WIDGET on back order"))), kind: visionAsXML,
		note: "Lines on back order, in part or whole: 1 of 1", act: "inspect noted", reads: []string{"status 202"},
		code: "202", help: []string{"Success with notes", "tell the user what they say"},
	},
	{
		says: "V4: 203 is the stock of before the count, in JSON", given: visionCounted, method: "GET", path: visionStock,
		status: 203, want: `[{"Product":"WIDGET","Quantity":5,"RES":{"Code":"203","Message":"` + visionCounting + `"}}]`, kind: visionAsJSON,
		note: visionCounting, act: "inspect noted", reads: []string{"status 203"},
		code: "203", help: []string{"Success with notes", "tell the user what they say"},
	},
	{
		says: "V4: 203 is the stock of before the count, in XML", given: visionCounted, method: "GET", path: visionStock + "&response_type=XML",
		status: 203, want: "<STOCK><SA><Product>WIDGET</Product><Quantity>5</Quantity>" + visionRES("203", visionCounting) + "</SA></STOCK>", kind: visionAsXML,
		note: visionCounting, act: "inspect noted",
	},
	{
		says: "V4: 204 is a count that found what was booked", given: visionCounted, method: "POST", path: visionCounts, body: visionFound("5"),
		status: 204, note: "The count has ended. The stock is as it was booked", act: "inspect noted", reads: []string{"status 204"},
		code: "204", help: []string{"Success with notes", "if no condition above holds", "tell the user what they say"},
	},
	{
		says: "V4: 205 is a count that found less", given: visionCounted, method: "POST", path: visionCounts, body: visionFound("4"),
		status: 205, note: "The count has ended. Quantities that were corrected: 1 of 1. Look at the stock again", act: "inspect noted", reads: []string{"status 205"},
		code: "205", help: []string{"Success with notes", "tell the user what they say"},
	},
	{
		says: "V4: 206 is a part of the price list", method: "GET", path: "/PriceList", header: []string{"Range: bytes=14-24"},
		status: 206, want: "WIDGET,900\n", kind: visionAsCSV, headers: []string{"Content-Range: bytes 14-24/37"},
		note: "This is a part of the price list: bytes 14-24/37", act: "inspect noted", reads: []string{"status 206"},
		code: "206", help: []string{"Success with notes", "tell the user what they say"},
	},
	{
		says: "V5: 207 is one of two lines of no product", method: "POST", path: visionSales, body: visionOrders(visionLine("WIDGET", "5", ""), visionLine("GADGET", "1", "")),
		status: 207, want: visionOrders(visionLine("WIDGET", "5", visionRES("200", "Sales order processed")), visionLine("GADGET", "1", visionRES("400", "Product GADGET does not exist"))), kind: visionAsXML,
		act: "inspect partial", reads: []string{"title Partial success", "0 success 200 Sales order processed 1 invalid 400 Product GADGET does not exist"},
		code: "207", help: []string{"Partial success", "means partial", "the body says which", "resubmit only these, corrected"},
	},
	{
		says: "V7: 400 is for a grant that is not given", method: "POST", path: "/token", body: "grant_type=magic", header: []string{visionForm},
		status: 400, want: "This grant_type is not supported", kind: visionAsText, act: "correct invalid", reads: []string{"detail This grant_type is not supported"},
		code: "400", help: []string{"Review the issues, correct them and send the request again", "never sends it again unchanged"},
	},
	{
		says: "V7: 405 is for a method that is not allowed", method: "GET", path: visionComplete,
		status: 405, want: "The method GET is not allowed at " + visionComplete + ". Allowed: POST.", kind: visionAsText, headers: []string{"Allow: POST"}, act: "correct invalid",
		code: "405", help: []string{"Client error", "Review the issues, correct them and send the request again", "never sends it again unchanged"},
	},
	{
		says: "V7: 412 is for a condition that does not hold", method: "GET", path: "/PriceList", header: []string{`If-Match: "1"`},
		status: 412, want: "A condition in the header of GET /PriceList does not hold.", kind: visionAsText, act: "correct invalid",
	},
	{
		says: "V7: 415 is for a body of another type", method: "POST", path: visionComplete, body: "{}", header: []string{"Content-Type: application/json"},
		status: 415, want: "The content type must be application/xml, text/xml", kind: visionAsText, headers: []string{"Accept: application/xml, text/xml"}, act: "correct invalid",
	},
	{
		says: "V7: 416 is for a range behind the end", method: "GET", path: "/PriceList", header: []string{"Range: bytes=100-"},
		status: 416, want: "invalid range: failed to overlap", kind: visionAsText, headers: []string{"Content-Range: bytes */37"}, act: "correct invalid",
	},
	{
		says: "V8: 500 is for a bug", method: "GET", path: visionBug,
		status: 500, want: "The request could not be handled. The cause is in the server's log under the request ID.", kind: visionAsText, act: "retry internal",
		reads: []string{"after 5 minutes, then every 30 minutes", "then escalate"},
		code:  "500", help: append([]string{"Internal server error"}, visionBehind[1:]...),
	},
	{
		says: "V9: 502 is for a carrier of no use", price: "<html>", method: "GET", path: visionRates,
		status: 502, want: "A service behind this one gave an unusable response.", kind: visionAsText, act: "retry bad_gateway", reads: []string{"after 5 minutes, then every 30 minutes", "then escalate"},
		code: "502", help: visionBehind,
	},
	{
		says: "V9: 503 is for a warehouse that is closed", given: func(_ *testing.T, h *visionHouse) { h.Maintenance.Close(time.Time{}) }, method: "GET", path: visionStock,
		status: 503, want: "The warehouse is closed for maintenance", kind: visionAsText, headers: []string{"Retry-After:"}, act: "retry unavailable",
		reads: []string{"after 5 minutes, then every 30 minutes", "then escalate"}, code: "503", help: visionBehind,
	},
	{
		says: "V9: 504 is for a carrier that is late", set: func(c *vision.Config) { c.Transport = visionLate{} }, method: "GET", path: visionRates,
		status: 504, want: "A service behind this one did not respond in time.", kind: visionAsText, act: "retry timeout",
		reads: []string{"after 5 minutes, then every 30 minutes", "then escalate"}, code: "504", help: visionBehind,
	},
	{
		says: "V11: 102 is of what serves customers", method: "GET", path: visionStock + "&customer=ACME",
		status: 403, want: visionRES("102", "No permission for customer ACME"), kind: visionAsXML, act: "stop forbidden",
		reads: []string{"code 102", "title No permission"}, code: "102", help: []string{"No permission", "means forbidden", "A client stops"},
	},
	{
		says: "V12: 101 is for a token that nobody got", method: "GET", path: visionStock, header: []string{"Authorization: Bearer made-up"},
		status: 401, want: visionRES("101", visionNotKnown), kind: visionAsXML, act: "stop unauthenticated", reads: []string{"code 101", "title Authentication failed"},
		code: "101", help: []string{"Authentication failed", "means unauthenticated:", "The token or the secret is wrong, or has no access to the service", "check the credential", "A client stops"},
	},
	{
		says: "V12: 101 is for a wrong secret", method: "POST", path: "/token", body: "grant_type=client_credentials&client_id=warehouse&client_secret=guess", header: []string{visionForm},
		status: 401, want: visionRES("101", visionNotKnown), kind: visionAsXML, act: "stop unauthenticated", reads: []string{"code 101"},
	},
	{
		says: "V12: 101 is for no token at all", method: "GET", path: visionStock, header: []string{"Authorization: "},
		status: 401, want: visionRES("101", "A credential is required"), kind: visionAsXML, act: "stop unauthenticated", reads: []string{"code 101"},
	},
	{
		says: "V13: 110 is for a parameter that is missing", method: "GET", path: "/StockAvailability",
		status: 400, want: visionRES("110", "The parameter product is missing or wrong"), kind: visionAsXML, act: "correct invalid",
		reads: []string{"code 110", "title Invalid parameters", "detail The parameter product is missing or wrong"},
		code:  "110", help: []string{"Invalid parameters", "The parameters are invalid for this API", "under HTTP status 400", "never sends it again unchanged"},
	},
	{
		says: "V13: 110 is for a parameter that is no number", method: "GET", path: "/ShippingRates?pieces=some&weight=10",
		status: 400, want: visionRES("110", "The parameter pieces is missing or wrong"), kind: visionAsXML, act: "correct invalid",
	},
	{
		says: "V14: 150 is for a carrier that cannot be asked", set: func(c *vision.Config) { c.Carrier = "http://" + testnet.Closed }, method: "GET", path: visionRates,
		status: 500, want: visionRES("150", "The carrier's service fails"), kind: visionAsXML, act: "retry internal",
		reads: []string{"code 150", "title An error in the service", "after 5 minutes, then every 30 minutes", "then escalate"},
		code:  "150", help: append([]string{"An error occurred in the requested service", "under HTTP status 500"}, visionBehind[1:]...),
	},
	{
		says: "V17: 403 is for an account that may not post", given: visionAuditor, method: "POST", path: visionComplete, body: visionMakes(visionMade("A1", "MAIN", "")),
		status: 403, want: visionMayNotPost, kind: visionAsText, act: "stop forbidden", reads: []string{"title Forbidden", "detail " + visionMayNotPost},
		code: "403", help: []string{"Forbidden", "The user is not authorised for this API", "A client stops"},
	},
	{
		says: "V17: 403 is for an account that is not authorised for one API", given: visionAuditor, method: "GET", path: visionRates,
		status: 403, want: "The account is not authorised for ShippingRates", kind: visionAsText, act: "stop forbidden",
	},
	{
		says: "V17: 403 is for an account that posts too often", set: visionOften, method: "POST", path: visionSales, body: visionOrders(visionLine("WIDGET", "1", "")),
		given: func(t *testing.T, h *visionHouse) {
			h.ask(t, "POST", visionSales, visionOrders(visionLine("WIDGET", "1", "")))
		},
		status: 403, want: "The account posts too often", kind: visionAsText, act: "stop forbidden",
	},
	{
		says: "V18: 404 is for a service that does not exist", method: "GET", path: "/Nothing",
		status: 404, want: "There is no resource at GET /Nothing.", kind: visionAsText, act: "stop not_found", reads: []string{"title Service not found"},
		code: "404", help: []string{"Service not found", "There is no such service", "A client stops"},
	},
	{
		says: "V18: 404 is for a service that the warehouse does not have", method: "POST", path: "/service/Nothing", body: visionOrders(),
		status: 404, want: "There is no resource at POST /service/Nothing.", kind: visionAsText, act: "stop not_found",
	},
	{
		says: "V19: 429 is for an account that asks too often", set: visionOften, method: "GET", path: visionStock,
		given:  func(t *testing.T, h *visionHouse) { h.ask(t, "GET", visionStock, "") },
		status: 429, want: "There were too many requests in a short time. Retry in 60 seconds.", kind: visionAsText, headers: []string{"Retry-After: 60"}, act: "retry rate_limited",
		reads: []string{"title API access restricted", "when after 1 minute"},
		code:  "429", help: []string{"API access restricted", "Access to the API is restricted for now", "after 1 second, then up to twice as long each time, at most 1 minute"},
	},
	{
		says: "V20: 999 is for what the old ledger cannot spell", method: "GET", path: "/StockHistory?product=%C5%BBURAW",
		status: 500, want: visionRES("999", "The ledger cannot read this"), kind: visionAsXML, act: "retry internal", reads: []string{"code 999", "title Internal server error"},
		code: "999", help: append([]string{"Internal server error", "An internal error, or an invalid request caused it (encoding, data types)"}, visionBehind[1:]...),
	},
	{
		says: "V20: 500 is for what nobody thought of in a request", method: "GET", path: visionBug,
		status: 500, want: "The request could not be handled. The cause is in the server's log under the request ID.", kind: visionAsText, act: "retry internal",
		code: "500", help: []string{"Internal server error", "An internal error, or an invalid request caused it (encoding, data types)"},
	},
	{
		says: "V21: 204 is for a GET that matches nothing", method: "GET", path: "/StockAvailability?product=GADGET",
		status: 204, headers: []string{"Vision-Note:"}, act: "inspect empty", reads: []string{"title No record found"},
		code: "204", help: []string{"No record found", "if the method is GET", "means empty", "The request was fine and nothing matches its parameters", "shows its user what to look at"},
	},
	{
		says: "V22: 207 says in its body what became of each record", method: "POST", path: visionComplete, body: visionMakes(visionMade("A1", "MAIN", ""), visionMade("A2", "PF", "")),
		status: 207, want: visionMakes(visionMade("A1", "MAIN", visionRES("200", visionDone)), visionMade("A2", "PF", visionRES("400", visionNoSite))), kind: visionAsXML,
		act: "inspect partial", reads: []string{"items 0 A1 success 200 " + visionDone + " 1 A2 invalid 400 " + visionNoSite},
		code: "207", help: []string{"if the method is POST", "Some records failed. The others are done."},
	},
	{
		says: "V23: 400 says in its body why each record failed", method: "POST", path: visionComplete, body: visionMakes(visionMade("A1", "PF", "")),
		status: 400, want: visionMakes(visionMade("A1", "PF", visionRES("400", visionNoSite))), kind: visionAsXML, act: "correct invalid",
		reads: []string{"title All records failed", "items 0 A1 invalid 400 " + visionNoSite, "Correct the parameters, or what the body says of each record"},
		code:  "400", help: []string{"All records failed", "if the method is POST", "Correct the parameters, or what the body says of each record, and send the records again"},
	},
	{
		says: "V24: 406 says what is too long", method: "POST", path: visionComplete, body: visionMakes(visionMade("A1", "TOOLONG", "")),
		status: 406, want: "Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed", kind: visionAsText, act: "correct invalid/xml",
		reads: []string{"title Input XML validation failed", "fields SiteCode Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed"},
		code:  "406", help: []string{"Input XML validation failed", "if the method is POST", "The input XML is not valid: the body says why", "never sends it again unchanged"},
	},
	{
		says: "V24: 406 says what is missing", method: "POST", path: visionSales, body: "<ORDERS><SO><Product>WIDGET</Product></SO></ORDERS>",
		status: 406, want: "Failed validation because field 'Quantity' is missing", kind: visionAsText, act: "correct invalid/xml", reads: []string{"fields Quantity Failed"},
	},
	{
		says: "V24: 406 says where it is no XML", method: "POST", path: visionComplete, body: "<MANUFACTURING><MC>",
		status: 406, want: "The body is not well-formed XML: line 1, column 20", kind: visionAsText, act: "correct invalid/xml", reads: []string{"detail The body is not well-formed XML: line 1, column 20"},
	},
}

// open brings the cause about.
func (r visionRow) open(t *testing.T) *visionHouse {
	t.Helper()
	price := r.price
	if price == "" {
		price = "900"
	}
	var set []func(*vision.Config)
	if r.set != nil {
		set = append(set, r.set)
	}
	h := openVision(t, price, set...)
	if r.given != nil {
		r.given(t, h)
	}
	return h
}

// acts is what the client end makes of it, at a house of its own, for a cause may be gone
// after the first request.
func (r visionRow) acts(t *testing.T) (*client.Report, error) {
	t.Helper()
	h := r.open(t)
	report, _, err := visionCall(t, visionRequest(t, t.Context(), h.url, h.token, r.method, r.path, r.body, r.header...), client.WithMaxAttempts(1))
	return report, err
}

// What Vision's page says, statement by statement (see examples/statements.tsv).
func TestVisionPage(t *testing.T) {
	t.Parallel()
	for _, r := range visionRows {
		t.Run(r.says, func(t *testing.T) {
			t.Parallel()
			m := r.open(t).ask(t, r.method, r.path, r.body, r.header...)
			m.is(t, r.status, r.want, append([]string{"Content-Type: " + r.kind, "Vision-Note: " + r.note, "Location:"}, r.headers...)...)
			if m.header.Get("X-Request-Id") == "" {
				t.Error("no request ID came")
			}
			report, err := r.acts(t)
			if got := visionAct(report); got != r.act || report.Outcome.RequestID == "" {
				t.Errorf("got %q under request ID %q, want %q", got, report.Outcome.RequestID, r.act)
			}
			if bad := r.status >= 300 || r.status == 207; (err != nil) != bad {
				t.Errorf("Check: got %v for %d", err, r.status)
			}
			act, kind, _ := strings.Cut(r.act, " ")
			reads := append([]string{"outcome " + kind, "vendor says " + act}, r.reads...)
			if r.note != "" {
				if !slices.Contains(report.Outcome.Notes, r.note) {
					t.Errorf("got the notes %q, want %q", report.Outcome.Notes, r.note)
				}
				reads = append(reads, "note "+r.note)
			}
			m.decodes(t, "vision", reads...)
			if r.code != "" {
				explains(t, "vision", r.code, r.help...)
			}
		})
	}
	t.Run("V1: a record that failed under 200 is no success", visionRecordUnder200)
	t.Run("V2: only a plain 200 is done, and all else is for the user", visionUserIsTold)
	t.Run("V3: 100 to 150 inform in a body, each under the same row", visionInforms)
	t.Run("V4: a call shows its user the note", visionCallShowsNote)
	t.Run("V4: a note without a place is reported as lost", func(t *testing.T) {
		t.Parallel()
		for _, row := range []struct{ outcome, want string }{
			{`"kind":"noted","status":203,"notes":["look"]`, `{"status":203,"headers":{"Vision-Note":"look"},"body":"","losses":[],"unset":[]}`},
			{`"kind":"noted","code":"120","notes":["look"]`, `"losses":[{"attribute":"notes","reason":"there is no place for them"}]`},
		} {
			says(t, `{"outcome":{`+row.outcome+`}}`, []string{"encode", "--dialect", "vision", "--method", "POST", "--path", visionSales}, []string{row.want})
		}
	})
	t.Run("V5: what is no POST is not counted by records", func(t *testing.T) {
		t.Parallel()
		visionMeets(t, visionSays(t, 207, visionAsText, "some of it"), "GET", "inspect noted")
		explains(t, "vision", "207", "if no condition above holds", "Not everything may have been done: tell the user what the body says")
	})
	t.Run("V6: no request brings a redirect about", visionNeverRedirects)
	t.Run("V6: a client stops at a redirect and does not follow it", visionRedirected)
	t.Run("V7: the whole group is corrected and never sent again", visionReviewed)
	t.Run("V8: after 5 minutes, then 30 each time, in virtual time", visionSchedule)
	t.Run("V9: every status of the group has the schedule", visionGroup)
	t.Run("V10: what persists is reported to Vision Support", visionSupport)
	t.Run("V11: one service has the common codes and its own", visionOwnCodes)
	t.Run("V12: a client does not refresh a wrong token", visionWrongToken)
	t.Run("V15: an expired token is refreshed and the request sent again", visionRefresh)
	t.Run("V15: a spent refresh token leads to the first grant", visionFirstGrant)
	t.Run("V15: a second 401 ends it", visionSecond401)
	t.Run("V16: the command refreshes at the token endpoint of the file", visionCommandRefreshes)
	t.Run("V19: each wait may be twice as long as the one before", visionBackoff)
	t.Run("V19: a client waits as it is told, and is served", visionToldToWait)
	t.Run("V20: 999 works as a status, too", func(t *testing.T) {
		t.Parallel()
		m := visionMeets(t, visionSays(t, 999, visionAsText, "old"), "GET", "retry internal")
		m.decodes(t, "vision", "outcome internal", "status 999", "title Internal server error", "an invalid request caused it (encoding, data types)", "then escalate")
	})
	t.Run("V21: the user of a call is told that there is nothing", func(t *testing.T) {
		t.Parallel()
		h := openVision(t, "900")
		stdout, stderr, exit := told(t, map[string]string{"TOKEN": h.token}, "call", "--dialect", "vision", "--token", "env:TOKEN", h.url+"/StockAvailability?product=GADGET")
		if exit != 0 || stdout != "" || !strings.Contains(stderr, "204 empty") || !strings.Contains(stderr, "nothing matches its parameters") {
			t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
		}
	})
	t.Run("V22: only the record that failed is to be corrected", func(t *testing.T) {
		t.Parallel()
		h := openVision(t, "900")
		report, _, err := visionCall(t, visionRequest(t, t.Context(), h.url, h.token, "POST", visionComplete, visionMakes(visionMade("A1", "MAIN", ""), visionMade("A2", "PF", ""))))
		var failed *client.Error
		items := report.Outcome.Items
		if len(items) != 2 || items[0].ID != "A1" || items[0].Outcome.Kind != parlance.KindSuccess || items[1].ID != "A2" || items[1].Outcome.Detail != visionNoSite ||
			report.ItemDecision(1).Act != parlance.ActCorrect || len(report.Attempts) != 1 || !errors.As(err, &failed) {
			t.Errorf("got %+v %v, want the second record corrected, and an error", items, err)
		}
	})
	t.Run("V23: a 400 to a GET says nothing of records", func(t *testing.T) {
		t.Parallel()
		m := visionMeets(t, visionSays(t, 400, visionAsText, "no"), "GET", "correct invalid")
		m.decodes(t, "vision", "outcome invalid", "status 400", "Review the issues, correct them and send the request again")
		explains(t, "vision", "400", "if no condition above holds", "Review the issues, correct them and send the request again")
	})
	t.Run("V23: the records that failed are what is to be corrected", func(t *testing.T) {
		t.Parallel()
		h := openVision(t, "900")
		report, _, _ := visionCall(t, visionRequest(t, t.Context(), h.url, h.token, "POST", visionComplete, visionMakes(visionMade("A1", "PF", ""), visionMade("A2", "PF", ""))))
		if len(report.Outcome.Items) != 2 || report.Decision.Scope != parlance.ScopeItems || len(report.Attempts) != 1 {
			t.Errorf("got %+v %+v", report.Outcome, report.Decision)
		}
	})
}

// visionSays is a server that gives everybody the same response.
func visionSays(t *testing.T, status int, kind, body string, header ...string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		for _, h := range header {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// visionMeets wants what the client end does about it, and returns the response.
func visionMeets(t *testing.T, url, method, act string) met {
	t.Helper()
	report, _, _ := visionCall(t, visionRequest(t, t.Context(), url, "", method, "/x", ""), client.WithMaxAttempts(1))
	if got := visionAct(report); got != act {
		t.Errorf("%s: got %q for %d, want %q", method, got, report.Outcome.Status, act)
	}
	return meet(t, method, url+"/x", "")
}

func visionRecordUnder200(t *testing.T) {
	t.Parallel()
	bad, good := visionMade("A1", "PF", visionRES("400", "no")), visionMade("A2", "MAIN", visionRES("200", "yes"))
	for _, row := range []struct{ method, kind, body, want string }{
		{"POST", visionAsXML, visionMakes(bad, good), "inspect partial"},
		{"POST", visionAsXML, visionMakes(bad), "correct invalid"},
		{"GET", visionAsXML, visionMakes(bad, good), "inspect partial"},
		{"GET", visionAsJSON, `[{"DocRef":"A1","RES":{"Code":"400","Message":"no"}},{"DocRef":"A2","RES":{"Code":"200"}}]`, "inspect partial"},
	} {
		socket := visionSays(t, 200, row.kind, row.body)
		report, _, err := visionCall(t, visionRequest(t, t.Context(), socket, "", row.method, visionComplete, ""), client.WithMaxAttempts(1))
		if got := visionAct(report); got != row.want || err == nil {
			t.Errorf("%s %s: got %q and %v, want %q and an error", row.method, row.body, got, err, row.want)
		}
		meet(t, row.method, socket+visionComplete, "").decodes(t, "vision", "outcome "+strings.Fields(row.want)[1], "A1 invalid 400 no")
	}
}

func visionUserIsTold(t *testing.T) {
	t.Parallel()
	plain := 0
	for _, r := range visionRows {
		if r.status >= 300 {
			continue
		}
		report, _ := r.acts(t)
		isPlain := r.status == 200 && report.Outcome.Code == ""
		if isPlain {
			plain++
		}
		if (report.Decision.Act == parlance.ActDone) != isPlain || !isPlain && report.Decision.Act != parlance.ActInspect {
			t.Errorf("%s: got %v for %d %s", r.says, report.Decision.Act, r.status, report.Outcome.Code)
		}
	}
	if plain == 0 {
		t.Error("no plain 200 came")
	}
	for _, status := range []int{208, 226, 299} {
		visionMeets(t, visionSays(t, status, visionAsText, "x"), "POST", "inspect noted").decodes(t, "vision", "vendor says inspect", "Only 200 says that all is well: check any other code")
	}
	explains(t, "vision", "2xx", "Success", "Only 200 says that all is well: check any other code and tell the user of a possible issue")
}

func visionInforms(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"100", "103", "109", "111", "137", "149"} {
		for kind, body := range map[string]string{visionAsXML: visionRES(code, "look"), visionAsJSON: `{"Code":` + code + `,"Message":"look"}`} {
			visionMeets(t, visionSays(t, 200, kind, body), "GET", "inspect noted").decodes(t, "vision", "outcome noted", "code "+code, "detail look", "vendor says inspect")
		}
	}
	explains(t, "vision", "137", "Informational", "For information: the codes from 100 to 150")
	explains(t, "vision", "1xx", "Informational", "For information: the codes from 100 to 150", "101 Authentication failed", "110 Invalid parameters", "150 An error in the service")
}

func visionCallShowsNote(t *testing.T) {
	t.Parallel()
	for _, r := range visionRows {
		if r.note == "" {
			continue
		}
		h := r.open(t)
		args := []string{"call", "--dialect", "vision", "--token", "env:TOKEN", "-X", r.method}
		if r.body != "" {
			args = append(args, "-d", r.body, "-H", visionXML)
		}
		for _, head := range r.header {
			args = append(args, "-H", head)
		}
		stdout, stderr, exit := told(t, map[string]string{"TOKEN": h.token}, append(args, h.url+r.path)...)
		if said := strings.Join(strings.Fields(stderr), " "); exit != 0 || stdout != r.want || !strings.Contains(said, r.note) {
			t.Errorf("%s: exit %d, want %q in\n%s%s", r.says, exit, r.note, stdout, stderr)
		}
	}
}

func visionNeverRedirects(t *testing.T) {
	t.Parallel()
	h := openVision(t, "900")
	const old = "If-Modified-Since: Fri, 20 Nov 2026 16:00:00 GMT"
	for _, r := range []struct{ method, path, header string }{
		{"GET", "//PriceList", ""},
		{"GET", "/x/../PriceList", ""},
		{"GET", "/service", ""},
		{"POST", "//service/SalesOrder", ""},
		{"GET", "/PriceList", old},
		{"HEAD", "/PriceList", old},
		{"GET", "/PriceList", "If-None-Match: *"},
		{"GET", visionStock, old},
	} {
		header := []string{}
		if r.header != "" {
			header = append(header, r.header)
		}
		m := h.ask(t, r.method, r.path, "", header...)
		if m.status/100 == 3 || m.header.Get("Location") != "" || r.method != "HEAD" && m.body == "" {
			t.Errorf("%s %s %s: got %d %v %s", r.method, r.path, r.header, m.status, m.header, m.body)
		}
	}
	for _, r := range visionRows {
		if m := r.open(t).ask(t, r.method, r.path, r.body, r.header...); m.status/100 == 3 {
			t.Errorf("%s: got %d", r.says, m.status)
		}
	}
	for status := 300; status < 400; status++ { // a handler that redirects all the same
		api := server.New(cataloged(t, "vision"), server.WithLogger(new(testlog.Log).Logger()))
		w := httptest.NewRecorder()
		api.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})).ServeHTTP(w, httptest.NewRequest("GET", "/there", nil))
		if w.Code/100 == 3 || w.Header().Get("Location") != "" || w.Body.Len() == 0 {
			t.Errorf("%d: got %d %v %s", status, w.Code, w.Header(), w.Body)
		}
	}
	explains(t, "vision", "3xx", "Not used", "This API never gives it", "means redirected", "The API does not use redirection: look at who sent it", "A client stops")
}

func visionRedirected(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		status   int
		location string
	}{{301, "/elsewhere"}, {302, "/elsewhere"}, {302, ""}, {303, "/elsewhere"}, {304, ""}, {307, "/elsewhere"}, {308, "/elsewhere"}} {
		for _, method := range []string{"GET", "POST"} {
			var mu sync.Mutex
			var asked []string
			socket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				asked = append(asked, r.URL.Path)
				mu.Unlock()
				if row.location != "" {
					w.Header().Set("Location", row.location)
				}
				w.WriteHeader(row.status)
			}))
			t.Cleanup(socket.Close)
			m := meet(t, method, socket.URL+"/there", "")
			report, _, err := visionCall(t, visionRequest(t, t.Context(), socket.URL, "", method, "/there", ""))
			var stopped *client.Error
			noticed := slices.ContainsFunc(report.Diagnostics, func(d parlance.Diagnostic) bool { return d.Rule == "not_used" })
			if got := visionAct(report); got != "stop redirected" || !noticed || len(report.Attempts) != 1 || !errors.As(err, &stopped) {
				t.Errorf("%s %d: got %q, %v and %v, want a stop, a diagnostic and an error", method, row.status, got, report.Diagnostics, err)
			}
			_, stderr, exit := told(t, nil, "call", "--dialect", "vision", "-X", method, socket.URL+"/there")
			said := strings.Join(strings.Fields(stderr), " ")
			if exit != exitFindings || !strings.Contains(said, fmt.Sprint(row.status, " redirected")) || !strings.Contains(said, "The API does not use redirection") {
				t.Errorf("%s %d: exit %d\n%s", method, row.status, exit, stderr)
			}
			mu.Lock()
			if want := []string{"/there", "/there", "/there"}; !slices.Equal(asked, want) {
				t.Errorf("%s %d: asked for %v, want %v", method, row.status, asked, want)
			}
			mu.Unlock()
			m.decodes(t, "vision", "outcome redirected", "vendor says stop", fmt.Sprint("the API says that it does not use status ", row.status))
			explains(t, "vision", fmt.Sprint(row.status), "Not used", "This API never gives it", "A client stops")
		}
	}
}

func visionReviewed(t *testing.T) {
	t.Parallel()
	for status := 400; status <= 429; status++ {
		const want = "correct invalid"
		switch status {
		case 401, 403, 404, 429: // these have an act of their own
			continue
		}
		var asked atomic.Int32
		socket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "it is wrong")
		}))
		report, _, err := visionCall(t, visionRequest(t, t.Context(), socket.URL, "", "GET", "/x", ""))
		if got := visionAct(report); got != want || asked.Load() != 1 || err == nil || report.Outcome.Detail != "it is wrong" {
			t.Errorf("%d: got %q, %q and %v after %d requests, want %q after 1", status, got, report.Outcome.Detail, err, asked.Load(), want)
		}
		socket.Close()
		met{"GET", "/x", status, http.Header{}, ""}.decodes(t, "vision", "outcome invalid", "vendor says correct", "Review the issues, correct them and send the request again")
	}
	explains(t, "vision", "4xx", "Client error", "Review the issues, correct them and send the request again", "400-429", "never sends it again unchanged")
	for _, code := range []string{"401", "403", "404", "429"} { // what the group says is shown beside
		explains(t, "vision", code, "group 400-429, 4xx: Client error", "Review the issues, correct them and send the request again")
	}
}

// visionTown is the warehouse in virtual time, and a token that does not expire in it.
func visionTown(t *testing.T, set func(*vision.Config)) (to http.RoundTripper, token string) {
	t.Helper()
	c := vision.Config{Store: memory.New(), Logger: new(testlog.Log).Logger()}
	if set != nil {
		set(&c)
	}
	s, err := vision.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if token, err = auth.GiveToken(t.Context(), c.Store.Tokens(), server.Principal{ID: vision.ClientID}, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	return memhttp.Serve(t, s.Handler()), token
}

// visionWaits wants 5 minutes, then 30, and then no more: it is the support's.
func visionWaits(t *testing.T, report *client.Report, took time.Duration) {
	t.Helper()
	var waits []time.Duration
	for _, a := range report.Attempts[:len(report.Attempts)-1] {
		waits = append(waits, a.Wait)
	}
	if want := []time.Duration{5 * time.Minute, 30 * time.Minute}; !slices.Equal(waits, want) || took != 35*time.Minute { // virtual
		t.Errorf("got %v in %v, want %v", waits, took, want)
	}
	if report.Decision.Act != parlance.ActEscalate {
		t.Errorf("got %v after %d attempts, want it to be reported", report.Decision.Act, len(report.Attempts))
	}
}

func visionSchedule(t *testing.T) {
	t.Parallel()
	for _, path := range []string{visionBug, visionRates, "/StockHistory?product=%C5%BBURAW"} { // 500, 150 without a carrier, 999
		synctest.Test(t, func(t *testing.T) {
			to, token := visionTown(t, nil)
			start := time.Now()
			report, _, _ := visionCall(t, visionRequest(t, t.Context(), "http://warehouse", token, "GET", path, ""), client.WithBase(to), client.WithMaxWait(time.Hour))
			visionWaits(t, report, time.Since(start))
			first := report.Attempts[0].Decision
			for i, want := range []time.Duration{5 * time.Minute, 30 * time.Minute, 30 * time.Minute, 30 * time.Minute} {
				if got := first.Delay(i+1, func() float64 { return 0.5 }); got != want {
					t.Errorf("%s: wait %d is %v, want %v", path, i+1, got, want)
				}
			}
		})
	}
	for _, unsafe := range []bool{false, true} { // a POST may be done twice
		synctest.Test(t, func(t *testing.T) {
			to := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
			ctx := client.WithCall(t.Context(), client.Call{RetryUnsafe: unsafe})
			start := time.Now()
			report, _, _ := visionCall(t, visionRequest(t, ctx, "http://warehouse", "", "POST", visionSales, visionOrders()), client.WithBase(to), client.WithMaxWait(time.Hour))
			if unsafe {
				visionWaits(t, report, time.Since(start))
			} else if len(report.Attempts) != 1 || report.Decision.RetrySafe {
				t.Errorf("got %d attempts and %+v, want a POST to be sent once", len(report.Attempts), report.Decision)
			}
		})
	}
	explains(t, "vision", "5xx", "Server error", "A client sends the request again after 5 minutes, then every 30 minutes")
}

func visionGroup(t *testing.T) {
	t.Parallel()
	d := cataloged(t, "vision")
	want := []time.Duration{5 * time.Minute, 30 * time.Minute}
	for status := 500; status <= 599; status++ {
		o := d.Decode(dialect.Request{Method: "GET", Path: "/x"}, dialect.Response{Status: status}).Outcome
		decision := d.Decide(dialect.Request{Method: "GET", Path: "/x"}, &o)
		if decision.Act != parlance.ActRetry || !slices.Equal(decision.Schedule, want) || decision.Then != parlance.ActEscalate {
			t.Errorf("%d: got %+v, want the schedule %v, and then the support", status, decision, want)
		}
	}
	for _, status := range []int{501, 502, 503, 504, 505, 599} {
		synctest.Test(t, func(t *testing.T) {
			to := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
			start := time.Now()
			report, _, _ := visionCall(t, visionRequest(t, t.Context(), "http://warehouse", "", "GET", "/x", ""), client.WithBase(to), client.WithMaxWait(time.Hour))
			visionWaits(t, report, time.Since(start))
		})
		met{"GET", "/x", status, http.Header{}, ""}.decodes(t, "vision", "vendor says retry", "after 5 minutes, then every 30 minutes", "then escalate", "support Vision Support, with the request ID")
	}
	explains(t, "vision", "5xx", append([]string{"Server error", "500, 999", "502", "503", "504"}, visionBehind...)...)
	explains(t, "vision", "501", visionBehind...)
}

func visionSupport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to, token := visionTown(t, nil)
		report, _, _ := visionCall(t, visionRequest(t, t.Context(), "http://warehouse", token, "GET", visionBug, ""), client.WithBase(to), client.WithMaxWait(time.Hour))
		text := report.SupportReport().String()
		if report.Decision.Act != parlance.ActEscalate || !strings.HasPrefix(text, "To: Vision Support\nGET http://warehouse/ShippingRates\n") {
			t.Errorf("got %v and\n%s", report.Decision.Act, text)
		}
		for _, a := range report.Attempts {
			if a.Outcome.RequestID == "" || !strings.Contains(text, a.Outcome.RequestID) {
				t.Errorf("the request ID %q is not in\n%s", a.Outcome.RequestID, text)
			}
		}
	})
	for _, row := range []struct {
		ceiling string
		want    []string
	}{
		{"1s", []string{"500 internal", "next Send it again in 5 minutes", "If that does not help, report it to Vision Support, with the request ID"}},
		{"1h", []string{"attempt 1", "attempt 2", "waits 30m", "attempt 3", "vendor says escalate", "next Send the report below to Vision Support, with the request ID.", "To: Vision Support GET http://warehouse/ShippingRates 2000-01-01T00:00:00.000Z 500 internal request ID "}},
	} {
		synctest.Test(t, func(t *testing.T) {
			to, token := visionTown(t, nil)
			var out, errs bytes.Buffer
			a := newApp(func(string) string { return token }, strings.NewReader(""), &out, &errs)
			a.base = to
			exit := a.run(t.Context(), []string{"call", "--dialect", "vision", "--token", "env:TOKEN", "--max-wait", row.ceiling, "http://warehouse" + visionBug})
			said := strings.Join(strings.Fields(errs.String()), " ")
			for _, want := range row.want {
				if exit != exitFindings || !strings.Contains(said, want) {
					t.Errorf("with --max-wait %s: exit %d, want %q in\n%s", row.ceiling, exit, want, errs.String())
				}
			}
		})
	}
	met{"GET", "/x", 500, http.Header{}, ""}.decodes(t, "vision", "then escalate", "support Vision Support, with the request ID")
	explains(t, "vision", "500", "If that does not help, it reports it to Vision Support, with the request ID")
}

func visionOwnCodes(t *testing.T) {
	t.Parallel()
	h := openVision(t, "900")
	for _, row := range []struct {
		path, code string
		common     bool
		header     []string
	}{
		{visionStock + "&customer=ACME", "102", false, nil},
		{"/StockAvailability", "110", true, nil},
		{visionStock, "101", true, []string{"Authorization: Bearer made-up"}},
		{"/StockHistory?product=%C5%BBURAW", "999", true, nil},
		{"/StockHistory", "110", true, nil},
	} {
		m := h.ask(t, "GET", row.path, "", row.header...)
		if !strings.HasPrefix(m.body, "<RES><Code>"+row.code+"</Code><Message>") {
			t.Errorf("%s: got %d %s, want code %s", row.path, m.status, m.body, row.code)
		}
		report, _, _ := visionCall(t, visionRequest(t, t.Context(), h.url, h.token, "GET", row.path, "", row.header...), client.WithMaxAttempts(1))
		if report.Outcome.Code != row.code {
			t.Errorf("%s: got %+v, want code %s", row.path, report.Outcome, row.code)
		}
		m.decodes(t, "vision", "code "+row.code)
	}
	h.Count(true)
	h.ask(t, "GET", "/StockCount", "").decodes(t, "vision", "code 120")
	explains(t, "vision", "102", "The account has no permission for this customer or site", "group 100-150, 1xx: Informational")
}

// visionRecords is the warehouse, and what it was asked by a caller whose token expired.
type visionRecords struct {
	url     string
	expired string
	refresh string
	mu      sync.Mutex
	asked   []string
}

// visionRecord has a server in front of the warehouse keep what comes.
func visionRecord(t *testing.T) *visionRecords {
	t.Helper()
	store := memory.New()
	h := openVision(t, "900", func(c *vision.Config) { c.Store = store })
	r := &visionRecords{refresh: refreshToken(t, h.url, byClient)}
	var err error
	if r.expired, err = auth.GiveToken(t.Context(), store.Tokens(), server.Principal{ID: vision.ClientID}, time.Nanosecond); err != nil {
		t.Fatal(err)
	}
	inner := h.Handler()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		said := req.Method + " " + req.URL.Path + " " + string(body)
		if req.URL.Path == "/token" {
			form, _ := url.ParseQuery(string(body))
			said = req.Method + " /token " + form.Get("grant_type")
		}
		r.mu.Lock()
		r.asked = append(r.asked, said)
		r.mu.Unlock()
		inner.ServeHTTP(w, req)
	}))
	t.Cleanup(front.Close)
	r.url = front.URL
	return r
}

// sent wants what came since the last time.
func (r *visionRecords) sent(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.asked, want) {
		t.Errorf("got  %q\nwant %q", r.asked, want)
	}
	r.asked = nil
}

// calls sends a request of a caller who holds these tokens.
func (r *visionRecords) calls(t *testing.T, token, refresh, method, path, body string) *client.Report {
	t.Helper()
	login := client.NewOAuth(nil, r.url+"/token", byClient).Resume(client.Grant{Token: token, Refresh: refresh})
	report, _, _ := visionCall(t, visionRequest(t, t.Context(), r.url, "", method, path, body), client.WithCredential(login))
	return report
}

func visionWrongToken(t *testing.T) {
	t.Parallel()
	r := visionRecord(t)
	report := r.calls(t, "made-up", r.refresh, "GET", visionStock, "")
	if got := visionAct(report); got != "stop unauthenticated" || report.Outcome.Code != "101" || len(report.Attempts) != 1 {
		t.Errorf("got %q %s after %d attempts", got, report.Outcome.Code, len(report.Attempts))
	}
	r.sent(t, "GET /StockAvailability ")
}

func visionRefresh(t *testing.T) {
	t.Parallel()
	r := visionRecord(t)
	m := meet(t, "GET", r.url+visionStock, "", "Authorization: Bearer "+r.expired)
	m.is(t, 401, "The credential has expired", "Content-Type: text/plain; charset=utf-8", `WWW-Authenticate: Bearer error="invalid_token", error_description="The credential has expired"`)
	m.decodes(t, "vision", "outcome unauthenticated/expired", "title Unauthorised", "vendor says refresh", "refresh it with the refresh token")
	explains(t, "vision", "401", "Unauthorised", "means unauthenticated/expired", "The access token has probably expired: refresh it with the refresh token, or run the first grant again, and retry the request",
		"A client gets a new credential and sends the request again, once", "Every request may be sent again")
	r.sent(t, "GET /StockAvailability ")

	body := visionOrders(visionLine("WIDGET", "1", ""))
	report := r.calls(t, r.expired, r.refresh, "POST", visionSales, body)
	if got := visionAct(report); got != "done success" || len(report.Attempts) != 2 || report.Attempts[0].Decision.Act != parlance.ActRefresh || !report.Attempts[0].Again {
		t.Errorf("got %q after %+v", got, report.Attempts)
	}
	r.sent(t, "POST "+visionSales+" "+body, "POST /token refresh_token", "POST "+visionSales+" "+body)
}

func visionFirstGrant(t *testing.T) {
	t.Parallel()
	r := visionRecord(t)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.refresh}, "client_id": byClient["client_id"], "client_secret": byClient["client_secret"]}
	if m := meet(t, "POST", r.url+"/token", form.Encode(), visionForm); m.status != 200 {
		t.Fatalf("got %d %s", m.status, m.body)
	}
	if m := meet(t, "POST", r.url+"/token", form.Encode(), visionForm); m.status != 401 {
		t.Errorf("got %d %s for a refresh token that is spent", m.status, m.body)
	}
	r.sent(t, "POST /token refresh_token", "POST /token refresh_token")
	if got := visionAct(r.calls(t, r.expired, r.refresh, "GET", visionStock, "")); got != "done success" {
		t.Errorf("got %q", got)
	}
	r.sent(t, "GET /StockAvailability ", "POST /token refresh_token", "POST /token client_credentials", "GET /StockAvailability ")
}

func visionSecond401(t *testing.T) {
	t.Parallel()
	r := visionRecord(t)
	socket := visionSays(t, 401, visionAsText, "The credential has expired")
	login := client.NewOAuth(nil, r.url+"/token", byClient).Resume(client.Grant{Token: r.expired, Refresh: r.refresh})
	report, _, err := visionCall(t, visionRequest(t, t.Context(), socket, "", "GET", visionStock, ""), client.WithCredential(login))
	if got := visionAct(report); got != "stop unauthenticated/expired" || len(report.Attempts) != 2 || err == nil {
		t.Errorf("got %q and %v after %d attempts", got, err, len(report.Attempts))
	}
	r.sent(t, "POST /token refresh_token")
}

func visionCommandRefreshes(t *testing.T) {
	t.Parallel()
	r := visionRecord(t)
	env := map[string]string{"OLD": r.expired, "REFRESH": r.refresh, "CLIENT": vision.ClientID + ":" + vision.ClientCode}
	body := visionOrders(visionLine("WIDGET", "9", ""))
	stdout, stderr, exit := told(t, env, "call", "--dialect", "vision", "--token", "env:OLD", "--refresh", "env:REFRESH", "--login", "env:CLIENT", "-d", body, "-H", visionXML, r.url+visionSales)
	if exit != 0 || !strings.Contains(stdout, "4 of WIDGET on back order") {
		t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
	}
	wants(t, stderr, "401 unauthenticated/expired", "token         POST "+r.url+"/token by refresh_token: 200 OK\n", "attempt 2", "201 noted")
	r.sent(t, "POST "+visionSales+" "+body, "POST /token refresh_token", "POST "+visionSales+" "+body)

	_, stderr, exit = told(t, env, "call", "--dialect", "vision", "--token", "env:OLD", r.url+visionStock)
	if said := strings.Join(strings.Fields(stderr), " "); exit != exitFindings || !strings.Contains(said, "--refresh env:NAME or --login env:NAME gets a new one at /token.") {
		t.Errorf("exit %d\n%s", exit, stderr)
	}
	r.sent(t, "GET /StockAvailability ")
	says(t, "", []string{"explain", "vision"}, []string{"/token"})
}

func visionBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
		report, _, _ := visionCall(t, visionRequest(t, t.Context(), "http://warehouse", "", "POST", visionSales, visionOrders()),
			client.WithBase(to), client.WithMaxAttempts(8), client.WithMaxWait(time.Minute))
		if len(report.Attempts) != 8 {
			t.Fatalf("got %d attempts, want 8", len(report.Attempts))
		}
		for i, top := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
			a := report.Attempts[i]
			longest := a.Decision.Delay(i+1, func() float64 { return 1 })
			if longest != top*time.Second || a.Wait < time.Second || a.Wait > longest {
				t.Errorf("attempt %d: it waits %v, and %v at most; want 1s to %v", i+1, a.Wait, longest, top*time.Second)
			}
		}
	})
	met{"GET", "/x", 429, http.Header{}, ""}.decodes(t, "vision", "outcome rate_limited", "title API access restricted", "vendor says retry", "after 1 second, then up to twice as long each time, at most 1 minute")
}

func visionToldToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to, token := visionTown(t, visionOften)
		call := func() *client.Report {
			t.Helper()
			report, _, _ := visionCall(t, visionRequest(t, t.Context(), "http://warehouse", token, "GET", visionStock, ""), client.WithBase(to), client.WithMaxWait(time.Hour))
			return report
		}
		call()
		report := call()
		if len(report.Attempts) != 2 || report.Attempts[0].Outcome.Status != 429 || report.Attempts[0].Wait != time.Minute || visionAct(report) != "done success" {
			t.Errorf("got %+v", report.Attempts)
		}
	})
}
