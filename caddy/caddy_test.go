package caddyparlance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/requestbody"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage"
	_ "github.com/caddyserver/caddy/v2/modules/logging"
	_ "github.com/caddyserver/caddy/v2/modules/metrics"

	caddyparlance "github.com/parlance-api/parlance/caddy"
)

// The tests run one Caddy, in this process. So they are not parallel, and each loads a
// configuration of its own.

// server is the Caddy of a test.
type server struct {
	t    testing.TB
	port int
	log  string // the file of the access log

	transport *http.Transport // of ask; a reload makes another one, since it ends the connections
}

// global are the options at the head of each Caddyfile. The log of Caddy itself is dropped.
const global = `{
	admin off
	auto_https off
	persist_config off
	grace_period 1s
	storage file_system %[1]s
	log default {
		output file %[1]s/caddy.log
		level %[2]s
		format json
	}
	parlance {
		store {$PARLANCE_STORE:%[1]s/gateway.db}
	}
}
`

// load runs Caddy with a Caddyfile. ADDRESS in it stands for a free address.
func load(t testing.TB, file string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, port: l.Addr().(*net.TCPAddr).Port}
	_ = l.Close()
	dir := t.TempDir()
	s.log = filepath.Join(dir, "caddy.log")
	t.Setenv("PARLANCE_STORE", filepath.Join(dir, "gateway.db"))
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.reload(dir, file); err != nil {
		t.Fatal(err)
	}
	return s
}

// reload puts another Caddyfile in the place of the one that runs.
func (s *server) reload(dir, file string) error {
	config, err := s.adapted(dir, file)
	if err != nil {
		return err
	}
	if err := caddy.Load(config, true); err != nil {
		return err
	}
	s.connect()
	return nil
}

// adapted is the JSON of a Caddyfile for the address of the server.
func (s *server) adapted(dir, file string) ([]byte, error) {
	head := fmt.Sprintf(global, dir, s.level())
	if own, ok := strings.CutPrefix(file, "{\n"); ok { // a global block of its own
		head, _, _ = strings.Cut(head, "\tparlance {")
		file = own
	}
	return adapt(strings.ReplaceAll(head+file, "ADDRESS", fmt.Sprintf("http://127.0.0.1:%d", s.port)))
}

// connect has ask use new connections.
func (s *server) connect() {
	if s.transport != nil {
		s.transport.CloseIdleConnections()
	}
	s.transport = new(http.Transport)
	s.t.Cleanup(s.transport.CloseIdleConnections)
}

// adapt is the JSON of a Caddyfile.
func adapt(file string) ([]byte, error) {
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(file), map[string]any{"filename": "Caddyfile"})
	return config, err
}

// stop ends Caddy.
func (s *server) stop() error {
	err := caddy.Stop()
	caddyparlance.WaitUntilReleased()
	return err
}

// level is that of the log: all of it, but for a benchmark.
func (s *server) level() string {
	if _, measured := s.t.(*testing.B); measured {
		return "INFO"
	}
	return "DEBUG"
}

// url is the URL of a path.
func (s *server) url(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", s.port, path) }

// validate is what "caddy validate" does with a configuration.
func validate(t *testing.T, config []byte) error {
	t.Helper()
	var c caddy.Config
	if err := caddy.StrictUnmarshalJSON(config, &c); err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(&c)
}

// ask sends a request to Caddy. header has names and values in turn; Host is one of them.
func (s *server) ask(method, path, body string, header ...string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, s.url(path), reader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if r.Header.Add(header[i], header[i+1]); header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	resp, err := s.transport.RoundTrip(r)
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) {
		// After a reload, Caddy's old socket may be closed with a connection that waits in it.
		if r.GetBody != nil {
			r.Body, _ = r.GetBody()
		}
		resp, err = s.transport.RoundTrip(r)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(text)
}

// reader is a body, nil for none.
func reader(body string) io.Reader {
	if body == "" {
		return nil
	}
	return strings.NewReader(body)
}

// upstream is an API that responds as a test says.
type upstream struct {
	*httptest.Server
	requests atomic.Int64
}

// serve runs an upstream.
func serve(t testing.TB, h http.HandlerFunc) *upstream {
	t.Helper()
	u := new(upstream)
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.requests.Add(1)
		h(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

// says responds with a status, a body and fields of the header.
func says(status int, contentType, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, body)
		}
	}
}

// inTurn responds with each handler once, and with the last one from then on.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		handlers[min(int(n.Add(1)), len(handlers))-1](w, r)
	}
}

const jsonType = "application/json"
