package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server/limit"
)

func limits(t *testing.T, e Engine) {
	take := func(s *scene, ctx context.Context, key string, r limit.Rate, n int) limit.Taken {
		s.Helper()
		taken, err := s.Limits().Take(ctx, key, r, n)
		s.must(err)
		return taken
	}
	// about expects a duration, less the little that passes while the test runs.
	about := func(s *scene, what string, got, want time.Duration) {
		s.Helper()
		if got > want || got < want-time.Minute {
			s.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	day := limit.Rate{Quota: 4, Window: 24 * time.Hour}

	each(t, e, "A quota is used up", func(s *scene) {
		for i := range 4 {
			got := take(s, s.ctx, "k", day, 1)
			if !got.Allowed || got.Remaining != 3-i {
				s.Errorf("%d: %+v", i, got)
			}
			about(s, "Reset", got.Reset, time.Duration(i+1)*6*time.Hour)
		}
		for range 2 {
			got := take(s, s.ctx, "k", day, 1)
			if got.Allowed || got.Remaining != 0 {
				s.Errorf("the fifth: %+v", got)
			}
			about(s, "Reset", got.Reset, 24*time.Hour)
			about(s, "After", got.After, 6*time.Hour)
		}
		if got := take(s, s.ctx, "other", day, 4); !got.Allowed {
			s.Errorf("another key: %+v", got)
		}
		if got := take(s, s.ctx, "k", limit.Rate{Quota: 4, Window: time.Hour}, 4); !got.Allowed {
			s.Errorf("another rate: %+v", got)
		}
	})
	each(t, e, "What is too much takes nothing", func(s *scene) {
		take(s, s.ctx, "k", day, 2)
		got := take(s, s.ctx, "k", day, 3)
		if got.Allowed || got.Remaining != 2 {
			s.Errorf("%+v", got)
		}
		about(s, "After", got.After, 6*time.Hour)
		if got := take(s, s.ctx, "k", day, 0); !got.Allowed || got.Remaining != 2 || got.After != 0 {
			s.Errorf("a look: %+v", got)
		}
		if got := take(s, s.ctx, "k", day, 2); !got.Allowed {
			s.Errorf("the rest: %+v", got)
		}
	})
	each(t, e, "What can never be allowed is an error", func(s *scene) {
		for _, bad := range []struct {
			rate limit.Rate
			n    int
		}{
			{day, 5}, {day, -1}, {limit.Rate{}, 1}, {limit.Rate{Quota: 1}, 1}, {limit.Rate{Window: 1}, 0},
		} {
			if got, err := s.Limits().Take(s.ctx, "k", bad.rate, bad.n); err == nil {
				s.Errorf("%+v of %d: %+v", bad.rate, bad.n, got)
			}
		}
	})
	each(t, e, "Of many at once as many as the quota are allowed", func(s *scene) {
		if won := s.race(func(int) (bool, error) {
			taken, err := s.Limits().Take(s.ctx, "k", day, 1)
			return taken.Allowed, err
		}); won != day.Quota {
			s.Errorf("%d were allowed", won)
		}
	})
	each(t, e, "What was tried in a transaction that failed was tried", func(s *scene) {
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			take(s, ctx, "k", day, 4)
			return errFailed
		}), errFailed)
		if got := take(s, s.ctx, "k", day, 1); got.Allowed {
			s.Errorf("%+v", got)
		}
	})
	each(t, e, "The quota comes back in time", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		take(s, s.ctx, "k", day, 4)
		s.clock.Pass(6*time.Hour - 1)
		if got := take(s, s.ctx, "k", day, 1); got.Allowed || got.After != 1 {
			s.Errorf("too early: %+v", got)
		}
		s.clock.Pass(1)
		if got := take(s, s.ctx, "k", day, 1); !got.Allowed || got.Remaining != 0 {
			s.Errorf("in time: %+v", got)
		}
		s.clock.Pass(25 * time.Hour)
		if got := take(s, s.ctx, "k", day, 0); got.Remaining != 4 || got.Reset != 0 {
			s.Errorf("at last: %+v", got)
		}
	})
}
