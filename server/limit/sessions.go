package limit

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/license"
)

// Sessions bounds how many sessions, or how many requests, each key has at one time.
// One over the bound is rate_limited, without a Retry-After, since the time at which a
// session ends is unknown. It must not change while it serves.
type Sessions struct {
	Store license.Store
	Name  string // of the limit; two limits with different names count separately
	Most  int    // at one time, for each key
	By    Key    // selects the key; nil is one limit for all together. "" is not counted

	// Session selects the session of a request. A session ends after Lease without a
	// request, or by End. If nil, each request is a session, which ends with it.
	Session func(*http.Request) string

	Lease time.Duration    // 0 is license.DefaultLease
	Error parlance.Outcome // the outcome of a refusal; if its Kind is zero, rate_limited
}

// Wrap lets requests pass whose key has room for another session.
func (s *Sessions) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seats, counted := s.seats(r)
		session := ""
		if s.Session != nil {
			session = s.Session(r)
		} else if session = activity.ID(r.Context()); session == "" {
			session = activity.NewID() // under no Server
		}
		if !counted || session == "" {
			next.ServeHTTP(w, r)
			return
		}
		release, err := seats.Hold(r.Context(), session)
		if err != nil {
			server.WriteError(w, r, s.refusal(err))
			return
		}
		defer func() {
			release()
			if s.Session == nil {
				// Also where the client has gone; else the lease ends it.
				_ = seats.Release(context.WithoutCancel(r.Context()), session)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// End ends a session of the request's key, as a log-out does.
func (s *Sessions) End(r *http.Request, session string) error {
	seats, counted := s.seats(r)
	if !counted {
		return nil
	}
	return seats.Release(r.Context(), session)
}

// seats are those of the request's key.
func (s *Sessions) seats(r *http.Request) (*license.Seats, bool) {
	pool := "limit " + s.Name
	if s.By != nil {
		by := s.By(r)
		if by == "" {
			return nil, false
		}
		pool += " " + by
	}
	return &license.Seats{Store: s.Store, Pool: pool, Count: s.Most, Lease: s.Lease}, true
}

func (s *Sessions) refusal(err error) error {
	if !errors.Is(err, parlance.ErrQuota) {
		return err
	}
	o := s.Error
	if o.Kind == 0 {
		o.Kind = parlance.KindRateLimited
	}
	return &parlance.Error{Outcome: o}
}
