package demo

import (
	"time"

	"github.com/parlance-api/parlance/gateway"
)

// The upstream itself is gone, hangs, or breaks off: what a gateway responds then
// is its own (RFC 9110, 15.6.3 to 15.6.5).

// patience is how long a caller, and the gateway before it, waits for one that
// never responds.
const patience = 3 * time.Second

func goneStation(d *Demo) (*station, error) {
	return d.face(&station{system: "plain", state: "nothing listens", witness: absent{}, scenarios: []Scenario{{
		Cause:   "the service itself is gone: nothing was sent",
		Ask:     send("POST", "/books", `{"title":"The Lake"}`, librarian, jsonBody),
		Promise: Promise{"", "unavailable/refused, unavailable/refused", "waited, retried, gave up after 2", "503 unavailable"},
	}}}, d.nobody)
}

func silentStation(d *Demo) (*station, error) {
	silence, err := d.house.silence()
	if err != nil {
		return nil, err
	}
	return d.face(&station{system: "plain", state: "it never responds", witness: silence, config: gateway.Config{Timeout: patience}, scenarios: []Scenario{{
		Cause:    "the service itself hangs",
		Ask:      get("/books/1", reader),
		Patience: patience,
		Promise:  Promise{"silence", "timeout/deadline", "gave up: its time is over", "504 timeout"},
		Try:      "a service that never responds",
	}}}, silence.url)
}

func brokenStation(d *Demo) (*station, error) {
	half, err := d.house.half()
	if err != nil {
		return nil, err
	}
	return d.face(&station{system: "plain", state: "it breaks off", witness: half, scenarios: []Scenario{{
		Cause:   "the service breaks off during a POST, which may have been done",
		Ask:     send("POST", "/books", `{"title":"The Lake"}`, librarian, jsonBody),
		Promise: Promise{"half a header", "unavailable/reset", "did not retry: not safe", "502 bad_gateway"},
		Try:     "a service that breaks off",
	}}}, half.url)
}
