package gateway_test

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testlog"
)

func open(t testing.TB, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// before puts a gateway on a real socket before an upstream at addr. It waits
// for no retry, unless change says so.
func before(t *testing.T, addr, speaks, responses string, change ...func(*gateway.Config)) (url string, log *testlog.Log) {
	t.Helper()
	g, log := build(t, addr, speaks, responses, append([]func(*gateway.Config){func(c *gateway.Config) { c.MaxWait = 1 }}, change...)...)
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	return srv.URL, log
}

func build(t *testing.T, addr, speaks, responses string, change ...func(*gateway.Config)) (*gateway.Gateway, *testlog.Log) {
	t.Helper()
	u, err := url.Parse(addr)
	if err != nil {
		t.Fatal(err)
	}
	log := new(testlog.Log)
	c := gateway.Config{
		Upstream: u, Speaks: open(t, speaks), To: open(t, responses),
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	g, err := gateway.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.CloseIdleConnections)
	return g, log
}

// upstream is a server on a real socket that keeps what it saw.
type upstream struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
	body []string
}

func serve(t *testing.T, h http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u.mu.Lock()
		u.seen, u.body = append(u.seen, r), append(u.body, string(body))
		u.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.seen)
}

// says responds always the same.
func says(status int, contentType, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// wire is a listener that does to each connection what it is told, once it has
// read some of the request.
func wire(t *testing.T, do func(net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.Read(make([]byte, 4096))
				do(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// get asks and reads to the end.
func get(t *testing.T, method, addr, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, addr, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := caller.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, addr, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("the body of %s %s: %v", method, addr, err)
	}
	return resp, string(text)
}

// caller follows no redirect and asks for no coding, so that tests see the wire.
var caller = &http.Client{
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// inMemory is a server inside a synctest bubble, and the transport to it.
func inMemory(t *testing.T, h http.HandlerFunc) *http.Transport {
	t.Helper()
	transport := memhttp.Serve(t, h)
	transport.DisableCompression = true // so that tests see the wire
	return transport
}

// A caller who does not send what he promised costs no longer than the gateway
// waits, whether his body is held or passed on.
func TestACallerWhoStallsGetsAResponseInTime(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"10", "100000"} {
		t.Run(length+" bytes promised", func(t *testing.T) {
			t.Parallel()
			u := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
			defer u.Close()
			upstream, err := url.Parse(u.URL)
			if err != nil {
				t.Fatal(err)
			}
			g, err := gateway.New(gateway.Config{Upstream: upstream, Speaks: open(t, "vms"), To: open(t, "problem"),
				Timeout: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			s := httptest.NewServer(g)
			defer s.Close()
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "+length+"\r\n\r\nabc")
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil) // it comes, and the connection ends
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != 408 && resp.StatusCode != 504 || !strings.Contains(string(body), `"kind":"timeout"`) || !resp.Close {
				t.Errorf("%d %s %v, close %t", resp.StatusCode, body, err, resp.Close)
			}
		})
	}
}
