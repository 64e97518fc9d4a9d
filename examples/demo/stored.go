package demo

import (
	"context"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store/memory"
)

// Putter puts a request into an outbox, for the service of a URL.
type Putter func(ctx context.Context, box *outbox.Outbox, service string) (id string, err error)

// deliver puts a request into an outbox, which delivers it on a way. The clock of the
// instance moves on to the time of each next attempt.
func (s *station) deliver(ctx context.Context, d *Demo, w *way, put Putter) (r result, err error) {
	clock := &s.instance.clock
	db := memory.New(memory.WithClock(clock.Now))
	box := outbox.New(db.Queue(), w.vendor, outbox.WithPoll(5*time.Millisecond), outbox.WithLogger(d.journal.logger(s.system+", the outbox")))
	id, err := put(ctx, box, w.base)
	if err != nil {
		return r, err
	}
	s.instance.run(box.Run)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		one, err := box.Find(ctx, id)
		if err != nil {
			return r, err
		}
		if one.State.Ended() {
			r.outcome = one.Outcome
			break
		}
		if wait := one.Due.Sub(clock.Now()); one.State == outbox.Waiting && wait > 0 {
			clock.move(wait)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return r, context.Cause(ctx)
		}
	}
	story, err := box.Story(ctx, id)
	for _, step := range story {
		wait := time.Duration(step.After * float64(time.Second))
		a := client.Attempt{Outcome: step.Outcome, Wait: wait}
		a.Decision.Act, a.Decision.After = step.Act, wait
		r.attempts = append(r.attempts, a)
	}
	return r, err
}
