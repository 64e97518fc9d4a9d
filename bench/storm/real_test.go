package storm

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

var real = flag.Bool("storm.real", false, "send real requests through a proxy that stalls, and write docs/storm.md")

// TestReal is one cell of the table with sockets and in real time: a load of 67%
// of a server of 300 requests a second, and a proxy before it that lets nothing
// through for 10 s and all of it after that.
func TestReal(t *testing.T) {
	if !*real {
		t.Skip("takes five minutes; run it by -storm.real")
	}
	const stall, watched = 10 * time.Second, 70 * time.Second
	var b strings.Builder
	b.WriteString("| client | recovery | amplification from the stall to the recovery | in time, of all requests in 70 s after the stall |\n|---|--:|--:|--:|\n")
	for _, p := range []peer{peers[0], peers[1], peers[2]} {
		r := realRun(t, p, 67, stall, watched)
		begin, end := ticks(warmup), ticks(warmup+stall)
		search := search{record: r, from: end}
		took := "not in 70 s"
		if search.upTo(ticks(warmup + stall + watched)) {
			took = fmt.Sprintf("%.1f s", float64(search.from-end)/float64(ticks(time.Second)))
		}
		fmt.Fprintf(&b, "| %s | %s | %.2f | %.0f%% |\n", p.name, took,
			r.between(begin, search.from).amplification(), 100*r.between(end, end+ticks(watched)).share())
		t.Log(p.name, took)
	}
	splice(t, page, "real", b.String())
}

func realRun(t *testing.T, p peer, load int, stall, watched time.Duration) *record {
	queue := &server{record: &record{start: time.Now()}}
	upstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		wait, _ := queue.take(time.Now(), &visit{})
		time.Sleep(wait) // whether somebody waits for it or not
	}))
	defer upstream.Close()
	url, proxy := startProxy(t, upstream.Listener.Addr().String())
	defer proxy.Stop()

	base := &http.Transport{MaxIdleConnsPerHost: capacity}
	defer base.CloseIdleConnections()
	seen := &watcher{base: base, record: &record{start: time.Now()}}
	send := p.new(t, seen)
	request := get(t, url)
	ctx, cancel := context.WithCancel(t.Context())
	random := rand.New(rand.NewPCG(0, uint64(load)))
	gap := float64(time.Second) / (capacity * float64(load) / 100)
	start := seen.record.start
	stalled := time.AfterFunc(warmup, func() {
		_, err := proxy.Toxics.AddToxicJson(strings.NewReader(`{"name":"stall","type":"latency","stream":"upstream","attributes":{"latency":3600000}}`))
		if err != nil {
			t.Error(err)
		}
	})
	defer stalled.Stop()
	resumed := time.AfterFunc(warmup+stall, func() {
		if err := proxy.Toxics.RemoveToxic(ctx, "stall"); err != nil {
			t.Error(err)
		}
	})
	defer resumed.Stop()
	var callers sync.WaitGroup
	for next := start; next.Sub(start) < warmup+stall+watched; {
		next = next.Add(time.Duration(random.ExpFloat64() * gap))
		time.Sleep(time.Until(next))
		visit := context.WithValue(ctx, visitKey{}, &visit{})
		callers.Go(func() { send(request.WithContext(visit)) })
	}
	cancel()
	callers.Wait()
	return seen.record
}

// startProxy starts one before a server, and returns where it listens.
func startProxy(t *testing.T, upstream string) (url string, proxy *toxiproxy.Proxy) {
	t.Helper()
	// It tells a port that it was given, not one that it has found.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy = toxiproxy.NewProxy(api, "storm", address, upstream)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	return "http://" + address + "/", proxy
}

// watcher keeps the record where the server cannot: at the client.
type watcher struct {
	base   http.RoundTripper
	record *record
}

func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	begin := time.Now()
	resp, err := w.base.RoundTrip(req)
	w.record.attempt(begin, visitOf(req.Context()), err == nil && resp.StatusCode == http.StatusOK && time.Since(begin) < patience)
	return resp, err
}
