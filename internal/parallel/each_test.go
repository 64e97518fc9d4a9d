package parallel

import (
	"sync/atomic"
	"testing"
)

func TestEachNumberIsGivenOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 1000} {
		given := make([]atomic.Int32, n)
		Each(n, func(i int) { given[i].Add(1) })
		for i := range given {
			if got := given[i].Load(); got != 1 {
				t.Errorf("of %d: %d was given %d times, want once", n, i, got)
			}
		}
	}
}
