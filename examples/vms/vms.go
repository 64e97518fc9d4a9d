// Package vms is a small camera service that responds as VMS does, each code for
// its real cause:
//
//	POST   /api/v1/items                  422 if url or date is invalid, with every fault of each
//	POST   /api/v1/cameras                201; 402 beyond the license's cap, 403 for a viewer
//	GET    /api/v1/cameras/{id}           404 if there is none
//	DELETE /api/v1/cameras/{id}           204, and the license has room again
//	GET    /api/v1/billing/cameras/list   200, the literal null if there are none
//	GET    /api/v1/cameras/{id}/live      429 if ?session= is one too many of the caller's, 404 if there is no such camera
//	DELETE /api/v1/sessions/{session}     204, and there is room for another
//	GET    /api/v1/cameras/{id}/snapshot  asks the recorder: 400 if the camera is off, 502 if its response is bad
//	GET    /api/v1/cameras/{id}/archive   500: a bug that was left in panics if ?hour= is none of the day
//
// All want "Authorization: Bearer demo-token", or that of a viewer, who changes
// nothing, else 401; each caller may send so many requests a second, else 429.
// During maintenance all respond with 503 and say when it ends. The header Hl or the query
// hl chooses the language of the texts: en or ru.
package vms

import (
	"cmp"
	"log/slog"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/memory"
)

// The bearer tokens that the service knows.
const (
	Token  = "demo-token"
	Viewer = "demo-viewer"
)

// Config is what a caller may choose. The zero value is a working service
// without a recorder.
type Config struct {
	Logger    *slog.Logger       // nil is slog.Default
	Activity  *activity.Recorder // keeps the record of each request, found by its X-Request-Id; nil keeps nothing
	Store     store.Store        // the store of sessions and rates; nil is memory.New
	Cameras   int                // the license's cap; 0 is 2
	Sessions  int                // live views of one caller at one time; 0 is 2
	Rate      limit.Rate         // requests of one caller; 0 is 100 a second
	Recorder  string             // URL of the service that has the pictures
	Transport http.RoundTripper  // to it; nil is http.DefaultTransport
	Timeout   time.Duration      // how long it may take; 0 is 2 s
}

// Service is the camera service, its cameras in memory. It is safe for concurrent
// use.
type Service struct {
	Maintenance guard.Maintenance // closes it

	api      *server.Server
	rate     limit.Limiter
	sessions limit.Sessions
	cameras  cameras
	recorder recorder
}

// New makes a service without cameras. Its error is that of the dialect file.
func New(c Config) (*Service, error) {
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.Store = cmp.Or[store.Store](c.Store, memory.New())
	d, err := catalog.Open("vms")
	if err != nil {
		return nil, err
	}
	return &Service{
		api: server.New(d, server.WithLogger(c.Logger), server.WithRecorder(c.Activity)),
		rate: limit.Limiter{Store: c.Store.Limits(), Logger: c.Logger, Policies: []limit.Policy{{
			Name: "requests", By: limit.Principal,
			Rate: cmp.Or(c.Rate, limit.Rate{Quota: 100, Window: time.Second}),
		}}},
		sessions: limit.Sessions{
			Store: c.Store.Seats(), Name: "live", Most: cmp.Or(c.Sessions, 2), By: limit.Principal,
			Session: session,
		},
		cameras: cameras{all: map[int]camera{}, license: license.Cap{
			Store: c.Store.Seats(), Name: "cameras", Most: cmp.Or(c.Cameras, 2),
		}},
		recorder: recorder{c.Recorder, &http.Client{Transport: server.RecordCalls(c.Transport), Timeout: cmp.Or(c.Timeout, 2*time.Second)}},
	}, nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	handle, there := s.api.Handle, s.cameras.there
	mayChange := inWords(auth.RequireScopes("cameras"), func(w *words) string { return w.permission })
	views := inWords(s.sessions.Wrap, func(w *words) string { return w.sessions })
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/items", newItem(handle(createItem)))
	mux.Handle("POST /api/v1/cameras", mayChange(newCamera(handle(s.cameras.create))))
	mux.Handle("GET /api/v1/cameras/{id}", handle(s.cameras.read))
	mux.Handle("DELETE /api/v1/cameras/{id}", mayChange(handle(s.cameras.remove)))
	mux.Handle("GET /api/v1/billing/cameras/list", handle(s.cameras.list))
	mux.Handle("GET /api/v1/cameras/{id}/live", there(named(views(handle(s.cameras.read)))))
	mux.Handle("DELETE /api/v1/sessions/{session}", handle(s.endSession))
	mux.Handle("GET /api/v1/cameras/{id}/snapshot", there(handle(s.recorder.snapshot)))
	mux.Handle("GET /api/v1/cameras/{id}/archive", there(handle(archive)))

	authenticate := inWords(auth.Authenticate(auth.Bearer(auth.APIKeys{
		auth.HashKey(Token):  {Principal: server.Principal{ID: "operator", Scopes: []string{"cameras"}}},
		auth.HashKey(Viewer): {Principal: server.Principal{ID: "viewer"}},
	})), func(w *words) string { return w.credential })
	limited := inWords(s.rate.Wrap, func(w *words) string { return w.requests })
	open := inWords(s.Maintenance.Wrap, func(w *words) string { return w.maintenance })
	return s.api.Wrap(open(authenticate(limited(mux))))
}

// session is the live view that a request belongs to.
func session(r *http.Request) string { return r.FormValue("session") }

// named lets those pass that say which live view they belong to.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if session(r) == "" {
			server.WriteError(w, r, parlance.NewError(parlance.KindInvalid, "%s", say(r).noSession))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Service) endSession(_ http.ResponseWriter, r *http.Request) (any, error) {
	return nil, s.sessions.End(r, r.PathValue("session"))
}
