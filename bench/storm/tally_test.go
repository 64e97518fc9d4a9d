package storm

import (
	"fmt"
	"time"
)

// tally is what one client did in one cell, over some seeds.
type tally struct {
	seeds, recovered                  int
	recovery, steady, stall, incident float64 // sums; recovery in seconds, of those that did
}

func (y *tally) add(r result) {
	y.seeds++
	if r.recovered {
		y.recovered++
		y.recovery += r.recovery.Seconds()
	}
	y.steady += r.steady
	y.stall += r.stall
	y.incident += r.incident
}

func (y tally) mean(sum float64) float64 { return sum / float64(max(y.seeds, 1)) }

// back is the mean recovery in seconds, where every seed had one.
func (y tally) back() (float64, bool) { return y.mean(y.recovery), y.recovered == y.seeds }

// over is the amplification from the stall's beginning until the recovery, or
// that while it lasted where that is more.
func (y tally) over() float64 { return max(y.mean(y.incident), y.mean(y.stall)) }

func (y tally) String() string {
	took, all := y.back()
	switch {
	case all:
		return fmt.Sprintf("%.1f ×%.2f", took, y.over())
	case y.recovered == 0:
		return fmt.Sprintf("never ×%.1f", y.over())
	default:
		return fmt.Sprintf("%d of %d ×%.1f", y.recovered, y.seeds, y.over())
	}
}

// allow is how long a client is watched after the stall, by how long one took
// that never retries.
func allow(none result) time.Duration { return 3*none.recovery + time.Minute }

// grace is what two recoveries may differ by without being called different: one
// attempt timeout. After short stalls who never retries is back in no time, and
// no multiple of that is more.
const grace = 1.0

// failing says what the pass criteria of docs/storm.md do not find in a cell; ""
// for nothing.
func failing(c cell, none, our tally) string {
	factor := 1.1
	if c.load > 90 {
		factor = 1.2
	}
	took, all := our.back()
	base, _ := none.back()
	switch {
	case !all:
		return fmt.Sprintf("%v: recovered with %d of %d seeds", c, our.recovered, our.seeds)
	case took > factor*base+grace:
		return fmt.Sprintf("%v: back after %.1f s, who never retries after %.1f", c, took, base)
	case our.mean(our.steady) > 1.05:
		return fmt.Sprintf("%v: %.2f attempts a request before the stall", c, our.mean(our.steady))
	case our.over() > 1.2:
		return fmt.Sprintf("%v: %.2f attempts a request over the stall", c, our.over())
	}
	return ""
}
