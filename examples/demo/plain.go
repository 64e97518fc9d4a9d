package demo

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance/examples/plain"
)

// The credentials of both users, as curl's option -u sends them.
const (
	reader    = "Authorization: Basic cmVhZGVyOmRlbW8="     // reader:demo
	librarian = "Authorization: Basic bGlicmFyaWFuOmRlbW8=" // librarian:demo
)

var reports = get("/reports", reader)

func plainStation(d *Demo) (*station, error) {
	writer := new(writer)
	url, err := d.house.open(anywhere, writer, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	service, err := plain.New(plain.Config{Logger: d.journal.logger("plain"), Backend: url})
	if err != nil {
		return nil, err
	}
	s := &station{system: "plain", rest: func() { writer.ill.Store(false) }}
	s.scenarios = []Scenario{
		{
			Cause:   "a book needs a title",
			Ask:     send("POST", "/books", `{}`, librarian, jsonBody),
			Promise: Promise{"400", "invalid", "handed back to correct", "400 invalid"},
		},
		{
			Cause:   "a reader may not add books",
			Ask:     send("POST", "/books", `{"title":"The Lake"}`, reader, jsonBody),
			Promise: Promise{"403", "forbidden", "stopped", "403 forbidden"},
		},
		{
			Cause:   "there is no such book",
			Ask:     get("/books/9", reader),
			Promise: Promise{"404", "not_found", "stopped", "404 not_found"},
			Try:     "a book that is not there", Both: true,
		},
		{
			Cause: "the report writer answers nonsense, then recovers",
			Given: func(context.Context, *way) error {
				writer.ill.Store(true)
				s.record.then(func() { writer.ill.Store(false) })
				return nil
			},
			Ask:     reports,
			Promise: Promise{"502, 200", "bad_gateway, success", "waited, repeated", "200 success"},
		},
	}
	return d.serve(s, service.Handler())
}

// writer is the service behind plain. It is well or ill.
type writer struct{ ill atomic.Bool }

func (w *writer) ServeHTTP(rw http.ResponseWriter, _ *http.Request) {
	if w.ill.Load() {
		_, _ = io.WriteString(rw, "<html>") // no JSON, and the caller sees it
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(rw, `{"report":"all is well"}`)
}

// writerGoneStation is plain again, before a report writer that is not there.
func writerGoneStation(d *Demo) (*station, error) {
	url, err := d.house.nobody()
	if err != nil {
		return nil, err
	}
	return ailing(d, "its report writer is gone", url, "its report writer is gone, and stays away", 0)
}

// writerHangsStation is plain again, before a report writer that never answers.
func writerHangsStation(d *Demo) (*station, error) {
	silence, err := d.house.silence()
	if err != nil {
		return nil, err
	}
	return ailing(d, "its report writer hangs", silence.url, "its report writer hangs", 100*time.Millisecond)
}

func ailing(d *Demo, state, backend, cause string, timeout time.Duration) (*station, error) {
	service, err := plain.New(plain.Config{Logger: d.journal.logger("plain"), Backend: backend, Timeout: timeout})
	if err != nil {
		return nil, err
	}
	return d.serve(&station{system: "plain", state: state, scenarios: []Scenario{{
		Cause:   cause,
		Ask:     reports,
		Promise: Promise{"503, 503", "unavailable, unavailable", "waited, repeated, gave up after 2", "503 unavailable"},
	}}}, service.Handler())
}
