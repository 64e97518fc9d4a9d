package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server/limit"
)

// fourADay is the rate that is used up.
var fourADay = limit.Rate{Quota: 4, Window: 24 * time.Hour}

// take takes n of a rate.
func (s *scene) take(ctx context.Context, key string, r limit.Rate, n int) limit.Taken {
	s.Helper()
	taken, err := s.Limits().Take(ctx, key, r, n)
	s.must(err)
	return taken
}

// lasts expects a duration, less the little that passes while the test runs.
func (s *scene) lasts(what string, got, want time.Duration) {
	s.Helper()
	if got > want || got < want-time.Minute {
		s.Errorf("%s is %v, want %v", what, got, want)
	}
}

func limits(t *testing.T, e Engine) {
	quotas(t, e)
	refusedQuotas(t, e)
	sharedQuotas(t, e)
}

// quotas are limits of one caller.
func quotas(t *testing.T, e Engine) {
	each(t, e, "A quota is used up", func(s *scene) {
		for i := range 4 {
			got := s.take(s.ctx, "k", fourADay, 1)
			if !got.Allowed || got.Remaining != 3-i {
				s.Errorf("%d: %+v", i, got)
			}
			s.lasts("Reset", got.Reset, time.Duration(i+1)*6*time.Hour)
		}
		for range 2 {
			got := s.take(s.ctx, "k", fourADay, 1)
			if got.Allowed || got.Remaining != 0 {
				s.Errorf("the fifth: %+v", got)
			}
			s.lasts("Reset", got.Reset, 24*time.Hour)
			s.lasts("After", got.After, 6*time.Hour)
		}
		if got := s.take(s.ctx, "other", fourADay, 4); !got.Allowed {
			s.Errorf("another key: %+v", got)
		}
		if got := s.take(s.ctx, "k", limit.Rate{Quota: 4, Window: time.Hour}, 4); !got.Allowed {
			s.Errorf("another rate: %+v", got)
		}
	})
}

// refusedQuotas are what takes nothing.
func refusedQuotas(t *testing.T, e Engine) {
	each(t, e, "What is too much takes nothing", func(s *scene) {
		s.take(s.ctx, "k", fourADay, 2)
		got := s.take(s.ctx, "k", fourADay, 3)
		if got.Allowed || got.Remaining != 2 {
			s.Errorf("%+v", got)
		}
		s.lasts("After", got.After, 6*time.Hour)
		if got := s.take(s.ctx, "k", fourADay, 0); !got.Allowed || got.Remaining != 2 || got.After != 0 {
			s.Errorf("a look: %+v", got)
		}
		if got := s.take(s.ctx, "k", fourADay, 2); !got.Allowed {
			s.Errorf("the rest: %+v", got)
		}
	})
	each(t, e, "What can never be allowed is an error", func(s *scene) {
		for _, bad := range []struct {
			rate limit.Rate
			n    int
		}{
			{fourADay, 5}, {fourADay, -1}, {limit.Rate{}, 1}, {limit.Rate{Quota: 1}, 1}, {limit.Rate{Window: 1}, 0},
		} {
			if got, err := s.Limits().Take(s.ctx, "k", bad.rate, bad.n); err == nil {
				s.Errorf("%+v of %d: %+v", bad.rate, bad.n, got)
			}
		}
	})
}

// sharedQuotas are limits that many use at once, or in the course of time.
func sharedQuotas(t *testing.T, e Engine) {
	each(t, e, "Of many at once as many as the quota are allowed", func(s *scene) {
		if won := s.race(func(int) (bool, error) {
			taken, err := s.Limits().Take(s.ctx, "k", fourADay, 1)
			return taken.Allowed, err
		}); won != fourADay.Quota {
			s.Errorf("%d were allowed", won)
		}
	})
	each(t, e, "What was tried in a transaction that failed was tried", func(s *scene) {
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.take(ctx, "k", fourADay, 4)
			return errFailed
		}), errFailed)
		if got := s.take(s.ctx, "k", fourADay, 1); got.Allowed {
			s.Errorf("%+v", got)
		}
	})
	each(t, e, "The quota comes back in time", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		s.take(s.ctx, "k", fourADay, 4)
		s.clock.Pass(6*time.Hour - 1)
		if got := s.take(s.ctx, "k", fourADay, 1); got.Allowed || got.After != 1 {
			s.Errorf("too early: %+v", got)
		}
		s.clock.Pass(1)
		if got := s.take(s.ctx, "k", fourADay, 1); !got.Allowed || got.Remaining != 0 {
			s.Errorf("in time: %+v", got)
		}
		s.clock.Pass(25 * time.Hour)
		if got := s.take(s.ctx, "k", fourADay, 0); got.Remaining != 4 || got.Reset != 0 {
			s.Errorf("at last: %+v", got)
		}
	})
}
