package vms

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/validate"
)

// cameras are those that there are, and how many there may be.
type cameras struct {
	license license.Cap

	mu   sync.Mutex
	all  map[int]camera
	last int
}

type camera struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

func newCamera(next http.Handler) http.Handler {
	return validate.JSON(validate.MustCompile(`{
		"type": "object",
		"required": ["name"],
		"properties": {"name": {"type": "string", "minLength": 1, "maxLength": 50}}
	}`), byHl)(next)
}

// create adds a camera and counts it, or neither: in one transaction, where a
// service with a database writes its own row too.
func (s *cameras) create(_ http.ResponseWriter, r *http.Request) (any, error) {
	var c camera
	if err := validate.Into(r, &c); err != nil {
		return nil, err
	}
	license := s.license
	license.Error.Fields = []parlance.Field{{Path: "license", Message: say(r).license}}
	err := license.Create(r.Context(), func(context.Context) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last++
		c.ID = s.last
		s.all[c.ID] = c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return server.Created("/api/v1/cameras/"+strconv.Itoa(c.ID), c), nil
}

func (s *cameras) read(_ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.camera(r)
}

// remove deletes a camera, so that the license has room for another.
func (s *cameras) remove(_ http.ResponseWriter, r *http.Request) (any, error) {
	return nil, s.license.Delete(r.Context(), func(context.Context) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		c, err := s.camera(r)
		delete(s.all, c.ID)
		return err
	})
}

// there lets those pass who name a camera that there is.
func (s *cameras) there(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.read(w, r); err != nil {
			server.WriteError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// camera is the one that the route names. The lock is held.
func (s *cameras) camera(r *http.Request) (camera, error) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	c, ok := s.all[id]
	if !ok {
		return camera{}, parlance.NewError(parlance.KindNotFound, say(r).noCamera, r.PathValue("id"))
	}
	return c, nil
}

func (s *cameras) list(http.ResponseWriter, *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == 0 {
		return server.Reply{Outcome: parlance.Outcome{Kind: parlance.KindEmpty, Status: 200}}, nil
	}
	all := make([]camera, 0, len(s.all))
	for _, id := range slices.Sorted(maps.Keys(s.all)) {
		all = append(all, s.all[id])
	}
	return all, nil
}
