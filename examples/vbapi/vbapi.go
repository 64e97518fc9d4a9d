// Package vbapi is a small products service that responds as VBAPI does, each
// code for its real cause:
//
//	POST /user-authentication                     Basic user "demo", password "demo": an idToken for 24 hours
//	GET  /clients/{client}/products               a list, ?page=N&pageSize=M, with x-pagination
//	POST /clients/{client}/products               201, or 400 if it is not a product or exists already
//	GET  /clients/{client}/products/{id}          404 if there is none
//	GET  /clients/{client}/products/{id}/price    ?quantity=N: 400 if it is not a number; a bug of ours panics from 30 on: 500
//	GET  /clients/{client}/products/{id}/rating   asks the rating service: 503 if it is gone, 502 if its
//	                                              response is of no use, 504 if it is too slow
//	PUT  /commission-activities-batch             207, a response for each record
//
// All want "x-api-key: demo-key", and all but the first the idToken as bearer, else
// 401. Without a User-Agent, from a blocked address, and for another's client the
// status is 403. It is 429 for a caller that asks too often.
package vbapi

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/memory"
)

// Config is what a caller may choose. The zero value is a working service.
type Config struct {
	Store     store.Store        // of tokens and limits; nil is one in memory
	Logger    *slog.Logger       // nil is slog.Default
	Activity  *activity.Recorder // keeps the record of each request, found by its activityId; nil keeps nothing
	Blocked   []netip.Prefix     // addresses that are not served
	Rate      limit.Rate         // how often a user may ask; zero is 600 times a minute
	Rating    string             // URL of the rating service; "" is one that cannot be asked
	Transport http.RoundTripper  // to the rating service; nil is http.DefaultTransport
	Timeout   time.Duration      // how long the rating service may take; 0 is 10 s
}

// Service is the products service, its products in memory. It is safe for
// concurrent use.
type Service struct {
	config Config
	api    *server.Server
	log    *slog.Logger // its lines carry the activityId of their request

	mu         sync.Mutex
	products   []product
	activities map[commissionKey]float64
}

// New makes a service. Its error is that of the dialect file.
func New(c Config) (*Service, error) {
	c.Store = cmp.Or[store.Store](c.Store, memory.New())
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.Rate = cmp.Or(c.Rate, limit.Rate{Quota: 600, Window: time.Minute})
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	d, err := catalog.Open("vbapi")
	if err != nil {
		return nil, err
	}
	return &Service{
		config: c, api: server.New(d, server.WithLogger(c.Logger), server.WithRecorder(c.Activity)), log: slog.New(activity.NewHandler(c.Logger.Handler())),
		products: shelf(), activities: map[commissionKey]float64{{1, "P1"}: 100},
	}, nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	inside := http.NewServeMux()
	inside.Handle("GET /clients/{client}/products", own(s.api.Handle(s.list)))
	inside.Handle("POST /clients/{client}/products", own(isProduct(s.api.Handle(s.add))))
	inside.Handle("GET /clients/{client}/products/{id}", own(s.api.Handle(s.read)))
	inside.Handle("GET /clients/{client}/products/{id}/price", own(s.api.Handle(s.price)))
	inside.Handle("GET /clients/{client}/products/{id}/rating", own(guard.Deadline(s.config.Timeout)(s.api.Handle(s.rating))))
	inside.Handle("PUT /commission-activities-batch", bulk.Handle(s.api, s.update, bulk.ID(activityID)))

	often := limit.Limiter{Store: s.config.Store.Limits(), Logger: s.config.Logger,
		Policies: []limit.Policy{{Name: "user", Rate: s.config.Rate, By: limit.Principal}}}
	key := server.WithError(auth.Authenticate(auth.APIKey("X-Api-Key", programs)),
		parlance.Outcome{Detail: "The x-api-key is missing or wrong."})
	bearer := auth.Authenticate(auth.Bearer(auth.Tokens(s.config.Store.Tokens())))

	mux := http.NewServeMux()
	mux.Handle("POST /user-authentication", auth.Authenticate(auth.Basic("vbapi", users))(s.api.Handle(s.logIn)))
	mux.Handle("/", bearer(often.Wrap(inside)))
	return s.api.Wrap(s.unblocked(named(key(guard.MaxBody(1 << 20)(mux)))))
}

// unblocked keeps those out whose address is blocked. It is that of the connection:
// behind a proxy, what that says of it stands in a header, which anybody can send.
func (s *Service) unblocked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _ := netip.ParseAddrPort(r.RemoteAddr)
		if slices.ContainsFunc(s.config.Blocked, func(p netip.Prefix) bool { return p.Contains(from.Addr().Unmap()) }) {
			server.WriteError(w, r, parlance.NewError(parlance.KindForbidden, "This address is blocked."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// named keeps those out who do not say which program they are.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() == "" {
			server.WriteError(w, r, parlance.NewError(parlance.KindForbidden, "A User-Agent is needed."))
			return
		}
		next.ServeHTTP(w, r)
	})
}
