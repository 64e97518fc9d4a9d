package demo

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance/examples/plain"
)

// The credentials of both users, as curl's option -u sends them.
const (
	reader    = "Authorization: Basic cmVhZGVyOmRlbW8="     // reader:demo
	librarian = "Authorization: Basic bGlicmFyaWFuOmRlbW8=" // librarian:demo
)

// slow is how long a service waits for one behind that never responds.
const slow = 100 * time.Millisecond

func plainStation(d *Demo) (*station, error) {
	const atOnce, room = 4, 20
	var service *plain.Service
	s := &station{system: "plain"}
	s.well = response(http.StatusOK, "application/json", `{"report":"all is well"}`)
	s.build = func(i *instance) (_ http.Handler, err error) {
		service, err = plain.New(plain.Config{
			Logger: d.journal.logger("plain"), AtOnce: atOnce, Room: room,
			Backend: i.behind, Transport: i.transport(), Timeout: i.setting.timeout,
		})
		if err != nil {
			return nil, err
		}
		return service.Handler(), nil
	}
	book := get("/books/1", reader)
	reports := get("/reports", reader)
	archive := get("/archive/1926", reader)
	add := func(body, user string) Ask { return send("POST", "/books", body, user, jsonBody) }
	s.scenarios = []Scenario{
		{
			Name: "400", Comes: "400",
			Cause:   "a book needs a title",
			Ask:     add(`{}`, librarian),
			Promise: Promise{"400", "invalid", "handed back to correct", "400 invalid"},
		},
		{
			Name: "403", Comes: "403",
			Cause:   "a reader may not add books",
			Ask:     add(`{"title":"The Lake"}`, reader),
			Promise: Promise{"403", "forbidden", "stopped", "403 forbidden"},
		},
		{
			Name: "404", Comes: "404",
			Cause:   "there is no such book",
			Ask:     get("/books/9", reader),
			Promise: Promise{"404", "not_found", "stopped", "404 not_found"},
			Try:     "a book that is not there",
		},
		{
			Cause:   "the report writer behind sends nonsense, then recovers",
			Set:     ill(s.well),
			Ask:     reports,
			Promise: Promise{"502, 200", "bad_gateway, success", "waited, retried", "200 success"},
		},
		{
			Name: "503-gone", Comes: "503",
			Cause:   "the report writer behind is gone",
			Set:     gone,
			Ask:     reports,
			Promise: Promise{"503, 503", "unavailable, unavailable", "waited, retried, gave up after 2", "503 unavailable"},
		},
		{
			Name: "503-slow", Comes: "503",
			Cause:   "the report writer behind is too slow",
			Set:     hangs(slow),
			Ask:     reports,
			Promise: Promise{"503, 503", "unavailable, unavailable", "waited, retried, gave up after 2", "503 unavailable"},
		},

		{Name: "200", Comes: "200", Cause: "a book is read", Ask: book},
		{Name: "201", Comes: "201", Cause: "a book is added", Ask: add(`{"title":"The Lake"}`, librarian)},
		{Name: "401", Comes: "401", Cause: "no credentials were sent", Ask: get(book.Path)},
		{Name: "418", Comes: "418", Cause: "a client error that the page does not list: the archive behind is a teapot", Set: says(418, "text/plain", "short and stout"), Ask: archive},
		{Name: "423", Comes: "423", Cause: "a client error that the page does not list: somebody else has the book", Given: s.after(send("PUT", "/books/1/loan", "", librarian)), Ask: send("PUT", "/books/1/loan", "", reader)},
		{Name: "429", Comes: "429", Cause: "a client error, since the page does not list it: the archive behind is overloaded", Set: says(429, "text/plain", "slower"), Ask: archive},
		{Name: "500", Comes: "500", Cause: "a bug panics: there is no such month", Ask: get("/books/1/loans?month=13", reader)},
		{Name: "502", Comes: "502", Cause: "the report writer behind sends nonsense", Set: says(200, "text/html", "<html>"), Ask: reports},
		{
			Name: "503", Comes: "503",
			Cause: "maintenance for two minutes",
			Given: func(context.Context, *way) error {
				service.Maintenance.Close(time.Now().Add(2 * time.Minute))
				return nil
			},
			Ask: book,
		},
		{
			Name: "503-overload", Comes: "503",
			Cause: "as many requests are served as can be",
			Set:   hangs(time.Hour),
			Given: func(ctx context.Context, _ *way) error { return s.held(ctx, atOnce, reports) },
			Ask:   book,
		},
		{
			Name: "507", Comes: "507",
			Cause: "a server error that the page does not list: the shelf is full",
			Given: s.after(slices.Repeat([]Ask{add(`{"title":"The Lake"}`, librarian)}, room-1)...),
			Ask:   add(`{"title":"The Lake"}`, librarian),
		},
		{Name: "599", Comes: "599", Cause: "a server error that the page does not list: the archive behind has a code of its own", Set: says(599, "text/plain", "reel 7 is torn"), Ask: archive},
	}
	return d.serve(s)
}

// ill has the service behind respond with nonsense once, and then be well.
func ill(well http.HandlerFunc) func(*setting) {
	return func(s *setting) {
		var asked atomic.Bool
		s.behind = func(w http.ResponseWriter, r *http.Request) {
			if asked.Swap(true) {
				well(w, r)
				return
			}
			_, _ = io.WriteString(w, "<html>") // no JSON, and the caller sees it
		}
	}
}
