package storm

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store/memory"
)

// What waits while a vendor stalls.
const (
	hour    = time.Hour // of the stall
	orders  = 10_000    // requests for the vendor, which come evenly in that hour
	senders = 64        // requests that are sent at the same time
	waits   = "../../docs/storm-waiting.svg"
)

// desk is the vendor that stalls, and one beside it that works. While it stalls, it takes all
// in and serves none, or it refuses all at once.
type desk struct {
	server
	start   time.Time
	refuses bool

	mu       sync.Mutex
	attempts []time.Duration // at the vendor that stalls, since the start
	done     map[string]time.Duration
	beside   map[string]time.Duration // how long those for the other vendor waited
}

func newDesk(refuses bool) *desk {
	now := time.Now()
	return &desk{
		server: server{stalled: now, resumed: now.Add(hour), record: &record{start: now}},
		start:  now, refuses: refuses, done: map[string]time.Duration{}, beside: map[string]time.Duration{},
	}
}

func (d *desk) RoundTrip(req *http.Request) (*http.Response, error) {
	since := time.Since(d.start)
	d.mu.Lock()
	defer d.mu.Unlock()
	if req.URL.Host == "beside" {
		d.beside[req.URL.Path] = since
		return response(req, http.StatusOK), nil
	}
	d.attempts = append(d.attempts, since)
	if d.refuses && since < hour {
		return response(req, http.StatusServiceUnavailable), nil
	}
	d.mu.Unlock()
	resp, err := d.server.RoundTrip(req.WithContext(context.WithValue(req.Context(), visitKey{}, &visit{})))
	d.mu.Lock()
	if err == nil && resp.StatusCode == http.StatusOK {
		d.done[req.URL.Path] = time.Since(d.start)
	}
	return resp, err
}

// left is how many of the requests that were put wait still.
func (d *desk) left() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return orders - len(d.done)
}

// waiter is a way to have requests wait. put takes a URL, and stop ends it.
type waiter struct {
	name string
	new  func(t *testing.T, base http.RoundTripper) (put func(url string), stop func())
}

var waiters = []waiter{
	{"outbox, a schedule", func(t *testing.T, base http.RoundTripper) (func(string), func()) { return box(t, base, "vision") }},
	{"outbox, backoff", func(t *testing.T, base http.RoundTripper) (func(string), func()) { return box(t, base, "plain") }},
	{"each by itself", each},
}

// box is an outbox with its defaults.
func box(t *testing.T, base http.RoundTripper, dialect string) (func(string), func()) {
	d, err := catalog.Open(dialect)
	if err != nil {
		t.Fatal(err)
	}
	b := outbox.New(memory.New(memory.WithClock(time.Now)).Queue(), outbox.WithVendor("vendor", d, client.WithBase(base)),
		outbox.WithWorkers(senders), outbox.WithLogger(slog.New(slog.DiscardHandler)))
	ctx, stop := context.WithCancel(context.Background())
	var ran sync.WaitGroup
	ran.Go(func() { b.Run(ctx) })
	return func(url string) {
		if _, err := b.Put(ctx, outbox.Request{ID: url, Vendor: "vendor", Method: http.MethodPut, URL: url}); err != nil {
			t.Error(err)
		}
	}, func() { stop(); ran.Wait() }
}

// each is a queue with the default policy of River: an attempt has a minute, and a job that
// failed n times waits n⁴ seconds, plus or minus a tenth. What is due first is sent first.
func each(_ *testing.T, base http.RoundTripper) (func(string), func()) {
	type job struct {
		url    string
		due    time.Time
		failed float64
	}
	var mu sync.Mutex
	var jobs []job
	chance := func(j job) float64 { // the same for the same attempt, as in the outbox
		h := fnv.New64a()
		io.WriteString(h, j.url)
		return rand.New(rand.NewPCG(h.Sum64(), uint64(j.failed))).Float64()
	}
	put := func(j job) {
		at, _ := slices.BinarySearchFunc(jobs, j, func(a, b job) int { return a.due.Compare(b.due) })
		jobs = slices.Insert(jobs, at, j)
	}
	send := func(j job) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodPut, j.url, nil)
		resp, err := base.RoundTrip(req)
		done(resp, err)
		if err == nil && resp.StatusCode == http.StatusOK {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		j.failed++
		j.due = time.Now().Add(time.Duration(math.Pow(j.failed, 4) * (0.9 + 0.2*chance(j)) * float64(time.Second)))
		put(j)
	}
	ended := make(chan struct{})
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			tick := time.NewTicker(tick) // FetchCooldown
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
				case <-ended:
					return
				}
				for {
					mu.Lock()
					if len(jobs) == 0 || jobs[0].due.After(time.Now()) {
						mu.Unlock()
						break
					}
					first := jobs[0]
					jobs = jobs[1:]
					mu.Unlock()
					send(first)
				}
			}
		})
	}
	return func(url string) {
		mu.Lock()
		defer mu.Unlock()
		put(job{url: url, due: time.Now()})
	}, func() { close(ended); all.Wait() }
}

// outage is what came of an hour's stall.
type outage struct {
	during, after int // attempts at the vendor, in the stall and until all was delivered
	half, all     time.Duration
	beside        time.Duration // the longest wait of a request for another vendor
	curve         []float64     // the share that is delivered, minute by minute
}

// wait has requests wait for an hour in which the vendor stalls, and two more.
func wait(t *testing.T, w waiter, refuses bool) (o outage) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(refuses)
		put, stop := w.new(t, d)
		const every = hour / orders
		for i := range orders {
			time.Sleep(time.Until(d.start.Add(time.Duration(i) * every)))
			put(fmt.Sprintf("http://vendor/%d", i))
			if i%10 == 0 { // one in 3.6 s
				put(fmt.Sprintf("http://beside/%d", i))
			}
		}
		for time.Since(d.start) < 24*hour && d.left() > 0 {
			time.Sleep(time.Second)
		}
		stop()
		at := slices.Sorted(maps.Values(d.done))
		if len(at) < orders {
			t.Errorf("%d were delivered", len(at))
			return
		}
		o.half, o.all = at[orders/2-1]-hour, at[orders-1]-hour
		for _, a := range d.attempts {
			if a < hour {
				o.during++
			} else {
				o.after++
			}
		}
		for i := 0; i < orders; i += 10 {
			o.beside = max(o.beside, d.beside[fmt.Sprintf("/%d", i)]-time.Duration(i)*every)
		}
		for minute := range 181 {
			n, _ := slices.BinarySearch(at, time.Duration(minute)*time.Minute)
			o.curve = append(o.curve, float64(n)/orders)
		}
	})
	return o
}

// stallOfAnHour is the chart of what waits, minute by minute.
var stallOfAnHour = chart{
	title: "Requests delivered, during and after a stall of an hour in which 10,000 came",
	label: "Requests delivered: a stall of an hour, in which the vendor refuses all",
	axis:  "minutes after the stall", stall: 60, every: 10,
}

// TestHour makes the table of docs/storm.md for what waits, and its picture.
func TestHour(t *testing.T) {
	if !*full {
		t.Skip("run it by -storm.full")
	}
	text := "| vendor | queue | attempts in the stall | after it | half after | all after | another vendor waits |\n|---|---|--:|--:|--:|--:|--:|\n"
	var drawn []curve
	for _, refuses := range []bool{false, true} {
		for _, w := range waiters {
			o := wait(t, w, refuses)
			text += fmt.Sprintf("| %s | %s | %d | %d | %v | %v | %v |\n", map[bool]string{false: "lets all in", true: "refuses all"}[refuses], w.name,
				o.during, o.after, o.half.Round(time.Second), o.all.Round(time.Second), o.beside.Round(time.Second))
			if refuses {
				drawn = append(drawn, curve{w.name, o.curve})
			}
		}
	}
	splice(t, page, "waiting", text)
	if err := os.WriteFile(waits, plot(stallOfAnHour, drawn), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAnOutboxAsksAVendorThatStallsFewTimesAndDeliversAtOnceAfterIt holds docs/storm.md.
func TestAnOutboxAsksAVendorThatStallsFewTimesAndDeliversAtOnceAfterIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		waiter
		refuses bool
		most    int           // attempts in the stall
		all     time.Duration // after it
	}{
		{waiters[0], false, 80, 3 * time.Minute}, // an attempt that hangs takes a minute
		{waiters[0], true, 3, 6 * time.Minute},
		{waiters[1], true, 300, 3 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := wait(t, c.waiter, c.refuses)
			if o.during > c.most || o.after > orders+100 || o.all > c.all || o.beside > time.Second {
				t.Errorf("%d attempts in the stall and %d after it, all after %v, another vendor waited for %v", o.during, o.after, o.all, o.beside)
			}
		})
	}
	t.Run("a queue that retries each by itself", func(t *testing.T) {
		t.Parallel()
		if o := wait(t, waiters[2], false); o.during < 1000 || o.beside < 10*time.Minute {
			t.Errorf("%d attempts in the stall, another vendor waited for %v", o.during, o.beside)
		}
	})
}
