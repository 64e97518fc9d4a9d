package vision_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/examples/internal/caller"
	"github.com/parlance-api/parlance/examples/vision"
)

type token struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Seconds int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
	Issued  string `json:".issued"`
	Expires string `json:".expires"`
}

func start(t *testing.T) (*caller.Caller, *caller.Clock, token) {
	clock, log := new(caller.Clock), new(caller.Log)
	s, err := vision.New(vision.Config{Logger: log.Logger(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := caller.New(t, s.Handler())
	return c, clock, grant(t, c, "grant_type=client_credentials&client_id=warehouse&client_secret=demo")
}

// grant gets a token and uses it from then on.
func grant(t *testing.T, c *caller.Caller, form string) (v token) {
	t.Helper()
	c.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a := c.Do("POST", "/token", form)
	c.Header.Set("Content-Type", "application/xml")
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil || v.Access == "" {
		t.Fatalf("%v: %+v", err, a)
	}
	c.Header.Set("Authorization", "Bearer "+v.Access)
	return v
}

const wrong = `<RES><Code>101</Code><Message>The token or the secret is wrong</Message></RES>`

func TestATokenExpiresAndIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	c, clock, first := start(t)
	if first.Type != "bearer" || first.Seconds != 1200 || first.Issued != "Thu, 01 Jan 2026 00:00:00 GMT" || first.Expires != "Thu, 01 Jan 2026 00:20:00 GMT" {
		t.Errorf("got %+v", first)
	}
	const path, body = "/StockAvailability?product=WIDGET", `[{"Product":"WIDGET","Quantity":5}]`
	c.Want("GET", path, "", 200, body)
	clock.Move(20 * time.Minute)
	c.Want("GET", path, "", 401, ``)
	grant(t, c, "grant_type=refresh_token&refresh_token="+first.Refresh)
	c.Want("GET", path, "", 200, body)

	c.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c.Want("POST", "/token", "grant_type=refresh_token&refresh_token="+first.Refresh, 401, wrong)
	grant(t, c, "grant_type=password&username=joe&password=demo")
	c.Want("GET", path, "", 200, body)
}

func TestAWrongCredentialIsCode101(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	c.Header.Set("Authorization", "Bearer x")
	c.Want("GET", "/StockAvailability", "", 401, wrong)
	c.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c.Want("POST", "/token", "grant_type=password&username=joe&password=x", 401, wrong)
	c.Want("POST", "/token", "grant_type=magic", 400, `<RES><Code>110</Code><Message>The parameter grant_type is invalid</Message></RES>`)
}

func TestAManufactureIsAnsweredInTheCallersOwnDocument(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	const path = "/service/ManufactureComplete"
	record := func(ref, site, answer string) string {
		return "<MC><DocRef>" + ref + "</DocRef><Customer>JOE</Customer><SiteCode>" + site + "</SiteCode>" + answer + "</MC>"
	}
	document := func(records ...string) string {
		return "<MANUFACTURING>" + strings.Join(records, "\n") + "</MANUFACTURING>"
	}
	const (
		done    = "<RES><Code>200</Code><Message>Manufacture complete processed</Message></RES>"
		exists  = "<RES><Code>400</Code><Message>Record already exists</Message></RES>"
		unknown = "<RES><Code>400</Code><Message>Validation failure occurred on line: 2 Customer Code: JOE and site code: PF does not exist.</Message></RES>"
	)
	c.Want("POST", path, document(record("A1", "MAIN", "")), 200, document(record("A1", "MAIN", done)))
	c.Want("POST", path, document(record("A2", "MAIN", ""), record("A3", "PF", "")), 207,
		document(record("A2", "MAIN", done), record("A3", "PF", unknown)))
	c.Want("POST", path, document(record("A2", "MAIN", ""), record("A3", "PF", "")), 400,
		document(record("A2", "MAIN", exists), record("A3", "PF", unknown)))
	c.Want("POST", path, document(record("A4", "TOOLONG", "")), 406,
		"Failed validation because field 'SiteCode' exceeded the maximum number of characters allowed")
	c.Want("POST", path, "<MANUFACTURING><MC>", 406,
		"Failed validation because the document is not the XML that was expected")
	c.Want("POST", path, "<MANUFACTURING><MC><DocRef>A5</DocRef><Customer>ACME</Customer></MC></MANUFACTURING>", 403,
		`<RES><Code>102</Code><Message>No permission for customer ACME</Message></RES>`)
}

func TestAnOrderBeyondTheStockIsDoneWithANote(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	const path = "/service/SalesOrder"
	c.Want("POST", path, `<ORDERS><SO><Product>WIDGET</Product><Quantity>3</Quantity></SO></ORDERS>`, 200,
		`<ORDERS><SO><Product>WIDGET</Product><Quantity>3</Quantity><RES><Code>200</Code><Message>Sales order processed</Message></RES></SO></ORDERS>`)
	c.Want("POST", path, `<ORDERS><SO><Product>WIDGET</Product><Quantity>3</Quantity></SO></ORDERS>`, 201,
		`<ORDERS><SO><Product>WIDGET</Product><Quantity>3</Quantity><RES><Code>200</Code><Message>Sales order processed, 1 of WIDGET on back order</Message></RES></SO></ORDERS>`)
	c.Want("POST", path, `<ORDERS><SO><Product>GADGET</Product><Quantity>3</Quantity></SO></ORDERS>`, 400,
		`<ORDERS><SO><Product>GADGET</Product><Quantity>3</Quantity><RES><Code>400</Code><Message>Product GADGET does not exist or its quantity is wrong</Message></RES></SO></ORDERS>`)
}

func TestStock(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	c.Want("GET", "/StockAvailability?product=GADGET", "", 204, ``)
	c.Want("GET", "/StockAvailability", "", 400, `<RES><Code>110</Code><Message>The parameter product is missing</Message></RES>`)
	if a := c.Do("GET", "/Nothing", ""); a.Status != 404 {
		t.Errorf("got %+v", a)
	}
}
