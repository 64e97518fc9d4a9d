package demo

import (
	"context"
	"net/http"
	"time"

	"github.com/parlance-api/parlance/examples/vms"
	"github.com/parlance-api/parlance/store/memory"
)

func vmsStation(d *Demo) (*station, error) {
	const cameras, sessions = 2, 2
	var service *vms.Service
	s := &station{system: "vms"}
	s.well = response(http.StatusOK, "image/gif", "GIF89a")
	s.build = func(i *instance) (_ http.Handler, err error) {
		service, err = vms.New(vms.Config{
			Logger: d.journal.logger("vms"), Store: memory.New(memory.WithClock(i.clock.Now)),
			Cameras: cameras, Sessions: sessions, Rate: rate,
			Recorder: i.behind, Transport: i.transport(), Timeout: i.setting.timeout,
		})
		if err != nil {
			return nil, err
		}
		return service.Handler(), nil
	}
	const key = "Authorization: Bearer " + vms.Token
	list := get("/api/v1/billing/cameras/list", key)
	create := send("POST", "/api/v1/cameras", `{"name":"Gate"}`, key, jsonBody)
	remove := send("DELETE", "/api/v1/cameras/1", "", key)
	camera := get("/api/v1/cameras/1", key)
	of := func(what string) Ask { return get(camera.Path+what, key) }
	snapshot := of("/snapshot")
	one := s.after(create)
	full := s.after(create, create)
	item := func(body string) Ask { return send("POST", "/api/v1/items", body, key, jsonBody) }
	s.scenarios = []Scenario{
		{
			Name: "422", Comes: "422",
			Cause:   "the url is wrong twice, the date once",
			Ask:     item(`{"url":"no url, and too long","date":"tomorrow"}`),
			Promise: Promise{"422", "invalid/fields", "handed back to correct", "422 invalid/fields"},
			Check:   fields("url", "url", "date"),
			Try:     "every fault of every field",
		},
		{
			Name: "401", Comes: "401",
			Cause:   "the token is missing",
			Ask:     get(list.Path),
			Promise: Promise{"401", "unauthenticated", "stopped", "401 unauthenticated"},
		},
		{
			Name: "403", Comes: "403",
			Cause:   "a viewer may not create cameras",
			Ask:     send("POST", "/api/v1/cameras", `{"name":"Gate"}`, "Authorization: Bearer "+vms.Viewer, jsonBody),
			Promise: Promise{"403", "forbidden", "stopped", "403 forbidden"},
		},
		{
			Name: "200-null", Comes: "200",
			Cause:   "there are no cameras: 200 with the word null",
			Ask:     list,
			Promise: Promise{"200", "empty", "done", "204 empty"},
		},
		{
			Name: "402", Comes: "402",
			Cause:   "the license's cap is reached",
			Given:   full,
			Ask:     create,
			Promise: Promise{"402", "quota/license", "stopped", "402 quota/license"},
		},
		{
			Name: "201-freed", Comes: "201",
			Cause:   "a camera was deleted: the license has room again",
			Given:   s.after(create, create, remove),
			Ask:     create,
			Promise: Promise{"201", "success", "done", "201 success"},
		},
		{
			Name: "503", Comes: "503",
			Cause: "maintenance for two minutes, too long to wait here",
			Given: func(context.Context, *way) error {
				service.Maintenance.Close(time.Now().Add(2 * time.Minute))
				return nil
			},
			Ask:     list,
			Promise: Promise{"503", "unavailable/maintenance", "handed back: again in 2m", "503 unavailable/maintenance, after 2m"},
		},

		{Name: "200", Comes: "200", Cause: "a camera is read", Given: one, Ask: camera},
		{Name: "201", Comes: "201", Cause: "a camera is created", Ask: create},
		{Name: "204", Comes: "204", Cause: "a camera is deleted", Given: one, Ask: remove},
		{Name: "400", Comes: "400", Cause: "the recorder, an external system, has the camera switched off", Set: says(409, "text/plain", "camera off"), Given: one, Ask: snapshot},
		{Name: "404", Comes: "404", Cause: "there is no such camera", Ask: camera},
		{Name: "429", Comes: "429", Cause: "too many requests in a short time", Given: s.exhausted(list, 429), Ask: list},
		{Name: "429-sessions", Comes: "429", Cause: "too many live views at one time", Given: s.after(create, of("/live?session=a"), of("/live?session=b")), Ask: of("/live?session=c")},
		{Name: "500", Comes: "500", Cause: "a bug panics: there is no such hour", Given: one, Ask: of("/archive?hour=25")},
		{Name: "502", Comes: "502", Cause: "the recorder behind sends no picture", Set: says(200, "text/html", "<html>"), Given: one, Ask: snapshot},
		{Name: "502-gone", Comes: "502", Cause: "the recorder behind is gone", Set: gone, Given: one, Ask: snapshot},
		{Name: "504", Comes: "504", Cause: "the recorder behind is too slow", Set: hangs(slow), Given: one, Ask: snapshot},
	}
	s.unseen = []string{"419: this service writes 429 in its place, also at the one endpoint that has it."}
	return d.serve(s)
}
