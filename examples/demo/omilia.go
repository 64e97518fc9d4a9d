package demo

import (
	"context"
	"strings"
	"time"

	"github.com/parlance-api/parlance/examples/omilia"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/store/memory"
)

func omiliaStation(d *Demo) (*station, error) {
	const seats, burst = 2, 10
	clock := new(clock)
	service, err := omilia.New(omilia.Config{
		Logger: d.journal.logger("omilia"), Store: memory.New(memory.WithClock(clock.Now)),
		Seats: seats, Rate: server.Rate{Quota: burst, Window: 5 * time.Second},
	})
	if err != nil {
		return nil, err
	}
	d.house.run(service.Run)
	const key = "Authorization: Bearer " + omilia.Key
	open := func(description string) Ask {
		return send("POST", "/dialogs", `{"app":"bank","description":"`+description+`"}`, key, jsonBody)
	}
	job := send("POST", "/jobs", "", key)

	s := &station{system: "omilia", key: key, rest: func() {
		clock.release()
		clock.move(5 * time.Second) // there is room for requests again
	}}
	taken := func(ctx context.Context, w *way) error {
		for range seats {
			if _, _, err := w.do(ctx, open("a call")); err != nil {
				return err
			}
		}
		return nil
	}
	s.scenarios = []Scenario{
		{
			Cause:   "no API key was sent",
			Ask:     send("POST", "/jobs", ""),
			Promise: Promise{"401", "unauthenticated", "stopped", "401 unauthenticated"},
		},
		{
			Cause:   "the parameter app is missing",
			Ask:     send("POST", "/dialogs", `{"description":"a call"}`, key, jsonBody),
			Promise: Promise{"400", "invalid", "handed back to correct", "400 invalid"},
			Check:   fields("app"),
		},
		{
			Cause:   "the description is longer than 50 characters",
			Ask:     open(strings.Repeat("very ", 12) + "long"),
			Promise: Promise{"422", "invalid/fields", "handed back to correct", "422 invalid/fields"},
			Check:   fields("description"),
			Try:     "a description that is too long", Both: true,
		},
		{
			Cause:   "the language is none; the other envelope says so",
			Ask:     send("POST", "/apps", `{"name":"bank","language":"xx"}`, key, jsonBody),
			Promise: Promise{"422", "invalid/fields", "handed back to correct", "422 invalid/fields"},
			Check:   fields("language"),
		},
		{
			Cause:   "all seats are taken",
			Given:   taken,
			Ask:     open("a call"),
			Promise: Promise{"403", "quota/licence", "stopped", "403 quota/licence"},
		},
		{
			Cause: "a dialog ended: a seat is free again",
			Given: func(ctx context.Context, w *way) error {
				if err := taken(ctx, w); err != nil {
					return err
				}
				return s.remove(ctx, w)
			},
			Ask:     open("a call"),
			Promise: Promise{"201", "success", "done", "201 success"},
		},
		{
			Cause:   "the work goes on in the background",
			Ask:     job,
			Promise: Promise{"202", "accepted", "will look again", "202 accepted, after 2s"},
			Try:     "work that goes on in the background",
		},
		{
			Cause: "too many requests, and then there is room again",
			Given: func(ctx context.Context, w *way) error {
				// Time stands still until the first answer, so that there is no room however
				// slow this machine is. Then it goes as everywhere.
				clock.hold()
				for range burst {
					if _, _, err := w.do(ctx, get("/dialogs/none", key)); err != nil {
						return err
					}
				}
				s.record.then(clock.release)
				return nil
			},
			Ask:     job,
			Promise: Promise{"429, 202", "rate_limited, accepted", "waited 1s, repeated, will look again", "202 accepted, after 2s"},
		},
	}
	return d.serve(s, service.Handler())
}
