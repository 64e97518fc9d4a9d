package demo

import (
	"context"
	"time"

	"github.com/parlance-api/parlance/examples/vision"
	"github.com/parlance-api/parlance/store/memory"
)

func visionStation(d *Demo) (*station, error) {
	clock := new(clock)
	carrier, err := d.house.nobody()
	if err != nil {
		return nil, err
	}
	service, err := vision.New(vision.Config{Logger: d.journal.logger("vision"), Store: memory.New(memory.WithClock(clock.Now)), Carrier: carrier})
	if err != nil {
		return nil, err
	}
	stock := get("/StockAvailability?product=WIDGET")
	manufacture := func(records string) Ask {
		return send("POST", "/service/ManufactureComplete", "<MANUFACTURING>"+records+"</MANUFACTURING>", xmlBody)
	}
	const (
		good    = "<MC><DocRef>A{n}</DocRef><Customer>JOE</Customer><SiteCode>MAIN</SiteCode></MC>"
		unknown = "<MC><DocRef>B{n}</DocRef><Customer>JOE</Customer><SiteCode>PF</SiteCode></MC>"
		tooLong = "<MC><DocRef>C{n}</DocRef><Customer>JOE</Customer><SiteCode>TOOLONG</SiteCode></MC>"
	)
	order := send("POST", "/service/SalesOrder", "<ORDERS><SO><Product>WIDGET</Product><Quantity>9</Quantity></SO></ORDERS>", xmlBody)
	later := func(context.Context, *way) error {
		clock.move(20 * time.Minute)
		return nil
	}
	broken := func(context.Context, *way) error {
		clock.smash()
		return nil
	}
	rest := func() {
		clock.repair()
		service.Count(false)
		service.Stock("WIDGET", 5)
	}
	s := &station{system: "vision", rest: rest, log: warehouseLogin, prime: stock}
	s.scenarios = []Scenario{
		{
			Cause: "the token expired 20 min after it was issued",
			Given: later, Ask: stock,
			Promise: Promise{"401, POST /token 200, 200", "unauthenticated/expired, success", "renewed the token, repeated", "200 success"},
		},
		{
			Cause: "so did the next; the refresh token was used elsewhere",
			Given: func(ctx context.Context, w *way) error {
				clock.move(20 * time.Minute)
				return w.credential.(*warehouse).spend(ctx)
			},
			Ask:     stock,
			Promise: Promise{"401, POST /token 401, POST /token 200, 200", "unauthenticated/expired, success", "renewed the token, repeated", "200 success"},
		},
		{
			Cause:   "nobody ever got such a token (code 101)",
			Ask:     get(stock.Path, "Authorization: Bearer made-up"),
			Promise: Promise{"401", "unauthenticated", "stopped", "401 unauthenticated"},
			Try:     "a token that nobody got is code 101, and nothing to refresh", Both: true,
		},
		{
			Cause:   "the customer is another user's (code 102)",
			Ask:     get(stock.Path + "&customer=ACME"),
			Promise: Promise{"403", "forbidden", "stopped", "403 forbidden"},
		},
		{
			Cause:   "the parameter product is missing (code 110)",
			Ask:     get("/StockAvailability"),
			Promise: Promise{"400", "invalid", "handed back to correct", "400 invalid"},
		},
		{
			Cause:   "one of two records names an unknown site",
			Ask:     manufacture(good + unknown),
			Promise: Promise{"207", "partial", "told which failed", "207 partial"},
			Check:   failed(1),
			Try:     "a bulk of which one record fails; sent again, both do",
		},
		{
			Cause:   "every record of the bulk names an unknown site",
			Ask:     manufacture(unknown + unknown),
			Promise: Promise{"400", "invalid", "handed back to correct what failed", "400 invalid"},
			Check:   failed(0, 1),
		},
		{
			Cause:   "a site code is too long: the XML fails validation",
			Ask:     manufacture(tooLong),
			Promise: Promise{"406", "invalid/xml", "handed back to correct", "400 invalid/xml"},
			Check:   fields("SiteCode"),
			Try:     "XML that fails validation",
		},
		{
			Cause:   "the order goes beyond the stock: done, with a note",
			Ask:     order,
			Promise: Promise{"201", "noted", "told the user", "201 noted"},
		},
		{
			Cause: "the stock is being counted (code 120)",
			Given: func(context.Context, *way) error {
				service.Count(true)
				return nil
			},
			Ask:     get("/StockCount"),
			Promise: Promise{"200", "noted", "told the user", "200 noted"},
		},
		{
			Cause:   "nothing matches",
			Ask:     get("/StockAvailability?product=GADGET"),
			Promise: Promise{"204", "empty", "told the user", "204 empty"},
		},
		{
			Cause:   "the carrier that is asked is gone (code 150)",
			Ask:     get("/ShippingRates?pieces=4&weight=10"),
			Promise: Promise{"500", "internal", "handed back: again in 5m, then every 30m", "500 internal, after 5m"},
			Try:     "a service behind that is gone is code 150, and not told of",
		},
		{
			Cause:   "a bug panics: nobody thought of such a weight",
			Ask:     get("/ShippingRates?pieces=4&weight=31"),
			Promise: Promise{"500", "internal", "handed back: again in 5m, then every 30m", "500 internal, after 5m"},
		},
		{
			Cause: "its clock broke under a POST: who knows what was done",
			Given: broken, Ask: order,
			Promise: Promise{"500", "internal", "did not repeat: not safe", "500 internal"},
		},
	}
	return d.serve(s, service.Handler())
}
