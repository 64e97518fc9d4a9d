package storm

import (
	"context"
	"sync"
	"time"
)

// visit is one request of a caller's, with all the attempts at it.
type visit struct{ attempts int }

type visitKey struct{}

func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

const (
	tick   = 100 * time.Millisecond
	window = 10 * time.Second
)

// record is what the server saw, tick by tick.
type record struct {
	start time.Time

	mu    sync.Mutex
	ticks []counts
}

// counts are of the requests that came in a tick. Attempts are all, the first
// ones among them.
type counts struct{ attempts, first, inTime int }

func (r *record) attempt(now time.Time, v *visit, inTime bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := ticks(now.Sub(r.start))
	for len(r.ticks) <= at {
		r.ticks = append(r.ticks, counts{})
	}
	c := &r.ticks[at]
	c.attempts++
	if v.attempts++; v.attempts > 1 {
		return
	}
	c.first++
	if inTime {
		c.inTime++
	}
}

// between sums the ticks from one up to another.
func (r *record) between(from, to int) (sum counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.ticks[min(from, len(r.ticks)):min(to, len(r.ticks))] {
		sum.attempts += c.attempts
		sum.first += c.first
		sum.inTime += c.inTime
	}
	return sum
}

// amplification is attempts over first attempts.
func (c counts) amplification() float64 { return float64(c.attempts) / float64(max(c.first, 1)) }

// share is how many of the first attempts got a response in time.
func (c counts) share() float64 { return float64(c.inTime) / float64(max(c.first, 1)) }

// search looks for the first ten seconds in which at least 99% of the first
// attempts got a response in time.
type search struct {
	record *record
	from   int // where they begin, as far as is known
	found  bool
}

// upTo looks at the ticks before one, and reports whether they were among them.
func (s *search) upTo(end int) bool {
	for ; !s.found && s.from+ticks(window) <= end; s.from++ {
		if c := s.record.between(s.from, s.from+ticks(window)); c.first > 0 && c.share() >= 0.99 {
			s.found = true
			return true
		}
	}
	return s.found
}
