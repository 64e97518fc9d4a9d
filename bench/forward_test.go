//go:build unix

package bench_test

import (
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/gateway"
)

// forwarded is a response of the upstream.
type forwarded struct {
	name   string
	status int
	body   string
}

var forwardeds = []forwarded{
	{"success-1KB", 200, `{"id":7,"name":"` + strings.Repeat("camera ", 140) + `"}`},
	{"success-100KB", 200, `[` + strings.Repeat(`{"id":7,"name":"Entrance","url":"rtsp://10.0.0.7/main","on":true,"tags":["a","b"]},`, 1200) + `{}]`},
	{"error-250B", 422, `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format",` +
		`"The URL can be no longer than 10 characters"],"date":["The date field doesn't match the format: Y-m-d H:i:s."],"name":["The name field is required."]}}`},
}

// RoundTrip responds as the upstream would.
func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: f.status, Status: strconv.Itoa(f.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Date": {"Fri, 20 Nov 2026 16:00:00 GMT"}, "Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(f.body))},
		},
		Body: &arrived{rest: f.body}, ContentLength: int64(len(f.body)), Request: r,
	}, nil
}

// arrived is a body whose last bytes come with its end, as those of net/http do.
type arrived struct{ rest string }

func (a *arrived) Read(p []byte) (int, error) {
	n := copy(p, a.rest)
	if a.rest = a.rest[n:]; a.rest == "" {
		return n, io.EOF
	}
	return n, nil
}

func (a *arrived) Close() error { return nil }

// buffers gives ReverseProxy what it copies through.
type buffers struct{ sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.Pool.Get().(*[32 << 10]byte); ok {
		return p[:]
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(p []byte) { b.Pool.Put((*[32 << 10]byte)(p)) }

// discard is a writer that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Flush()                      {}

// forwarder is a proxy without a network.
type forwarder struct {
	name string
	http.Handler
	cpu []float64 // of a request in each turn, in nanoseconds
}

// forward sends requests through a proxy, and returns the CPU time of one in nanoseconds.
func (f *forwarder) forward(b *testing.B, n int) float64 {
	base := httptest.NewRequest("GET", "/a", nil)
	before, err := cpuTime()
	if err != nil {
		b.Fatal(err)
	}
	for range n {
		r := base.WithContext(b.Context())
		r.Header = http.Header{"Accept": {"application/json"}, "User-Agent": {"hop"}}
		f.ServeHTTP(&discard{http.Header{}}, r)
	}
	after, _ := cpuTime()
	return float64(after-before) / float64(n)
}

// BenchmarkForward is what a proxy itself takes of the CPU for a request, without a network. The
// proxies take turns; of-net-http is the median of the ratios in the same turn.
func BenchmarkForward(b *testing.B) {
	u := &url.URL{Scheme: "http", Host: "127.0.0.1:9"}
	for _, f := range forwardeds {
		b.Run("of="+f.name, func(b *testing.B) {
			proxies := []*forwarder{
				{name: "net-http", Handler: &httputil.ReverseProxy{
					Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(u); r.SetXForwarded() },
					Transport: f, BufferPool: &buffers{}, ErrorLog: log.New(io.Discard, "", 0),
				}},
				{name: "parlance", Handler: forwarding(b, u, f, slog.New(slog.NewTextHandler(io.Discard, nil)))},
				{name: "unlogged", Handler: forwarding(b, u, f, slog.New(slog.DiscardHandler))},
			}
			ratios := make([][]float64, len(proxies))
			for b.Loop() {
				for i, p := range proxies {
					p.cpu = append(p.cpu, p.forward(b, 500))
					ratios[i] = append(ratios[i], p.cpu[len(p.cpu)-1]/proxies[0].cpu[len(p.cpu)-1])
				}
			}
			for i, p := range proxies {
				slices.Sort(p.cpu)
				slices.Sort(ratios[i])
				b.ReportMetric(p.cpu[len(p.cpu)/2], p.name+"-cpu-ns")
				b.ReportMetric(ratios[i][len(ratios[i])/2], p.name+"-of-net-http")
				b.ReportMetric(testing.AllocsPerRun(50, func() { p.forward(b, 1) }), p.name+"-allocs")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func forwarding(b testing.TB, u *url.URL, f forwarded, l *slog.Logger) http.Handler {
	b.Helper()
	speaks, err := catalog.Open("vms")
	if err != nil {
		b.Fatal(err)
	}
	to, err := catalog.Open("problem")
	if err != nil {
		b.Fatal(err)
	}
	g, err := gateway.New(gateway.Config{Upstream: u, Speaks: speaks, To: to, Transport: f, Logger: l})
	if err != nil {
		b.Fatal(err)
	}
	return g
}
