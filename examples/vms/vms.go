// Package vms is a small camera service that answers as VMS does, each code for
// its real cause:
//
//	POST   /api/v1/items                  422 where url or date is invalid, with every fault of each
//	POST   /api/v1/cameras                201; 402 beyond the licence's cap
//	GET    /api/v1/cameras/{id}           404 where there is none
//	DELETE /api/v1/cameras/{id}           204, and the licence has room again
//	GET    /api/v1/billing/cameras/list   200, the literal null where there are none
//
// All want "Authorization: Bearer demo-token", else 401. During maintenance all
// answer 503 and say when it ends.
package vms

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
)

// Token is the bearer token that the service knows.
const Token = "demo-token"

// Config is what a caller may choose. The zero value is a working service.
type Config struct {
	Logger  *slog.Logger     // nil is slog.Default
	Now     func() time.Time // nil is time.Now
	Cameras int              // the licence's cap; 0 is 2
}

// Service is the camera service, its state in memory. It is safe for concurrent
// use.
type Service struct {
	config Config
	api    *server.Server

	mu      sync.Mutex
	back    time.Time // when maintenance ends
	cameras map[int]camera
	last    int
}

type camera struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// New makes a service without cameras. Its error is that of the dialect file.
func New(c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Cameras == 0 {
		c.Cameras = 2
	}
	d, err := catalog.Open("vms")
	if err != nil {
		return nil, err
	}
	return &Service{config: c, api: server.New(d, server.WithLogger(c.Logger)), cameras: map[int]camera{}}, nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/items", s.api.Handle(createItem))
	mux.Handle("POST /api/v1/cameras", s.api.Handle(s.createCamera))
	mux.Handle("GET /api/v1/cameras/{id}", s.api.Handle(s.readCamera))
	mux.Handle("DELETE /api/v1/cameras/{id}", s.api.Handle(s.deleteCamera))
	mux.Handle("GET /api/v1/billing/cameras/list", s.api.Handle(s.listCameras))

	// What stands before all routes is a handler, too: it answers, or lets the
	// next one answer.
	return s.api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		if wait := s.maintenance(); wait > 0 {
			return nil, &parlance.Error{Outcome: parlance.Outcome{
				Kind: parlance.Unavailable, Reason: parlance.Maintenance, RetryAfter: wait}}
		}
		if r.Header.Get("Authorization") != "Bearer "+Token {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return nil, parlance.ErrUnauthenticated
		}
		mux.ServeHTTP(w, r)
		return nil, nil
	})
}

// SetMaintenance closes the service for d, from now on; 0 opens it.
func (s *Service) SetMaintenance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.back = s.config.Now().Add(d)
}

// maintenance is how long it still takes.
func (s *Service) maintenance() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.back.Sub(s.config.Now())
}

type item struct {
	URL  string `json:"url"`
	Date string `json:"date"`
}

func createItem(_ http.ResponseWriter, r *http.Request) (any, error) {
	var i item
	if err := readJSON(r, &i); err != nil {
		return nil, err
	}
	if faults := i.faults(); len(faults) > 0 {
		return nil, parlance.NewError(parlance.Invalid, "Submitted data was invalid").
			WithReason(parlance.Fields).WithFields(faults...)
	}
	return server.Created("/api/v1/items/1", i), nil
}

// faults are all that is wrong with an item, for a user corrects all at once.
func (i item) faults() (all []parlance.Field) {
	if u, err := url.ParseRequestURI(i.URL); err != nil || u.Host == "" {
		all = append(all, parlance.Field{Path: "url", Message: "The URL value is in invalid format"})
	}
	if utf8.RuneCountInString(i.URL) > 10 {
		all = append(all, parlance.Field{Path: "url", Message: "The URL can be no longer than 10 characters"})
	}
	if _, err := time.Parse(time.DateTime, i.Date); err != nil {
		all = append(all, parlance.Field{Path: "date", Message: "The date field doesn't match the format: Y-m-d H:i:s."})
	}
	return all
}

func (s *Service) createCamera(_ http.ResponseWriter, r *http.Request) (any, error) {
	var c camera
	if err := readJSON(r, &c); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.cameras) >= s.config.Cameras {
		return nil, parlance.NewError(parlance.Quota, "").WithReason(parlance.Licence).
			WithFields(parlance.Field{Path: "license", Message: "The license limit is exceeded"})
	}
	s.last++
	c.ID = s.last
	s.cameras[c.ID] = c
	return server.Created("/api/v1/cameras/"+strconv.Itoa(c.ID), c), nil
}

func (s *Service) readCamera(_ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.camera(r)
}

func (s *Service) deleteCamera(_ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.camera(r)
	delete(s.cameras, c.ID)
	return nil, err
}

// camera is the one that the route names.
func (s *Service) camera(r *http.Request) (camera, error) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	c, ok := s.cameras[id]
	if !ok {
		return camera{}, parlance.NewError(parlance.NotFound, "No camera %q", r.PathValue("id"))
	}
	return c, nil
}

func (s *Service) listCameras(http.ResponseWriter, *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.cameras) == 0 {
		return server.Reply{Outcome: parlance.Outcome{Kind: parlance.Empty, Status: 200}}, nil
	}
	all := make([]camera, 0, len(s.cameras))
	for id := 1; id <= s.last; id++ {
		if c, ok := s.cameras[id]; ok {
			all = append(all, c)
		}
	}
	return all, nil
}

// readJSON reads at most 1 MiB.
func readJSON(r *http.Request, v any) error {
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(v); err != nil {
		return parlance.NewError(parlance.Invalid, "The body is not the JSON that was expected").Because(err)
	}
	return nil
}
