package postgres

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/internal/rate"
)

// limits keeps each rate as one row, which all processes use. A key that is seldom
// used goes to it each time. Of one that is used often a process leases as much as
// it used of late, and gives that out from memory until the lease ends; and that so
// much is too much holds until it would not be, for nothing is ever given back.
//
// What is leased is charged as used at the end of the lease. So in no span of time
// all of them together allow more than one of them would; where a process leases
// more than it then uses they allow that much less. What a lease gives out has
// Remaining and Reset as they were when it was taken.
type limits struct {
	*Store
	mu    sync.Mutex
	known map[limitKey]*lease
	sweep int // so many are worth a look at which are idle
}

type limitKey struct {
	key  string
	rate limit.Rate
}

// A lease holds for a while that is short, and short beside the window, since that
// is what an idle process withholds from the others.
const (
	maxHold     = 100 * time.Millisecond
	holdDivides = 50

	fewLimits = 1024 // are never worth a sweep
)

func (r limitKey) hold() time.Duration { return min(maxHold, r.rate.Window/holdDivides) }

// lease is what one process knows of a rate. Times are the process's own, from
// before the database was asked: a lease never outlives what the database thinks.
type lease struct {
	wanted int           // by so many now; guarded by limits.mu
	turn   chan struct{} // holds a token while somebody has the rest

	left  int       // that may be given out
	until time.Time // the lease
	deny  int       // so many and more are too much, 0 for none
	again time.Time // until then
	seen  limit.Taken
	when  time.Time // it was seen

	slot         time.Time // since when it is counted what is used
	used, before int       // in this slot and the last
}

func (s *limits) Take(ctx context.Context, key string, r limit.Rate, n int) (limit.Taken, error) {
	if err := ctx.Err(); err != nil {
		return limit.Taken{}, err
	}
	if _, _, err := rate.Take(0, 0, r, n); err != nil {
		return limit.Taken{}, err
	}
	if err := s.usable(ctx); err != nil {
		return limit.Taken{}, err
	}
	id := limitKey{key, r}
	l := s.want(id)
	defer s.leave(l)
	wait, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-wait.Done():
		return limit.Taken{}, explain(ctx, wait.Err(), true)
	}
	now := time.Now()
	if n > 0 {
		l.count(now, id.hold(), n)
	}
	if taken, known := l.take(now, n); known {
		return taken, nil
	}
	return s.ask(wait, ctx, id, l, now, n)
}

// take takes from what is known; false is that the database must be asked.
func (l *lease) take(now time.Time, n int) (limit.Taken, bool) {
	if !now.Before(l.until) {
		l.left = 0
	}
	switch {
	case n > 0 && n <= l.left:
		l.left -= n
		return l.taken(now, true), true
	case l.deny > 0 && n >= l.deny && now.Before(l.again):
		t := l.taken(now, false)
		t.After = l.again.Sub(now)
		return t, true
	}
	return limit.Taken{}, false
}

// taken is what was seen, as far as it holds still.
func (l *lease) taken(now time.Time, allowed bool) limit.Taken {
	return limit.Taken{Allowed: allowed, Remaining: l.seen.Remaining + l.left, Reset: max(l.seen.Reset-now.Sub(l.when), 0)}
}

// count counts what is used of late, which is what a lease will be for.
func (l *lease) count(now time.Time, hold time.Duration, n int) {
	if passed := now.Sub(l.slot); passed >= hold {
		l.before = l.used
		if passed >= 2*hold {
			l.before = 0
		}
		l.slot, l.used = now, 0
	}
	l.used += n
}

// ask uses n of the row, and leases more where that is worth it.
func (s *limits) ask(wait, ctx context.Context, id limitKey, l *lease, now time.Time, n int) (limit.Taken, error) {
	want := 0
	if n > 0 {
		want = max(l.before, l.used-n, s.others(l))
	}
	var allowed bool
	var leased, remaining, reset, after int64
	hold := id.hold()
	err := s.aside(wait, func(ctx context.Context, q querier) error {
		now = time.Now() // the wait for a connection is not the lease's
		return q.QueryRow(ctx, s.sql("SELECT * FROM parlance.take($1, $2, $3, $4, $5, $6, $7)"),
			hash(id.key, strconv.Itoa(id.rate.Quota), id.rate.Window.String()), text(id.key),
			id.rate.Quota, int64(id.rate.Window), n, want, int64(hold)).
			Scan(&allowed, &leased, &remaining, &reset, &after)
	})
	if err != nil {
		return limit.Taken{}, explain(ctx, err, true)
	}
	l.seen, l.when = limit.Taken{Remaining: int(remaining), Reset: time.Duration(reset)}, now
	if leased > 0 {
		l.left, l.until = int(leased), now.Add(hold)
	}
	l.deny = 0
	t := l.taken(now, allowed)
	if !allowed {
		t.After = time.Duration(after)
		l.deny, l.again = n, now.Add(t.After)
	}
	return t, nil
}

// want finds what is known of a rate and says that somebody wants it.
func (s *limits) want(id limitKey) *lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.known[id]
	if l == nil {
		if len(s.known) >= max(s.sweep, fewLimits) {
			s.forget()
		}
		l = &lease{turn: make(chan struct{}, 1)}
		s.known[id] = l
	}
	l.wanted++
	return l
}

// forget forgets what is idle, for which the database is asked again, so that it holds no more than about twice what is in
// use.
func (s *limits) forget() {
	now := time.Now()
	for id, l := range s.known {
		if l.wanted == 0 && now.Sub(l.slot) > 2*maxHold {
			delete(s.known, id)
		}
	}
	s.sweep = 2 * len(s.known)
}

func (s *limits) leave(l *lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.wanted--
}

// others is how many wait beside the caller.
func (s *limits) others(l *lease) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return l.wanted - 1
}
