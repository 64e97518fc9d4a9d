package pace

import (
	"sync"
	"time"
)

// maxWindows is more than any server's limits.
const maxWindows = 8

// host is what is known of one server's limits, and the requests to it.
type host struct {
	mu      sync.Mutex
	booked  uint64    // how many tickets there were
	out     []*ticket // requests that are held or under way
	until   time.Time // nothing is sent before
	windows []*window
	rate    learned
}

// ticket is the place of one attempt.
type ticket struct {
	number uint64    // in the order of the booking, from 1
	at     time.Time // when it is sent
	rate   float64   // requests a second at which it is
	index  int       // in host.out
}

// ending is the result of an attempt.
type ending struct {
	at      time.Time
	stated  []statement
	well    bool          // a response came, and the server did not fail
	silent  bool          // no response came, but the server may have counted the request
	refused bool          // it was one request too many
	wait    time.Duration // the wait that the refusal stated
}

// book finds the first moment at which no known limit forbids a request.
func (h *host) book(now time.Time) *ticket {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.booked++
	t := &ticket{number: h.booked, index: len(h.out)}
	h.rate.place(t, later(now, h.until), now, h.out)
	for _, w := range h.windows {
		w.pass(now)
	}
	for range len(h.windows) { // each may move it on into another's next window
		at := t.at
		for _, w := range h.windows {
			t.at = w.slot(t.at, h.out)
		}
		if t.at.Equal(at) {
			break
		}
	}
	h.out = append(h.out, t)
	return t
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// giveUp frees the place of an attempt that is not sent.
func (h *host) giveUp(t *ticket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(t)
}

func (h *host) remove(t *ticket) {
	last := h.out[len(h.out)-1]
	h.out[t.index], last.index = last, t.index
	h.out[len(h.out)-1] = nil
	h.out = h.out[:len(h.out)-1]
}

// end learns from the result of an attempt.
func (h *host) end(t *ticket, e ending) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(t)
	h.rate.sent(t)
	governed := false
	for _, s := range e.stated {
		if e.refused && e.wait > 0 && s.left == 0 {
			s.reset = e.wait // Retry-After takes precedence (draft -10, 7)
		}
		if w := h.window(s.name); w != nil {
			w.state(s, t.number, e.at)
			governed = governed || e.refused && s.left == 0 && w.holds(e.at)
		}
	}
	if e.silent {
		for _, w := range h.windows {
			w.unsaid++
		}
	}
	switch {
	case e.refused:
		h.until = later(h.until, e.at.Add(e.wait))
		if !governed {
			h.rate.cut(t, h.booked, e.at, h.until)
		}
	case e.well:
		h.rate.rise(t, e.at)
	}
}

// window finds the window of a name; nil if there are too many that hold
// requests.
func (h *host) window(name string) *window {
	var idle *window
	for _, w := range h.windows {
		if w.name == name {
			return w
		}
		if !w.stated {
			idle = w
		}
	}
	switch {
	case len(h.windows) < maxWindows:
		idle = new(window)
		h.windows = append(h.windows, idle)
	case idle == nil:
		return nil
	}
	*idle = window{name: name}
	return idle
}
