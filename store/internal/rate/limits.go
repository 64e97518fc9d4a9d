package rate

import (
	"context"
	"sync"
	"time"

	"github.com/parlance-api/parlance/server/limit"
)

// Limits is a limit.Store in memory. It forgets a key once all of its quota is
// available again. It therefore holds about twice the keys that were used within a
// window at most.
type Limits struct {
	clock  func() time.Time
	usable func(ctx context.Context) error

	mu    sync.Mutex
	full  map[limitKey]int64 // in unix nanoseconds
	sweep int                // so many are worth a look at which are full
}

var _ limit.Store = (*Limits)(nil)

type limitKey struct {
	key  string
	rate limit.Rate
}

// few is how many keys are never worth a sweep.
const few = 1024

// NewLimits makes an empty store that reads the time from clock. usable returns the
// reason why it cannot be used now, such as that the store is closed, or nil.
func NewLimits(clock func() time.Time, usable func(ctx context.Context) error) *Limits {
	return &Limits{clock: clock, usable: usable, full: map[limitKey]int64{}, sweep: few}
}

// Take implements limit.Store.
func (l *Limits) Take(ctx context.Context, key string, r limit.Rate, n int) (limit.Taken, error) {
	if err := ctx.Err(); err != nil {
		return limit.Taken{}, err
	}
	if err := l.usable(ctx); err != nil {
		return limit.Taken{}, err
	}
	at := limitKey{key, r}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock().UnixNano()
	full, taken, err := Take(l.full[at], now, r, n)
	if err != nil || full <= now {
		return taken, err
	}
	l.full[at] = full
	if len(l.full) >= l.sweep {
		for at, full := range l.full {
			if full <= now {
				delete(l.full, at)
			}
		}
		l.sweep = max(2*len(l.full), few)
	}
	return taken, nil
}
