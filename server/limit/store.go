package limit

import (
	"context"
	"time"
)

// Store counts what was used of a rate. Those that share one keep one limit
// together.
type Store interface {
	// Take uses n of what rate allows the key now, or nothing where that is too
	// much. It counts for each pair of key and rate, outside of any transaction: what
	// was tried was tried. n of 0 only looks. An n that is more than the quota could
	// never be allowed and is an error, as is a rate that allows nothing.
	Take(ctx context.Context, key string, rate Rate, n int) (Taken, error)
}

// Rate is how much may be used: Quota in each Window, Quota at once.
type Rate struct {
	Quota  int
	Window time.Duration
}

// Taken is what became of it.
type Taken struct {
	Allowed   bool
	Remaining int           // that could be used now
	Reset     time.Duration // until all of the quota is there again
	After     time.Duration // where it was not allowed: until it will be
}
