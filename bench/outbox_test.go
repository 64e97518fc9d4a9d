package bench

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/sqlite"
)

var waiting = flag.Int("waiting", 10_000, "how many requests BenchmarkQueued has waiting")

// order is the body of a request.
var order = []byte(`{"order": 4711, "camera": "7", "state": "created", "lines": [{"id": 1, "count": 2}, {"id": 2, "count": 1}]}`)

// boxOf is an outbox with one vendor, which logs nothing.
func boxOf(tb testing.TB, s queue.Store, options ...outbox.Option) *outbox.Outbox {
	tb.Helper()
	d, err := catalog.Open("stripe") // which has a header for idempotency keys
	if err != nil {
		tb.Fatal(err)
	}
	return outbox.New(s, append(options, outbox.WithVendor("vendor", d), outbox.WithLogger(slog.New(slog.DiscardHandler)))...)
}

// BenchmarkPut stores requests, durably, for 64 callers at once. Beside it stands the
// storage part of a request with a key, as in BenchmarkStore. bench/peers has other queues.
func BenchmarkPut(b *testing.B) {
	put := func(b *testing.B, s queue.Store) {
		box := boxOf(b, s)
		many(b, func(int) error {
			_, err := box.Put(context.Background(), outbox.Request{Vendor: "vendor", URL: "https://api.example.com/orders", Body: order})
			return err
		})
	}
	b.Run("by=parlance", func(b *testing.B) {
		s := openStore(b)
		defer cpuOf(b, "")()
		put(b, s.Queue())
	})
	b.Run("by=keyed", func(b *testing.B) {
		s := openStore(b)
		defer cpuOf(b, "")()
		many(b, func(i int) error { return keep(s, i) })
	})
}

// worker is the environment of a process that delivers: store and vendor.
const (
	workerStore  = "PARLANCE_BENCH_OUTBOX"
	workerVendor = "PARLANCE_BENCH_VENDOR"
)

// openAt opens a file, or a URL.
func openAt(at string) (store.Store, error) {
	if strings.Contains(at, "://") {
		return postgres.Open(context.Background(), at, postgres.WithTimeout(time.Minute))
	}
	return sqlite.Open(at)
}

// soon is how many requests of a delivering process become due, one after the other, and
// soonAfter how far they lie apart.
const (
	soon      = 200
	soonAfter = 23 * time.Millisecond
)

// Worker delivers, and ends the process, if this is one that was started for that.
func Worker() {
	at := os.Getenv(workerStore)
	if at == "" {
		return
	}
	if err := deliverAll(at, os.Getenv(workerVendor)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// deliverAll is a process that delivers until its standard input ends. When it reads a line, it
// puts requests that are due soon.
func deliverAll(at, vendor string) error {
	s, err := openAt(at)
	if err != nil {
		return err
	}
	d, err := catalog.Open("stripe")
	if err != nil {
		return err
	}
	box := outbox.New(s.Queue(), outbox.WithVendor("vendor", d), outbox.WithLogger(slog.New(slog.DiscardHandler)))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { box.Run(ctx) })
	fmt.Println("ready")
	one := make([]byte, 1)
	for {
		if _, err := os.Stdin.Read(one); err != nil {
			break
		}
		start := time.Now().Add(2 * time.Second)
		for i := range soon {
			due := start.Add(time.Duration(i) * soonAfter)
			if _, err := box.Put(ctx, outbox.Request{Vendor: "vendor", URL: vendor, NotBefore: due, Body: []byte(strconv.FormatInt(due.UnixNano(), 10))}); err != nil {
				return err
			}
		}
	}
	stop()
	all.Wait()
	return s.Close()
}

// fill puts n requests that are not due for a day, of 100 hosts. One of 10,000 is of a rare
// vendor, and one of 1,000 has ended.
func fill(b *testing.B, s store.Store, n int) {
	b.Helper()
	box := boxOf(b, s.Queue())
	d, err := catalog.Open("stripe")
	if err != nil {
		b.Fatal(err)
	}
	rare := outbox.New(s.Queue(), outbox.WithVendor("rare", d))
	const each = 1000
	parts := make(chan int)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for from := range parts {
				err := s.Transact(context.Background(), func(ctx context.Context) error {
					for i := from; i < min(from+each, n); i++ {
						r := outbox.Request{ID: fmt.Sprintf("%s-%d", activity.NewID(), i), Vendor: "vendor", URL: fmt.Sprintf("https://%d.example.com/orders", i%100), Body: order,
							NotBefore: time.Now().Add(24*time.Hour + time.Duration(i)*time.Millisecond)}
						to := box
						if i%10_000 == 9_999 {
							r.Vendor, to = "rare", rare
						}
						if _, err := to.Put(ctx, r); err != nil {
							return err
						}
						if i%1000 == 999 {
							if err := to.Cancel(ctx, r.ID); err != nil {
								return err
							}
						}
					}
					return nil
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for from := 0; from < n; from += each {
		parts <- from
	}
	close(parts)
	all.Wait()
}

// BenchmarkQueued has many requests waiting (-waiting), none of them due, and a process that
// delivers. It tells what that process needs, how late it delivers requests that become due,
// and how long it takes to read the outbox. None at all are the base.
func BenchmarkQueued(b *testing.B) {
	for _, n := range []int{0, *waiting} {
		b.Run(fmt.Sprintf("of=%d/by=sqlite", n), func(b *testing.B) {
			at := filepath.Join(b.TempDir(), "store.db")
			queuedAt(b, at, "", n, func() (queue.Reader, io.Closer, error) {
				r, err := sqlite.OpenReadOnly(at)
				if err != nil {
					return nil, nil, err
				}
				return r.Queue(), r, nil
			})
		})
		b.Run(fmt.Sprintf("of=%d/by=postgres", n), func(b *testing.B) {
			pg := startPostgres(b)
			queuedAt(b, pg.URL, folderOf(b, pg), n, func() (queue.Reader, io.Closer, error) {
				r, err := postgres.OpenReadOnly(pg.URL)
				if err != nil {
					return nil, nil, err
				}
				return r.Queue(), r, nil
			})
		})
	}
}

func queuedAt(b *testing.B, at, folder string, n int, read func() (queue.Reader, io.Closer, error)) {
	s, err := openAt(at)
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	fill(b, s, n)
	b.Logf("filled in %v", time.Since(start).Round(time.Second))
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	late := make(chan time.Duration, soon)
	vendor := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		now := time.Now()
		body, _ := io.ReadAll(r.Body)
		due, _ := strconv.ParseInt(string(body), 10, 64)
		late <- now.Sub(time.Unix(0, due))
	}))
	defer vendor.Close()

	c := exec.CommandContext(b.Context(), os.Args[0])
	c.Env = append(os.Environ(), workerStore+"="+at, workerVendor+"="+vendor.URL)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		b.Fatal(err)
	}
	const idle = 10 * time.Second
	<-time.After(idle / 5)
	was, wasPostgres := cpuOfProcess(b, c.Process.Pid), postgresCPU(b, folder)
	<-time.After(idle)
	if folder != "" {
		b.ReportMetric(100*(postgresCPU(b, folder)-wasPostgres)/float64(idle.Microseconds()), "idle-postgres-%")
	}
	b.ReportMetric(100*(cpuOfProcess(b, c.Process.Pid)-was)/float64(idle.Microseconds()), "idle-cpu-%")
	b.ReportMetric(memoryOf(b, c.Process.Pid), "MB")

	if _, err := in.Write([]byte("\n")); err != nil {
		b.Fatal(err)
	}
	var all []time.Duration
	for range soon {
		all = append(all, <-late)
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[soon/2].Microseconds())/1000, "late-p50-ms")
	b.ReportMetric(float64(all[soon*99/100].Microseconds())/1000, "late-p99-ms")
	reads(b, read)
	in.Close()
	if err := c.Wait(); err != nil {
		b.Error(err)
	}
}

// reads tells how long each way to read an outbox takes, the median of five.
func reads(b *testing.B, read func() (queue.Reader, io.Closer, error)) {
	from, c, err := read()
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r, ctx := outbox.NewReader(from), b.Context()
	for name, f := range map[string]outbox.Filter{
		"ls": {}, "ls-waiting": {State: outbox.Waiting}, "ls-delivering": {State: outbox.Delivering}, "ls-delivered": {State: outbox.Delivered}, "ls-canceled": {State: outbox.Canceled},
		"ls-uncertain": {State: outbox.Uncertain}, "ls-vendor": {Vendor: "vendor"}, "ls-rare": {Vendor: "rare"}, "ls-rare-waiting": {Vendor: "rare", State: outbox.Waiting},
		"ls-rare-canceled": {Vendor: "rare", State: outbox.Canceled}, "ls-rare-delivering": {Vendor: "rare", State: outbox.Delivering}, "ls-nobody": {Vendor: "nobody"},
	} {
		b.ReportMetric(median(b, func() error { _, err := r.List(ctx, f); return err }), name+"-ms")
	}
	b.ReportMetric(median(b, func() error { _, err := r.Limits(ctx); return err }), "limits-ms")
	list, err := r.List(ctx, outbox.Filter{})
	if err != nil || len(list) == 0 {
		b.Fatal(err)
	}
	b.ReportMetric(median(b, func() error {
		if _, err := r.Find(ctx, list[0].ID); err != nil {
			return err
		}
		_, err := r.Story(ctx, list[0].ID)
		return err
	}), "show-ms")
}

// median is that of five calls, in milliseconds.
func median(b *testing.B, do func() error) float64 {
	b.Helper()
	var all []time.Duration
	for range 5 {
		start := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	return float64(all[2].Microseconds()) / 1000
}

// cpuOfProcess is that of another process, in microseconds, and memoryOf is what it has
// resident, in MB.
func cpuOfProcess(b *testing.B, pid int) float64 {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip(err)
	}
	_, after, _ := bytes.Cut(stat, []byte(") "))
	fields := strings.Fields(string(after))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return tick * (user + system)
}

func memoryOf(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.ParseFloat(cmp.Or(strings.Fields(after)[0], "0"), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}
