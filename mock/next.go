package mock

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/parlance-api/parlance/dialect"
)

// maxNext bounds how many wishes wait.
const maxNext = 1000

// queue holds what the next requests get.
type queue struct {
	waiting atomic.Int64 // so that a request without one takes no lock
	mu      sync.Mutex
	wishes  []waiting
}

type waiting struct {
	wish Wish
	left int
}

// Next gives the response of a wish to the next n requests that wish nothing themselves.
// Earlier calls come first. The error is that of an unknown wish.
func (m *Mock) Next(n int, w Wish) error {
	if n < 1 {
		return errors.New("mock: Next needs at least 1 request")
	}
	if _, err := m.meaning(dialect.Request{}, &w); err != nil {
		return err
	}
	return m.next.put(w, n)
}

func (q *queue) put(w Wish, n int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.wishes) == maxNext {
		return errors.New("mock: too many wishes wait for their requests")
	}
	q.wishes = append(q.wishes, waiting{w, n})
	q.waiting.Add(int64(n))
	return nil
}

// take is the wish for a request, if one waits.
func (q *queue) take() (Wish, bool) {
	if q.waiting.Load() == 0 {
		return Wish{}, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.wishes) == 0 {
		return Wish{}, false
	}
	first := &q.wishes[0]
	w := first.wish
	if first.left--; first.left == 0 {
		q.wishes = q.wishes[1:]
	}
	q.waiting.Add(-1)
	return w, true
}

// waitingWish is a wish that waits, as the endpoints of the page show it.
type waitingWish struct {
	Prefer string `json:"prefer"` // the wish
	Times  int    `json:"times"`  // for so many requests
}

// list is what waits, the first one first.
func (q *queue) list() []waitingWish {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]waitingWish, len(q.wishes))
	for i := range q.wishes {
		all[i] = waitingWish{q.wishes[i].wish.String(), q.wishes[i].left}
	}
	return all
}

// clear lets nothing wait.
func (q *queue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wishes = nil
	q.waiting.Store(0)
}
