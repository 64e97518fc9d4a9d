package pace

import "time"

// window is one limit of a host, as its responses state it.
type window struct {
	name    string
	foreign bool          // it does not count requests
	quota   int           // requests in each window; 0 if not stated
	most    int           // the most that were ever left, if the quota is not stated
	length  time.Duration // of each; 0 if not stated
	longest time.Duration // the longest that one was to last, if the length is not stated

	// What follows holds while stated is set.
	stated bool
	left   int       // requests, when the response to ticket number was written
	number uint64    // the latest ticket whose response stated it
	unsaid int       // requests without a response since; the server may have counted them
	end    time.Time // when the next one begins
	next   bool      // it is already the next window, which no response has stated
}

// rounding is by how much two statements of one moment in whole seconds differ.
const rounding = time.Second

// state takes what a response says. Responses overtake one another: of two about
// the same window, the one to the later request is the newer.
func (w *window) state(s statement, number uint64, now time.Time) {
	if s.quota >= 0 {
		w.quota = max(s.quota, 1)
	}
	if s.length > 0 {
		w.length = s.length
	}
	w.foreign = w.foreign || s.foreign
	if s.reset == 0 {
		s.reset = sane(w.length) // it cannot last longer
	}
	if w.foreign || s.left < 0 || s.reset == 0 {
		return // what has no time holds nothing
	}
	w.most, w.longest = max(w.most, s.left), max(w.longest, s.reset)
	end := now.Add(s.reset)
	same := w.endsAt(end)
	switch {
	case same && number < w.number:
		w.left = min(w.left, s.left)
		return
	case w.stated && number < w.number && end.Before(w.end):
		return // of a window that is over
	case same:
		end = later(end, w.end)
	}
	w.stated, w.next = true, false
	w.left, w.unsaid, w.end = s.left, 0, end
	w.number = max(w.number, number)
}

// endsAt reports that the window was stated to end then.
func (w *window) endsAt(end time.Time) bool {
	return w.stated && !end.Before(w.end.Add(-rounding)) && !end.After(w.end.Add(rounding))
}

// holds reports that nothing is left now.
func (w *window) holds(now time.Time) bool { return w.stated && w.left == 0 && now.Before(w.end) }

// pass ends a window: the next one begins full. If that was not stated either, it
// is forgotten.
func (w *window) pass(now time.Time) {
	if !w.stated || now.Before(w.end) {
		return
	}
	end := w.end.Add(w.period())
	if w.next || !now.Before(end) {
		w.stated = false
		return
	}
	w.next, w.left, w.unsaid, w.end = true, w.size(), 0, end
}

// size is how many requests a full window has, and period how long it lasts: as
// stated, else the most that was seen.
func (w *window) size() int {
	if w.quota > 0 {
		return w.quota
	}
	return max(w.most, 1)
}

func (w *window) period() time.Duration {
	if w.length > 0 {
		return w.length
	}
	return max(w.longest, time.Second)
}

// apart is the distance between the requests that waited for a window, if it is
// long enough. Sending all in one instant would be a burst, and the server's
// clock differs from ours.
const apart = 50 * time.Millisecond

// maxAhead bounds the search for a window with room. No request waits that long.
const maxAhead = 1000

// slot is the first moment from at on with room for one more request, beside
// those that are held or under way.
func (w *window) slot(at time.Time, out []*ticket) time.Time {
	if !w.stated {
		return at
	}
	if at.Before(w.end) {
		room := w.left - w.unsaid
		if room > len(out) || room > before(w.end, out) {
			return at
		}
		at = w.end
	}
	// Those who wait already, by the window after this one that they wait for,
	// from the one of at on.
	period := w.period()
	first := at.Sub(w.end) / period
	var waiting [maxAhead]int32
	for _, t := range out {
		if t.at.Before(w.end) {
			continue
		}
		if ahead := t.at.Sub(w.end)/period - first; ahead >= 0 && ahead < maxAhead {
			waiting[ahead]++
		}
	}
	space := min(period/time.Duration(w.size()), apart)
	for ahead, n := range waiting {
		if int(n) < w.size() {
			start := w.end.Add((first + time.Duration(ahead)) * period)
			return later(at, start.Add(time.Duration(n)*space))
		}
	}
	return w.end.Add((first + maxAhead) * period)
}

func before(end time.Time, out []*ticket) (n int) {
	for _, t := range out {
		if t.at.Before(end) {
			n++
		}
	}
	return n
}
