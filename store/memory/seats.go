package memory

import (
	"context"
	"time"
)

type seats struct{ *Store }

type seatID struct{ pool, holder string }

func (s seats) Acquire(ctx context.Context, pool, holder string, most int, lease time.Duration) (sits bool, err error) {
	err = s.do(ctx, func(t *transaction, now time.Time) error {
		id := seatID{pool, holder}
		sits = s.Store.seats[id].After(now) || s.seated(pool, now) < most
		if sits {
			set(t, s.Store.seats, id, now.Add(lease))
		}
		return nil
	})
	return sits, err
}

func (s seats) Release(ctx context.Context, pool, holder string) error {
	return s.do(ctx, func(t *transaction, _ time.Time) error {
		unset(t, s.Store.seats, seatID{pool, holder})
		return nil
	})
}

func (s seats) InUse(ctx context.Context, pool string) (n int, err error) {
	err = s.do(ctx, func(_ *transaction, now time.Time) error {
		n = s.seated(pool, now)
		return nil
	})
	return n, err
}

func (s seats) seated(pool string, now time.Time) (n int) {
	for id, until := range s.Store.seats {
		if id.pool == pool && until.After(now) {
			n++
		}
	}
	return n
}

func (s seats) Add(ctx context.Context, cap string, n, most int) (added bool, err error) {
	err = s.do(ctx, func(t *transaction, _ time.Time) error {
		sum := max(s.caps[cap]+n, 0)
		if added = n <= 0 || sum <= most; added {
			set(t, s.caps, cap, sum)
		}
		return nil
	})
	return added, err
}
