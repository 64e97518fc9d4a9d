package postgres_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

// go test -run '^$' -bench . ./store/postgres, with PostgreSQL 15 on the same two
// cores, which others used too, fsync on, 16 callers:
//
//	Transaction    0.27 ms   3,700/s   one UPDATE in a transaction
//	Keyed          0.53 ms   1,900/s   the same with a key claimed and answered in it
//	Replay         0.26 ms   3,900/s
//	LimitOften     3.1 µs  320,000/s   from a lease
//	LimitSeldom    0.81 ms   1,200/s   a new key each time
//	LimitRefused   5.0 µs  200,000/s
//	Seat           0.23 ms   4,400/s   in 100 pools
//	Activity       58 µs    17,000/s
//
// Beside them pgbench -M prepared -c 16 -j 2 does 2,400/s of the same transaction
// (BEGIN, one UPDATE, COMMIT) and 28,700/s of a SELECT by key.
func Benchmark(b *testing.B) {
	pg := pgtest.Start(b)
	pg.Exec("ALTER SYSTEM SET fsync = on") // as where it matters
	pg.Exec("SELECT pg_reload_conf()")
	s, err := postgres.Open(b.Context(), pg.URL+"&pool_max_conns=16")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	pg.Exec("CREATE TABLE stock AS SELECT id, 0 AS n FROM generate_series(0, 9999) AS id")
	pg.Exec("CREATE INDEX ON stock (id)")
	var n atomic.Int64
	each := func(name string, fn func(ctx context.Context, n int64) error) {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := fn(b.Context(), n.Add(1)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
	effect := func(ctx context.Context, n int64) error {
		_, err := postgres.Tx(ctx).Exec(ctx, "UPDATE stock SET n = n+1 WHERE id = $1", n%10_000)
		return err
	}
	response := idempotency.Response{Status: 201, Body: make([]byte, 200)}
	each("Transaction", func(ctx context.Context, n int64) error {
		return s.Transact(ctx, func(ctx context.Context) error { return effect(ctx, n) })
	})
	each("Keyed", func(ctx context.Context, n int64) error {
		k := idempotency.Key{Key: fmt.Sprint(n), Activity: fmt.Sprint(n)}
		return s.Transact(ctx, func(ctx context.Context) error {
			if _, err := s.Idempotency().Claim(ctx, k); err != nil {
				return err
			}
			if err := effect(ctx, n); err != nil {
				return err
			}
			return s.Idempotency().Record(ctx, k, response)
		})
	})
	each("Served", func(ctx context.Context, n int64) error { // as idempotency.Middleware does it, under Transactional
		k := idempotency.Key{Key: fmt.Sprint("s", n), Activity: fmt.Sprint(n), Claimed: time.Now()}
		if _, err := s.Idempotency().Claim(ctx, k); err != nil {
			return err
		}
		return s.Transact(ctx, func(ctx context.Context) error {
			if err := effect(ctx, n); err != nil {
				return err
			}
			return s.Idempotency().Record(ctx, k, response)
		})
	})
	each("Replay", func(ctx context.Context, n int64) error {
		_, err := s.Idempotency().Claim(ctx, idempotency.Key{Key: "1"})
		return err
	})
	each("LimitOften", func(ctx context.Context, n int64) error {
		_, err := s.Limits().Take(ctx, "one", limit.Rate{Quota: 1_000_000_000, Window: time.Hour}, 1)
		return err
	})
	each("LimitSeldom", func(ctx context.Context, n int64) error {
		_, err := s.Limits().Take(ctx, fmt.Sprint(n), limit.Rate{Quota: 1000, Window: time.Hour}, 1)
		return err
	})
	each("LimitRefused", func(ctx context.Context, n int64) error {
		_, err := s.Limits().Take(ctx, "one", limit.Rate{Quota: 1, Window: time.Hour}, 1)
		return err
	})
	each("Seat", func(ctx context.Context, n int64) error {
		_, err := s.Seats().Acquire(ctx, fmt.Sprint(n%100), fmt.Sprint(n%1000), 100, time.Hour)
		return err
	})
	each("Activity", func(ctx context.Context, n int64) error {
		return s.Activity().Add(ctx, &activity.Record{ID: fmt.Sprint(n), Start: time.Now(), Response: response.Body})
	})
}
