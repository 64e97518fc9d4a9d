package storm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// cell is one weather to be out in.
type cell struct {
	load  int // in percent of capacity
	stall time.Duration
	shed  bool
}

func (c cell) String() string {
	return fmt.Sprintf("%d%%, %v, %s", c.load, c.stall, map[bool]string{false: "all let in", true: "shedding"}[c.shed])
}

const (
	warmup = 10 * time.Second
	trend  = time.Minute // after the stall, when every wait of a retry is over that began in it
)

// trip is one run of one client.
type trip struct {
	peer
	cell
	seed   uint64
	within time.Duration // how long after the stall it is watched
	stay   bool          // all that time, recovered or not
}

// result is what came of it.
type result struct {
	recovered bool
	recovery  time.Duration // after the stall's end
	steady    float64       // amplification before the stall
	stall     float64       // and while it lasts
	incident  float64       // and from its beginning until the recovery
	record    *record
}

// run makes a trip: until the client has recovered, its time is over, or a minute
// after the stall the queue is longer than at its end, so that it never will. In
// the same cell and with the same seed, requests come at the same times whatever
// the client.
func run(t *testing.T, c trip) (r result) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		resumed := start.Add(warmup + c.stall)
		r.record = &record{start: start}
		s := &server{shed: c.shed, stalled: start.Add(warmup), resumed: resumed, record: r.record}
		send := c.new(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		request := get(t, "http://storm.example/")
		random := rand.New(rand.NewPCG(c.seed, uint64(c.load)))
		gap := float64(time.Second) / (capacity * float64(c.load) / 100)
		recovery := search{record: r.record, from: ticks(resumed.Sub(start))}
		var backlog time.Duration // at the stall's end
		var callers sync.WaitGroup
		for next := start; ; {
			next = next.Add(time.Duration(random.ExpFloat64() * gap))
			time.Sleep(time.Until(next))
			r.recovered = recovery.upTo(ticks(next.Sub(start)))
			if backlog == 0 && !next.Before(resumed) {
				backlog = max(s.backlog(next), 1)
			}
			after := next.Sub(resumed)
			if after > c.within || !c.stay && (r.recovered || after > trend && s.backlog(next) > backlog) {
				break
			}
			visit := context.WithValue(ctx, visitKey{}, &visit{})
			callers.Go(func() { send(request.WithContext(visit)) })
		}
		cancel()
		callers.Wait()
		begin, end := ticks(warmup), ticks(warmup+c.stall)
		r.recovery = time.Duration(recovery.from-end) * tick
		r.steady = r.record.between(0, begin).amplification()
		r.stall = r.record.between(begin, end).amplification()
		r.incident = r.record.between(begin, max(recovery.from, end)).amplification()
	})
	return r
}

func get(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func ticks(d time.Duration) int { return int(d / tick) }
