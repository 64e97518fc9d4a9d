//go:build linux

package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/gateway"
	parlancenginx "github.com/parlance-api/parlance/lib/nginx"
)

// proxy is a process that forwards to the upstream.
type proxy struct {
	name    string
	pid     int
	addr    string
	callers []*caller
	collect func() // has a Go proxy give back the memory that it does not need
	stop    func()
}

func (p *proxy) cpu() time.Duration { return cpuTime(p.pid) }

var errMissing = errors.New("not installed")

func names() []string {
	return []string{"reverseproxy", "parlance", "parlance-serve", "nginx", "nginx-parlance", "nginx-lua", "haproxy", "haproxy-lua", "caddy"}
}

// ours are the proxies that this program itself is: httputil.ReverseProxy and the gateway, both
// in the same http.Server, and the gateway in its own Serve, with its bounds.
var ours = []string{"reverseproxy", "parlance", "parlance-serve"}

// start starts a proxy, and returns when it listens.
func start(name, dir, upstream string, c config) (*proxy, error) {
	program := "/proc/self/exe"
	kind, other, another := strings.Cut(name, "=")
	if another {
		program = other // this command, built of another version
	}
	dir = filepath.Join(dir, strings.ReplaceAll(name, "/", "-"))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	var cmd *exec.Cmd
	switch kind {
	case "reverseproxy", "parlance", "parlance-serve":
		cmd = exec.Command(program)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1", serveAs+"="+kind, "HOP_LISTEN="+addr, "HOP_UPSTREAM="+upstream, "HOP_SPEAKS="+c.speaks, "HOP_TO="+c.to)
		if c.profile != "" {
			cmd.Env = append(cmd.Env, "HOP_PROFILE="+filepath.Join(filepath.Dir(c.profile), kind+"-"+filepath.Base(c.profile)))
		}
	case "nginx":
		cmd, err = nginx(dir, addr, upstream, "", "", "")
	case "nginx-parlance":
		cmd, err = nginxParlance(dir, addr, upstream, c)
	case "nginx-lua":
		cmd, err = nginxLua(dir, addr, upstream)
	case "haproxy":
		cmd, err = haproxy(dir, addr, upstream, "", "")
	case "haproxy-lua":
		cmd, err = haproxyLua(dir, addr, upstream)
	case "caddy":
		cmd, err = caddy(cmp.Or(other, "caddy"), dir, addr, upstream, "", "http")
	case "parlance-gateway":
		cmd, err = caddy(cmp.Or(other, "parlance-gateway"), dir, addr, upstream, "parlance "+c.to, "parlance {\nspeaks "+c.speaks+"\nhttp")
	default:
		err = errors.New("no such proxy")
	}
	if err != nil {
		return nil, err
	}
	return launch(cmd, name, addr, c.callers, slices.Contains(ours, kind))
}

func launch(cmd *exec.Cmd, name, addr string, callers int, isOurs bool) (*proxy, error) {
	said := new(strings.Builder)
	cmd.Stdout, cmd.Stderr = said, said
	stdin, err := cmd.StdinPipe() // the Go proxies end with it
	if err != nil {
		return nil, err
	}
	if err := startPinned(cmd, proxyCore); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	p := &proxy{name: name, pid: cmd.Process.Pid, addr: addr, collect: func() { _, _ = io.WriteString(stdin, "\n") }, stop: func() {
		_ = stdin.Close()
		if !isOurs {
			_ = cmd.Process.Kill()
		}
		<-ended
	}}
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			p.callers, err = dial(addr, callers)
			return p, err
		}
		select {
		case <-ended:
			return nil, fmt.Errorf("it ended at once: %s", said)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// serveAs is the environment variable that makes this program a proxy.
const serveAs = "HOP_SERVE"

// serve is one of the Go proxies, until stdin ends. For each line it gives memory back.
func serve(name string) {
	u := &url.URL{Scheme: "http", Host: os.Getenv("HOP_UPSTREAM")}
	t := http.DefaultTransport.(*http.Transport).Clone() // as the gateway has it
	t.MaxIdleConns, t.MaxIdleConnsPerHost, t.DisableCompression = 0, 256, true
	l, err := net.Listen("tcp", os.Getenv("HOP_LISTEN"))
	check(err)
	switch name {
	case "reverseproxy":
		h := &httputil.ReverseProxy{
			Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(u); r.SetXForwarded() },
			Transport:  t,
			BufferPool: pool{make(chan []byte, 64)},
			ErrorLog:   log.New(io.Discard, "", 0),
		}
		go func() { check(http.Serve(l, h)) }()
	case "parlance", "parlance-serve":
		speaks, err := catalog.Open(os.Getenv("HOP_SPEAKS"))
		check(err)
		to, err := catalog.Open(os.Getenv("HOP_TO"))
		check(err)
		g, err := gateway.New(gateway.Config{Upstream: u, Speaks: speaks, To: to, MaxConns: maxConns, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		check(err)
		if name == "parlance" {
			go func() { check(http.Serve(l, g)) }()
		} else {
			go func() { check(g.Serve(context.Background(), l)) }()
		}
	}
	if file := os.Getenv("HOP_PROFILE"); file != "" {
		out, err := os.Create(file)
		check(err)
		check(pprof.StartCPUProfile(out))
		defer pprof.StopCPUProfile()
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		debug.FreeOSMemory()
	}
}

// maxConns is above the number of connections that are measured.
const maxConns = 1 << 20

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// pool gives ReverseProxy its buffers, as a user who cares for speed would.
type pool struct{ free chan []byte }

func (p pool) Get() []byte {
	select {
	case b := <-p.free:
		return b
	default:
		return make([]byte, 32<<10)
	}
}

func (p pool) Put(b []byte) {
	select {
	case p.free <- b:
	default:
	}
}

// nginx runs as a single process, with the lines given for the whole, for http and for the
// location.
func nginx(dir, addr, upstream, whole, all, location string) (*exec.Cmd, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return nil, fmt.Errorf("nginx: %w", errMissing)
	}
	text := fmt.Sprintf(`%[4]s
master_process off; daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
	access_log off; %[6]s
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	keepalive_requests 100000000; keepalive_timeout 1h;
	upstream there { server %[2]s; keepalive 256; keepalive_requests 100000000; }
	server { listen %[3]s; location / { proxy_pass http://there; proxy_http_version 1.1; proxy_set_header Connection ""; %[5]s } }
}`, dir, upstream, addr, whole, location, all)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return exec.Command(program, "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log")), nil
}

// nginxParlance translates with the module for nginx, which it builds.
func nginxParlance(dir, addr, upstream string, c config) (*exec.Cmd, error) {
	module, library, err := parlancenginx.Build(dir)
	if errors.Is(err, parlancenginx.ErrMissing) {
		return nil, fmt.Errorf("nginx-parlance: %w", errMissing)
	}
	if err != nil {
		return nil, err
	}
	return nginx(dir, addr, upstream, "load_module "+module+";", "parlance_library "+library+"; parlance speaks "+c.speaks+" answers "+c.to+";", "")
}

// nginxLua translates the errors of vms into problems, as a small script of an operator
// would.
func nginxLua(dir, addr, upstream string) (*exec.Cmd, error) {
	const modules = "/usr/lib/nginx/modules/"
	for _, file := range []string{modules + "ngx_http_lua_module.so", modules + "ndk_http_module.so"} {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("nginx-lua: %w", errMissing)
		}
	}
	return nginx(dir, addr, upstream, "load_module "+modules+"ndk_http_module.so; load_module "+modules+"ngx_http_lua_module.so;", "", `
		header_filter_by_lua_block {
			if ngx.status >= 400 then
				ngx.header["Content-Type"] = "application/problem+json"
				ngx.header["Content-Length"] = nil
			end
		}
		body_filter_by_lua_block {
			if ngx.status < 400 then return end
			local ctx = ngx.ctx
			ctx.body = (ctx.body or "") .. ngx.arg[1]
			if not ngx.arg[2] then ngx.arg[1] = nil; return end
			local json = require "cjson.safe"
			local vms = json.decode(ctx.body) or {}
			local problem = {title = "Unprocessable Entity", status = ngx.status, detail = vms.message, errors = {}}
			for field, texts in pairs(vms.errors or {}) do
				for _, text in ipairs(texts) do table.insert(problem.errors, {pointer = "/" .. field, detail = text}) end
			end
			ngx.arg[1] = json.encode(problem)
		}`)
}

// haproxy runs as a single thread, with the lines given for the whole and for the backend.
func haproxy(dir, addr, upstream, whole, backend string) (*exec.Cmd, error) {
	program, err := exec.LookPath("haproxy")
	if err != nil {
		return nil, fmt.Errorf("haproxy: %w", errMissing)
	}
	text := fmt.Sprintf(`global
	nbthread 1
	%s
defaults
	mode http
	timeout connect 5s
	timeout client 1h
	timeout server 1h
	timeout http-keep-alive 1h
	http-reuse always
frontend callers
	bind %s
	default_backend there
backend there
	%s
	server there %s
`, whole, addr, backend, upstream)
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return exec.Command(program, "-db", "-f", file), nil
}

// haproxyLua translates the errors of vms into problems, as a small script of an operator
// would. A rule of HAProxy has one status, so there is a rule for the one that is measured.
func haproxyLua(dir, addr, upstream string) (*exec.Cmd, error) {
	const script = `
local json = require "cjson.safe"
core.register_converters("problem", function(body)
	local vms = json.decode(body) or {}
	local problem = {title = "Unprocessable Entity", status = 422, detail = vms.message, errors = {}}
	for field, texts in pairs(vms.errors or {}) do
		for _, text in ipairs(texts) do table.insert(problem.errors, {pointer = "/" .. field, detail = text}) end
	end
	return json.encode(problem)
end)
`
	if found, _ := filepath.Glob("/usr/lib/*/lua/5.3/cjson.so"); len(found) == 0 {
		return nil, fmt.Errorf("haproxy-lua: %w", errMissing)
	}
	file := filepath.Join(dir, "problem.lua")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		return nil, err
	}
	return haproxy(dir, addr, upstream, "lua-load "+file, `http-response wait-for-body time 5s if { status 422 }
	http-response set-var(txn.problem) res.body,lua.problem if { status 422 }
	http-response return status 422 content-type "application/problem+json" lf-string "%[var(txn.problem)]" if { status 422 }`)
}

// caddy runs a Caddy with a directive before the proxy, and with a transport.
func caddy(name, dir, addr, upstream, directive, transport string) (*exec.Cmd, error) {
	program, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, errMissing)
	}
	_, port, _ := net.SplitHostPort(addr)
	end := ""
	if strings.Contains(transport, "{") {
		end = "\n}"
	}
	text := fmt.Sprintf("{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n}\nhttp://:%s {\n\tbind 127.0.0.1\n\t%s\n\treverse_proxy %s {\n\t\ttransport %s {\n\t\t\tkeepalive_idle_conns_per_host 256\n\t\t\tcompression off\n\t\t}%s\n\t}\n}\n", port, directive, upstream, transport, end)
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	return cmd, nil
}
