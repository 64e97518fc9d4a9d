package license

import (
	"context"
	"time"

	"github.com/parlance-api/parlance/server"
)

// Store keeps the seats and caps of licenses. Within a transaction what it
// changes is committed with the rest.
type Store interface {
	server.Transactor

	// Acquire leases a seat of the pool to a holder for so long, by the store's clock, or
	// renews the lease that it has, also where there are fewer seats by now. false is
	// that all seats are taken. A lease that has expired is free.
	Acquire(ctx context.Context, pool, holder string, seats int, lease time.Duration) (bool, error)

	// Release gives a seat back. A holder without one is no error.
	Release(ctx context.Context, pool, holder string) error

	// InUse counts the seats that are taken.
	InUse(ctx context.Context, pool string) (int, error)

	// Add adds n, which may be negative, to what is counted under the cap, and
	// reports false, nothing changed, where that would be more than most. To count
	// down is always done, to 0 at the least.
	Add(ctx context.Context, cap string, n, most int) (bool, error)
}
