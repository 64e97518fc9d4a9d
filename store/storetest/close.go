package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/limit"
)

// question is one thing that can be asked of a store.
type question struct {
	name   string // of the view and its method, and what is asked
	writes bool   // within a transaction it is refused once that has ended
	ask    func(ctx context.Context) error
}

// questions are all methods of all views. The names known and new are asked for: what
// everything did under the one, and nothing did under the other.
func (s *scene) questions() []question {
	var all []question
	read := func(name string, ask func(ctx context.Context) error) {
		all = append(all, question{name, false, ask})
	}
	write := func(name string, ask func(ctx context.Context) error) {
		all = append(all, question{name, true, ask})
	}
	write("Transact", func(ctx context.Context) error {
		return s.Transact(ctx, func(context.Context) error { return nil })
	})
	for _, name := range []string{"known", "new"} {
		k := idempotency.Key{Scope: "all", Key: name, Expires: s.in(1)}
		outside := k
		outside.Outside = true
		write("Keys.Claim "+name, func(ctx context.Context) error {
			c, err := s.Idempotency().Claim(ctx, k)
			if err != nil && c.State != 0 {
				s.Errorf("refused, and yet told: %+v", c)
			}
			return err
		})
		write("Keys.Claim outside "+name, func(ctx context.Context) error {
			_, err := s.Idempotency().Claim(ctx, outside)
			return err
		})
		write("Keys.Record "+name, func(ctx context.Context) error { return s.Idempotency().Record(ctx, k, s.response()) })
		write("Keys.Free "+name, func(ctx context.Context) error { return s.Idempotency().Free(ctx, k) })
		write("Keys.Free outside "+name, func(ctx context.Context) error { return s.Idempotency().Free(ctx, outside) })
		write("Keys.Settle "+name, func(ctx context.Context) error { return s.Idempotency().Settle(ctx, k, nil) })

		for _, most := range []int{0, 9} {
			write(fmt.Sprint("Seats.Acquire ", name, most), func(ctx context.Context) error {
				_, err := s.Seats().Acquire(ctx, name, "holder", most, time.Hour)
				return err
			})
			write(fmt.Sprint("Seats.Add ", name, most), func(ctx context.Context) error {
				_, err := s.Seats().Add(ctx, name, 1, most)
				return err
			})
		}
		write("Seats.Release "+name, func(ctx context.Context) error { return s.Seats().Release(ctx, name, "holder") })
		read("Seats.InUse "+name, func(ctx context.Context) error {
			_, err := s.Seats().InUse(ctx, name)
			return err
		})

		write("Queue.Put "+name, func(ctx context.Context) error { return s.Queue().Put(ctx, queue.Task{ID: name, Kind: name}) })
		write("Queue.Take "+name, func(ctx context.Context) error {
			_, err := s.Queue().Take(ctx, queue.Order{Kinds: []string{name}, Worker: "w", Lease: time.Hour})
			return err
		})
		write("Queue.Keep "+name, func(ctx context.Context) error {
			_, err := s.Queue().Keep(ctx, name, "w", time.Hour, 0, "")
			return err
		})
		write("Queue.Rest "+name, func(ctx context.Context) error { return s.Queue().Rest(ctx, name, "w", queue.Rest{}, queue.Step{}) })
		write("Queue.End "+name, func(ctx context.Context) error {
			return s.Queue().End(ctx, name, "w", queue.Result{}, queue.Step{})
		})
		read("Queue.Task "+name, func(ctx context.Context) error {
			_, err := s.Queue().Task(ctx, name)
			return err
		})
		write("Queue.Cancel "+name, func(ctx context.Context) error { return s.Queue().Cancel(ctx, name) })
		write("Queue.Settle "+name, func(ctx context.Context) error { return s.Queue().Settle(ctx, name, queue.Result{}) })
		write("Queue.Again "+name, func(ctx context.Context) error { return s.Queue().Again(ctx, name) })
		write("Queue.Erase "+name, func(ctx context.Context) error { return s.Queue().Erase(ctx, name) })
		read("Queue.Tasks "+name, func(ctx context.Context) error {
			_, err := s.Queue().Tasks(ctx, queue.Filter{Kind: name})
			return err
		})
		read("Queue.Steps "+name, func(ctx context.Context) error {
			_, err := s.Queue().Steps(ctx, name)
			return err
		})
		read("Queue.Lanes "+name, func(ctx context.Context) error {
			_, err := s.Queue().Lanes(ctx, name)
			return err
		})

		write("Tokens.PutToken "+name, func(ctx context.Context) error {
			return s.Tokens().PutToken(ctx, hash(name), auth.Token{})
		})
		read("Tokens.Token "+name, func(ctx context.Context) error {
			_, err := s.Tokens().Token(ctx, hash(name))
			return err
		})
		write("Tokens.Spend "+name, func(ctx context.Context) error {
			_, err := s.Tokens().Spend(ctx, hash(name))
			return err
		})
		write("Tokens.Revoke "+name, func(ctx context.Context) error { return s.Tokens().Revoke(ctx, name) })

		for _, n := range []int{0, 1} {
			read(fmt.Sprint("Limits.Take ", name, n), func(ctx context.Context) error {
				_, err := s.Limits().Take(ctx, name, limit.Rate{Quota: 1, Window: time.Hour}, n)
				return err
			})
		}

		write("Activity.Add "+name, func(ctx context.Context) error {
			return s.Activity().Add(ctx, &activity.Record{ID: name})
		})
		read("Activity.Find "+name, func(ctx context.Context) error {
			_, err := s.Activity().Find(ctx, name)
			return err
		})
	}
	read("Keys.Uncertain", func(ctx context.Context) error {
		_, err := s.Idempotency().Uncertain(ctx, 1)
		return err
	})
	write("Queue.Take of no kind", func(ctx context.Context) error {
		_, err := s.Queue().Take(ctx, queue.Order{Worker: "w", Lease: time.Hour})
		return err
	})
	write("Tokens.Revoke of no family", func(ctx context.Context) error { return s.Tokens().Revoke(ctx, "") })
	for _, before := range []time.Time{{}, s.ago(9)} {
		for _, bytes := range []int64{0, 1 << 30} {
			read("Activity.Prune", func(ctx context.Context) error {
				_, err := s.Activity().Prune(ctx, before, bytes)
				return err
			})
		}
	}
	return all
}

// unasked are the methods that questions left out.
func (s *scene) unasked(all []question) (names []string) {
	asked := map[string]bool{}
	for _, q := range all {
		name, _, _ := strings.Cut(q.name, " ")
		asked[name] = true
	}
	for view, has := range map[string]reflect.Type{
		"Keys": reflect.TypeFor[idempotency.Store](), "Limits": reflect.TypeFor[limit.Store](), "Seats": reflect.TypeFor[license.Store](),
		"Queue": reflect.TypeFor[queue.Store](), "Tokens": reflect.TypeFor[auth.TokenStore](), "Activity": reflect.TypeFor[activity.Store](),
	} {
		for m := range has.Methods() {
			if m.Name != "Transact" && !asked[view+"."+m.Name] { // which is the store's
				names = append(names, view+"."+m.Name)
			}
		}
	}
	return names
}

func closing(t *testing.T, e Engine) {
	closed(t, e)
	closingMeanwhile(t, e)
}

// closed asks a store, and a transaction, that has ended.
func closed(t *testing.T, e Engine) {
	each(t, e, "Whatever is asked after Close is refused, each time", func(s *scene) {
		s.everything(s.ctx, "known")
		s.state(s.ctx, idempotency.Key{Key: "held"}, idempotency.Fresh)
		all := s.questions()
		for _, name := range s.unasked(all) {
			s.Errorf("%s is not asked", name)
		}
		for _, q := range all {
			if strings.HasPrefix(q.name, "Limits.") {
				s.must(q.ask(s.ctx)) // so that some are in memory
			}
		}
		s.must(s.Close())
		s.must(s.Close())
		for range 3 {
			for _, q := range all {
				if err := q.ask(s.ctx); !errors.Is(err, parlance.ErrUnavailable) {
					s.Errorf("%s: error %v, want one that wraps %q", q.name, err, parlance.ErrUnavailable)
				}
			}
		}
	})
	each(t, e, "What is asked in a transaction that has ended is refused", func(s *scene) {
		s.everything(s.ctx, "known")
		for _, end := range []error{nil, errFailed} {
			var ended context.Context
			if err := s.Transact(s.ctx, func(ctx context.Context) error {
				ended = ctx
				return end
			}); !errors.Is(err, end) {
				s.Errorf("error %v, want %v", err, end)
			}
			for _, q := range s.questions() {
				if q.writes && q.ask(ended) == nil {
					s.Errorf("%s is not refused", q.name)
				}
			}
		}
		s.done(s.ctx, "known", true)
		s.done(s.ctx, "new", false)
	})
}

// closingMeanwhile closes a store that is in use.
func closingMeanwhile(t *testing.T, e Engine) {
	each(t, e, "Close waits for what is under way", func(s *scene) {
		if e.Reopen == nil {
			s.Skip("nothing is left of it")
		}
		var once sync.Once
		began, closed := make(chan struct{}), make(chan error)
		go func() {
			<-began
			closed <- s.Close()
		}()
		s.transact(func(ctx context.Context) error {
			once.Do(func() { close(began) }) // it may be run again
			for {
				if _, err := s.Seats().InUse(s.ctx, "others"); err != nil {
					break // it closes
				}
				runtime.Gosched()
			}
			s.everything(ctx, "a")
			_, err := s.Limits().Take(ctx, "a", limit.Rate{Quota: 1, Window: time.Hour}, 1)
			return err
		})
		s.must(<-closed)
		s.reopen()
		s.done(s.ctx, "a", true)
	})
	each(t, e, "Who asks while it closes is served or refused", func(s *scene) {
		var all sync.WaitGroup
		served := make([]int, racers)
		many, enough := context.WithCancel(s.ctx)
		defer enough()
		for i := range racers {
			all.Go(func() {
				defer enough()
				for n := 0; ; n++ {
					id := fmt.Sprint(i, ".", n)
					err := s.Activity().Add(s.ctx, &activity.Record{ID: id, Start: s.in(0)})
					if err == nil {
						served[i]++
						_, err = s.Seats().InUse(s.ctx, id)
					}
					if n == 9 {
						enough()
					}
					if err != nil {
						s.wraps(err, parlance.ErrUnavailable)
						return
					}
				}
			})
		}
		<-many.Done()
		s.must(s.Close())
		all.Wait()
		if e.Reopen == nil {
			return
		}
		s.reopen()
		for i, n := range served {
			for n := range n {
				if id := fmt.Sprint(i, ".", n); !s.found(s.ctx, id) {
					s.Errorf("%s was kept, and is lost", id)
				}
			}
		}
	})
}
