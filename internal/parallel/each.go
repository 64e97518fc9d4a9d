// Package parallel does a thing many times on all processors.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Each calls a function with the numbers below n, on all processors, and returns when all
// calls have returned.
func Each(n int, do func(int)) {
	var next atomic.Int64
	var running sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	running.Wait()
}
