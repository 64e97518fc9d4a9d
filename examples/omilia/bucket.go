package omilia

import (
	"sync"
	"time"
)

// bucket is a token bucket: it holds burst tokens, fills by rate a second, and
// each request takes one. It starts full.
type bucket struct {
	rate, burst float64

	mu   sync.Mutex
	used float64 // tokens taken and not yet back
	at   time.Time
}

// take takes a token, or says how long it is until there is one.
func (b *bucket) take(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.After(b.at) {
		b.used = max(0, b.used-b.rate*now.Sub(b.at).Seconds())
		b.at = now
	}
	if missing := b.used + 1 - b.burst; missing > 0 {
		return time.Duration(missing / b.rate * float64(time.Second))
	}
	b.used++
	return 0
}
