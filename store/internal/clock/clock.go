// Package clock is the time of an engine that has no clock of its own.
package clock

import "time"

// Steady is the time of now and what has passed since, as the system's monotonic
// clock has it: that somebody sets the system's time meanwhile changes nothing. What
// is kept ends when so long has passed, and not when a clock says so.
func Steady() func() time.Time {
	began := time.Now()
	return func() time.Time { return began.Add(time.Since(began)) }
}
