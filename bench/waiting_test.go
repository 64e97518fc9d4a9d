package bench

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
)

// later responses that the caller is to come back in a minute.
type later struct{ responded atomic.Int64 }

const laterBody = `{"message":"Down for maintenance","errors":{}}`

func (l *later) RoundTrip(req *http.Request) (*http.Response, error) {
	defer l.responded.Add(1)
	return &http.Response{
		StatusCode: 503, Header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"60"}},
		Body: io.NopCloser(strings.NewReader(laterBody)), ContentLength: int64(len(laterBody)), Request: req,
	}, nil
}

// BenchmarkWaiting is what a request costs while it waits to be retried, 10,000
// of them at once: bytes of heap and of stack, above those of as many goroutines
// that hold such a response and wait for nothing but a channel.
func BenchmarkWaiting(b *testing.B) {
	const callers = 10_000
	d, err := catalog.Open("vms")
	if err != nil {
		b.Fatal(err)
	}
	memory := func(way func(*later) func(context.Context)) (heap, stack int64) {
		var before, during runtime.MemStats
		base := new(later)
		call := way(base)
		ctx, cancel := context.WithCancel(context.Background())
		var ended sync.WaitGroup
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range callers {
			ended.Go(func() { call(ctx) })
		}
		for base.responded.Load() < callers {
			runtime.Gosched()
		}
		time.Sleep(200 * time.Millisecond) // the last ones begin to wait
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&during)
		cancel()
		ended.Wait()
		return int64(during.HeapAlloc-before.HeapAlloc) / callers, int64(during.StackInuse-before.StackInuse) / callers
	}
	request := func(ctx context.Context) *http.Request {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://upstream.test/cameras", nil)
		if err != nil {
			b.Error(err)
		}
		return req
	}
	ways := []struct {
		name string
		way  func(*later) func(context.Context)
	}{
		{"blocked", func(base *later) func(context.Context) {
			return func(ctx context.Context) {
				resp, err := base.RoundTrip(request(ctx))
				<-ctx.Done()
				runtime.KeepAlive(resp)
				runtime.KeepAlive(err)
			}
		}},
		{"parlance", func(base *later) func(context.Context) {
			t := client.New(d, client.WithBase(base), client.WithMaxWait(time.Hour), client.WithBudget(nil))
			return func(ctx context.Context) {
				resp, err := t.RoundTrip(request(ctx))
				if err == nil {
					resp.Body.Close()
				}
			}
		}},
	}
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			var heap, stack int64
			for b.Loop() {
				heap, stack = memory(way.way)
			}
			b.ReportMetric(float64(heap), "heap-B/waiter")
			b.ReportMetric(float64(stack), "stack-B/waiter")
			b.ReportMetric(0, "ns/op")
		})
	}
}
