package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/testlog"
)

// served runs a gateway by Serve. stop ends its context, and returns when Serve has.
func served(t *testing.T, upstream, speaks, to string, change ...func(*gateway.Config)) (addr string, log *testlog.Log, stop func()) {
	t.Helper()
	g, log := build(t, upstream, speaks, to, append([]func(*gateway.Config){func(c *gateway.Config) { c.MaxWait = 1 }}, change...)...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := g.Serve(ctx, l); err != nil {
			t.Errorf("Serve returned %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return "http://" + l.Addr().String(), log, stop
}

// dial opens a connection to a server.
func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// ask sends a request on a connection that stays open, and reads the response.
func ask(t *testing.T, conn net.Conn, b *bufio.Reader) *http.Response {
	t.Helper()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	resp, err := http.ReadResponse(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	return resp
}

func TestIdleConnectionsGiveWayToNewOnes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		idle func(*testing.T, net.Conn)
	}{
		{"those that sent nothing", func(*testing.T, net.Conn) {}},
		{"those that had a response", func(t *testing.T, c net.Conn) { ask(t, c, bufio.NewReader(c)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, says(200, "text/plain", "ok"))
			addr, log, _ := served(t, u.URL, "plain", "problem", func(c *gateway.Config) { c.MaxConns = 20 })
			var conns []net.Conn
			for range 60 {
				c := dial(t, addr)
				tt.idle(t, c)
				conns = append(conns, c)
			}
			last := dial(t, addr)
			if resp := ask(t, last, bufio.NewReader(last)); resp.StatusCode != 200 {
				t.Errorf("%d", resp.StatusCode)
			}
			open := 1
			for _, c := range conns {
				io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				if _, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
					open++
				}
			}
			if open > 20 {
				t.Errorf("%d connections are open, want at most 20", open)
			}
			if !strings.Contains(log.String(), "max_connections=20") {
				t.Errorf("the log does not say why: %s", log)
			}
		})
	}
}

func TestABusyConnectionNeverGivesWay(t *testing.T) {
	t.Parallel()
	here, on := make(chan struct{}, 2), make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		here <- struct{}{}
		<-on
		io.WriteString(w, "ok")
	})
	addr, _, _ := served(t, u.URL, "plain", "problem", func(c *gateway.Config) { c.MaxConns = 2 })
	var busy []net.Conn
	for range 2 {
		c := dial(t, addr)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		<-here
		busy = append(busy, c)
	}
	late := dial(t, addr)
	if _, err := late.Read(make([]byte, 1)); err == nil {
		t.Error("a connection beyond the limit is served")
	}
	close(on)
	for _, c := range busy {
		if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != 200 {
			t.Errorf("a busy connection got %v, %v", resp, err)
		}
	}
}

func TestIdleConnectionsAreBoundedAndEnd(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _, _ := served(t, u.URL, "plain", "problem", func(c *gateway.Config) { c.MaxIdleConns = 1; c.IdleTimeout = time.Hour })
	ends := make(chan error, 2)
	for range 2 { // whichever of them the gateway finds idle first
		c := dial(t, addr)
		ask(t, c, bufio.NewReader(c))
		go func() {
			_, err := c.Read(make([]byte, 1))
			ends <- err
		}()
	}
	if err := <-ends; err == nil {
		t.Error("one of two idle connections has a response to no request")
	}
	addr, _, _ = served(t, u.URL, "plain", "problem", func(c *gateway.Config) { c.IdleTimeout = time.Millisecond })
	c := dial(t, addr)
	ask(t, c, bufio.NewReader(c))
	if _, err := c.Read(make([]byte, 1)); err != io.EOF { // or the test never ends
		t.Errorf("the idle connection ended with %v", err)
	}
}

func TestTheHeaderOfARequestIsBounded(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _, _ := served(t, u.URL, "plain", "problem")
	for _, tt := range []struct {
		name, header string
		status       int
	}{
		{"enough bytes", "A: " + strings.Repeat("x", 60<<10) + "\r\n", 200},
		{"too many bytes", "A: " + strings.Repeat("x", 70<<10) + "\r\n", 431},
		{"enough lines", strings.Repeat("A: b\r\n", 250), 200},
		{"too many lines", strings.Repeat("A: b\r\n", 260), 431},
	} {
		resp, body := say(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n"+tt.header+"\r\n")
		if resp.StatusCode != tt.status || tt.name == "too many lines" && !strings.Contains(body, `"status":431`) {
			t.Errorf("%s: %d %.200s", tt.name, resp.StatusCode, body)
		}
	}
	if u.count() != 2 {
		t.Errorf("the upstream saw %d requests", u.count())
	}
}

// It is not parallel, so that nothing else allocates.
func TestTheHeaderOfAResponseIsBounded(t *testing.T) {
	lines := bytes.Repeat([]byte("A: b\r\n"), 1000)
	endless := wire(t, func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for range 10 << 20 / len(lines) {
			if _, err := c.Write(lines); err != nil {
				return
			}
		}
		io.WriteString(c, "\r\n")
	})
	long := wire(t, func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\nA: "+strings.Repeat("x", 200<<10)+"\r\n\r\n")
	})
	many := wire(t, func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n"+strings.Repeat("A: b\r\n", 260)+"\r\n")
	})
	for _, tt := range []struct {
		name, upstream string
		status         int
		log            string
	}{
		{"10 MB of short lines", endless, 502, "headers exceeded"},
		{"enough bytes", long, 200, ""},
		{"too many lines", many, 502, "too many lines"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr, log := before(t, tt.upstream, "plain", "problem")
			var was, is runtime.MemStats
			runtime.ReadMemStats(&was)
			var group sync.WaitGroup
			for range 16 {
				group.Go(func() {
					if resp, err := http.Post(addr, "text/plain", nil); err != nil || resp.StatusCode != tt.status {
						t.Errorf("%v %v", resp, err)
					}
				})
			}
			group.Wait()
			runtime.ReadMemStats(&is)
			if mib := (is.TotalAlloc - was.TotalAlloc) >> 20; mib > 200 {
				t.Errorf("16 responses took %d MiB", mib)
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("the log says %s", log)
			}
		})
	}
}

func TestTheDrainLetsRequestsFinishAndLogsWhatItCuts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		drain  time.Duration
		begins bool // the response, before the drain
		ends   bool // the upstream, in time
		status int
		logs   string
	}{
		{"a response in time", time.Hour, false, true, 200, ""},
		{"no response in time", time.Millisecond, false, false, 504, "the request was cut off"},
		{"a stream without an end", time.Millisecond, true, false, 200, "the request was cut off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			here, on := make(chan struct{}), make(chan struct{})
			u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if tt.begins {
					w.Header().Set("Content-Type", "text/event-stream")
					io.WriteString(w, "data: 1\n\n")
					w.(http.Flusher).Flush()
				}
				close(here)
				select {
				case <-on:
				case <-r.Context().Done():
				}
			})
			addr, log, stop := served(t, u.URL, "plain", "problem", func(c *gateway.Config) { c.Drain = tt.drain })
			conn := dial(t, addr)
			b := bufio.NewReader(conn)
			io.WriteString(conn, "GET /things HTTP/1.1\r\nHost: x\r\n\r\n")
			<-here
			var resp *http.Response
			var err error
			if tt.begins {
				if resp, err = http.ReadResponse(b, nil); err != nil {
					t.Fatal(err)
				}
			}
			stopped := make(chan struct{})
			go func() { stop(); close(stopped) }()
			if tt.ends {
				close(on)
			}
			<-stopped // or the test never ends
			if resp == nil {
				if resp, err = http.ReadResponse(b, nil); err != nil {
					t.Fatal(err)
				}
			}
			if resp.StatusCode != tt.status {
				t.Errorf("%d", resp.StatusCode)
			}
			if text := log.String(); strings.Contains(text, "cut off") != (tt.logs != "") || !strings.Contains(text, tt.logs) || tt.logs != "" && !strings.Contains(text, "path=/things") {
				t.Errorf("the log says %s", text)
			}
		})
	}
}

func TestASwitchedProtocolIsDrainedToo(t *testing.T) {
	t.Parallel()
	u := wire(t, func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(io.Discard, c)
	})
	addr, log, stop := served(t, u, "plain", "problem", func(c *gateway.Config) { c.Drain = time.Millisecond })
	conn := dial(t, addr)
	io.WriteString(conn, "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	stop() // or the test never ends
	if text := log.String(); !strings.Contains(text, "the request was cut off") || !strings.Contains(text, "path=/socket") {
		t.Errorf("the log says %s", text)
	}
}

// Behind a listener of TLS, the upstream learns of it, and a caller is still served.
func TestServeTakesAListenerOfTLS(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	secure := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer secure.Close()
	g, _ := build(t, u.URL, "plain", "problem")
	l, err := tls.Listen("tcp", "127.0.0.1:0", secure.TLS)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- g.Serve(ctx, l) }()
	resp, err := secure.Client().Get("https://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	stop()
	if err := <-done; err != nil || resp.StatusCode != 200 || u.seen[0].Header.Get("X-Forwarded-Proto") != "https" {
		t.Errorf("%v, %d, %v", err, resp.StatusCode, u.seen[0].Header)
	}
}
