//go:build race

package raced

// Enabled is set if the race detector is on.
const Enabled = true
