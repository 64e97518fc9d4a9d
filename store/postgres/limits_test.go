package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/internal/rate"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

func TestLimitsInPostgres(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	t.Run("The database counts as the other engines do", func(t *testing.T) { countsAsOthers(t, pg) })
	t.Run("Replicas never allow more than one would", func(t *testing.T) { replicas(t, pg) })
	t.Run("What is idle is forgotten", func(t *testing.T) { idle(t, pg) })
}

func countsAsOthers(t *testing.T, pg *pgtest.Server) {
	open(t, pg, "s")
	ctx := t.Context()
	c, err := pgx.Connect(ctx, pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	const hold = int64(10 * time.Millisecond)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		r := limit.Rate{Quota: 1 + random.IntN(200), Window: time.Duration(1+random.IntN(1_000)) * time.Millisecond}
		id := []byte{byte(i)}
		var full int64
		for range 50 {
			n, want := random.IntN(r.Quota+1), random.IntN(2)*random.IntN(50)
			var allowed bool
			var leased, remaining, reset, after int64
			err := c.QueryRow(ctx, "SELECT * FROM s.take($1, '', $2, $3, $4, $5, $6)", id, r.Quota, int64(r.Window), n, want, hold).
				Scan(&allowed, &leased, &remaining, &reset, &after)
			if err != nil {
				t.Fatal(err)
			}
			before := full
			if err := c.QueryRow(ctx, "SELECT coalesce((SELECT full_at FROM s.rate WHERE id = $1), 0)", id).Scan(&full); err != nil {
				t.Fatal(err)
			}
			if n == 0 && full == 0 || reset == 0 || n == 0 && full < before+reset {
				continue // a look at what is full tells no time
			}
			now := full - reset
			next, got, err := rate.Take(before, now, r, n)
			if err != nil {
				t.Fatal(err)
			}
			if leased > 0 { // as if it were used at its end
				end := max(next, now+hold)
				step := int64(r.Window) / int64(r.Quota)
				if leased > int64(want) || full != end+leased*step || full > now+step*int64(r.Quota) {
					t.Fatalf("%+v, %d: leased %d of %d wanted: full at %d, was %d, now %d", r, n, leased, want, full, before, now)
				}
				continue
			}
			said := limit.Taken{Allowed: allowed, Remaining: int(remaining), Reset: time.Duration(reset), After: time.Duration(after)}
			if got != said || full != max(next, before) {
				t.Fatalf("%+v, %d: the database says %+v, full at %d; want %+v, %d", r, n, said, full, got, next)
			}
		}
	}
}

func replicas(t *testing.T, pg *pgtest.Server) {
	replicas := []*postgres.Store{open(t, pg, "s"), open(t, pg, "s"), open(t, pg, "s")}
	ctx := t.Context()
	c, err := pgx.Connect(ctx, pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	now := func() (nanos int64) {
		if err := c.QueryRow(ctx, "SELECT s.nanos()").Scan(&nanos); err != nil {
			t.Fatal(err)
		}
		return nanos
	}
	r := limit.Rate{Quota: 500, Window: time.Second}
	began := now()
	var asked, allowed atomic.Int64
	if _, err := race(12, func(i int) (bool, error) {
		for range 2000 {
			taken, err := replicas[i%3].Limits().Take(ctx, "k", r, 1)
			if err != nil {
				return false, err
			}
			asked.Add(1)
			if taken.Allowed {
				allowed.Add(1)
			}
		}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	most := int64(r.Quota) + (now()-began)/(int64(r.Window)/int64(r.Quota))
	t.Logf("%d of %d allowed; at most %d", allowed.Load(), asked.Load(), most)
	if allowed.Load() > most {
		t.Errorf("%d allowed, though the rate allows %d", allowed.Load(), most)
	}
}

func idle(t *testing.T, pg *pgtest.Server) {
	s := open(t, pg, "s")
	for i := range 3000 {
		if _, err := s.Limits().Take(t.Context(), fmt.Sprint(i), limit.Rate{Quota: 1, Window: time.Millisecond}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.KnownLimits(); n > 2100 {
		t.Errorf("%d are known", n)
	}
}
