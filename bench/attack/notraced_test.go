//go:build !race

package attack

// raced is set under the race detector.
const raced = false
