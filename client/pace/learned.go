package pace

import "time"

// The rate that is learned; the package's comment says why these.
const (
	decrease = 0.7              // of the rate that was refused
	increase = 0.05             // of it, each second
	slowest  = 0.5              // requests a second
	idle     = 30 * time.Second // without holding anything back
)

// learned is the rate at which a host takes requests, if it refuses some without
// stating a limit. It is not a rate.Limiter. That frees only the last place in
// its queue, so that requests which are withheld, many at once, would leave ever
// longer waits behind. Here only its ticket holds a place.
type learned struct {
	limit   float64   // requests a second; 0 if nothing is learned
	refused float64   // the rate at the last cut
	seen    uint64    // the last ticket before the last cut
	risen   time.Time // when the limit last rose
	bound   time.Time // when it last held a request back
	last    time.Time // when the last request is sent that is under way no more

	second       int64 // since 1970
	here, before int   // requests booked in it, and in the one before
}

// measure counts a request, and is how many there were in the last second.
func (l *learned) measure(now time.Time) float64 {
	switch second := now.Unix(); {
	case second == l.second:
	case second == l.second+1:
		l.second, l.before, l.here = second, l.here, 0
	default:
		l.second, l.before, l.here = second, 0, 0
	}
	l.here++
	return float64(l.here) + float64(l.before)*(1-float64(now.Nanosecond())/1e9)
}

// place puts a ticket behind all that wait, at the learned rate, if that is later
// than at.
func (l *learned) place(t *ticket, at, now time.Time, out []*ticket) {
	t.at, t.rate = at, l.measure(now)
	if l.limit > 0 && now.Sub(l.bound) > idle {
		l.limit = 0
	}
	if l.limit == 0 {
		return
	}
	last := l.last
	for _, o := range out {
		last = later(last, o.at)
	}
	if next := last.Add(time.Duration(float64(time.Second) / l.limit)); next.After(at) {
		t.at, t.rate, l.bound = next, l.limit, now
	}
}

// sent remembers when a request was sent.
func (l *learned) sent(t *ticket) { l.last = later(l.last, t.at) }

// cut slows down. Of the tickets that were booked before, only the first refusal
// counts, since all have the same reason. The rate holds nothing back before
// until.
func (l *learned) cut(t *ticket, booked uint64, now, until time.Time) {
	if l.limit > 0 && t.number <= l.seen {
		return
	}
	l.refused = t.rate
	l.limit = max(l.refused*decrease, slowest)
	l.seen, l.risen, l.bound = booked, now, later(now, until)
}

// rise speeds up with a success at the rate that is tried now.
func (l *learned) rise(t *ticket, now time.Time) {
	if l.limit == 0 || t.number <= l.seen {
		return
	}
	passed := min(now.Sub(l.risen), time.Second).Seconds() // a longer silence shows nothing
	l.limit += max(l.refused, slowest) * increase * passed
	l.risen = now
}
