package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

func TestGatewayTranslatesUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"message": "No such camera", "errors": {}}`)
	}))
	defer upstream.Close()

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stdout, out := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"gateway", "--upstream", upstream.URL, "--speaks", "vms", "--listen", "127.0.0.1:0"},
			func(string) string { return "" }, strings.NewReader(""), out, io.Discard)
		out.Close()
	}()

	banner, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, rest, _ := strings.Cut(banner, " ")
	if want := "translates " + upstream.URL + " from vms to problem\n"; rest != want {
		t.Errorf("got %q, want %q", rest, want)
	}
	res, err := http.Get(address + "/cameras/7")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 404 || res.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(string(body), `"detail":"No such camera"`) {
		t.Errorf("%d %v\n%s\n%v", res.StatusCode, res.Header, body, err)
	}
	interrupt()
	if exit := <-done; exit != exitClean {
		t.Errorf("exit %d", exit)
	}
}

func TestGatewayRefusesWhatItCannotStandBefore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, args, want string }{
		{"no upstream", "gateway --speaks vms", "parlance: --upstream is missing\nhint: for example: --upstream http://localhost:9000\n"},
		{"an upstream without a scheme", "gateway --speaks vms --upstream localhost:9000", "hint: did you mean --upstream http://localhost:9000?\n"},
		{"an upstream of another protocol", "gateway --speaks vms --upstream ftp://localhost", "parlance: \"ftp://localhost\" is not an http or https URL\n"},
		{"no dialect", "gateway --upstream http://localhost:9000", "parlance: --speaks: no dialect is named\nhint: "},
		{"a dialect that does not exist", "gateway --upstream http://localhost:9000 --speaks vms --to problme", "parlance: --to: no dialect is called \"problme\"\nhint: did you mean \"problem\"? "},
		{"a level that is none", "gateway --upstream http://localhost:9000 --speaks vms --log-level loud", "parlance: --log-level: \"loud\" is not a level\nhint: it is debug, info, warn or error\n"},
		{"a time below zero", "gateway --upstream http://localhost:9000 --speaks vms --timeout -1s", "parlance: --timeout: -1s is below zero\nhint: without the flag its default counts\n"},
		{"a number below zero", "gateway --upstream http://localhost:9000 --speaks vms --breaker -3", "parlance: --breaker: -3 is below zero\nhint: without the flag its default counts\n"},
		{"a format that is none", "gateway --upstream http://localhost:9000 --speaks vms --log-format xml", "hint: it is text or json\n"},
		{"a proxy that is none", "gateway --upstream http://localhost:9000 --speaks vms --trusted-proxy nginx", "parlance: --trusted-proxy: \"nginx\" is neither an address nor a range\n"},
		{"routes without a store", "gateway --upstream http://localhost:9000 --speaks vms --async /orders", "parlance: --async has no --store\nhint: for example: --store gateway.db\n"},
		{"an address that is none", "gateway --upstream http://localhost:9000 --speaks vms --listen nowhere", "hint: --listen 127.0.0.1:0 takes a free port\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, exit := invoke(t, "", strings.Fields(test.args)...)
			if exit != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, stdout %q, stderr\n%s\nwant\n%s", exit, stdout, stderr, test.want)
			}
		})
	}
}

// quick is an API that nobody waits long for.
const quick = `
dialect: quick
codes: {200: success, 404: not_found, 503: {kind: unavailable, retry: {backoff: 1ms..2ms}}}
shapes: [{name: error, status: 4xx 5xx, json: {message: $detail}}]
`

// The id that a caller got leads to all that was asked of the upstream for him.
func TestARequestThroughTheGatewayLeavesItsStory(t *testing.T) {
	t.Parallel()
	speaks := filepath.Join(t.TempDir(), "quick.yaml")
	if err := os.WriteFile(speaks, []byte(quick), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]string{"a file": filepath.Join(t.TempDir(), "gateway.db"), "postgres": pgtest.Start(t).URL} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Request-Id", "theirs")
				if asked.Add(1) == 1 {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				w.WriteHeader(http.StatusNotFound)
				io.WriteString(w, `{"message": "No such camera"}`)
			}))
			defer upstream.Close()

			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			stdout, out := io.Pipe()
			done := make(chan int)
			var said bytes.Buffer
			go func() {
				done <- run(ctx, []string{"gateway", "--upstream", upstream.URL, "--speaks", speaks, "--listen", "127.0.0.1:0", "--store", store},
					func(string) string { return "" }, strings.NewReader(""), out, &said)
				out.Close()
			}()
			banner, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				t.Fatal(err, said.String())
			}
			address, _, _ := strings.Cut(banner, " ")
			res, err := http.Get(address + "/cameras/7?token=secret")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			interrupt()
			if exit := <-done; exit != exitClean {
				t.Fatalf("exit %d: %s", exit, said.String())
			}

			id := res.Header.Get("X-Request-Id")
			told, stderr, exit := invoke(t, "", "activity", id, "--store", store)
			if exit != exitClean || stderr != "" {
				t.Fatalf("exit %d: %s", exit, stderr)
			}
			for _, want := range []string{
				"activity      " + id + "\n", "request     GET /cameras/7\n", "outcome       not_found\n", "status      404\n",
				"call 1        503 ", "call 2        404 not_found  in ", "to          GET " + strings.TrimPrefix(upstream.URL, "http://") + "/cameras/7\n",
				"attempt     2\n", "detail      No such camera\n", "request ID  theirs\n",
			} {
				if !strings.Contains(told, want) {
					t.Errorf("%q is not in\n%s", want, told)
				}
			}
			if strings.Contains(told, "secret") {
				t.Errorf("a secret is told:\n%s", told)
			}
		})
	}
}

// start runs the command of a gateway. done gives its exit code when it has ended.
func start(t *testing.T, upstream string, flags ...string) (addr string, said *testlog.Log, interrupt func(), done <-chan int) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	t.Cleanup(interrupt)
	stdout, out := io.Pipe()
	said = new(testlog.Log)
	exit := make(chan int, 1)
	go func() {
		args := append([]string{"gateway", "--upstream", upstream, "--speaks", "vms", "--listen", "127.0.0.1:0"}, flags...)
		exit <- run(ctx, args, func(string) string { return "" }, strings.NewReader(""), out, said)
		out.Close()
	}()
	banner, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err, said)
	}
	addr, _, _ = strings.Cut(banner, " ")
	return addr, said, interrupt, exit
}

func TestTheFlagsOfTheGatewayHold(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("X-Seen", r.Header.Get("X-Real-IP"))
		if r.URL.Path == "/fails" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer upstream.Close()
	store := filepath.Join(t.TempDir(), "gateway.db")
	addr, said, interrupt, done := start(t, upstream.URL, "--store", store, "--sample", "1000000000", "--log-format", "json", "--log-level", "debug", "--access-log", "--breaker", "2", "--breaker-pause", "1h",
		"--max-attempts", "1", "--trusted-proxy", "127.0.0.0/8,::1", "--drain", "1s", "--idle-timeout", "1m", "--max-connections", "50", "--max-header-fields", "20")
	ask := func(path, name, value string) *http.Response {
		t.Helper()
		req, err := http.NewRequest("GET", addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header[name] = strings.Split(value, " ")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	res := ask("/", "X-Real-Ip", "6.6.6.6")
	succeeded := res.Header.Get("X-Request-Id")
	if res.StatusCode != 200 || res.Header.Get("X-Seen") != "6.6.6.6" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	if res := ask("/", "A", strings.Repeat("x ", 20)); res.StatusCode != 431 {
		t.Errorf("too many fields: %d", res.StatusCode)
	}
	failed := ask("/fails", "A", "b").Header.Get("X-Request-Id")
	ask("/fails", "A", "b")
	if res := ask("/", "A", "b"); res.StatusCode != 503 || res.Header.Get("Retry-After") != "3600" || asked.Load() != 3 {
		t.Errorf("the breaker lets %d requests through: %d %v", asked.Load(), res.StatusCode, res.Header)
	}
	interrupt()
	if exit := <-done; exit != exitClean {
		t.Errorf("exit %d: %s", exit, said)
	}
	for _, want := range []string{`"level":"INFO","msg":"request","method":"GET","path":"/","status":200`, `"msg":"the request failed"`, `"open":true`} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("the log lacks %s\n%s", want, said)
		}
	}
	for id, want := range map[string]int{succeeded: exitUsage, failed: exitClean} {
		if told, stderr, exit := invoke(t, "", "activity", id, "--store", store); exit != want {
			t.Errorf("%s: exit %d, want %d: %s%s", id, exit, want, told, stderr)
		}
	}
}

// TestGatewayDeliversLaterOverARestart with the token that only its process knows.
func TestGatewayDeliversLaterOverARestart(t *testing.T) {
	t.Parallel()
	var up atomic.Bool
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer own" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if !up.Load() {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"number":7}`)
	}))
	defer upstream.Close()
	file := filepath.Join(t.TempDir(), "gateway.db")
	place := ""
	for turn := range 2 {
		ctx, interrupt := context.WithCancel(t.Context())
		stdout, out := io.Pipe()
		done := make(chan int)
		go func() {
			done <- run(ctx, []string{"gateway", "--upstream", upstream.URL, "--speaks", "problem", "--to", "omilia", "--listen", "127.0.0.1:0",
				"--store", file, "--async", "POST /orders", "--token", "env:TOKEN"},
				func(name string) string { return map[string]string{"TOKEN": "own"}[name] }, strings.NewReader(""), out, io.Discard)
			out.Close()
		}()
		banner, err := bufio.NewReader(stdout).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		address, _, _ := strings.Cut(banner, " ")
		ask := func(method, url, prefer string, want int) (*http.Response, string) {
			req, err := http.NewRequest(method, address+url, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Prefer", prefer)
			req.Header.Set("Authorization", "Bearer of-the-caller")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != want {
				t.Fatalf("%s %s: got %d %s, want %d", method, url, resp.StatusCode, body, want)
			}
			return resp, string(body)
		}
		if turn == 0 {
			resp, _ := ask("POST", "/orders", "respond-async", http.StatusAccepted)
			place = resp.Header.Get("Location")
			_, body := ask("GET", place, "", http.StatusAccepted)
			if !strings.Contains(body, `"state":"`) {
				t.Errorf("got %s", body)
			}
		} else {
			up.Store(true)
			if _, body := ask("GET", place, "wait=30", http.StatusOK); !strings.Contains(body, `{"number":7}`) {
				t.Errorf("got %s", body)
			}
		}
		interrupt()
		if exit := <-done; exit != exitClean {
			t.Errorf("exit %d", exit)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || bytes.Contains(text, []byte("of-the-caller")) || bytes.Contains(text, []byte("Bearer own")) {
		t.Errorf("a credential is in the file, or it cannot be read: %v", err)
	}
}
