package rate

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server/limit"
)

func TestAQuotaComesBackEvenly(t *testing.T) {
	t.Parallel()
	r := limit.Rate{Quota: 4, Window: time.Minute}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := NewLimits(func() time.Time { return now }, func(context.Context) error { return nil })
	for _, step := range []struct {
		wait time.Duration
		n    int
		want limit.Taken
	}{
		{0, 0, limit.Taken{Allowed: true, Remaining: 4}},
		{0, 3, limit.Taken{Allowed: true, Remaining: 1, Reset: 45 * time.Second}},
		{0, 2, limit.Taken{Remaining: 1, Reset: 45 * time.Second, After: 15 * time.Second}},
		{0, 1, limit.Taken{Allowed: true, Reset: time.Minute}},
		{5 * time.Second, 1, limit.Taken{Reset: 55 * time.Second, After: 10 * time.Second}},
		{10 * time.Second, 1, limit.Taken{Allowed: true, Reset: time.Minute}},
		{time.Hour, 4, limit.Taken{Allowed: true, Reset: time.Minute}},
	} {
		now = now.Add(step.wait)
		got, err := l.Take(context.Background(), "k", r, step.n)
		if err != nil || got != step.want {
			t.Errorf("after %v, %d: %+v, %v; want %+v", step.wait, step.n, got, err, step.want)
		}
	}
}

func TestWhatIsFullAgainIsForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	l := NewLimits(func() time.Time { return now }, func(context.Context) error { return nil })
	for i := range 100 * few {
		now = now.Add(time.Second)
		if _, err := l.Take(context.Background(), fmt.Sprint(i), limit.Rate{Quota: 1, Window: time.Minute}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.full) > 2*few {
		t.Errorf("%d keys are kept, though 60 are in use", len(l.full))
	}
}
