package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-api/parlance/store"
)

// keep pays debts and sweeps until the store is closed. What fails is tried again
// the next time.
func (s *Store) keep(ctx context.Context) {
	defer close(s.stopped)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	swept := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.pay(ctx)
		if time.Since(swept) >= store.Sweep {
			swept = time.Now()
			_ = s.sweep(ctx)
		}
	}
}

// sweep deletes what has ended, so that the tables do not grow forever. Of several
// processes at once one does it.
func (s *Store) sweep(ctx context.Context) error {
	return s.aside(ctx, func(ctx context.Context, q querier) error {
		return pgx.BeginFunc(ctx, q.(*pgx.Conn), func(tx pgx.Tx) error {
			var alone bool
			err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1, $2)", lockSweep, lockOf(s.schema)).Scan(&alone)
			if err != nil || !alone {
				return err
			}
			for _, d := range []struct {
				statement string
				args      []any
			}{
				{`DELETE FROM parlance.key k WHERE expires <= clock_timestamp() AND NOT open
					AND (answered OR NOT EXISTS (SELECT FROM parlance.instance i WHERE i.id = k.owner))`, nil},
				{"DELETE FROM parlance.seat WHERE until <= clock_timestamp()", nil},
				{"DELETE FROM parlance.task WHERE forget <= clock_timestamp()", nil},
				{"UPDATE parlance.task " + blank + " WHERE erase <= clock_timestamp()", nil},
				{"DELETE FROM parlance.token WHERE expires < clock_timestamp() - $1::interval", []any{store.KeepTokens}},
				{"DELETE FROM parlance.rate WHERE full_at <= parlance.nanos()", nil},
				{"SELECT parlance.drop_lanes()", nil}, // last, since a put waits for it
			} {
				if _, err := tx.Exec(ctx, s.sql(d.statement), d.args...); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
