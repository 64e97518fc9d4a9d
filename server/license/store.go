package license

import (
	"context"
	"time"

	"github.com/parlance-api/parlance/server"
)

// Store keeps the seats and caps of licenses. Within a transaction, its changes are
// committed with the rest.
type Store interface {
	server.Transactor

	// Acquire leases a seat of the pool to a holder, by the store's clock, or renews
	// the holder's lease. A renewal succeeds even if the pool has fewer seats by now.
	// false means that all seats are taken. An expired lease is free.
	Acquire(ctx context.Context, pool, holder string, seats int, lease time.Duration) (bool, error)

	// Release gives a seat back. A holder without one is no error.
	Release(ctx context.Context, pool, holder string) error

	// InUse counts the seats that are taken.
	InUse(ctx context.Context, pool string) (int, error)

	// Add adds n, which may be negative, to the count under the cap. If the sum would
	// exceed most, it changes nothing and returns false. A negative n always succeeds;
	// the count stops at 0.
	Add(ctx context.Context, cap string, n, most int) (bool, error)
}
