// Package plain is a small library service that responds with conventional
// statuses, each for its real cause:
//
//	POST /books             201; 400 if the title is missing, 403 for a reader, 507 if the shelf is full
//	GET  /books/{id}        404 if there is none
//	PUT  /books/{id}/loan   lends the book to the caller: 423 if somebody else has it
//	GET  /books/{id}/loans  500: a bug that was left in panics if ?month= is not 1 to 12
//	GET  /reports           asks a service behind: 502 if its response is bad, 503 if it is gone or hangs
//	GET  /archive/          is the service behind itself, with whatever codes it has
//
// All want Basic authentication as reader or librarian, password "demo", else
// 401. During maintenance, and while more come than can be served, all respond with
// 503 and say when to come back.
package plain

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/guard"
)

// Password is that of both users, "reader" and "librarian".
const Password = "demo"

// Config is what a caller may choose. The zero value is a working service
// without a service behind it.
type Config struct {
	Logger    *slog.Logger       // nil is slog.Default
	Activity  *activity.Recorder // keeps the record of each request, found by its X-Request-Id; nil keeps nothing
	Backend   string             // URL of the service that writes the reports and has the archive
	Transport http.RoundTripper  // to it; nil is http.DefaultTransport
	Timeout   time.Duration      // how long it may take; 0 is 2 s
	AtOnce    int                // requests that are served at one time; 0 is guard.DefaultServed
	Room      int                // books that the shelf holds; 0 is 100
}

// Service is the library, its books in memory. It is safe for concurrent use.
type Service struct {
	Maintenance guard.Maintenance // closes it

	api     *server.Server
	shelf   shelf
	reports reports
	config  Config
}

// New makes a library with one book. Its error is that of the dialect file or of
// the URL.
func New(c Config) (*Service, error) {
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.Timeout = cmp.Or(c.Timeout, 2*time.Second)
	c.Transport = server.RecordCalls(c.Transport)
	d, err := catalog.Open("plain")
	if err != nil {
		return nil, err
	}
	backend, err := url.Parse(c.Backend)
	if err != nil {
		return nil, err
	}
	closed := parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonMaintenance, Detail: "The library is closed for maintenance"}
	return &Service{
		Maintenance: guard.Maintenance{Error: closed},

		api: server.New(d, server.WithLogger(c.Logger), server.WithRecorder(c.Activity)), config: c,
		shelf:   shelf{room: cmp.Or(c.Room, 100), books: []book{{1, "The Sea"}}, lent: map[int]string{}},
		reports: reports{backend, &http.Client{Transport: c.Transport, Timeout: c.Timeout}},
	}, nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /books", auth.RequireScopes("books")(newBook(s.api.Handle(s.shelf.add))))
	mux.Handle("GET /books/{id}", s.api.Handle(s.shelf.read))
	mux.Handle("PUT /books/{id}/loan", s.api.Handle(s.shelf.lend))
	mux.Handle("GET /books/{id}/loans", s.api.Handle(s.shelf.loans))
	mux.Handle("GET /reports", s.api.Handle(s.reports.write))
	mux.Handle("GET /archive/", guard.Deadline(s.config.Timeout)(s.archive()))

	overload := &guard.Overload{Served: s.config.AtOnce, Error: parlance.Outcome{
		Kind: parlance.KindUnavailable, Detail: "Too many readers at one time"}}
	authenticate := auth.Authenticate(auth.Basic("library", auth.VerifierFunc(verify)))
	return s.api.Wrap(s.Maintenance.Wrap(overload.Wrap(authenticate(mux))))
}

// users are programs, by name and password. Theirs are made at random; those that
// people choose belong into auth.Accounts, whose hash is slow on purpose.
var users = auth.APIKeys{
	auth.HashKey("reader:" + Password):    {Principal: server.Principal{ID: "reader"}},
	auth.HashKey("librarian:" + Password): {Principal: server.Principal{ID: "librarian", Scopes: []string{"books"}}},
}

func verify(ctx context.Context, id, secret string) (server.Principal, error) {
	return users.Verify(ctx, id, id+":"+secret)
}

// archive passes requests on to the service behind, which was there before this
// one and has codes that no page lists. What it writes as plain text comes out in
// the dialect, under its own code.
func (s *Service) archive() http.Handler {
	return &httputil.ReverseProxy{
		Transport: s.config.Transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(s.reports.url)
			r.Out.Header.Del("Authorization") // it is ours, and none of its concern
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			server.WriteError(w, r, behind(err))
		},
	}
}
