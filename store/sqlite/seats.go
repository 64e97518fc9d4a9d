package sqlite

import (
	"context"
	"time"
)

type seats struct{ *Store }

func (s seats) Acquire(ctx context.Context, pool, holder string, most int, lease time.Duration) (sits bool, err error) {
	err = s.do(ctx, func(t *transaction) error {
		now := s.clock()
		if _, err := t.exec("DELETE FROM parlance_seat WHERE pool = ? AND until <= ?", pool, now.UnixNano()); err != nil {
			return err
		}
		n, err := t.exec("INSERT INTO parlance_seat (pool, holder, until) SELECT ?1, ?2, ?3 "+
			"WHERE EXISTS (SELECT 1 FROM parlance_seat WHERE pool = ?1 AND holder = ?2) OR (SELECT count(*) FROM parlance_seat WHERE pool = ?1) < ?4 "+
			"ON CONFLICT DO UPDATE SET until = excluded.until", pool, holder, now.Add(lease).UnixNano(), most)
		sits = n > 0
		return err
	})
	return sits, err
}

func (s seats) Release(ctx context.Context, pool, holder string) error {
	return s.do(ctx, func(t *transaction) error {
		_, err := t.exec("DELETE FROM parlance_seat WHERE pool = ? AND holder = ?", pool, holder)
		return err
	})
}

func (s seats) InUse(ctx context.Context, pool string) (n int, err error) {
	_, err = s.row(ctx, "SELECT count(*) FROM parlance_seat WHERE pool = ? AND until > ?", []any{pool, s.clock().UnixNano()}, &n)
	return n, err
}

func (s seats) Add(ctx context.Context, cap string, n, most int) (added bool, err error) {
	err = s.do(ctx, func(t *transaction) error {
		changed, err := t.exec("INSERT INTO parlance_cap (name, used) SELECT ?1, max(?2, 0) WHERE ?2 <= 0 OR ?2 <= ?3 OR EXISTS (SELECT 1 FROM parlance_cap WHERE name = ?1) "+
			"ON CONFLICT DO UPDATE SET used = max(used + ?2, 0) WHERE ?2 <= 0 OR used + ?2 <= ?3", cap, n, most)
		added = changed > 0
		return err
	})
	return added, err
}
