// Package plain is a small library service that answers with conventional
// statuses, each for its real cause:
//
//	POST /books        201; 400 where the title is missing
//	GET  /books/{id}   404 where there is none
//	GET  /reports      asks a service behind: 502 where that answers wrongly, 503 where it is gone or hangs
//
// All want Basic authentication as reader or librarian, password "demo": 401
// without, 403 for a reader who adds a book.
package plain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
)

// Password is that of both users, "reader" and "librarian".
const Password = "demo"

// Config is what a caller may choose. The zero value is a working service
// without a service behind it.
type Config struct {
	Logger  *slog.Logger  // nil is slog.Default
	Backend string        // URL of the service that writes the reports
	Timeout time.Duration // how long that may take; 0 is 2 s
}

// Service is the library, its state in memory. It is safe for concurrent use.
type Service struct {
	config Config
	api    *server.Server

	mu    sync.Mutex
	books []book // the id is the place, from 1
}

type book struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

// New makes a library with one book. Its error is that of the dialect file.
func New(c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Timeout == 0 {
		c.Timeout = 2 * time.Second
	}
	d, err := catalog.Open("plain")
	if err != nil {
		return nil, err
	}
	return &Service{config: c, api: server.New(d, server.WithLogger(c.Logger)), books: []book{{1, "The Sea"}}}, nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /books", s.api.Handle(s.addBook))
	mux.Handle("GET /books/{id}", s.api.Handle(s.readBook))
	mux.Handle("GET /reports", s.api.Handle(s.report))

	return s.api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		if user, password, _ := r.BasicAuth(); password != Password || user != "reader" && user != "librarian" {
			w.Header().Set("WWW-Authenticate", `Basic realm="library"`)
			return nil, parlance.NewError(parlance.Unauthenticated, "Name and password are needed")
		}
		mux.ServeHTTP(w, r)
		return nil, nil
	})
}

func (s *Service) addBook(_ http.ResponseWriter, r *http.Request) (any, error) {
	if user, _, _ := r.BasicAuth(); user != "librarian" {
		return nil, parlance.NewError(parlance.Forbidden, "Only a librarian adds books")
	}
	var b book
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&b); err != nil {
		return nil, parlance.NewError(parlance.Invalid, "The body is not the JSON that was expected").Because(err)
	}
	if b.Title == "" {
		return nil, parlance.NewError(parlance.Invalid, "A book needs a title")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.ID = len(s.books) + 1
	s.books = append(s.books, b)
	return server.Created("/books/"+strconv.Itoa(b.ID), b), nil
}

func (s *Service) readBook(_ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(s.books) {
		return nil, parlance.NewError(parlance.NotFound, "There is no book %q", r.PathValue("id"))
	}
	return s.books[id-1], nil
}

func (s *Service) report(_ http.ResponseWriter, r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.config.Timeout)
	defer cancel()
	text, err := fetch(ctx, s.config.Backend)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(text), nil
}

// fetch asks the service behind. What a client is told of its failure is our
// own text: addresses and answers behind us stay in the log.
func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, behind(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	switch {
	case err != nil:
		return nil, behind(err)
	case res.StatusCode != http.StatusOK:
		err = fmt.Errorf("%s answered %s", url, res.Status)
	case !json.Valid(text):
		err = errors.New(url + " sent no JSON")
	default:
		return text, nil
	}
	return nil, parlance.NewError(parlance.BadGateway, "The report writer answered wrongly").Because(err)
}

// behind tells a service that is gone (unavailable) from one that hangs (timeout).
func behind(err error) error {
	kind := parlance.OutcomeOfTransport(err).Kind
	return parlance.NewError(kind, "The report writer cannot be reached").Because(err)
}
