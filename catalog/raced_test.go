//go:build race

package catalog_test

// raced is set under the race detector.
const raced = true
