package guard

import (
	"context"
	"sync"
	"time"
)

// bounded is a context with a deadline that can be lifted.
type bounded struct {
	context.Context
	until  time.Time
	done   chan struct{}
	detach func() bool // from the context that it is made of

	mu     sync.Mutex
	timer  *time.Timer
	lifted bool
	err    error
}

// newBounded bounds a context by a duration. The caller ends it.
func newBounded(ctx context.Context, d time.Duration) *bounded {
	b := &bounded{Context: ctx, until: time.Now().Add(d), done: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.timer = time.AfterFunc(d, b.expire)
	b.detach = context.AfterFunc(ctx, func() { b.end(ctx.Err()) })
	return b
}

// Deadline is the earliest end.
func (b *bounded) Deadline() (time.Time, bool) {
	until, ok := b.Context.Deadline()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lifted || ok && until.Before(b.until) {
		return until, ok
	}
	return b.until, true
}

// Done is closed at the end.
func (b *bounded) Done() <-chan struct{} { return b.done }

// Err is the reason for the end.
func (b *bounded) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *bounded) expire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.lifted {
		b.endLocked(context.DeadlineExceeded)
	}
}

// end ends the context, once.
func (b *bounded) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endLocked(err)
}

func (b *bounded) endLocked(err error) {
	if b.err == nil {
		b.err = err
		b.timer.Stop()
		b.detach()
		close(b.done)
	}
}

// lift takes the deadline away. It reports false if the context has ended.
func (b *bounded) lift() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lifted = b.err == nil
	return b.lifted
}

// bind sets the deadline again.
func (b *bounded) bind() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lifted = false
	b.timer.Reset(time.Until(b.until))
}
