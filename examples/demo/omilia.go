package demo

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance/examples/omilia"
	"github.com/parlance-api/parlance/store/memory"
)

func omiliaStation(d *Demo) (*station, error) {
	const seats, atOnce = 2, 4
	var service *omilia.Service
	s := &station{system: "omilia"}
	s.well = response(http.StatusOK, "application/json", `{"intent":"balance","mood":0}`)
	s.build = func(i *instance) (_ http.Handler, err error) {
		service, err = omilia.New(omilia.Config{
			Logger: d.journal.logger("omilia"), Store: memory.New(memory.WithClock(i.clock.Now)),
			Seats: seats, Rate: rate, AtOnce: atOnce,
			Engine: i.behind, Transport: i.transport(), Timeout: i.setting.timeout,
		})
		if err != nil {
			return nil, err
		}
		i.run(service.Run)
		return service.Handler(), nil
	}
	const key, once = "Authorization: Bearer " + omilia.Key, "Idempotency-Key: demo-1"
	open := func(description string, header ...string) Ask {
		return send("POST", "/dialogs", `{"app":"bank","description":"`+description+`"}`, append(header, key, jsonBody)...)
	}
	message := send("POST", "/dialogs/1/messages", `{"text":"What do I have?"}`, key, jsonBody)
	keyed := send("POST", message.Path, message.Body, key, once, jsonBody)
	read := get("/dialogs/1", key)
	end := send("DELETE", "/dialogs/1", "", key)
	job := send("POST", "/jobs", "", key)
	app := func(body string, header ...string) Ask {
		return send("POST", "/apps", body, append(header, jsonBody)...)
	}
	dialog := s.after(open("a call"))
	s.scenarios = []Scenario{
		{
			Name: "401", Comes: "401 1000",
			Cause:   "no API key was sent",
			Ask:     send("POST", "/jobs", ""),
			Promise: Promise{"401", "unauthenticated", "stopped", "401 unauthenticated"},
		},
		{
			Name: "400", Comes: "400 1021",
			Cause:   "the parameter app is missing",
			Ask:     send("POST", "/dialogs", `{"description":"a call"}`, key, jsonBody),
			Promise: Promise{"400", "invalid", "handed back to correct", "400 invalid"},
			Check:   fields("app"),
		},
		{
			Name: "422", Comes: "422 1022",
			Cause:   "the description is longer than 50 characters",
			Ask:     open(strings.Repeat("very ", 12) + "long"),
			Promise: Promise{"422", "invalid/fields", "handed back to correct", "422 invalid/fields"},
			Check:   fields("description"),
		},
		{
			Name: "422-other", Comes: "422",
			Cause:   "the language is unknown; this part has the other envelope",
			Ask:     app(`{"name":"bank","language":"xx"}`, key),
			Promise: Promise{"422", "invalid/fields", "handed back to correct", "422 invalid/fields"},
			Check:   fields("language"),
		},
		{
			Name: "403-license", Comes: "403 1040",
			Cause:   "all seats are taken",
			Given:   s.after(open("a call"), open("a call")),
			Ask:     open("a call"),
			Promise: Promise{"403", "quota/license", "stopped", "403 quota/license"},
		},
		{
			Name: "201-freed", Comes: "201",
			Cause:   "a dialog ended: a seat is free again",
			Given:   s.after(open("a call"), open("a call"), end),
			Ask:     open("a call"),
			Promise: Promise{"201", "success", "done", "201 success"},
		},
		{
			Name: "202", Comes: "202",
			Cause:   "the work goes on in the background",
			Ask:     job,
			Promise: Promise{"202", "accepted", "will look again", "202 accepted, after 2s"},
			Try:     "work that goes on in the background",
		},
		{
			Name: "429", Comes: "429 1002",
			Cause: "too many requests too quickly",
			Given: s.exhausted(read, 429),
			// Time stands still until the first response, so that there is no room however
			// slow this machine is. Then it goes as everywhere.
			Meantime: func() { s.instance.clock.release() },
			Ask:      job,
			Promise:  Promise{"429, 202", "rate_limited, accepted", "waited 1s, retried, will look again", "202 accepted, after 2s"},
		},

		{Name: "200", Comes: "200", Cause: "a dialog is read", Given: dialog, Ask: read},
		{Name: "200-post", Comes: "200", Cause: "the engine understood the message", Given: dialog, Ask: message},
		{Name: "201", Comes: "201", Cause: "a dialog is opened", Ask: open("a call")},
		{Name: "204", Comes: "204", Cause: "a dialog is closed", Given: dialog, Ask: end},
		{Name: "402", Comes: "402 1060", Cause: "the parameters are valid, but the engine did not understand", Set: says(200, "application/json", "{}"), Given: dialog, Ask: message},
		{Name: "403", Comes: "403 1003", Cause: "a reader may not create apps", Ask: app(`{"name":"bank","language":"el"}`, "Authorization: Bearer "+omilia.Reader)},
		{Name: "404", Comes: "404 1004", Cause: "there is no such dialog", Ask: read},
		{
			Name: "409", Comes: "409 1050",
			Cause: "another request with the same idempotency key is under way",
			Set:   hangs(time.Hour),
			Given: func(ctx context.Context, _ *way) error {
				if err := s.person.succeed(ctx, open("a call")); err != nil {
					return err
				}
				return s.held(ctx, 1, keyed)
			},
			Ask: keyed,
		},
		{Name: "409-mismatch", Comes: "409 1051", Cause: "the idempotency key was used for another request", Given: s.after(open("a call", once)), Ask: open("another call", once)},
		{Name: "500", Comes: "500 1080", Cause: "a bug panics: the engine names an unknown mood", Set: says(200, "application/json", `{"intent":"balance","mood":7}`), Given: dialog, Ask: message},
		{Name: "502", Comes: "502 1082", Cause: "the engine behind sends nonsense", Set: says(200, "text/html", "<html>"), Given: dialog, Ask: message},
		{
			Name: "503", Comes: "503 1071",
			Cause: "maintenance for two minutes",
			Given: func(context.Context, *way) error {
				service.Maintenance.Close(time.Now().Add(2 * time.Minute))
				return nil
			},
			Ask: read,
		},
		{
			Name: "503-overload", Comes: "503 1070",
			Cause: "as many requests are served as can be",
			Set:   hangs(time.Hour),
			Given: func(ctx context.Context, _ *way) error {
				if err := s.person.succeed(ctx, open("a call")); err != nil {
					return err
				}
				return s.held(ctx, atOnce, message)
			},
			Ask: read,
		},
		{Name: "503-gone", Comes: "503 1072", Cause: "the engine behind is gone", Set: gone, Given: dialog, Ask: message},
		{Name: "504", Comes: "504 1084", Cause: "the engine behind is too slow", Set: hangs(slow), Given: dialog, Ask: message},
	}
	return d.serve(s)
}
