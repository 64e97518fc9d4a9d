// Package rate counts rate limits by the generic cell rate algorithm: one time for
// each key, at which all of its quota will be there again.
package rate

import (
	"fmt"
	"time"

	"github.com/parlance-api/parlance/server/limit"
)

// Take uses n of a rate now. full is when all of the quota would be there again,
// in nanoseconds of any clock, 0 for a key that was never used; what Take returns
// is to be kept in its place. It is not changed where n is too much.
func Take(full, now int64, r limit.Rate, n int) (int64, limit.Taken, error) {
	switch {
	case r.Quota < 1 || r.Window <= 0:
		return full, limit.Taken{}, fmt.Errorf("rate: a quota of %d in %v allows nothing: both must be more than 0", r.Quota, r.Window)
	case n < 0 || n > r.Quota:
		return full, limit.Taken{}, fmt.Errorf("rate: %d can never be taken of a quota of %d", n, r.Quota)
	}
	step := max(int64(r.Window)/int64(r.Quota), 1) // what one use costs
	most := step * int64(r.Quota)                  // the window, less what does not divide
	full = max(full, now)
	next := full + step*int64(n)
	taken := limit.Taken{Allowed: next-now <= most}
	if taken.Allowed {
		full = next
	} else {
		taken.After = time.Duration(next - now - most)
	}
	taken.Remaining = int(max(most-(full-now), 0) / step)
	taken.Reset = time.Duration(full - now)
	return full, taken, nil
}
