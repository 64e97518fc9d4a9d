package bench_test

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/gateway"
)

// BenchmarkHop is one request after the other over one connection kept alive on
// loopback: to an upstream directly, and through each gateway to it. An error is
// translated by Parlance and passed on by the others; a success is passed on by
// all. What a hop costs is its time less that of the direct way.
func BenchmarkHop(b *testing.B) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/error" {
			w.WriteHeader(422)
			io.WriteString(w, vmsBody)
			return
		}
		io.WriteString(w, success)
	}))
	b.Cleanup(upstream.Close)
	for _, path := range []string{"/error", "/success"} {
		for _, by := range []struct {
			name  string
			start func(*testing.B, *url.URL) string
		}{
			{"direct", func(_ *testing.B, u *url.URL) string { return u.String() }},
			{"reverseproxy", reverseProxy},
			{"parlance", parlanceGateway},
			{"nginx", nginx},
		} {
			b.Run("of="+path[1:]+"/by="+by.name, func(b *testing.B) {
				u, err := url.Parse(upstream.URL)
				if err != nil {
					b.Fatal(err)
				}
				ask(b, by.start(b, u)+path)
			})
		}
	}
}

var success = string(plainSuccess.Body)

func ask(b *testing.B, addr string) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	b.Cleanup(client.CloseIdleConnections)
	b.ReportAllocs() // of the client, the gateway where it is in Go, and the upstream
	for b.Loop() {
		req, err := http.NewRequest(http.MethodGet, addr, nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Accept", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if want := 422; err != nil || n < 200 || strings.HasSuffix(addr, "/error") != (resp.StatusCode == want) {
			b.Fatalf("%s: %d bytes, %v", resp.Status, n, err)
		}
	}
}

func transport(b *testing.B) *http.Transport {
	t := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	b.Cleanup(t.CloseIdleConnections)
	return t
}

func serve(b *testing.B, h http.Handler) string {
	s := httptest.NewServer(h)
	b.Cleanup(s.Close)
	return s.URL
}

func reverseProxy(b *testing.B, u *url.URL) string {
	return serve(b, &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(u); r.SetXForwarded() },
		Transport: transport(b),
		ErrorLog:  log.New(io.Discard, "", 0),
	})
}

func parlanceGateway(b *testing.B, u *url.URL) string {
	g, err := gateway.New(gateway.Config{
		Upstream: u, Speaks: open(b, "vms"), To: open(b, "problem"), Transport: transport(b), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	return serve(b, g)
}

// nginx starts one that runs as a single process. It returns from its start
// when it listens, so that nobody has to wait for it.
func nginx(b *testing.B, u *url.URL) string {
	program, err := exec.LookPath("nginx")
	if err != nil {
		b.Skip("nginx is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := b.TempDir()
	config := fmt.Sprintf(`
master_process off; pid %[1]s/pid;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	keepalive_requests 100000000;
	upstream there { server %[2]s; keepalive 16; keepalive_requests 100000000; }
	server { listen %[3]s; location / { proxy_pass http://there; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}`, dir, u.Host, addr)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	run := func(more ...string) {
		args := append([]string{"-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log")}, more...)
		if err := exec.Command(program, args...).Run(); err != nil {
			text, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			b.Fatalf("nginx: %v\n%s", err, text)
		}
	}
	run()
	b.Cleanup(func() { run("-s", "stop") })
	return "http://" + addr
}
