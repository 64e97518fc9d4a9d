// Package raced tells tests whether the race detector is on. It slows a test some tenfold,
// and finds nothing in one goroutine. The target race of the Makefile runs each package
// whose tests import this one a second time, without the detector.
package raced

import "testing"

// Skip skips a test that has one goroutine if the race detector is on.
func Skip(t testing.TB) {
	t.Helper()
	if Enabled {
		t.Skip("it has one goroutine: make race runs it without the race detector")
	}
}

// Omits says whether case i of many like it is left out. With the race detector each nth
// case stays, and without it all.
func Omits(i, n int) bool { return Enabled && i%n != 0 }
