package bench_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/store/memory"
	"github.com/parlance-api/parlance/store/sqlite"
)

var among = flag.Int("among", 1_000_000, "how many records BenchmarkFind looks among")

// BenchmarkRecorded is one request after the other over one connection kept alive
// on loopback, to a handler that logs so many lines: turn by turn to a server that keeps
// no record (bare-ns) and to one that keeps each in a store (kept-ns), which works in
// the background. Both are medians, for others work on the machine too; slower-% is
// what keeping costs.
func BenchmarkRecorded(b *testing.B) {
	for _, by := range []struct {
		name string
		open func(b *testing.B) activity.Store
	}{
		{"nowhere", func(*testing.B) activity.Store { return nowhere{} }},
		{"memory", func(*testing.B) activity.Store { return memory.New().Activity() }},
		{"sqlite", func(b *testing.B) activity.Store { return openFile(b).Activity() }},
	} {
		for _, lines := range []int{0, 2} {
			b.Run(fmt.Sprintf("in=%s/lines=%d", by.name, lines), func(b *testing.B) {
				recorder := activity.NewRecorder(by.open(b))
				b.Cleanup(func() { recorder.Close(context.Background()) })
				bare, kept := serveCamera(b, lines), serveCamera(b, lines, server.WithRecorder(recorder))
				var without, with []time.Duration
				for b.Loop() {
					without, with = append(without, bare()), append(with, kept())
				}
				slices.Sort(without)
				slices.Sort(with)
				less, more := float64(without[len(without)/2]), float64(with[len(with)/2])
				b.ReportMetric(less, "bare-ns")
				b.ReportMetric(more, "kept-ns")
				b.ReportMetric(100*(more-less)/less, "slower-%")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// serveCamera is a server, and a function that asks it and says how long that took.
func serveCamera(b *testing.B, lines int, options ...server.Option) func() time.Duration {
	d, err := catalog.Open("vms")
	if err != nil {
		b.Fatal(err)
	}
	logger := slog.New(activity.NewHandler(slog.NewJSONHandler(io.Discard, nil)))
	api := server.New(d, append(options, server.WithLogger(logger))...)
	mux := http.NewServeMux()
	mux.Handle("GET /cameras/{id}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		for range lines {
			logger.InfoContext(r.Context(), "camera read", "camera", r.PathValue("id"), "took", time.Millisecond)
		}
		return map[string]any{"id": r.PathValue("id"), "name": "a camera"}, nil
	}))
	srv := httptest.NewServer(api.Wrap(mux))
	b.Cleanup(srv.Close)
	client := srv.Client()
	return func() time.Duration {
		start := time.Now()
		resp, err := client.Get(srv.URL + "/cameras/7")
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp.Status, err)
		}
		return time.Since(start)
	}
}

// nowhere is a store that keeps nothing.
type nowhere struct{ activity.Store }

func (nowhere) Add(context.Context, *activity.Record) error { return nil }

func (nowhere) Prune(context.Context, time.Time, int64) (int64, error) { return 0, nil }

func openFile(b *testing.B) *sqlite.Store {
	s, err := sqlite.Open(filepath.Join(b.TempDir(), "bench.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkAmong has many records in a file (-among). It finds an activity by its id,
// any of them, and tells how long 99 of 100 took at most; it sweeps where nothing is
// to be deleted, as happens once a minute; and it sweeps a hundredth of them by age
// and another by size, while others commit: what a record costs, and how long 99 of
// 100 of the others' transactions took at most.
func BenchmarkAmong(b *testing.B) {
	s, ctx := openFile(b), context.Background()
	ids := make([]string, *among)
	for i := range ids {
		ids[i] = activity.NewID()
	}
	start := time.Date(2026, 9, 21, 10, 0, 0, 0, time.UTC)
	for from, batch := range slices.Collect(slices.Chunk(ids, 10_000)) {
		err := s.Transact(ctx, func(ctx context.Context) error {
			for i, id := range batch {
				err := s.Activity().Add(ctx, &activity.Record{
					ID: id, Start: start.Add(time.Duration(from*10_000+i) * time.Millisecond), Took: time.Millisecond,
					Method: "GET", Route: "GET /cameras/{id}", Path: "/cameras/7", Caller: "ann", Status: 200,
					Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Status: 200, RequestID: id},
					Lines:   []activity.Line{{Time: start, Message: "camera read", Attrs: []string{"camera=7", "took=1ms"}}},
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var whole int64
	if err := s.Reader().QueryRow("SELECT sum(size) FROM parlance_activity").Scan(&whole); err != nil {
		b.Fatal(err)
	}
	b.Run("of=find", func(b *testing.B) {
		var each []time.Duration
		for b.Loop() {
			id := ids[rand.IntN(len(ids))]
			began := time.Now()
			if r, err := s.Activity().Find(ctx, id); err != nil || r.ID != id {
				b.Fatal(r, err)
			}
			each = append(each, time.Since(began))
		}
		b.ReportMetric(float64(part(each, 99).Nanoseconds()), "p99-ns")
	})
	b.Run("of=sweep-nothing", func(b *testing.B) {
		for b.Loop() {
			if n, err := s.Activity().Prune(ctx, start, whole+1<<20); err != nil || n != 0 {
				b.Fatal(n, err)
			}
		}
	})
	for _, by := range []struct {
		name   string
		before time.Time
		bytes  int64
	}{
		{"of=sweep-age", start.Add(time.Duration(*among/100) * time.Millisecond), 0},
		{"of=sweep-size", start, whole - whole/50},
	} {
		swept := sweep(b, s, by.before, by.bytes)
		if share := *among / 100; swept.records < share*9/10 || swept.records > share*11/10 {
			b.Fatalf("%d of %d are deleted", swept.records, *among)
		}
		b.Run(by.name, func(b *testing.B) { // it is done once, however often this is called
			b.ReportMetric(float64(swept.took.Nanoseconds())/float64(swept.records), "ns/record")
			b.ReportMetric(float64(part(swept.others, 99).Nanoseconds()), "others-p99-ns")
			b.ReportMetric(float64(part(swept.others, 100).Nanoseconds()), "others-worst-ns")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// swept is what came of a sweep.
type swept struct {
	records int
	took    time.Duration
	others  []time.Duration // each of the transactions that were committed meanwhile
}

func sweep(b *testing.B, s *sqlite.Store, before time.Time, bytes int64) swept {
	end, others := make(chan struct{}), make(chan []time.Duration)
	go func() {
		var each []time.Duration
		for {
			select {
			case <-end:
				others <- each
				return
			default:
			}
			began := time.Now()
			if _, err := s.Seats().Add(context.Background(), "cap", 1, math.MaxInt32); err != nil {
				b.Error(err)
			}
			each = append(each, time.Since(began))
		}
	}()
	began := time.Now()
	n, err := s.Activity().Prune(context.Background(), before, bytes)
	took := time.Since(began)
	close(end)
	each := <-others
	if err != nil {
		b.Fatal(err)
	}
	return swept{int(n), took, each}
}

// part is what so many of a hundred took at most.
func part(each []time.Duration, percent int) time.Duration {
	slices.Sort(each)
	return each[(len(each)-1)*percent/100]
}
