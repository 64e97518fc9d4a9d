package caller

import (
	"sync"
	"time"
)

// Clock is a clock that stands still until it is moved. Its zero value stands at
// the beginning of 2026.
type Clock struct {
	mu    sync.Mutex
	moved time.Duration
}

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(c.moved)
}

// Move moves the clock on.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}
