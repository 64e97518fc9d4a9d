// Package clock is the time of an engine that has no clock of its own.
package clock

import "time"

// Steady returns the current time plus the time that has passed since, by the system's
// monotonic clock. A change of the system's time has no effect on it. Data therefore
// expires after its duration, and not when the system clock is changed.
func Steady() func() time.Time {
	began := time.Now()
	return func() time.Time { return began.Add(time.Since(began)) }
}
