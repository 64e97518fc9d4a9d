//go:build unix

package bench_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/bench"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
	"github.com/parlance-api/parlance/store/sqlite"
)

// Each server of BenchmarkChain is a process of its own, so that what it costs is
// told apart from what asking costs. This is that process; the variable names the
// server, another one the file that its CPU profile goes to.
const (
	chainServer  = "PARLANCE_BENCH_CHAIN"
	chainProfile = "PARLANCE_BENCH_CHAIN_PROFILE"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(chainServer); name != "" {
		if err := serveChain(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	bench.Worker()
	os.Exit(m.Run())
}

// camera is what all of them respond with.
type camera struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Online bool   `json:"online"`
}

var errNoCamera = errors.New("no such camera")

// cameraOf is the work of the handler.
func cameraOf(id string) (*camera, error) {
	if id != "7" {
		return nil, errNoCamera
	}
	return &camera{ID: id, Name: "a camera", Online: true}, nil
}

// callerOf looks a key up, "" for one that nobody has.
func callerOf(key string) string { return chainKeys[key] }

var chainKeys = map[string]string{"key-of-ann-4f1c9d0b7a": "ann"}

const (
	chainQuota  = 1 << 30 // requests an hour: nobody reaches it
	chainHeader = "X-Api-Key"
)

// chains are the servers, the first one that which the others are held against.
var chains = []struct {
	name    string
	handler func() (http.Handler, error)
}{
	{"net-http", bareChain},
	{"fields", fieldsChain},
	{"parlance", func() (http.Handler, error) { return parlanceChain("vms", nil) }},
	{"parlance-envelope", func() (http.Handler, error) { return parlanceChain("vbapi", nil) }},
	{"parlance-recorded", func() (http.Handler, error) { return recordedChain(1) }},
	{"parlance-sampled", func() (http.Handler, error) { return recordedChain(100) }},
	{"chi", chiChain},
	{"huma", humaChain},
}

// bareChain knows nobody, counts nothing and writes the camera.
func bareChain() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cameras/{id}", func(w http.ResponseWriter, r *http.Request) {
		c, err := cameraOf(r.PathValue("id"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		writeJSON(w, c)
	})
	return mux, nil
}

// fieldsChain is that, and what cannot be left out of a response that has an id and a
// limit, with nobody who counts: a new id in the request's context and in the response,
// and two fields more.
func fieldsChain() (http.Handler, error) {
	bare, err := bareChain()
	policy, left := fmt.Sprintf(`"hour";q=%d;w=3600`, chainQuota), fmt.Sprintf(`"hour";r=%d;t=1`, chainQuota-1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := activity.WithID(r.Context(), activity.NewID())
		h := w.Header()
		h["X-Request-Id"] = []string{activity.ID(ctx)}
		h["Ratelimit-Policy"], h["Ratelimit"] = []string{policy}, []string{left}
		bare.ServeHTTP(w, r.WithContext(ctx))
	}), err
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that is gone
}

// parlanceChain has the id of the activity, a key, a limit and the dialect's way to
// response.
func parlanceChain(name string, r *activity.Recorder) (http.Handler, error) {
	d, err := catalog.Open(name)
	if err != nil {
		return nil, err
	}
	options := []server.Option{server.WithLogger(slog.New(slog.DiscardHandler))}
	if r != nil {
		options = append(options, server.WithRecorder(r))
	}
	api := server.New(d, options...)
	keys := auth.Authenticate(auth.APIKey(chainHeader, auth.VerifierFunc(func(_ context.Context, _, key string) (server.Principal, error) {
		if who := callerOf(key); who != "" {
			return server.Principal{ID: who}, nil
		}
		return server.Principal{}, auth.CredentialError(parlance.ReasonWrongCredential)
	})))
	limits := limit.Limiter{Store: memory.New().Limits(), Policies: []limit.Policy{
		{Name: "hour", Rate: limit.Rate{Quota: chainQuota, Window: time.Hour}, By: limit.Principal},
	}}
	mux := http.NewServeMux()
	mux.Handle("GET /cameras/{id}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		c, err := cameraOf(r.PathValue("id"))
		if err != nil {
			return nil, parlance.NewError(parlance.KindNotFound, "There is no such camera").Because(err)
		}
		return c, nil
	}))
	return api.Wrap(keys(limits.Wrap(mux))), nil
}

// recordedChain keeps the record of one of so many requests in a file as well.
func recordedChain(sample int) (http.Handler, error) {
	dir, err := os.MkdirTemp("", "parlance-chain")
	if err != nil {
		return nil, err
	}
	s, err := sqlite.Open(filepath.Join(dir, "activity.db"))
	if err != nil {
		return nil, err
	}
	// Both live as long as the process, whose parent removes the directory.
	return parlanceChain("vms", activity.NewRecorder(s.Activity(), activity.WithSampling(sample)))
}

type callerKey struct{}

// chiUsual is chi with an id, a recovery, a key and a limit.
func chiUsual() *chi.Mux {
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.Recoverer)
	r.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who := callerOf(r.Header.Get(chainHeader))
			if who == "" {
				http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, who)))
		})
	})
	r.Use(httprate.LimitBy(chainQuota, time.Hour, func(r *http.Request) (string, error) {
		who, _ := r.Context().Value(callerKey{}).(string)
		return who, nil
	}))
	return r
}

func chiChain() (http.Handler, error) {
	r := chiUsual()
	r.Get("/cameras/{id}", func(w http.ResponseWriter, r *http.Request) {
		c, err := cameraOf(chi.URLParam(r, "id"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		writeJSON(w, c)
	})
	return r, nil
}

// humaChain is huma on that chi, without the link to a schema that it would add to
// the response.
func humaChain() (http.Handler, error) {
	r := chiUsual()
	config := huma.DefaultConfig("cameras", "1")
	config.CreateHooks = nil
	huma.Get(humachi.New(r, config), "/cameras/{id}", func(_ context.Context, in *struct {
		ID string `path:"id"`
	}) (*struct{ Body *camera }, error) {
		c, err := cameraOf(in.ID)
		if err != nil {
			return nil, huma.Error404NotFound("There is no such camera", err)
		}
		return &struct{ Body *camera }{c}, nil
	})
	return r, nil
}

// serveChain serves, and responds to each line of standard input with the CPU time that
// it has used, in nanoseconds.
func serveChain(name string) error {
	var h http.Handler
	err := fmt.Errorf("no chain is called %q", name)
	for _, c := range chains {
		if c.name == name {
			h, err = c.handler()
		}
	}
	for _, c := range mocks {
		if c.name == name {
			h, err = c.handler()
		}
	}
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(l, h) }()
	if file := os.Getenv(chainProfile); file != "" {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println(l.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		used, err := cpuTime()
		if err != nil {
			return err
		}
		fmt.Println(used)
	}
	return nil
}

// cpuTime is what this process has used so far, user and system, in nanoseconds.
func cpuTime() (int64, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano(), err
}

// chainProcess is one of the servers, with the connections to it.
type chainProcess struct {
	name        string
	request     string // that is sent
	status      int    // of its response
	in          io.Writer
	out         *bufio.Scanner
	connections []*chainConnection
}

type chainConnection struct {
	net.Conn
	in *bufio.Reader
}

func startChain(b *testing.B, name string, connections int) *chainProcess {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), chainServer+"="+name, "TMPDIR="+b.TempDir())
	if file := os.Getenv(chainProfile); file != "" {
		cmd.Env = append(cmd.Env, chainProfile+"="+file+"."+name)
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &chainProcess{name: name, request: chainRequest, status: http.StatusOK, in: in, out: bufio.NewScanner(out)}
	b.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	address := p.line(b)
	for range connections {
		c, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		p.connections = append(p.connections, &chainConnection{c, bufio.NewReader(c)})
	}
	return p
}

func (p *chainProcess) line(b *testing.B) string {
	if !p.out.Scan() {
		b.Fatalf("the server %s has ended: %v", p.name, p.out.Err())
	}
	return p.out.Text()
}

// cpu is what the process has used so far.
func (p *chainProcess) cpu(b *testing.B) int {
	fmt.Fprintln(p.in)
	n, err := strconv.Atoi(p.line(b))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// chainRequest has the fields that a client of net/http sends.
const chainRequest = "GET /cameras/7 HTTP/1.1\r\nHost: house\r\nUser-Agent: Go-http-client/1.1\r\nAccept: application/json\r\n" +
	chainHeader + ": key-of-ann-4f1c9d0b7a\r\nAccept-Encoding: gzip\r\n\r\n"

// ask sends requests on all connections at once, on each one after the other, and
// returns the CPU time of one in nanoseconds.
func (p *chainProcess) ask(b *testing.B, each int) float64 {
	before := p.cpu(b)
	var all sync.WaitGroup
	for _, c := range p.connections {
		all.Go(func() {
			for range each {
				if _, err := io.WriteString(c, p.request); err != nil {
					b.Error(err)
					return
				}
				resp, err := http.ReadResponse(c.in, nil)
				if err != nil {
					b.Error(err)
					return
				}
				n, err := io.Copy(io.Discard, resp.Body)
				if err != nil || resp.StatusCode != p.status || n < 2 {
					b.Errorf("%s: %s, %d bytes, %v", p.name, resp.Status, n, err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(p.cpu(b)-before) / float64(each*len(p.connections))
}

// BenchmarkChain is what a request costs a server of CPU time, its kernel's
// included, over loopback on connections kept alive: a handler of net/http alone,
// and servers that know who asks, hold him to a limit, give each request an id and
// survive a panic. They are asked turn by turn, a few thousand requests each: cpu-ns
// is the least of all turns, of-bare the median of what each turn took beside that of
// net/http right before.
func BenchmarkChain(b *testing.B) {
	for _, connections := range []int{1, 16} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			turn := 3200 / connections
			all := make([]*chainProcess, len(chains))
			for i, c := range chains {
				all[i] = startChain(b, c.name, connections)
				all[i].ask(b, turn)
			}
			least, beside := make([]float64, len(all)), make([][]float64, len(all))
			for b.Loop() {
				bare := 0.0
				for i, p := range all {
					took := p.ask(b, turn)
					if i == 0 {
						bare = took
					}
					if least[i] == 0 || took < least[i] {
						least[i] = took
					}
					beside[i] = append(beside[i], took/bare)
				}
			}
			for i, p := range all {
				slices.Sort(beside[i])
				b.ReportMetric(least[i], p.name+"-cpu-ns")
				b.ReportMetric(beside[i][len(beside[i])/2], p.name+"-of-bare")
				b.ReportMetric(least[i]/least[0], p.name+"-least-of-bare")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func TestEachChainRespondsTheSameAndRefusesStrangers(t *testing.T) {
	t.Parallel()
	for _, c := range chains {
		if c.name == "parlance-recorded" || c.name == "parlance-sampled" {
			continue // its file would outlive the test
		}
		h, err := c.handler()
		if err != nil {
			t.Fatal(err)
		}
		for key, status := range map[string]int{"key-of-ann-4f1c9d0b7a": 200, "": 401, "another": 401} {
			r := httptest.NewRequest("GET", "/cameras/7", nil)
			r.Header.Set("Accept", "application/json")
			r.Header.Set(chainHeader, key)
			if key == "" {
				r.Header.Del(chainHeader)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if c.name == "net-http" || c.name == "fields" { // which know nobody
				status = 200
			}
			if w.Code != status || status == 200 && !strings.Contains(w.Body.String(), `{"id":"7","name":"a camera","online":true}`) {
				t.Errorf("%s: to the key %q %d %s", c.name, key, w.Code, w.Body)
			}
		}
	}
}

// BenchmarkChainAlone is what the same servers do between net/http's reading of a
// request and its writing of the response.
func BenchmarkChainAlone(b *testing.B) {
	for _, c := range chains {
		if c.name == "parlance-recorded" || c.name == "parlance-sampled" {
			continue // its file would outlive the benchmark
		}
		b.Run("by="+c.name, func(b *testing.B) {
			h, err := c.handler()
			if err != nil {
				b.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/cameras/7", nil)
			r.Header.Set("Accept", "application/json")
			r.Header.Set(chainHeader, "key-of-ann-4f1c9d0b7a")
			w := &headOnly{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
				if w.status != http.StatusOK && w.status != 0 {
					b.Fatal(w.status)
				}
			}
		})
	}
}

// headOnly is a ResponseWriter that costs nothing.
type headOnly struct {
	header http.Header
	status int
}

func (w *headOnly) Header() http.Header         { return w.header }
func (w *headOnly) WriteHeader(status int)      { w.status = status }
func (w *headOnly) Write(p []byte) (int, error) { return len(p), nil }
