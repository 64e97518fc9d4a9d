package bench

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
)

// BenchmarkStreams relays 1,000 streams of a language model at once, over sockets: a server
// sends 100 elements, each flushed, and a caller reads them. By parlance the client end
// watches them beside. An operation is all of them; cpu-µs is the time of server and caller
// together, and held-B is the heap of one stream while all are halfway. Two more have a hop
// between: httputil.ReverseProxy, and a gateway before a caller with another dialect.
func BenchmarkStreams(b *testing.B) {
	d, err := catalog.Open("openai")
	if err != nil {
		b.Fatal(err)
	}
	for _, by := range []string{"nethttp", "parlance", "reverseproxy", "gateway"} {
		b.Run("by="+by, func(b *testing.B) {
			plain := &http.Transport{MaxIdleConnsPerHost: streams}
			defer plain.CloseIdleConnections()
			var transport http.RoundTripper = plain
			if by == "parlance" {
				transport = client.New(d, client.WithBase(plain))
			}
			held, report := 0., cpuOf(b, "")
			for b.Loop() {
				held = relay(b, &http.Client{Transport: transport}, hops[by])
			}
			report()
			b.ReportMetric(held, "held-B")
		})
	}
}

// hops are what stands between.
var hops = map[string]func(*testing.B, *url.URL) http.Handler{
	"reverseproxy": func(_ *testing.B, to *url.URL) http.Handler { return httputil.NewSingleHostReverseProxy(to) },
	"gateway": func(b *testing.B, to *url.URL) http.Handler {
		c := gateway.Config{Upstream: to, Logger: slog.New(slog.DiscardHandler)}
		var err error
		if c.Speaks, err = catalog.Open("openai"); err != nil {
			b.Fatal(err)
		}
		if c.To, err = catalog.Open("problem"); err != nil {
			b.Fatal(err)
		}
		g, err := gateway.New(c)
		if err != nil {
			b.Fatal(err)
		}
		return g
	},
}

const streams, elements = 1000, 100

// relay reads all streams, and tells the heap of one when all are halfway.
func relay(b *testing.B, c *http.Client, hop func(*testing.B, *url.URL) http.Handler) (held float64) {
	var halfway, ended sync.WaitGroup
	halfway.Add(streams)
	on := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		flush := w.(http.Flusher).Flush
		for i := range elements {
			if i == elements/2 {
				halfway.Done()
				<-on
			}
			fmt.Fprintf(w, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":{"content":"word %d"},"finish_reason":null}]}`+"\n\n", i)
			flush()
		}
		io.WriteString(w, "data: [DONE]\n\n")
	}))
	defer server.Close()
	address := server.URL
	if hop != nil {
		to, err := url.Parse(address)
		if err != nil {
			b.Fatal(err)
		}
		front := httptest.NewServer(hop(b, to))
		defer front.Close()
		address = front.URL
	}
	before := heap()
	for range streams {
		ended.Go(func() {
			resp, err := c.Post(address+"/v1/chat/completions", "application/json", strings.NewReader(`{"stream":true}`))
			if err != nil {
				b.Error(err)
				return
			}
			defer resp.Body.Close()
			if n, err := io.Copy(io.Discard, resp.Body); err != nil || n < elements*100 {
				b.Errorf("got %d bytes, %v", n, err)
			}
		})
	}
	halfway.Wait()
	held = float64(heap()-before) / streams
	close(on)
	ended.Wait()
	return held
}

// heap is the memory that is in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
