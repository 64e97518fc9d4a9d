// Package memory is a store in memory, for tests and for a single process that may lose
// everything when it ends.
//
//	db := memory.New()
//	defer db.Close()
//	mux.Handle("POST /orders", idempotency.Middleware(db.Idempotency())(api.Handle(create)))
package memory

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/internal/clock"
	"github.com/parlance-api/parlance/store/internal/rate"
)

// Store is a store.Store in memory. Its transactions run one after another.
type Store struct {
	clock  func() time.Time
	limits *rate.Limits

	closed atomic.Bool
	turn   chan struct{} // holds one token: who takes it may touch what follows
	swept  time.Time
	keys   map[keyID]entry
	seats  map[seatID]time.Time // until when
	caps   map[string]int
	tasks  map[string]task
	orders map[place]*order
	lanes  map[laneID]lane
	puts   int // tasks ever put: their order
	tokens map[[32]byte]token
	story  map[string]record
}

var _ store.Store = (*Store)(nil)

// Option is a setting of [New].
type Option interface{ apply(*Store) }

type option func(*Store)

func (o option) apply(s *Store) { o(s) }

// WithClock sets the source of the time. The default is the time of New plus the time
// that has passed since. Setting the system clock therefore ends nothing early. Except
// for the limits, it is called by one goroutine at a time.
func WithClock(now func() time.Time) Option { return option(func(s *Store) { s.clock = now }) }

// New makes an empty store.
func New(options ...Option) *Store {
	s := &Store{
		clock:  clock.Steady(),
		turn:   make(chan struct{}, 1),
		keys:   map[keyID]entry{},
		seats:  map[seatID]time.Time{},
		caps:   map[string]int{},
		tasks:  map[string]task{},
		orders: map[place]*order{},
		lanes:  map[laneID]lane{},
		tokens: map[[32]byte]token{},
		story:  map[string]record{},
	}
	for _, o := range options {
		o.apply(s)
	}
	s.limits = rate.NewLimits(func() time.Time { return s.clock() }, s.usable)
	s.turn <- struct{}{}
	return s
}

// The views.

func (s *Store) Idempotency() idempotency.Store { return keys{s} }
func (s *Store) Limits() limit.Store            { return s.limits }
func (s *Store) Seats() license.Store           { return seats{s} }
func (s *Store) Queue() queue.Store             { return tasks{s} }
func (s *Store) Tokens() auth.TokenStore        { return tokens{s} }
func (s *Store) Activity() activity.Store       { return story{s} }

// Close waits for the transaction in progress and refuses all later calls.
func (s *Store) Close() error {
	<-s.turn
	s.closed.Store(true)
	s.turn <- struct{}{}
	return nil
}

// transaction knows how to undo what was done in it, the last first.
type transaction struct {
	undo []func()
	over atomic.Bool
}

// usable says why nothing can be asked of the store with this context, or nil.
func (s *Store) usable(ctx context.Context) error {
	if t, within := ctx.Value(s).(*transaction); within {
		if t.over.Load() {
			return errors.New("memory: the transaction has ended: use its context only within Transact")
		}
		return nil
	}
	if s.closed.Load() {
		return fmt.Errorf("memory: the store is closed: %w", parlance.ErrUnavailable)
	}
	return nil
}

// Transact implements server.Transactor. fn has the store for itself: a method that is
// called with a context other than fn's would wait for it forever.
func (s *Store) Transact(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, within := ctx.Value(s).(*transaction)
	if !within {
		select {
		case <-s.turn:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { s.turn <- struct{}{} }()
	}
	if err := s.usable(ctx); err != nil {
		return err
	}
	if !within {
		s.sweep()
		t = &transaction{}
		defer t.over.Store(true)
		ctx = context.WithValue(ctx, s, t)
	}
	mark, done := len(t.undo), false
	defer func() { // after a panic too
		for !done && len(t.undo) > mark {
			last := len(t.undo) - 1
			t.undo[last]()
			t.undo = t.undo[:last]
		}
	}()
	err := fn(ctx)
	done = err == nil
	return err
}

// do runs one method of a view in the transaction of ctx, or in one of its own.
func (s *Store) do(ctx context.Context, fn func(t *transaction, now time.Time) error) error {
	return s.Transact(ctx, func(ctx context.Context) error {
		return fn(ctx.Value(s).(*transaction), s.clock())
	})
}

// set changes a map so that it can be undone.
func set[K comparable, V any](t *transaction, m map[K]V, k K, v V) {
	old, had := m[k]
	m[k] = v
	t.undo = append(t.undo, func() {
		if had {
			m[k] = old
		} else {
			delete(m, k)
		}
	})
}

// unset deletes from a map so that it can be undone.
func unset[K comparable, V any](t *transaction, m map[K]V, k K) {
	if old, had := m[k]; had {
		delete(m, k)
		t.undo = append(t.undo, func() { m[k] = old })
	}
}

// sweep deletes what has ended, so that the store does not grow forever.
func (s *Store) sweep() {
	now := s.clock()
	if now.Sub(s.swept) < store.Sweep {
		return
	}
	s.swept = now
	for id, e := range s.keys {
		if e.expired(now) {
			delete(s.keys, id)
		}
	}
	for id, until := range s.seats {
		if !until.After(now) {
			delete(s.seats, id)
		}
	}
	tasks{s}.sweep(now)
	for hash, t := range s.tokens {
		if now.Sub(t.expires) > store.KeepTokens {
			delete(s.tokens, hash)
		}
	}
}
