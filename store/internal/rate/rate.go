// Package rate counts rate limits by the generic cell rate algorithm. For each key it
// keeps one time: when all of its quota will be available again.
package rate

import (
	"fmt"
	"time"

	"github.com/parlance-api/parlance/server/limit"
)

// Take uses n of a rate now. The argument full is the time at which all of the quota is available
// again, in nanoseconds of any clock; 0 is a new key. The caller keeps the returned
// time in its place. If n is too much, the time does not change.
func Take(full, now int64, r limit.Rate, n int) (int64, limit.Taken, error) {
	switch {
	case r.Quota < 1 || r.Window <= 0:
		return full, limit.Taken{}, fmt.Errorf("rate: a quota of %d in %v allows nothing: both must be more than 0", r.Quota, r.Window)
	case n < 0 || n > r.Quota:
		return full, limit.Taken{}, fmt.Errorf("rate: %d exceeds the quota of %d and can never be taken", n, r.Quota)
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
