package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

func TestAProcessThatIsTakenForDeadDoesNothingTwice(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	ctx := t.Context()
	taken := open(t, pg, "s")
	inside, again := idempotency.Key{Key: "inside", Activity: "1"}, idempotency.Key{Key: "again", Activity: "1"}
	outside, freed := idempotency.Key{Key: "outside", Outside: true}, idempotency.Key{Key: "freed", Outside: true}
	for _, k := range []idempotency.Key{inside, again, outside, freed} {
		is(t, taken, k, idempotency.Fresh)
	}
	pg.Exec("SELECT pg_terminate_backend(pid) FROM s.instance")
	other := open(t, pg, "s")
	mine := inside
	mine.Activity = "2"
	until(t, func() bool { return state(t, other, mine) == idempotency.Fresh })
	is(t, other, outside, idempotency.Uncertain)
	is(t, other, freed, idempotency.Uncertain)

	// It is served by another now: what this one did in its transaction is undone.
	err := taken.Transact(ctx, func(ctx context.Context) error {
		if _, err := taken.Seats().Add(ctx, "effect", 1, 1); err != nil {
			return err
		}
		return taken.Idempotency().Record(ctx, inside, idempotency.Response{Status: 201})
	})
	if !errors.Is(err, idempotency.ErrClaimLost) {
		t.Errorf("recorded what another serves: %v", err)
	}
	if err := taken.Idempotency().Free(ctx, inside); err != nil {
		t.Error(err)
	}
	is(t, other, mine, idempotency.InFlight)
	if added, err := other.Seats().Add(ctx, "effect", 1, 1); !added || err != nil {
		t.Errorf("the effect was not undone: %v", err)
	}

	// What it did outside is known after all.
	if err := taken.Idempotency().Record(ctx, outside, idempotency.Response{Status: 201}); err != nil {
		t.Error(err)
	}
	if err := taken.Idempotency().Free(ctx, freed); err != nil {
		t.Error(err)
	}
	is(t, other, outside, idempotency.Replay)
	is(t, other, freed, idempotency.Fresh)

	// Its own next request is another one, though the process is the same.
	second := again
	second.Activity = "2"
	until(t, func() bool { return state(t, taken, second) == idempotency.Fresh })
	if err := taken.Idempotency().Record(ctx, again, idempotency.Response{Status: 500}); !errors.Is(err, idempotency.ErrClaimLost) {
		t.Errorf("recorded what another request has: %v", err)
	}
	is(t, other, again, idempotency.InFlight) // under the new number
	if err := taken.Idempotency().Record(ctx, second, idempotency.Response{Status: 201}); err != nil {
		t.Error(err)
	}
}

func TestAnOutageIsUnavailableAndOver(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	ctx := t.Context()
	s, other := open(t, pg, "s"), open(t, pg, "s")
	key := func(name string) idempotency.Key { return idempotency.Key{Key: name, Outside: true, Activity: name} }
	for _, name := range []string{"answered", "freed", "lost", "served"} {
		is(t, s, key(name), idempotency.Fresh)
	}
	if ok, err := s.Seats().Add(ctx, "kept", 1, 1); !ok || err != nil {
		t.Fatal(err)
	}

	pg.Kill()
	for what, err := range map[string]error{
		"Transact": s.Transact(ctx, func(context.Context) error { return nil }),
		"Claim":    second(s.Idempotency().Claim(ctx, key("new"))),
		"Record":   s.Idempotency().Record(ctx, key("lost"), idempotency.Response{Status: 201}),
		"Free":     s.Idempotency().Free(ctx, key("freed")),
		"Take":     second(s.Limits().Take(ctx, "k", limit.Rate{Quota: 1, Window: time.Hour}, 1)),
		"Sit":      second(s.Seats().Acquire(ctx, "p", "h", 1, time.Hour)),
		"Job":      second(s.Queue().Task(ctx, "j")),
		"Revoke":   s.Tokens().Revoke(ctx, "f"),
		"Prune":    second(s.Activity().Prune(ctx, time.Now(), 0)),
		"Open":     second(postgres.Open(ctx, pg.URL)),
	} {
		if !errors.Is(err, parlance.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.Activity().Add(ctx, &activity.Record{ID: "a", Start: time.Now()}); err != nil {
		t.Error(err)
	}
	if _, err := s.Activity().Find(ctx, "a"); err != nil {
		t.Errorf("a record that is held back: %v", err)
	}

	pg.Restart()
	if err := s.Idempotency().Record(ctx, key("answered"), idempotency.Response{Status: 201}); err != nil {
		t.Error(err) // though its number is gone
	}
	if ok, err := s.Seats().Add(ctx, "kept", 1, 1); ok || err != nil {
		t.Errorf("what was acknowledged is gone: %v", err)
	}
	if err := s.Keep(ctx); err != nil {
		t.Error(err)
	}
	is(t, other, key("answered"), idempotency.Replay)
	is(t, other, key("lost"), idempotency.Uncertain)
	is(t, other, key("served"), idempotency.Uncertain)
	is(t, other, key("freed"), idempotency.Fresh)
	is(t, s, key("new"), idempotency.Fresh)
	is(t, other, key("new"), idempotency.InFlight)
	if _, err := s.Activity().Prune(ctx, time.Time{}, 0); err != nil {
		t.Error(err)
	}
	if _, err := other.Activity().Find(ctx, "a"); err != nil {
		t.Error(err)
	}
}

func TestAServerThatFallsSilentIsUnavailableToo(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	ctx := t.Context()
	open(t, pg, "s") // while it is quick
	s, err := postgres.Open(ctx, pg.URL, postgres.WithSchema("s"), postgres.WithTimeout(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	k := idempotency.Key{Key: "k", Activity: "k"}
	is(t, s, k, idempotency.Fresh)
	pg.Freeze()
	calls := []func() error{
		func() error { return s.Transact(ctx, func(context.Context) error { return nil }) },
		func() error { return second(s.Idempotency().Claim(ctx, idempotency.Key{Key: "new"})) },
		func() error { return second(s.Limits().Take(ctx, "k", limit.Rate{Quota: 1, Window: time.Hour}, 1)) },
		func() error { return second(s.Queue().Task(ctx, "j")) },
	}
	if won, _ := race(len(calls), func(i int) (bool, error) {
		err := calls[i]()
		return errors.Is(err, parlance.ErrUnavailable), err
	}); won != int64(len(calls)) {
		t.Errorf("%d of %d are unavailable", won, len(calls))
	}
	pg.Thaw()
	until(t, func() bool { return s.Transact(ctx, func(context.Context) error { return nil }) == nil })
	if err := s.Idempotency().Record(ctx, k, idempotency.Response{Status: 201}); err != nil {
		t.Error(err)
	}
	is(t, s, k, idempotency.Replay)
}

// second is the error of what returns something else too.
func second[T any](_ T, err error) error { return err }

func TestWhatWasAcknowledgedIsThereThoughPostgresDiesInBetween(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	ctx := t.Context()
	s := open(t, pg, "s")
	pg.Exec("CREATE TABLE effect (id text PRIMARY KEY)")
	const workers = 4
	acknowledged := make([]map[string]bool, workers)
	over := make(chan struct{})
	many := make(chan struct{}, 1000)
	var all sync.WaitGroup
	for w := range workers {
		acknowledged[w] = map[string]bool{}
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				id := fmt.Sprint(w, "/", i)
				k := idempotency.Key{Key: id, Activity: id}
				for range 2 { // who got no response retries it
					err := s.Transact(ctx, func(ctx context.Context) error {
						c, err := s.Idempotency().Claim(ctx, k)
						if err != nil || c.State == idempotency.Replay {
							return err
						}
						if _, err := postgres.Tx(ctx).Exec(ctx, "INSERT INTO effect VALUES ($1)", id); err != nil {
							return err
						}
						return s.Idempotency().Record(ctx, k, idempotency.Response{Status: 201})
					})
					if err == nil {
						acknowledged[w][id] = true
						select {
						case many <- struct{}{}:
						default:
						}
						break
					}
					if !errors.Is(err, parlance.ErrUnavailable) {
						t.Errorf("%s: %v", id, err)
						return
					}
				}
			}
		})
	}
	some := func() {
		for range 50 {
			<-many
		}
	}
	some()
	pg.Kill()
	for len(many) > 0 {
		<-many
	}
	pg.Restart()
	some()
	pg.Stop()
	for len(many) > 0 {
		<-many
	}
	pg.Restart()
	some()
	close(over)
	all.Wait()
	for _, ids := range acknowledged {
		for id := range ids {
			if pg.Exec("SELECT FROM effect WHERE id = $1", id) != 1 {
				t.Errorf("%s is gone", id)
			}
		}
	}
	if torn := pg.Exec("SELECT FROM effect e FULL JOIN s.key k ON k.key = e.id WHERE e.id IS NULL OR k.key IS NULL OR NOT k.answered"); torn != 0 {
		t.Errorf("%d have a key without an effect, or an effect without a key", torn)
	}
}
