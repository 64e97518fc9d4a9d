package demo

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance/examples/vision"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/memory"
)

// Each account signed in before the demo began, so that a command
// can be written down with its token. Each token has the life of any other.
const (
	token   = "demo-token"
	refresh = "demo-refresh"
	auditor = "Authorization: Bearer demo-auditor"
)

// visionTokens puts the tokens of the accounts into a store.
func visionTokens(s store.Store) error {
	const family = "demo " + vision.ClientID // the sign-in and its client
	warehouse := server.Principal{ID: vision.ClientID}
	return put(s, map[string]auth.Token{
		token:          {Family: family, Principal: warehouse, Left: auth.DefaultTokenLife},
		refresh:        {Family: family, Principal: warehouse, Left: auth.DefaultRefreshLife, Refresh: true},
		"demo-auditor": {Principal: server.Principal{ID: vision.Auditor}, Left: auth.DefaultTokenLife},
	})
}

func put(s store.Store, tokens map[string]auth.Token) error {
	for secret, t := range tokens {
		if err := s.Tokens().PutToken(context.Background(), auth.HashKey(secret), t); err != nil {
			return err
		}
	}
	return nil
}

func visionStation(d *Demo) (*station, error) {
	var service *vision.Service
	stock := get("/StockAvailability?product=WIDGET")
	s := &station{system: "vision", token: "Authorization: Bearer " + token, log: warehouseLogin, prime: stock}
	s.well = response(http.StatusOK, "application/json", "900")
	s.build = func(i *instance) (_ http.Handler, err error) {
		store := memory.New(memory.WithClock(i.clock.Now))
		if err := visionTokens(store); err != nil {
			return nil, err
		}
		carrier := i.transport()
		carrier.ResponseHeaderTimeout = i.setting.timeout
		service, err = vision.New(vision.Config{Logger: d.journal.logger("vision"), Store: store, Rate: rate, Carrier: i.behind, Transport: carrier})
		if err != nil {
			return nil, err
		}
		return service.Handler(), nil
	}
	manufacture := func(records string) Ask {
		return send("POST", "/service/ManufactureComplete", "<MANUFACTURING>"+records+"</MANUFACTURING>", xmlBody)
	}
	const (
		good    = "<MC><DocRef>A1</DocRef><Customer>JOE</Customer><SiteCode>MAIN</SiteCode></MC>"
		unknown = "<MC><DocRef>B1</DocRef><Customer>JOE</Customer><SiteCode>PF</SiteCode></MC>"
		tooLong = "<MC><DocRef>C1</DocRef><Customer>JOE</Customer><SiteCode>TOOLONG</SiteCode></MC>"
	)
	order := func(pieces string) Ask {
		return send("POST", "/service/SalesOrder", "<ORDERS><SO><Product>WIDGET</Product><Quantity>"+pieces+"</Quantity></SO></ORDERS>", xmlBody)
	}
	counted := func(pieces string) Ask {
		return send("POST", "/service/StockCount", "<COUNTS><CT><Product>WIDGET</Product><Quantity>"+pieces+"</Quantity></CT></COUNTS>", xmlBody)
	}
	grant := func(form string) Ask { return send("POST", "/token", form, formBody).anonymous() }
	renew := grant(renewal(refresh).Encode())
	later := func(context.Context, *way) error {
		s.instance.clock.move(auth.DefaultTokenLife)
		return nil
	}
	spent := func(ctx context.Context, w *way) error {
		s.instance.clock.move(auth.DefaultTokenLife)
		if login, ok := w.credential.(*warehouse); ok {
			return login.spend(ctx)
		}
		return w.succeed(ctx, renew)
	}
	counting := func(context.Context, *way) error {
		service.Count(true)
		return nil
	}
	closed := func(context.Context, *way) error {
		service.Maintenance.Close(time.Time{})
		return nil
	}
	opens := func() { service.Maintenance.Reopen() }
	edi := func(ctx context.Context, box *outbox.Outbox, service string) (string, error) {
		return vision.EDI{Box: box, Vendor: s.system, URL: service}.Complete(ctx,
			vision.Manufacture{DocRef: "A1", Customer: "JOE", SiteCode: "MAIN"}, vision.Manufacture{DocRef: "B1", Customer: "JOE", SiteCode: "PF"})
	}
	rates := get("/ShippingRates?pieces=4&weight=10")
	broken := func(context.Context, *way) error {
		s.instance.clock.smash()
		return nil
	}
	s.scenarios = []Scenario{
		{
			Name: "401", Comes: "401",
			Cause: "the token expired 20 min after it was issued",
			Given: later, Ask: stock,
			Promise: Promise{"401, POST /token 200, 200", "unauthenticated/expired, success", "renewed the token, retried", "200 success"},
		},
		{
			Name: "401-refresh", Comes: "200",
			Cause: "the token expired; the request is sent again with one that the refresh token gets",
			Given: later, Ask: Ask{Method: "GET", Path: stock.Path, Login: &Login{renew, "access_token"}},
		},
		{
			Cause:   "the token expired, and the refresh token was used elsewhere",
			Given:   spent,
			Ask:     stock,
			Promise: Promise{"401, POST /token 401, POST /token 200, 200", "unauthenticated/expired, success", "renewed the token, retried", "200 success"},
		},
		{
			Name: "401-spent", Comes: "401 101",
			Cause: "the token expired, and the refresh token was used elsewhere",
			Given: spent, Ask: renew,
		},
		{
			Name: "101", Comes: "401 101",
			Cause:   "the token is unknown",
			Ask:     get(stock.Path, "Authorization: Bearer made-up"),
			Promise: Promise{"401", "unauthenticated", "stopped", "401 unauthenticated"},
		},
		{
			Name: "101-secret", Comes: "401 101",
			Cause: "the client secret is wrong",
			Ask:   grant("grant_type=client_credentials&client_id=warehouse&client_secret=guess"),
		},
		{
			Name: "102", Comes: "403 102",
			Cause:   "the customer is another user's",
			Ask:     get(stock.Path + "&customer=ACME"),
			Promise: Promise{"403", "forbidden", "stopped", "403 forbidden"},
		},
		{
			Name: "110", Comes: "400 110",
			Cause:   "the parameter product is missing",
			Ask:     get("/StockAvailability"),
			Promise: Promise{"400", "invalid", "handed back to correct", "400 invalid"},
		},
		{
			Name: "207", Comes: "207",
			Cause:   "one of two records names an unknown site",
			Ask:     manufacture(good + unknown),
			Promise: Promise{"207", "partial", "told which failed", "207 partial"},
			Check:   failed(1),
		},
		{
			Cause: "the warehouse is closed as a bulk request comes to an outbox",
			Given: closed, Meantime: opens, Put: edi, Ask: manufacture(good + unknown),
			Promise: Promise{"503, 207", "unavailable, partial", "stored it, waited 5m, retried, told which failed", "207 partial"},
			Check:   failed(1),
		},
		{
			Name: "400", Comes: "400",
			Cause:   "every record of the bulk names an unknown site",
			Ask:     manufacture(unknown + unknown),
			Promise: Promise{"400", "invalid", "handed back to correct what failed", "400 invalid"},
			Check:   failed(0, 1),
		},
		{
			Name: "406", Comes: "406",
			Cause:   "a site code is too long: the XML fails validation",
			Ask:     manufacture(tooLong),
			Promise: Promise{"406", "invalid/xml", "handed back to correct", "400 invalid/xml"},
			Check:   fields("SiteCode"),
			Try:     "XML that fails validation",
		},
		{
			Name: "201", Comes: "201",
			Cause:   "the order goes beyond the stock: done, with a note",
			Ask:     order("9"),
			Promise: Promise{"201", "noted", "told the user", "201 noted"},
		},
		{
			Name: "120", Comes: "200 120",
			Cause: "the stock is being counted",
			Given: counting, Ask: get("/StockCount"),
			Promise: Promise{"200", "noted", "told the user", "200 noted"},
		},
		{
			Name: "204", Comes: "204",
			Cause:   "nothing matches",
			Ask:     get("/StockAvailability?product=GADGET"),
			Promise: Promise{"204", "empty", "told the user", "204 empty"},
		},
		{
			Name: "150", Comes: "500 150",
			Cause:   "the carrier behind is gone",
			Set:     gone,
			Ask:     rates,
			Promise: Promise{"500", "internal", "handed back: again in 5m, then every 30m", "500 internal, after 5m"},
		},
		{
			Name: "500", Comes: "500",
			Cause:   "a bug panics at a weight over 30 kg",
			Ask:     get("/ShippingRates?pieces=4&weight=31"),
			Promise: Promise{"500", "internal", "handed back: again in 5m, then every 30m", "500 internal, after 5m"},
		},
		{
			Name: "500-post", Comes: "500",
			Cause: "its clock broke during a POST, which may have been done",
			Given: broken, Ask: order("9"),
			Promise: Promise{"500", "internal", "did not retry: not safe", "500 internal"},
		},

		{Name: "200", Comes: "200", Cause: "there is stock", Ask: stock},
		{Name: "200-post", Comes: "200", Cause: "every record is handled", Ask: manufacture(good)},
		{Name: "200-token", Comes: "200", Cause: "a client logs in", Ask: grant("grant_type=client_credentials&client_id=warehouse&client_secret=demo")},
		{Name: "202", Comes: "202", Cause: "all of the order is on back order", Given: s.after(order("5")), Ask: order("1")},
		{Name: "203", Comes: "203", Cause: "the stock is being counted, so its quantities are old", Given: counting, Ask: stock},
		{Name: "204-post", Comes: "204", Cause: "the count found what was booked", Given: counting, Ask: counted("5")},
		{Name: "205", Comes: "205", Cause: "the count found less than was booked", Given: counting, Ask: counted("4")},
		{Name: "206", Comes: "206", Cause: "a range of the price list is asked for", Ask: get("/PriceList", "Range: bytes=14-24")},
		{Name: "400-token", Comes: "400", Cause: "the grant type is unknown", Ask: grant("grant_type=magic")},
		{Name: "403", Comes: "403", Cause: "the account is not authorized for this API", Ask: get("/ShippingRates?pieces=4&weight=10", auditor)},
		{Name: "403-post", Comes: "403", Cause: "the account may not post", Ask: send("POST", "/service/SalesOrder", order("1").Body, auditor, xmlBody)},
		{Name: "403-rate", Comes: "403", Cause: "the account posted too often", Given: s.exhausted(order("1"), 403), Ask: order("1")},
		{Name: "404", Comes: "404", Cause: "there is no such service", Ask: get("/Nothing")},
		{Name: "405", Comes: "405", Cause: "the service takes POST only", Ask: get("/service/ManufactureComplete")},
		{Name: "413", Comes: "413", Cause: "the document is longer than 1 MiB", Ask: send("POST", "/service/SalesOrder", strings.Repeat(" ", 1<<20+1), xmlBody)},
		{Name: "415", Comes: "415", Cause: "the document is JSON", Ask: send("POST", "/service/SalesOrder", "{}", jsonBody)},
		{Name: "416", Comes: "416", Cause: "the range begins after the end of the price list", Ask: get("/PriceList", "Range: bytes=100-")},
		{Name: "429", Comes: "429", Cause: "the account asked too often", Given: s.exhausted(stock, 429), Ask: stock},
		{Name: "502", Comes: "502", Cause: "the carrier behind sends nonsense", Set: says(200, "text/html", "<html>"), Ask: rates},
		{Name: "503", Comes: "503", Cause: "the warehouse is closed for maintenance", Given: closed, Ask: stock},
		{Name: "504", Comes: "504", Cause: "the carrier behind is too slow", Set: hangs(slow), Ask: rates},
		{Name: "999", Comes: "500 999", Cause: "the old ledger cannot spell the product", Ask: get("/StockHistory?product=%C5%BBURAW")},
	}
	s.unseen = []string{
		"1xx: no final response of HTTP can have such a status, so the code is in the body, and the dialect says under which status.",
		"3xx: the page says that this API does not use it.",
	}
	return d.serve(s)
}
