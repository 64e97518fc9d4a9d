package crash

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
)

// The environment of a process that is to be killed.
const (
	engineVar = "PARLANCE_CRASH_ENGINE"
	dirVar    = "PARLANCE_CRASH_DIR"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(engineVar); name != "" {
		fmt.Fprintln(os.Stderr, serve(engines[name], os.Getenv(dirVar)))
		os.Exit(1)
	}
	code := m.Run()
	reported()
	os.Exit(code)
}

// The paths of the server: an effect inside of the store, one outside of it, and
// what an operator may ask.
const (
	inside    = "/inside"
	outside   = "/outside"
	uncertain = "/uncertain"
	effects   = "/effects"
	untold    = "/untold" // which of these activity ids have no record
)

// serve is the process: it says its address on standard output, and ends at the
// latest when whoever started it does.
func serve(e engine, dir string) error {
	s, err := e.open(dir)
	if err != nil {
		return err
	}
	// The world outside: a file that nobody takes anything back from.
	world, err := os.OpenFile(filepath.Join(dir, "world"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		return err
	}
	// Its records come late, unless they are committed with the response.
	recorder := activity.NewRecorder(s.Activity())
	api := server.New(problem, server.WithRecorder(recorder), server.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))))
	mux := http.NewServeMux()
	mux.Handle("POST "+inside, idempotency.Middleware(s.Idempotency(), idempotency.Required(), idempotency.Transactional())(
		api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			did, err := asked(r)
			if err != nil {
				return nil, err
			}
			if e.apart {
				return did, s.Transact(r.Context(), func(ctx context.Context) error { return e.do(ctx, did) })
			}
			return server.AtomicIn(s)(func(ctx context.Context) (any, error) { return did, e.do(ctx, did) }), nil
		})))
	mux.Handle("POST "+outside, idempotency.Middleware(s.Idempotency(), idempotency.Required())(
		api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			did, err := asked(r)
			if err != nil {
				return nil, err
			}
			if _, err := fmt.Fprintln(world, did.ID, did.By); err != nil {
				return nil, err
			}
			return did, world.Sync()
		})))
	mux.Handle("GET "+uncertain, api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		keys, err := s.Idempotency().Uncertain(r.Context(), 1<<20)
		ids := []string{}
		for _, k := range keys {
			ids = append(ids, k.Key)
		}
		return ids, err
	}))
	mux.Handle("GET "+effects, api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		all, err := e.done(r.Context(), s)
		if err != nil {
			return nil, err
		}
		text, err := os.ReadFile(world.Name())
		for line := range strings.Lines(string(text)) {
			id, by, _ := strings.Cut(strings.TrimSpace(line), " ")
			all = append(all, effect{id, by})
		}
		return all, err
	}))
	mux.Handle("POST "+untold, api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		var ids []string
		if err := json.NewDecoder(r.Body).Decode(&ids); err != nil {
			return nil, err
		}
		without := []string{}
		for _, id := range ids {
			switch _, err := s.Activity().Find(r.Context(), id); {
			case errors.Is(err, parlance.ErrNotFound):
				without = append(without, id)
			case err != nil:
				return nil, err
			}
		}
		return without, nil
	}))
	serveWork(mux, api, s, e, world)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(l.Addr())
	return http.Serve(l, api.Wrap(mux))
}

// asked is the effect that a request asks for.
func asked(r *http.Request) (effect, error) {
	id, err := io.ReadAll(r.Body)
	return effect{string(id), activity.ID(r.Context())}, err
}

// process is a server that runs.
type process struct {
	cmd    *exec.Cmd
	in     io.Closer // its end is the process's
	url    string
	client *http.Client
}

func start(t *testing.T, engine, dir string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), engineVar+"="+engine, dirVar+"="+dir)
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
	p := &process{cmd: cmd, in: in, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.kill()
		t.Fatalf("the server did not start: %v", err)
	}
	p.url = "http://" + strings.TrimSpace(address)
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.in.Close()
	_ = p.cmd.Wait()
	p.client.CloseIdleConnections()
}

// response is a response that was read to its end.
type response struct {
	status   int
	body     string
	place    string // where to look
	replayed bool
}

// reason is that of a problem.
func (a response) reason() string {
	var problem struct{ Reason string }
	_ = json.Unmarshal([]byte(a.body), &problem)
	return problem.Reason
}

// post asks for an effect, its id being the key.
func (p *process) post(path, id string) (response, error) { return p.do("POST", path, id, id) }

// do sends a request, under a key unless that is "".
func (p *process) do(method, path, key, text string) (response, error) {
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(text))
	if err != nil {
		return response{}, err
	}
	if key != "" {
		r.Header["Idempotency-Key"] = []string{key}
	}
	r.GetBody = nil // else net/http retries by itself, for it takes a request with this header for idempotent
	res, err := p.client.Do(r)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{res.StatusCode, string(body), res.Header.Get("Location"), res.Header.Get(idempotency.ReplayedHeader) == "true"}, err
}

// get reads JSON.
func (p *process) get(t *testing.T, path string, into any) {
	t.Helper()
	res, err := p.client.Get(p.url + path)
	p.read(t, path, res, err, into)
}

// ask posts JSON and reads some.
func (p *process) ask(t *testing.T, path string, from, into any) {
	t.Helper()
	body, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.client.Post(p.url+path, "application/json", bytes.NewReader(body))
	p.read(t, path, res, err, into)
}

func (p *process) read(t *testing.T, path string, res *http.Response, err error, into any) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: status %d, %v", path, res.StatusCode, err)
	}
}
