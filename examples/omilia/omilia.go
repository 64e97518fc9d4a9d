// Package omilia is a small dialog service that responds as Omilia's OCP does,
// each code for its real cause:
//
//	POST   /dialogs                201; 400 without an app, 422 if the description is too long, 403 while all seats are taken
//	GET    /dialogs/{id}           404 if there is none
//	DELETE /dialogs/{id}           204, and the seat is free again
//	POST   /dialogs/{id}/messages  asks an engine what was meant: 402 if it understood nothing, 502 and 504 if its response is bad or late
//	POST   /apps                   201; 422 in the envelope of the services that validate, 403 for a reader
//	POST   /jobs                   202 with the place to look at: the dialogs are counted in the background
//	GET    /jobs/{id}              202 until it is done, then 200 with the result
//
// A POST that has an Idempotency-Key is done once, and a 409 says that another one
// is in its way. All want "Authorization: Bearer demo-key", or that of a reader, else
// 401, and each caller may send so many requests a second, else 429. During maintenance, and
// while more come than can be served, all respond with 503.
package omilia

import (
	"cmp"
	"context"
	_ "embed"
	"log/slog"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/memory"
)

// The API keys that the service knows. A reader creates no apps.
const (
	Key    = "demo-key"
	Reader = "demo-reader"
)

// What the service responds with: the catalog's omilia and the service's own codes, and
// the envelope of the part that validates. The path of the second file is no dialect's.
var (
	//go:embed codes.yaml
	codes []byte
	//go:embed validating.yaml
	validating []byte
)

// Dialect compiles codes.yaml: what the service's responses mean, and the list of its
// codes. A client that reads them by the catalog's omilia knows the kinds, and not the
// reasons that only a code tells.
func Dialect() (*dialect.Dialect, error) {
	return dialect.Compile("codes.yaml", codes, catalog.Find(""))
}

// The codes that the service gives. All others are the defaults of codes.yaml.
const (
	codeUnreadable = "1020"
	codeMissing    = "1021"
	codeTooLong    = "1022"
	codeType       = "1023"
	codeOverload   = "1070"
)

// Config is what a caller may choose. The zero value is a working service
// without an engine.
type Config struct {
	Logger    *slog.Logger       // nil is slog.Default
	Activity  *activity.Recorder // keeps the record of each request, found by its X-Request-Id; nil keeps nothing
	Store     store.Store        // of keys, seats, jobs and rates; nil is memory.New
	Seats     int                // dialogs at one time; 0 is 2
	Rate      limit.Rate         // requests of one caller; 0 is 20 in 2 s
	AtOnce    int                // requests that are served at one time; 0 is guard.DefaultServed
	Engine    string             // URL of the service that knows what a message means
	Transport http.RoundTripper  // to it; nil is http.DefaultTransport
	Timeout   time.Duration      // how long it may take; 0 is 2 s
}

// Service is the dialog service, its dialogs in memory. It is safe for concurrent
// use.
type Service struct {
	Maintenance guard.Maintenance // closes it

	api        *server.Server
	validating *server.Server // the part that has the other of Omilia's two envelopes
	config     Config
	rate       limit.Limiter
	overload   guard.Overload
	dialogs    dialogs
	jobs       *jobs.Queue
}

// New makes a service with all seats free. Its error is that of the dialect file.
func New(c Config) (*Service, error) {
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.Store = cmp.Or[store.Store](c.Store, memory.New())
	d, err := Dialect()
	if err != nil {
		return nil, err
	}
	other, err := dialect.Compile("validating.yaml", validating, catalog.Find(""))
	if err != nil {
		return nil, err
	}
	s := &Service{
		api:        server.New(d, server.WithLogger(c.Logger), server.WithRecorder(c.Activity)),
		validating: server.New(other, server.WithLogger(c.Logger)),
		config:     c,
		rate: limit.Limiter{
			Store: c.Store.Limits(), Logger: c.Logger,
			Policies: []limit.Policy{{Name: "requests", By: limit.Principal, Rate: cmp.Or(c.Rate, limit.Rate{Quota: 20, Window: 2 * time.Second})}},
		},
		overload: guard.Overload{Served: c.AtOnce, Error: parlance.Outcome{Code: codeOverload, Detail: "Overload: the service handles as many requests as it can"}},
		dialogs: dialogs{
			all: map[string]dialog{},
			seats: license.Seats{
				Store: c.Store.Seats(), Pool: "dialogs", Count: cmp.Or(c.Seats, 2), Lease: silence,
				Error: parlance.Outcome{Kind: parlance.KindQuota, Reason: parlance.ReasonLicense, Detail: "No available licenses"},
			},
			atomic: server.AtomicIn(c.Store),
			engine: engine{c.Engine, &http.Client{Transport: server.RecordCalls(c.Transport), Timeout: cmp.Or(c.Timeout, 2*time.Second)}},
		},
	}
	s.Maintenance.Error.Detail = "Maintenance: the service is closed for planned work"
	s.jobs = jobs.New(s.api, c.Store.Queue(), jobs.Kind("count", s.dialogs.count))
	return s, nil
}

// Run does the work in the background until ctx ends. It may run in another
// process, on the same store.
func (s *Service) Run(ctx context.Context) { s.jobs.Run(ctx) }

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	// A seat and a job are in the store, and so committed with the key; what
	// the engine was asked is outside of it.
	inside := idempotency.Middleware(s.config.Store.Idempotency(), idempotency.Transactional())
	outside := idempotency.Middleware(s.config.Store.Idempotency())
	handle := s.api.Handle
	mux := http.NewServeMux()
	mux.Handle("POST /dialogs", inside(newDialog(handle(s.dialogs.open))))
	mux.Handle("GET /dialogs/{id}", handle(s.dialogs.read))
	mux.Handle("DELETE /dialogs/{id}", handle(s.dialogs.close))
	mux.Handle("POST /dialogs/{id}/messages", outside(newMessage(handle(s.dialogs.message))))
	mux.Handle("POST /apps", auth.RequireScopes("apps")(s.newApp(handle(createApp))))
	mux.Handle("POST /jobs", inside(handle(s.startCount)))
	mux.Handle("/jobs/{id}", s.jobs.Watch())

	authenticate := auth.Authenticate(auth.Bearer(auth.APIKeys{
		auth.HashKey(Key):    {Principal: server.Principal{ID: "demo", Scopes: []string{"apps"}}},
		auth.HashKey(Reader): {Principal: server.Principal{ID: "reader"}},
	}))
	return s.api.Wrap(s.Maintenance.Wrap(s.overload.Wrap(authenticate(s.rate.Wrap(mux)))))
}

// startCount puts the job in the transaction of the key, so that it is put once
// however often it is asked for.
func (s *Service) startCount(http.ResponseWriter, *http.Request) (any, error) {
	return s.dialogs.atomic(func(ctx context.Context) (any, error) { return s.jobs.Accept(ctx, "count", nil) }), nil
}
