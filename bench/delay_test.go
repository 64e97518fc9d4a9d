package bench

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
)

// BenchmarkDelay measures the time of one element of a stream from the flush of the server to
// the read of the caller, in microseconds: the median, and what 99 of 100 stay below. The ways
// take turns, so that the load of the machine is the same for all: net/http alone, the client
// end, a gateway before a caller with another dialect, and one that translates failures.
func BenchmarkDelay(b *testing.B) {
	open := func(name string) *dialect.Dialect {
		d, err := catalog.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		return d
	}
	openai := open("openai")
	ways := []*way{
		newWay(b, "nethttp", http.DefaultTransport, nil),
		newWay(b, "client", client.New(openai), nil),
		newWay(b, "passing", http.DefaultTransport, &gateway.Config{Speaks: openai, To: open("problem")}),
		newWay(b, "translating", http.DefaultTransport, &gateway.Config{Speaks: openai, To: openai}),
	}
	for b.Loop() {
		for _, w := range ways {
			w.element(b)
		}
	}
	for _, w := range ways {
		slices.Sort(w.took)
		b.ReportMetric(float64(w.took[len(w.took)/2].Nanoseconds())/1e3, w.name+"-µs")
		b.ReportMetric(float64(w.took[len(w.took)*99/100].Nanoseconds())/1e3, w.name+"-p99-µs")
	}
}

const chunk = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt","choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}` + "\n\n"

// way is a stream on one of the ways.
type way struct {
	name string
	next chan struct{}  // asks the server for an element
	sent chan time.Time // when it was flushed
	body io.Reader
	room []byte
	took []time.Duration
}

// newWay begins a stream, behind a gateway if there is one.
func newWay(b *testing.B, name string, through http.RoundTripper, behind *gateway.Config) *way {
	w := &way{name: name, next: make(chan struct{}), sent: make(chan time.Time, 1), room: make([]byte, len(chunk))}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/event-stream")
		for range w.next {
			io.WriteString(rw, chunk)
			rw.(http.Flusher).Flush()
			w.sent <- time.Now()
		}
	}))
	b.Cleanup(server.Close)
	address := server.URL
	if behind != nil {
		upstream, err := url.Parse(server.URL)
		if err != nil {
			b.Fatal(err)
		}
		behind.Upstream, behind.Logger = upstream, slog.New(slog.DiscardHandler)
		g, err := gateway.New(*behind)
		if err != nil {
			b.Fatal(err)
		}
		hop := httptest.NewServer(g)
		b.Cleanup(hop.Close)
		address = hop.URL
	}
	go func() { w.next <- struct{}{} }()
	resp, err := (&http.Client{Transport: through}).Post(address+"/v1/chat/completions", "application/json", strings.NewReader(`{"stream":true}`))
	if err != nil {
		b.Fatal(err)
	}
	w.body = resp.Body
	b.Cleanup(func() { close(w.next); resp.Body.Close() })
	w.read(b)
	w.took = nil
	return w
}

// element sends an element and reads it.
func (w *way) element(b *testing.B) {
	w.next <- struct{}{}
	w.read(b)
}

func (w *way) read(b *testing.B) {
	if _, err := io.ReadFull(w.body, w.room); err != nil {
		b.Fatal(err)
	}
	at := time.Now()
	w.took = append(w.took, at.Sub(<-w.sent))
}
