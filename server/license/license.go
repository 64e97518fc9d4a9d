// Package license enforces the limits that a customer has paid for: [Seats] bounds the
// users at one time, and [Cap] bounds the number of created things. A request over the
// limit fails with quota/license.
//
//	seats := &license.Seats{Store: db.Seats(), Pool: "agents", Count: 25}
//	http.ListenAndServe(addr, api.Wrap(authenticate(seats.Wrap(mux))))
package license

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// DefaultLease is how long a seat is kept for an idle holder, unless Seats.Lease is
// set.
const DefaultLease = 5 * time.Minute

// Seats is a license for a number of holders at one time, such as users who are logged
// in or dialogs that are open. If all seats are taken, the next holder fails with
// quota/license. Each use renews the lease of a seat; a seat that is not given back is
// free when its lease ends. All Seats that share a Store share the seats. It must not
// change while it is used.
type Seats struct {
	Store Store
	Pool  string        // which seats, such as "agents" or "agents/acme"
	Count int           // how many there are
	Lease time.Duration // 0 is DefaultLease

	// Holder names the holder of a request under Wrap; "" gets no seat. nil is
	// server.Principal.ID.
	Holder func(*http.Request) string

	// Error is the outcome if all seats are taken, such as a code of the service's own.
	// If its Kind is zero, the kind is quota, with the reason license.
	Error parlance.Outcome
}

// Acquire takes a seat, or renews the lease of the holder's seat. In a transaction of
// the Store, the seat is taken once that commits.
func (s *Seats) Acquire(ctx context.Context, holder string) error {
	sits, err := s.Store.Acquire(ctx, s.Pool, holder, s.Count, cmp.Or(s.Lease, DefaultLease))
	return licensed(sits, err, s.Error)
}

// Release gives the seat back. A holder without one is no error.
func (s *Seats) Release(ctx context.Context, holder string) error {
	if err := s.Store.Release(ctx, s.Pool, holder); err != nil {
		return unlicensed(err)
	}
	return nil
}

// Hold is Acquire for work that may outlast the lease: the seat is renewed until
// release is called. release waits for a renewal in progress. It does not give the seat
// back.
func (s *Seats) Hold(ctx context.Context, holder string) (release func(), err error) {
	if err := s.Acquire(ctx, holder); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(max(cmp.Or(s.Lease, DefaultLease)/3, 1))
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = s.Acquire(ctx, holder) // there are two more before the lease ends
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }, nil
}

// Wrap takes or renews a seat for the caller, and holds it while the request is served.
// Use it behind [auth.Authenticate]: an unknown caller has no credential. Keep a route
// that gives the seat back outside it.
func (s *Seats) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		holder := ""
		if s.Holder != nil {
			holder = s.Holder(r)
		} else if p, known := server.PrincipalOf(r.Context()); known {
			holder = p.ID
		}
		if holder == "" {
			server.WriteError(w, r, auth.CredentialError(parlance.ReasonNoCredential))
			return
		}
		release, err := s.Hold(r.Context(), holder)
		if err != nil {
			server.WriteError(w, r, err)
			return
		}
		defer release()
		next.ServeHTTP(w, r)
	})
}

// Cap is a license for a number of created things, such as cameras. The first one over
// the limit fails with quota/license, until another is deleted. A Cap counts only the
// things that it is told of. Commit the count and the thing in one transaction; see
// Create and Delete. It is a value, cheap to make for each tenant.
type Cap struct {
	Store Store
	Name  string // what is counted, such as "cameras" or "cameras/acme"
	Most  int

	// Error is the outcome over the limit, such as Fields for dialects whose clients
	// read them. If its Kind is zero, the kind is quota, with the reason license.
	Error parlance.Outcome
}

// Take counts n more. In a transaction of the Store, such as that of a [server.Atomic],
// they are counted once that commits.
func (c Cap) Take(ctx context.Context, n int) error {
	added, err := c.Store.Add(ctx, c.Name, n, c.Most)
	return licensed(added, err, c.Error)
}

// Free counts n less.
func (c Cap) Free(ctx context.Context, n int) error { return c.Take(ctx, -n) }

// Create counts one more and creates it in one transaction of the Store. Either both
// happen or neither. create gets the transaction's context and may be run again. Its
// error is returned.
func (c Cap) Create(ctx context.Context, create func(ctx context.Context) error) error {
	return c.Store.Transact(ctx, func(ctx context.Context) error {
		if err := c.Take(ctx, 1); err != nil {
			return err
		}
		return create(ctx)
	})
}

// Delete deletes one and counts one less, in one transaction as Create does.
func (c Cap) Delete(ctx context.Context, remove func(ctx context.Context) error) error {
	return c.Store.Transact(ctx, func(ctx context.Context) error {
		if err := remove(ctx); err != nil {
			return err
		}
		return c.Free(ctx, 1)
	})
}

// licensed is the refusal where there is no room.
func licensed(room bool, err error, refusal parlance.Outcome) error {
	switch {
	case err != nil:
		return unlicensed(err)
	case !room:
		return wording.Error(refusal, parlance.KindQuota, parlance.ReasonLicense)
	}
	return nil
}

// unlicensed is that nobody knows whether there is room: a license that is not
// counted is none. A database's own words, by which it is asked again, stay
// beneath.
func unlicensed(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return parlance.NewError(parlance.KindUnavailable, "").Because(err)
}
