// Package storetest is the test suite that every store engine passes. It covers the
// contract of each method, races, rollbacks, and the data that the next process finds
// after one has died.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Engine{Open: func(t *testing.T, clock *storetest.Clock) store.Store {
//			s := memory.New(memory.WithClock(clock.Now))
//			t.Cleanup(func() { s.Close() })
//			return s
//		}})
//	}
package storetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store"
)

// Engine is the engine under test.
type Engine struct {
	// Open makes an empty store that reads the time from the clock, and closes it at
	// the end of the test.
	Open func(t *testing.T, clock *Clock) store.Store

	// Reopen ends the process that has s, from the view of s, and opens its data as the
	// next process would. If it is nil, no data survives a process.
	Reopen func(t *testing.T, s store.Store, clock *Clock) store.Store

	// OwnTime means that the engine uses its own clock, such as its database's, and
	// ignores ours. Tests that let time pass are then skipped. Expiry is still tested,
	// with times in the past.
	OwnTime bool
}

// Run runs the whole suite on an engine. Each part has a store of its own, and the
// parts run in parallel.
func Run(t *testing.T, e Engine) {
	for _, part := range []struct {
		name string
		test func(t *testing.T, e Engine)
	}{
		{"Transactions", transactions},
		{"Keys", keys},
		{"Limits", limits},
		{"Seats", seats},
		{"Queue", tasks},
		{"Tokens", tokens},
		{"Activity", story},
		{"Reopen", reopen},
		{"Close", closing},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(t, e)
		})
	}
}

// Clock is a time that passes only by Pass. It starts at the current time, so that an
// engine with a clock of its own agrees on the past. It is safe for concurrent use.
type Clock struct{ passed atomic.Int64 }

var start = time.Now().UTC().Truncate(time.Microsecond) // as fine as PostgreSQL's

// Now is the time of the clock, in UTC.
func (c *Clock) Now() time.Time { return start.Add(time.Duration(c.passed.Load())) }

// Pass lets time pass.
func (c *Clock) Pass(d time.Duration) { c.passed.Add(int64(d)) }

// scene is one store under test.
type scene struct {
	*testing.T
	store.Store
	engine Engine
	clock  *Clock
	ctx    context.Context
}

// each runs a test in an empty store.
func each(t *testing.T, e Engine, name string, test func(s *scene)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		clock := &Clock{}
		test(&scene{T: t, Store: e.Open(t, clock), engine: e, clock: clock, ctx: t.Context()})
	})
}

// reopen opens what the process left.
func (s *scene) reopen() { s.Store = s.engine.Reopen(s.T, s.Store, s.clock) }

// in and ago are times of an hour and more from now, so that the clocks of two
// machines may differ.
func (s *scene) in(hours int) time.Time {
	return s.clock.Now().Add(time.Duration(hours) * time.Hour)
}
func (s *scene) ago(hours int) time.Time { return s.in(-hours) }

// about reports that a time of the store's is that of our clock, or about that where
// the store has one of its own.
func (s *scene) about(got, want time.Time) bool {
	if s.engine.OwnTime && !got.IsZero() && !want.IsZero() {
		return got.Sub(want).Abs() < 30*time.Minute
	}
	return got.Equal(want)
}

// must ends the test on an error.
func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// transact is Transact that must not fail.
func (s *scene) transact(fn func(ctx context.Context) error) {
	s.Helper()
	s.must(s.Transact(s.ctx, fn))
}

// racers is how many want what only some can have.
const racers = 24

// race runs fn racers times at once and counts how often it was true.
func (s *scene) race(fn func(i int) (bool, error)) int {
	s.Helper()
	var won atomic.Int64
	var all sync.WaitGroup
	ready := make(chan struct{})
	for i := range racers {
		all.Go(func() {
			<-ready
			ok, err := fn(i)
			if err != nil {
				s.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	close(ready)
	all.Wait()
	return int(won.Load())
}

// claim is Claim that must not fail.
func (s *scene) claim(ctx context.Context, k idempotency.Key) idempotency.Claim {
	s.Helper()
	c, err := s.Idempotency().Claim(ctx, k)
	s.must(err)
	return c
}

// state claims a key and expects that state.
func (s *scene) state(ctx context.Context, k idempotency.Key, want idempotency.State) {
	s.Helper()
	if c := s.claim(ctx, k); c.State != want {
		s.Errorf("claim of %s/%s: state %d, want %d", k.Scope, k.Key, c.State, want)
	}
}

// found reports whether there is an activity record of that id.
func (s *scene) found(ctx context.Context, id string) bool {
	s.Helper()
	r, err := s.Activity().Find(ctx, id)
	if err == nil {
		return r.ID == id
	}
	s.missing(err)
	return false
}

// add adds a small activity record.
func (s *scene) add(ctx context.Context, id string) {
	s.Helper()
	s.must(s.Activity().Add(ctx, &activity.Record{ID: id, Start: s.clock.Now(), Method: "GET"}))
}
