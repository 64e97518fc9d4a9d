// Package nginx_test holds the module for nginx, in real nginx in front of real upstreams.
package nginx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/lib/nginx"
)

// built are the module and the library. All tests share them.
var built = sync.OnceValues(func() (b struct{ module, library string }, err error) {
	b.module, b.library, err = nginx.Build(folder)
	return b, err
})

// folder is where the library is built.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "parlance-nginx"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// proxy is nginx with the module.
type proxy struct {
	t       *testing.T
	dir     string
	address string
	cmd     *exec.Cmd
	client  *http.Client
	fails   bool // its end is not that of a test that passed
	daemon  bool // its first process ends when the others run
}

// start runs nginx with such a configuration of http. LISTEN stands for its address.
func start(t *testing.T, config string) *proxy {
	t.Helper()
	p := prepared(t)
	p.start(func() { p.configure(config) })
	return p
}

// start runs nginx with the file that configure writes.
func (p *proxy) start(configure func()) {
	t := p.t
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	configure()
	path, err := exec.LookPath("nginx")
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(path, "-p", p.dir, "-c", "nginx.conf", "-e", "error.log")
	if p.daemon {
		_ = listener.Close() // what takes a socket over does not become a daemon
	} else {
		p.cmd.Env = append(os.Environ(), "NGINX=3;") // it takes the socket over, so that no other process gets the port
		p.cmd.ExtraFiles = []*os.File{socket}
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	_ = socket.Close()
	t.Cleanup(func() {
		if !p.daemon {
			_ = p.cmd.Process.Signal(os.Interrupt)
			_ = p.cmd.Wait()
		}
		log := p.log()
		if t.Failed() || strings.Contains(log, "exited on signal") != p.fails || strings.Contains(log, "[alert]") != p.fails {
			t.Errorf("the log of nginx:\n%s", log)
		}
	})
}

// prepared is a folder for nginx, with a client that asks it alone.
func prepared(t *testing.T) *proxy {
	t.Helper()
	switch _, err := built(); {
	case errors.Is(err, nginx.ErrMissing) && os.Getenv("CI") == "":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	p := &proxy{t: t, dir: t.TempDir()}
	p.client = &http.Client{
		Transport: &http.Transport{
			DialContext: func(context context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(context, "tcp", p.address)
			},
			DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(p.client.CloseIdleConnections)
	return p
}

// configure writes nginx.conf with such a configuration of http.
func (p *proxy) configure(config string) {
	p.t.Helper()
	b, _ := built()
	p.write(fmt.Sprintf("load_module %s;\nhttp {\n\tparlance_library %s;\n%s\n}\n", b.module, b.library, config))
}

// write writes nginx.conf. What each needs is added to main and to http.
func (p *proxy) write(config string) {
	p.t.Helper()
	main := ""
	if os.Getuid() == 0 {
		main = "user root root; "
	}
	daemon := map[bool]string{true: "on", false: "off"}[p.daemon]
	main += "daemon " + daemon + "; worker_processes 1; pid nginx.pid;\n"
	config = strings.Replace(config, "http {\n", "events { worker_connections 256; } http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n", 1)
	text := main + strings.ReplaceAll(config, "LISTEN", "listen "+p.address)
	if err := os.WriteFile(filepath.Join(p.dir, "nginx.conf"), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *proxy) log() string {
	text, _ := os.ReadFile(filepath.Join(p.dir, "error.log"))
	return string(text)
}

// check is what nginx -t says of a configuration, and whether it takes it.
func (p *proxy) check(config string) (string, bool) {
	p.t.Helper()
	p.address = "127.0.0.1:9"
	p.configure(config)
	out, err := exec.Command("nginx", "-t", "-p", p.dir, "-c", "nginx.conf", "-e", "stderr").CombinedOutput()
	return string(out), err == nil
}

// response is what a caller got.
type response struct {
	*http.Response
	body string
	err  error // the body broke off
}

// ask sends a request. The rest is names and values of fields; Host is the one of the request.
func (p *proxy) ask(method, path string, fields ...string) response {
	p.t.Helper()
	r, err := p.try(method, path, fields...)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *proxy) try(method, path string, fields ...string) (response, error) {
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://nginx"+path, nil)
	if err != nil {
		return response{}, err
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
		if fields[i] == "Host" {
			req.Host = fields[i+1]
		}
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	_, err = io.Copy(&body, resp.Body)
	return response{resp, body.String(), err}, nil
}

// upstream is the address of an API.
func upstream(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
