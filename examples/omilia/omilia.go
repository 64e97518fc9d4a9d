// Package omilia is a small dialog service that answers as Omilia's OCP does,
// each code for its real cause:
//
//	POST   /dialogs       201; 400 without an app, 422 where the description is too long, 403 while all seats are taken
//	GET    /dialogs/{id}  404 where there is none
//	DELETE /dialogs/{id}  204, and the seat is free again
//	POST   /jobs          202 with the place to look at
//	GET    /jobs/{id}     200 with its state
//
// All want "Authorization: Bearer demo-key", else 401, and each caller may send
// a few requests a second, else 429.
package omilia

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
)

// Key is the API key that the service knows.
const Key = "demo-key"

// The service's own codes. Omilia's page says to keep a list of them, for one
// HTTP status has many causes.
const (
	codeKey         = "1001"
	codeTooMany     = "1002"
	codeUnknown     = "1004"
	codeBody        = "1020"
	codeMissing     = "1021"
	codeDescription = "1022"
	codeSeats       = "1040"
)

// jobTime is how long a job takes.
const jobTime = 2 * time.Second

// Config is what a caller may choose. The zero value is a working service.
type Config struct {
	Logger *slog.Logger     // nil is slog.Default
	Now    func() time.Time // nil is time.Now
	Seats  int              // dialogs at one time; 0 is 2
	Rate   float64          // requests a second; 0 is 10
	Burst  int              // requests at once; 0 is 20
}

// Service is the dialog service, its state in memory. It is safe for concurrent
// use.
type Service struct {
	config Config
	api    *server.Server
	limit  bucket

	mu      sync.Mutex
	last    int // the number of the dialog or job made last
	dialogs map[string]dialog
	jobs    map[string]time.Time // when each is done
}

type dialog struct {
	ID          string `json:"id"`
	App         string `json:"app"`
	Description string `json:"description,omitempty"`
}

// New makes a service with all seats free. Its error is that of the dialect
// file.
func New(c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Seats == 0 {
		c.Seats = 2
	}
	if c.Rate == 0 {
		c.Rate = 10
	}
	if c.Burst == 0 {
		c.Burst = 20
	}
	d, err := catalog.Open("omilia")
	if err != nil {
		return nil, err
	}
	return &Service{
		config: c, api: server.New(d, server.WithLogger(c.Logger)),
		limit:   bucket{rate: c.Rate, burst: float64(c.Burst)},
		dialogs: map[string]dialog{}, jobs: map[string]time.Time{},
	}, nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /dialogs", s.api.Handle(s.openDialog))
	mux.Handle("GET /dialogs/{id}", s.api.Handle(s.readDialog))
	mux.Handle("DELETE /dialogs/{id}", s.api.Handle(s.closeDialog))
	mux.Handle("POST /jobs", s.api.Handle(s.startJob))
	mux.Handle("GET /jobs/{id}", s.api.Handle(s.readJob))

	return s.api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		if r.Header.Get("Authorization") != "Bearer "+Key {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return nil, parlance.NewError(parlance.Unauthenticated, "No valid API key provided").WithCode(codeKey)
		}
		if wait := s.limit.take(s.config.Now()); wait > 0 {
			return nil, &parlance.Error{Outcome: parlance.Outcome{
				Kind: parlance.RateLimited, Code: codeTooMany, Detail: "Too many requests too quickly", RetryAfter: wait}}
		}
		mux.ServeHTTP(w, r)
		return nil, nil
	})
}

func (s *Service) openDialog(_ http.ResponseWriter, r *http.Request) (any, error) {
	var d dialog
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&d); err != nil {
		return nil, parlance.NewError(parlance.Invalid, "The body is not the JSON that was expected").WithCode(codeBody).Because(err)
	}
	if d.App == "" {
		return nil, parlance.NewError(parlance.Invalid, "Missing parameter: app").WithCode(codeMissing).
			WithFields(parlance.Field{Path: "app", Code: codeMissing, Message: "Missing parameter: app"})
	}
	if utf8.RuneCountInString(d.Description) > 50 {
		return nil, parlance.NewError(parlance.Invalid, "Description too long").WithReason(parlance.Fields).WithCode(codeDescription).
			WithFields(parlance.Field{Path: "description", Code: codeDescription, Message: "Description too long"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.dialogs) >= s.config.Seats {
		return nil, parlance.NewError(parlance.Quota, "No available licenses").WithReason(parlance.Licence).WithCode(codeSeats)
	}
	s.last++
	d.ID = strconv.Itoa(s.last)
	s.dialogs[d.ID] = d
	return server.Created("/dialogs/"+d.ID, d), nil
}

func (s *Service) readDialog(_ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.dialogs[r.PathValue("id")]
	if !ok {
		return nil, parlance.NewError(parlance.NotFound, "Dialog not found").WithCode(codeUnknown)
	}
	return d, nil
}

func (s *Service) closeDialog(_ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.dialogs[r.PathValue("id")]; !ok {
		return nil, parlance.NewError(parlance.NotFound, "Dialog not found").WithCode(codeUnknown)
	}
	delete(s.dialogs, r.PathValue("id"))
	return nil, nil
}

func (s *Service) startJob(http.ResponseWriter, *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	id := strconv.Itoa(s.last)
	s.jobs[id] = s.config.Now().Add(jobTime)
	return server.Accepted("/jobs/"+id, nil), nil
}

func (s *Service) readJob(_ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, ok := s.jobs[r.PathValue("id")]
	if !ok {
		return nil, parlance.NewError(parlance.NotFound, "Job not found").WithCode(codeUnknown)
	}
	state := "running"
	if !s.config.Now().Before(done) {
		state = "done"
	}
	return map[string]string{"id": r.PathValue("id"), "state": state}, nil
}
