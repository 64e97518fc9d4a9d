package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// seats has those who want to sit in one pool come one after another, by a lock on
// the pool: a seat that is free is no row that could be locked. A renewal waits too,
// since its lease may end while it is written.
type seats struct{ *Store }

func (s seats) Acquire(ctx context.Context, pool, holder string, most int, lease time.Duration) (sits bool, err error) {
	err = s.do(ctx, func(ctx context.Context, q querier) error {
		var b pgx.Batch
		b.Queue("SELECT pg_advisory_xact_lock($1, $2)", lockPool, lockOf(s.schema, pool))
		b.Queue(s.sql(`
			INSERT INTO parlance.seat (pool, holder, until)
			SELECT $1, $2, clock_timestamp() + $3::interval WHERE
				EXISTS (SELECT FROM parlance.seat WHERE pool = $1 AND holder = $2 AND until > clock_timestamp()) OR
				(SELECT count(*) FROM parlance.seat WHERE pool = $1 AND until > clock_timestamp()) < $4
			ON CONFLICT (pool, holder) DO UPDATE SET until = excluded.until`), text(pool), text(holder), lease, most)
		return batch(ctx, q, &b, &sits)
	})
	return sits, err
}

// batch runs statements, of which the last says whether it changed anything.
func batch(ctx context.Context, q querier, b *pgx.Batch, changed *bool) error {
	r := q.SendBatch(ctx, b)
	for range b.Len() {
		tag, err := r.Exec()
		if err != nil {
			r.Close()
			return err
		}
		*changed = tag.RowsAffected() > 0
	}
	return r.Close()
}

func (s seats) Release(ctx context.Context, pool, holder string) error {
	return s.do(ctx, func(ctx context.Context, q querier) error {
		_, err := q.Exec(ctx, s.sql("DELETE FROM parlance.seat WHERE pool = $1 AND holder = $2"), text(pool), text(holder))
		return err
	})
}

func (s seats) InUse(ctx context.Context, pool string) (n int, err error) {
	err = s.do(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRow(ctx, s.sql("SELECT count(*) FROM parlance.seat WHERE pool = $1 AND until > clock_timestamp()"), text(pool)).Scan(&n)
	})
	return n, err
}

func (s seats) Add(ctx context.Context, cap string, n, most int) (added bool, err error) {
	err = s.do(ctx, func(ctx context.Context, q querier) error {
		tag, err := q.Exec(ctx, s.sql(`
			INSERT INTO parlance.cap AS c (name, used) SELECT $1, greatest($2::bigint, 0) WHERE $2::bigint <= 0 OR $2::bigint <= $3::bigint
			ON CONFLICT (name) DO UPDATE SET used = greatest(c.used + $2::bigint, 0)
			WHERE $2::bigint <= 0 OR c.used + $2::bigint <= $3::bigint`), text(cap), n, most)
		added = tag.RowsAffected() > 0
		return err
	})
	return added, err
}
