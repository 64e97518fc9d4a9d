package omilia

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/validate"
)

// silence is how long a dialog keeps its seat while nothing is said.
const silence = 30 * time.Minute

// dialogs are those that are open. Each has a seat.
type dialogs struct {
	seats  license.Seats
	engine engine
	atomic func(func(context.Context) (any, error)) server.Atomic // in the store of the seats

	mu   sync.Mutex
	all  map[string]dialog
	last int
}

type dialog struct {
	ID          string `json:"id"`
	App         string `json:"app"`
	Description string `json:"description,omitempty"`
}

// open takes a seat and opens a dialog, or neither: in one transaction, where a
// service with a database writes its own row too.
func (s *dialogs) open(_ http.ResponseWriter, r *http.Request) (any, error) {
	var d dialog
	if err := validate.Into(r, &d); err != nil {
		return nil, err
	}
	return s.atomic(func(ctx context.Context) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		d.ID = strconv.Itoa(s.last + 1)
		if err := s.seats.Acquire(ctx, d.ID); err != nil {
			return nil, err
		}
		s.last++
		s.all[d.ID] = d
		return server.Created("/dialogs/"+d.ID, d), nil
	}), nil
}

func (s *dialogs) read(_ http.ResponseWriter, r *http.Request) (any, error) {
	return s.dialog(r)
}

// dialog is the one that the route names.
func (s *dialogs) dialog(r *http.Request) (dialog, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.all[r.PathValue("id")]
	if !ok {
		return dialog{}, parlance.NewError(parlance.KindNotFound, "There is no dialog %s", r.PathValue("id"))
	}
	return d, nil
}

// close ends a dialog and gives its seat back.
func (s *dialogs) close(_ http.ResponseWriter, r *http.Request) (any, error) {
	d, err := s.dialog(r)
	if err != nil {
		return nil, err
	}
	if err := s.seats.Release(r.Context(), d.ID); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, d.ID)
	return nil, nil
}

// message asks the engine what a caller means. A dialog that was silent for too
// long needs a seat again.
func (s *dialogs) message(_ http.ResponseWriter, r *http.Request) (any, error) {
	d, err := s.dialog(r)
	if err != nil {
		return nil, err
	}
	if err := s.seats.Acquire(r.Context(), d.ID); err != nil {
		return nil, err
	}
	var said struct{ Text string }
	if err := validate.Into(r, &said); err != nil {
		return nil, err
	}
	meant, err := s.engine.ask(r.Context(), said.Text)
	if err != nil {
		return nil, err
	}
	if meant.Intent == "" {
		return nil, parlance.NewError(parlance.KindFailed, "The message was not understood")
	}
	// The bug: nobody looks whether there is such a mood.
	mood := [...]string{"calm", "annoyed", "angry"}[meant.Mood]
	return map[string]string{"intent": meant.Intent, "mood": mood}, nil
}

// count is what the job in the background comes to.
func (s *dialogs) count(context.Context, jobs.Job) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int{"dialogs": len(s.all)}, nil
}
