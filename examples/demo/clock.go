package demo

import (
	"sync"
	"time"
)

// clock is what a service takes for the time: the real one, moved on where a
// scenario needs it later. Its zero value shows the real time.
type clock struct {
	mu     sync.Mutex
	moved  time.Duration
	held   time.Time // where it stands still; zero while it goes
	broken bool
}

// Now is the time of the clock. It panics if the clock is broken.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		panic("the clock is broken")
	}
	if !c.held.IsZero() {
		return c.held
	}
	return time.Now().Add(c.moved)
}

// move moves the clock on.
func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

// hold makes the clock stand still, so that it does not matter how long
// something takes.
func (c *clock) hold() {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = now
}

// release lets the clock go on from where it stands.
func (c *clock) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.held.IsZero() {
		c.moved, c.held = time.Until(c.held), time.Time{}
	}
}

// smash makes the clock panic.
func (c *clock) smash() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = true
}
