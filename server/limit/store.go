package limit

import (
	"context"
	"time"
)

// Store counts the use of rates. Processes that share one share the limits.
type Store interface {
	// Take uses n of the amount that rate allows the key now, or nothing if n is too
	// much. It counts for each pair of key and rate. It is never part of a transaction,
	// so a rollback gives nothing back. An n of 0 only reads. It is an error if n
	// exceeds the quota, since it could never be allowed, or if the rate allows
	// nothing.
	Take(ctx context.Context, key string, rate Rate, n int) (Taken, error)
}

// Rate is the allowed use, as a bucket of tokens and not as a window that begins anew. The
// bucket holds Quota. It is filled evenly, by Quota in each Window. So Quota may be used at
// once, and in any one Window less than twice Quota.
type Rate struct {
	Quota  int
	Window time.Duration
}

// Taken is the result of Take.
type Taken struct {
	Allowed   bool
	Remaining int           // what is left now
	Reset     time.Duration // until all of the quota is available again; a part is earlier
	After     time.Duration // if it was not allowed: the time until it will be
}
