package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func seats(t *testing.T, e Engine) {
	sit := func(s *scene, pool, holder string, seats int, lease time.Duration, want bool) {
		s.Helper()
		sits, err := s.Seats().Acquire(s.ctx, pool, holder, seats, lease)
		s.must(err)
		if sits != want {
			s.Errorf("%s sits in %s: %v, want %v", holder, pool, sits, want)
		}
	}
	seated := func(s *scene, pool string, want int) {
		s.Helper()
		n, err := s.Seats().InUse(s.ctx, pool)
		s.must(err)
		if n != want {
			s.Errorf("%s: %d seated, want %d", pool, n, want)
		}
	}
	add := func(s *scene, cap string, n, most int, want bool) {
		s.Helper()
		added, err := s.Seats().Add(s.ctx, cap, n, most)
		s.must(err)
		if added != want {
			s.Errorf("%d more of at most %d under %s: %v, want %v", n, most, cap, added, want)
		}
	}

	each(t, e, "Seats are taken, renewed and given back", func(s *scene) {
		seated(s, "p", 0)
		sit(s, "p", "a", 2, time.Hour, true)
		sit(s, "p", "b", 2, time.Hour, true)
		sit(s, "p", "c", 2, time.Hour, false)
		sit(s, "q", "c", 1, time.Hour, true)
		sit(s, "p", "a", 2, 2*time.Hour, true)
		sit(s, "p", "a", 1, 2*time.Hour, true) // fewer by now, but he sits
		seated(s, "p", 2)
		s.must(s.Seats().Release(s.ctx, "p", "a"))
		s.must(s.Seats().Release(s.ctx, "p", "a"))
		s.must(s.Seats().Release(s.ctx, "r", "nobody"))
		seated(s, "p", 1)
		sit(s, "p", "c", 2, time.Hour, true)
		sit(s, "p", "a", 2, time.Hour, false)
		sit(s, "none", "a", 0, time.Hour, false)
	})
	each(t, e, "A lease that has expired is free", func(s *scene) {
		sit(s, "p", "a", 1, -time.Hour, true)
		seated(s, "p", 0)
		sit(s, "p", "b", 1, time.Hour, true)
		sit(s, "p", "a", 1, time.Hour, false) // it is another's now
		sit(s, "p", "b", 1, -time.Hour, true)
		sit(s, "p", "b", 1, time.Hour, true)
		seated(s, "p", 1)
	})
	each(t, e, "A lease expires in time", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		sit(s, "p", "a", 1, time.Hour, true)
		s.clock.Pass(50 * time.Minute)
		sit(s, "p", "a", 1, time.Hour, true)
		s.clock.Pass(50 * time.Minute)
		sit(s, "p", "b", 1, time.Hour, false)
		s.clock.Pass(10 * time.Minute)
		seated(s, "p", 0)
		sit(s, "p", "b", 1, time.Hour, true)
	})
	each(t, e, "Of many at once one has the last seat", func(s *scene) {
		sit(s, "p", "a", 3, time.Hour, true)
		sit(s, "p", "b", 3, time.Hour, true)
		if won := s.race(func(i int) (bool, error) {
			return s.Seats().Acquire(s.ctx, "p", fmt.Sprint(i), 3, time.Hour)
		}); won != 1 {
			s.Errorf("%d have it", won)
		}
		seated(s, "p", 3)
	})
	each(t, e, "One holder has one seat, however often at once", func(s *scene) {
		if won := s.race(func(int) (bool, error) { return s.Seats().Acquire(s.ctx, "p", "a", 1, time.Hour) }); won != racers {
			s.Errorf("%d of %d sit", won, racers)
		}
		seated(s, "p", 1)
	})
	each(t, e, "A cap is kept", func(s *scene) {
		add(s, "c", 3, 2, false)
		add(s, "c", 2, 2, true)
		add(s, "c", 1, 2, false)
		add(s, "d", 1, 2, true)
		add(s, "c", 1, 3, true)
		add(s, "c", 0, 1, true)
		add(s, "c", -1, 1, true) // above it still, but fewer
		add(s, "c", 1, 2, false)
		add(s, "c", -5, 2, true)
		add(s, "c", 3, 2, false)
		add(s, "c", 2, 2, true)
	})
	each(t, e, "Of many at once as many as the cap are counted", func(s *scene) {
		if won := s.race(func(int) (bool, error) { return s.Seats().Add(s.ctx, "c", 1, 5) }); won != 5 {
			s.Errorf("%d were counted", won)
		}
		add(s, "c", 1, 6, true)
		add(s, "c", 1, 6, false)
	})
	each(t, e, "Of many transactions at once one has seat and cap", func(s *scene) {
		won := s.race(func(i int) (won bool, err error) {
			err = s.Transact(s.ctx, func(ctx context.Context) (err error) {
				if won, err = s.Seats().Acquire(ctx, "p", fmt.Sprint(i), 1, time.Hour); !won || err != nil {
					return err
				}
				won, err = s.Seats().Add(ctx, "c", 1, 1)
				return err
			})
			return won, err
		})
		if won != 1 {
			s.Errorf("%d have both", won)
		}
	})
}
