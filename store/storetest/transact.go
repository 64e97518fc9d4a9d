package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
)

var errFailed = errors.New("storetest: failed on purpose")

// missing expects an error that wraps parlance.ErrNotFound.
func (s *scene) missing(err error) {
	s.Helper()
	s.wraps(err, parlance.ErrNotFound)
}

// wraps expects an error that wraps another.
func (s *scene) wraps(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("error %v, want one that wraps %q", err, want)
	}
}

// everything does one thing of every kind that a transaction takes in.
func (s *scene) everything(ctx context.Context, name string) {
	s.Helper()
	k := idempotency.Key{Scope: "all", Key: name, Expires: s.in(1)}
	s.state(ctx, k, idempotency.Fresh)
	s.must(s.Idempotency().Record(ctx, k, idempotency.Response{Status: 201}))
	sits, err := s.Seats().Acquire(ctx, name, "holder", 1, time.Hour)
	s.must(err)
	added, err := s.Seats().Add(ctx, name, 1, 1)
	s.must(err)
	if !sits || !added {
		s.Errorf("%s: sits %v, counted %v", name, sits, added)
	}
	s.must(s.Queue().Put(ctx, queue.Task{ID: name, Kind: name, Created: s.clock.Now()}))
	s.must(s.Tokens().PutToken(ctx, hash(name), auth.Token{Left: time.Hour}))
	s.add(ctx, name)
}

// done expects all or nothing of it.
func (s *scene) done(ctx context.Context, name string, want bool) {
	s.Helper()
	seated, err := s.Seats().InUse(ctx, name)
	s.must(err)
	fits, err := s.Seats().Add(ctx, name, 1, 1)
	s.must(err)
	_, job := s.Queue().Task(ctx, name)
	_, token := s.Tokens().Token(ctx, hash(name))
	k := idempotency.Key{Scope: "all", Key: name, Expires: s.in(1)}
	c := s.claim(ctx, k)
	s.must(s.Idempotency().Free(ctx, k))
	for what, got := range map[string]bool{
		"key": c.State == idempotency.Replay, "seat": seated == 1, "cap": !fits,
		"job": job == nil, "token": token == nil, "activity": s.found(ctx, name),
	} {
		if got != want {
			s.Errorf("%s: the %s is there: %v, want %v", name, what, got, want)
		}
	}
}

func transactions(t *testing.T, e Engine) {
	each(t, e, "What is committed is there", func(s *scene) {
		s.transact(func(ctx context.Context) error {
			s.everything(ctx, "a")
			return nil
		})
		s.done(s.ctx, "a", true)
	})
	each(t, e, "What failed did not happen", func(s *scene) {
		err := s.Transact(s.ctx, func(ctx context.Context) error {
			s.everything(ctx, "a")
			return fmt.Errorf("wrapped: %w", errFailed)
		})
		s.wraps(err, errFailed)
		s.done(s.ctx, "a", false)
	})
	each(t, e, "What panicked did not happen, and its caller gets the panic", func(s *scene) {
		func() {
			defer func() {
				if p := recover(); p != "on purpose" {
					s.Errorf("panic %v", p)
				}
			}()
			s.Transact(s.ctx, func(ctx context.Context) error {
				s.everything(ctx, "a")
				panic("on purpose")
			})
		}()
		s.done(s.ctx, "a", false)
	})
	each(t, e, "A transaction sees what it did", func(s *scene) {
		s.transact(func(ctx context.Context) error {
			s.everything(ctx, "a")
			s.done(ctx, "a", true)
			return nil
		})
	})
	each(t, e, "Within a transaction Transact joins", func(s *scene) {
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.must(s.Transact(ctx, func(ctx context.Context) error {
				s.everything(ctx, "a")
				return nil
			}))
			return errFailed
		}), errFailed)
		s.done(s.ctx, "a", false)

		s.transact(func(ctx context.Context) error {
			s.everything(ctx, "b")
			s.wraps(s.Transact(ctx, func(ctx context.Context) error {
				s.everything(ctx, "c")
				return errFailed
			}), errFailed)
			s.everything(ctx, "d")
			return nil
		})
		s.done(s.ctx, "b", true)
		s.done(s.ctx, "c", false)
		s.done(s.ctx, "d", true)
	})
	each(t, e, "One that fails does not harm the others", func(s *scene) {
		var all sync.WaitGroup
		for i := range racers {
			all.Go(func() {
				defer func() {
					if p := recover(); (p != nil) != (i%3 == 1) {
						s.Errorf("panic of %d: %v", i, p)
					}
				}()
				err := s.Transact(s.ctx, func(ctx context.Context) error {
					s.everything(ctx, fmt.Sprint(i))
					switch i % 3 {
					case 1:
						panic("on purpose")
					case 2:
						return errFailed
					}
					return nil
				})
				if failed := errors.Is(err, errFailed); failed != (i%3 == 2) {
					s.Errorf("error of %d: %v", i, err)
				}
			})
		}
		all.Wait()
		for i := range racers {
			s.done(s.ctx, fmt.Sprint(i), i%3 == 0)
		}
	})
	each(t, e, "What was given up before its turn is not done", func(s *scene) {
		gone, giveUp := context.WithCancel(s.ctx)
		giveUp()
		s.wraps(s.Transact(gone, func(context.Context) error {
			s.Error("fn was run")
			return nil
		}), context.Canceled)
	})
	each(t, e, "What is given up within a transaction harms no other", func(s *scene) {
		ctx, giveUp := context.WithCancel(s.ctx)
		s.wraps(s.Transact(ctx, func(ctx context.Context) error {
			s.everything(ctx, "a")
			giveUp()
			_, err := s.Seats().InUse(ctx, "a")
			return err
		}), context.Canceled)
		s.done(s.ctx, "a", false)
	})
}

func reopen(t *testing.T, e Engine) {
	if e.Reopen == nil {
		t.Skip("nothing is left of it")
	}
	each(t, e, "What was committed is there", func(s *scene) {
		s.transact(func(ctx context.Context) error {
			s.everything(ctx, "a")
			return nil
		})
		s.everything(s.ctx, "b")
		s.reopen()
		s.done(s.ctx, "a", true)
		s.done(s.ctx, "b", true)
	})
	each(t, e, "A claim inside is free, one outside is uncertain", func(s *scene) {
		inside := s.key("inside")
		first, second := s.key("first"), s.key("second")
		first.Outside, second.Outside = true, true
		first.Claimed, second.Claimed = s.ago(2), s.ago(1)
		for _, k := range []idempotency.Key{inside, second, first} {
			s.state(s.ctx, k, idempotency.Fresh)
			s.state(s.ctx, k, idempotency.InFlight)
		}
		s.uncertain()

		s.reopen()
		s.state(s.ctx, inside, idempotency.Fresh)
		for range 2 {
			s.state(s.ctx, first, idempotency.Uncertain)
			s.state(s.ctx, second, idempotency.Uncertain)
			s.uncertain(first, second)
		}
		if some, err := s.Idempotency().Uncertain(s.ctx, 1); err != nil || len(some) != 1 {
			s.Errorf("asked for one: %v, %v", some, err)
		}
		other := first
		other.Fingerprint[0]++
		s.state(s.ctx, other, idempotency.Mismatch)
		s.wraps(s.Idempotency().Record(s.ctx, first, idempotency.Response{Status: 200}), idempotency.ErrClaimLost)
		s.must(s.Idempotency().Free(s.ctx, first)) // whoever says so had no claim
		s.state(s.ctx, first, idempotency.Uncertain)

		a := s.response()
		s.must(s.Idempotency().Settle(s.ctx, first, &a))
		s.must(s.Idempotency().Settle(s.ctx, second, nil))
		s.missing(s.Idempotency().Settle(s.ctx, second, nil))
		s.missing(s.Idempotency().Settle(s.ctx, first, nil))
		s.missing(s.Idempotency().Settle(s.ctx, inside, nil))
		s.uncertain()
		s.replays(first, a)
		s.state(s.ctx, second, idempotency.Fresh)
		s.reopen()
		s.uncertain(second)
		s.replays(first, a)
	})
	each(t, e, "A claim that expired is as uncertain", func(s *scene) {
		k := s.key("k")
		k.Outside, k.Expires = true, s.ago(1)
		s.state(s.ctx, k, idempotency.Fresh)
		s.reopen()
		s.state(s.ctx, k, idempotency.Uncertain)
		s.uncertain(k)
	})
	each(t, e, "A claim outside that was freed or answered is certain", func(s *scene) {
		freed, answered := s.key("freed"), s.key("answered")
		freed.Outside, answered.Outside = true, true
		s.state(s.ctx, freed, idempotency.Fresh)
		s.state(s.ctx, answered, idempotency.Fresh)
		s.must(s.Idempotency().Free(s.ctx, freed))
		s.must(s.Idempotency().Record(s.ctx, answered, s.response()))
		s.reopen()
		s.uncertain()
		s.replays(answered, s.response())
		s.state(s.ctx, freed, idempotency.Fresh)
	})
	each(t, e, "A response that failed to commit leaves a claim outside uncertain", func(s *scene) {
		k := s.key("k")
		k.Outside = true
		s.state(s.ctx, k, idempotency.Fresh)
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.must(s.Idempotency().Record(ctx, k, s.response()))
			return errFailed
		}), errFailed)
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.must(s.Idempotency().Free(ctx, k))
			return errFailed
		}), errFailed)
		s.state(s.ctx, k, idempotency.InFlight)
		s.reopen()
		s.state(s.ctx, k, idempotency.Uncertain)
	})
	each(t, e, "A job that was under way is taken again when its lease ends", func(s *scene) {
		s.must(s.Queue().Put(s.ctx, queue.Task{ID: "left", Kind: "k", Created: s.ago(2)}))
		s.must(s.Queue().Put(s.ctx, queue.Task{ID: "held", Kind: "k", Created: s.ago(1)}))
		s.takes("w1", -time.Hour, "left") // as a worker that died an hour ago
		s.takes("w2", time.Hour, "left")
		s.must2(s.Queue().Keep(s.ctx, "left", "w2", -time.Hour, .5, "half"))
		s.takes("w3", time.Hour, "left")
		s.takes("w4", time.Hour, "held")
		s.must2(s.Queue().Keep(s.ctx, "left", "w3", -time.Hour, .7, "more"))
		s.reopen()
		if j := s.takes("w5", time.Hour, "left"); j.Attempt != 4 || j.Progress != .7 || j.Note != "more" {
			s.Errorf("taken again: %+v", j)
		}
		s.takes("w6", time.Hour, "")
	})
	each(t, e, "Activity is there", func(s *scene) {
		r := fullRecord(s.clock.Now())
		s.must(s.Activity().Add(s.ctx, r))
		s.must(s.Close())
		s.reopen()
		s.same(r)
	})
	each(t, e, "It can be opened again and again", func(s *scene) {
		for i := range 3 {
			s.everything(s.ctx, fmt.Sprint(i))
			s.reopen()
		}
		for i := range 3 {
			s.done(s.ctx, fmt.Sprint(i), true)
		}
	})
}
