package demo

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/examples/vbapi"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/store/memory"
)

// day is how long a token is valid.
const day = 24 * time.Hour

func vbapiStation(d *Demo) (*station, error) {
	key := "X-Api-Key: " + vbapi.Key
	products := get("/clients/abc/products", key)
	s := &station{system: "vbapi", token: "Authorization: Bearer " + token, log: userLogin, prime: products}
	s.well = response(http.StatusOK, "application/json", `{"stars":4}`)
	s.build = func(i *instance) (http.Handler, error) {
		store := memory.New(memory.WithClock(i.clock.Now))
		user := auth.Token{Principal: server.Principal{ID: vbapi.User}, Left: day}
		if err := put(store, map[string]auth.Token{token: user}); err != nil {
			return nil, err
		}
		c := vbapi.Config{
			Logger: d.journal.logger("vbapi"), Store: store, Rate: rate,
			Rating: i.behind, Transport: i.transport(), Timeout: i.setting.timeout,
		}
		if i.setting.blocked {
			c.Blocked = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		}
		service, err := vbapi.New(c)
		if err != nil {
			return nil, err
		}
		return service.Handler(), nil
	}
	dental := products.Path + "/dental"
	rating := get(dental+"/rating", key)
	login := send("POST", "/user-authentication", "", key, "Authorization: Basic ZGVtbzpkZW1v") // demo:demo
	later := func(context.Context, *way) error {
		s.instance.clock.move(day)
		return nil
	}
	batch := func(records string) Ask {
		return send("PUT", "/commission-activities-batch", "["+records+"]", key, jsonBody)
	}
	const (
		good = `{"commissionActivity_Key":1,"payee_ID":"P1","amount":120}`
		bad  = `{"commissionActivity_Key":2,"payee_ID":"P1","amount":-5}`
	)
	s.scenarios = []Scenario{
		{
			Name: "401-expired", Comes: "401",
			Cause:   "the token expired after 24 h",
			Given:   later,
			Ask:     products,
			Promise: Promise{"401, POST /user-authentication 200, 200", "unauthenticated/expired, success", "renewed the token, retried", "200 success"},
		},
		{
			Name: "404", Comes: "404",
			Cause:   "there is no such product",
			Ask:     get("/clients/abc/products/xyz", key),
			Promise: Promise{"404", "not_found", "stopped", "404 not_found"},
		},
		{
			Name: "207", Comes: "207",
			Cause:   "one of two records has a negative amount",
			Ask:     batch(good + "," + bad),
			Promise: Promise{"207", "partial", "told which failed", "207 partial"},
			Check:   failed(1),
			Try:     "a batch of which one record fails",
		},
		{
			Name: "500", Comes: "500",
			Cause:   "a bug panics; its activityId is in the log",
			Ask:     get(dental+"/price?quantity=30", key),
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
			Name: "503", Comes: "503",
			Cause:   "the rating service behind is gone",
			Set:     gone,
			Ask:     rating,
			Promise: Promise{"503, 503", "unavailable, unavailable", "waited, retried, gave up after 2", "503 unavailable"},
		},
		{
			Name: "403", Comes: "403",
			Cause:   "the caller names no User-Agent",
			Ask:     get(products.Path, key, "User-Agent: "),
			Promise: Promise{"403", "forbidden", "stopped", "403 forbidden"},
		},

		{Name: "200", Comes: "200", Cause: "a list of products", Ask: products},
		{Name: "200-login", Comes: "200", Cause: "a user logs in", Ask: login},
		{Name: "201", Comes: "201", Cause: "a product is added", Ask: send("POST", products.Path, `{"id":"hearing","name":"Hearing plan"}`, key, jsonBody)},
		{Name: "207-all", Comes: "207", Cause: "every record of a batch is bad", Ask: batch(bad)},
		{Name: "400", Comes: "400", Cause: "the quantity is not a number", Ask: get(dental+"/price?quantity=some", key)},
		{Name: "401", Comes: "401", Cause: "no credentials were sent", Ask: products.anonymous()},
		{Name: "401-key", Comes: "401", Cause: "the API key is wrong", Ask: get(products.Path, "X-Api-Key: guess")},
		{
			Name: "401-login", Comes: "200",
			Cause: "the token expired; the client gets a new one and sends the request again",
			Given: later, Ask: Ask{Method: "GET", Path: products.Path, Header: []string{key}, Login: &Login{login, "idToken"}},
		},
		{Name: "403-address", Comes: "403", Cause: "the address is blocked", Set: blocked, Ask: products},
		{Name: "403-client", Comes: "403", Cause: "the user works for another client", Ask: get("/clients/other/products", key)},
		{Name: "405", Comes: "405", Cause: "products cannot be deleted", Ask: send("DELETE", dental, "", key)},
		{Name: "429", Comes: "429", Cause: "the user asked too often", Given: s.exhausted(products, 429), Ask: products},
		{Name: "502", Comes: "502", Cause: "the rating service behind sends nonsense", Set: says(200, "text/html", "<html>"), Ask: rating},
		{Name: "504", Comes: "504", Cause: "the rating service behind is too slow", Set: hangs(slow), Ask: rating},
	}
	return d.serve(s)
}
