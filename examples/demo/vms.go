package demo

import (
	"context"
	"time"

	"github.com/parlance-api/parlance/examples/vms"
)

func vmsStation(d *Demo) (*station, error) {
	const cameras = 2
	service, err := vms.New(vms.Config{Logger: d.journal.logger("vms"), Cameras: cameras})
	if err != nil {
		return nil, err
	}
	const key = "Authorization: Bearer " + vms.Token
	list := get("/api/v1/billing/cameras/list", key)
	camera := send("POST", "/api/v1/cameras", `{"name":"Gate"}`, key, jsonBody)

	s := &station{system: "vms", key: key, rest: func() { service.Maintenance.Reopen() }}
	full := func(ctx context.Context, w *way) error {
		for range cameras {
			if _, _, err := w.do(ctx, camera); err != nil {
				return err
			}
		}
		return nil
	}
	s.scenarios = []Scenario{
		{
			Cause:   "the url is wrong twice, the date once",
			Ask:     send("POST", "/api/v1/items", `{"url":"no url, and too long","date":"tomorrow"}`, key, jsonBody),
			Promise: Promise{"422", "invalid/fields", "handed back to correct", "422 invalid/fields"},
			Check:   fields("url", "url", "date"),
			Try:     "every fault of every field", Both: true,
		},
		{
			Cause:   "the token is missing",
			Ask:     get(list.Path),
			Promise: Promise{"401", "unauthenticated", "stopped", "401 unauthenticated"},
		},
		{
			Cause:   "a viewer may not create cameras",
			Ask:     send("POST", "/api/v1/cameras", `{"name":"Gate"}`, "Authorization: Bearer "+vms.Viewer, jsonBody),
			Promise: Promise{"403", "forbidden", "stopped", "403 forbidden"},
		},
		{
			Cause:   "there are no cameras: 200 with the word null",
			Ask:     list,
			Promise: Promise{"200", "empty", "done", "204 empty"},
		},
		{
			Cause:   "the licence's cap is reached",
			Given:   full,
			Ask:     camera,
			Promise: Promise{"402", "quota/licence", "stopped", "402 quota/licence"},
		},
		{
			Cause: "a camera was deleted: the licence has room again",
			Given: func(ctx context.Context, w *way) error {
				if err := full(ctx, w); err != nil {
					return err
				}
				return s.remove(ctx, w)
			},
			Ask:     camera,
			Promise: Promise{"201", "success", "done", "201 success"},
		},
		{
			Cause: "maintenance for two minutes, too long to wait here",
			Given: func(context.Context, *way) error {
				service.Maintenance.Close(time.Now().Add(2 * time.Minute))
				return nil
			},
			Ask:     list,
			Promise: Promise{"503", "unavailable/maintenance", "handed back: again in 2m", "503 unavailable/maintenance, after 2m"},
		},
	}
	return d.serve(s, service.Handler())
}
