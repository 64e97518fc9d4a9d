package demo

import (
	"context"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/examples/vbapi"
	"github.com/parlance-api/parlance/store/memory"
)

func vbapiStation(d *Demo) (*station, error) {
	clock := new(clock)
	rating, err := d.house.nobody()
	if err != nil {
		return nil, err
	}
	service, err := vbapi.New(vbapi.Config{Logger: d.journal.logger("vbapi"), Store: memory.New(memory.WithClock(clock.Now)), Rating: rating, Transport: d.house.transport()})
	if err != nil {
		return nil, err
	}
	key := "X-Api-Key: " + vbapi.Key
	products := get("/clients/abc/products", key)
	s := &station{system: "vbapi", log: userLogin, prime: products}
	s.scenarios = []Scenario{
		{
			Cause: "the log-in expired after 24 h",
			Given: func(context.Context, *way) error {
				clock.move(24 * time.Hour)
				return nil
			},
			Ask:     products,
			Promise: Promise{"401, POST /user-authentication 200, 200", "unauthenticated/expired, success", "renewed the token, repeated", "200 success"},
		},
		{
			Cause:   "there is no such product",
			Ask:     get("/clients/abc/products/xyz", key),
			Promise: Promise{"404", "not_found", "stopped", "404 not_found"},
			Try:     "a product that is not there",
		},
		{
			Cause:   "one of two records has a negative amount",
			Ask:     send("PUT", "/commission-activities-batch", `[{"commissionActivity_Key":1,"payee_ID":"P1","amount":120},{"commissionActivity_Key":2,"payee_ID":"P1","amount":-5}]`, key, jsonBody),
			Promise: Promise{"207", "partial", "told which failed", "207 partial"},
			Check:   failed(1),
			Try:     "a batch of which one record fails",
		},
		{
			Cause:   "a bug panics; its activityId is in the log",
			Ask:     get("/clients/abc/products/dental/price?quantity=30", key),
			Promise: Promise{"500", "internal", "reports it with its id", "500 internal"},
			Check: func(o parlance.Outcome) string {
				if o.RequestID == "" || !d.journal.tells("the handler panicked", "index out of range", "activity_id="+o.RequestID) {
					return "the log does not tell of the panic under the id " + o.RequestID
				}
				return ""
			},
			Try: "a bug that panics; look for the request_id in the log here",
		},
		{
			Cause:   "the rating service that is asked is gone",
			Ask:     get(products.Path+"/dental/rating", key),
			Promise: Promise{"503, 503", "unavailable, unavailable", "waited, repeated, gave up after 2", "503 unavailable"},
		},
		{
			Cause:   "the caller names no User-Agent",
			Ask:     get(products.Path, key, "User-Agent: "),
			Promise: Promise{"403", "forbidden", "stopped", "403 forbidden"},
		},
	}
	return d.serve(s, service.Handler())
}
