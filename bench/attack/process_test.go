package attack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/guard"
)

// upstreamVar has the upstream of the process that is attacked.
const upstreamVar = "PARLANCE_ATTACK_UPSTREAM"

func TestMain(m *testing.M) {
	if upstream := os.Getenv(upstreamVar); upstream != "" {
		fmt.Fprintln(os.Stderr, serve(upstream))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// The targets: servers and gateways, each of a dialect without an envelope and of one
// with an envelope.
var (
	servers  = []string{"server/problem", "server/vbapi"}
	gateways = []string{"gateway/plain", "gateway/vbapi"}
)

// serve is the process that is attacked. It writes its targets to standard output, and
// ends at the latest when whoever started it does.
func serve(upstream string) error {
	log.SetOutput(io.Discard) // of net/http's client
	for _, its := range append(servers, gateways...) {
		end, name, _ := strings.Cut(its, "/")
		run, err := target(end, name, upstream)
		if err != nil {
			return err
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go run(l) // as long as the process lives
		fmt.Println(its, l.Addr())
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// target is what a user puts there, with its bounds.
func target(end, name, upstream string) (run func(net.Listener) error, err error) {
	d, err := catalog.Open(name)
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.DiscardHandler)
	if end == "server" {
		s := server.New(d, server.WithLogger(logger))
		h := s.Wrap(guard.MaxBody(1 << 20)(s.Handle(echo)))
		return guard.ApplyDefaultLimits(&http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}).Serve, nil
	}
	u, err := url.Parse(upstream + "/" + name)
	if err != nil {
		return nil, err
	}
	to, err := catalog.Open("problem")
	if err != nil {
		return nil, err
	}
	g, err := gateway.New(gateway.Config{Upstream: u, Speaks: d, To: to, MaxWait: 1, Logger: logger})
	if err != nil {
		return nil, err
	}
	return func(l net.Listener) error { return g.Serve(context.Background(), l) }, nil
}

// echo responds with what it understood.
func echo(_ http.ResponseWriter, r *http.Request) (any, error) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return nil, err
	}
	return map[string]any{"path": r.URL.Path, "length": n}, nil
}

// A process is what is attacked.
type process struct {
	pid       int
	addresses map[string]string
}

// start runs what is attacked.
func start(t *testing.T, upstream string) []*process {
	t.Helper()
	all := []*process{startOurs(t, upstream)}
	if *caddy != "" {
		all = append(all, startCaddy(t, upstream))
	}
	return all
}

func startOurs(t *testing.T, upstream string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), upstreamVar+"="+upstream)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = in.Close()
		_ = cmd.Wait()
	})
	p := &process{pid: cmd.Process.Pid, addresses: map[string]string{}}
	lines := bufio.NewScanner(out)
	for range len(servers) + len(gateways) {
		if !lines.Scan() {
			t.Fatal("the process that is attacked did not start")
		}
		target, address, _ := strings.Cut(lines.Text(), " ")
		p.addresses[target] = address
	}
	return p
}

var peak = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// measured is whether the system tells the peak of a process and forgets it on demand.
const measured = runtime.GOOS == "linux"

// forget lets the peak of the resident memory begin anew (proc_pid_clear_refs(5)).
func (p *process) forget(t *testing.T) {
	t.Helper()
	if !measured {
		return
	}
	err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.pid), []byte("5"), 0)
	if err != nil && !errors.Is(err, os.ErrPermission) { // then it is the peak since the start, which is stricter
		t.Fatal(err)
	}
}

// peak is that of the resident memory, in MiB.
func (p *process) peak(t *testing.T) int {
	t.Helper()
	if !measured {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		t.Fatal(err)
	}
	found := peak.FindSubmatch(text)
	if found == nil {
		t.Fatalf("no peak in %s", text)
	}
	kib, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib >> 10
}
