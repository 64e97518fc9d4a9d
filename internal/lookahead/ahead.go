package lookahead

import (
	"io"
	"sync"
	"time"
)

// ahead is the goroutine that reads a body as long as its meaning is waited for.
type ahead struct {
	mu    sync.Mutex
	left  bool          // nobody waits any more: the read that is under way is the last
	ended bool          // no more is needed
	done  chan struct{} // closed when the goroutine has ended
	late  []byte        // what the last read brought
	err   error         // and how it ended
}

// read reads until no more is needed, or until nobody waits any more.
func (a *ahead) read(b *Body, rest io.Reader, space []byte, limit int, until Settler) {
	defer close(a.done)
	for space != nil {
		n, err := rest.Read(space)
		space = a.took(b, space[:n], err, limit, until)
	}
}

// took adds what a read brought. It returns the space for the next one; nil if no more is
// needed, or if nobody waits any more.
func (a *ahead) took(b *Body, read []byte, err error, limit int, until Settler) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left {
		a.late, a.err = read, err
		return nil
	}
	if a.ended = b.take(len(read), err, limit, until); a.ended {
		return nil
	}
	return b.grow(limit)
}

// wait waits until no more is needed, and no longer than a time. It reports which of them
// came first.
func (a *ahead) wait(hold time.Duration) bool {
	timer := time.NewTimer(hold)
	defer timer.Stop()
	select {
	case <-a.done:
	case <-timer.C:
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left = !a.ended
	return a.ended
}

// last waits for the last read, and returns what it brought.
func (a *ahead) last() ([]byte, error) {
	<-a.done
	return a.late, a.err
}
