package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parlance-api/parlance/examples/demo"
)

func TestDemoKeepsWhatItPromises(t *testing.T) {
	t.Parallel()
	stdout, stderr, exit := invoke(t, "", "demo", "--once")
	if exit != exitClean || stderr != "" {
		t.Errorf("exit %d, stderr %s", exit, stderr)
	}
	end := regexp.MustCompile(`\n(\d+) of (\d+) as promised\.\n$`).FindStringSubmatch(stdout)
	if end == nil || end[1] != end[2] || strconv.Itoa(strings.Count(stdout, "✓")) != end[1] || strings.Contains(stdout, "✗") {
		t.Error(stdout)
	}
	for line := range strings.Lines(stdout) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 120 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
}

func TestDemoGivesItsRowsToMachines(t *testing.T) {
	t.Parallel()
	stdout, _, exit := invoke(t, "", "demo", "--once", "--json")
	var rows []struct {
		System, Cause, Act string
		Said               []string
		Outcome, Problem   struct{ Kind string }
		Differs            []string
	}
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || exit != exitClean {
		t.Fatal(exit, err)
	}
	systems := map[string]int{}
	for _, r := range rows {
		systems[r.System]++
		if r.Cause == "" || r.Act == "" || r.Outcome.Kind == "" || r.Problem.Kind == "" || r.Differs == nil || len(r.Differs) > 0 {
			t.Errorf("%+v", r)
		}
	}
	if len(systems) != 5 {
		t.Errorf("got %v", systems)
	}
}

func TestDemoExitsWith1IfAServiceRespondsOtherwise(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	a := &app{getenv: func(name string) string { return map[string]string{"COLUMNS": "80"}[name] }, stdout: &stdout, stderr: io.Discard}
	other := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "all is well") })
	err := a.demonstrate(t.Context(), demonstration{once: true, config: demo.Config{Instead: map[string]http.Handler{"vms": other}}})
	if !errors.Is(err, errFindings) {
		t.Errorf("got %v", err)
	}
	text := stdout.String()
	if !strings.Contains(text, "✗  vms     ") || !strings.Contains(text, `promised: the service responded "200", not "422"`) ||
		!strings.Contains(text, "differ from what is promised.") {
		t.Error(text)
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 && !strings.Contains(line, "promised") {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
}

// TestDemoStaysAndItsCommandsWork does what a reader does: it waits for the last
// line, sends what the commands say, and interrupts.
func TestDemoStaysAndItsCommandsWork(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stdout, out := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"demo"}, func(string) string { return "" }, strings.NewReader(""), out, io.Discard)
		out.Close()
	}()
	var says string
	var command []string
	tried := map[string]string{} // addresses, and what was tried there last
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.HasSuffix(lines.Text(), "Press Ctrl-C to stop it.") {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "# "):
			says = line
		case strings.HasPrefix(line, "curl ") || len(command) > 0:
			line, more := strings.CutSuffix(line, `\`)
			command = append(command, words(line)...)
			if more {
				continue
			}
			res, err := http.DefaultTransport.RoundTrip(curl(t, command))
			if err != nil {
				t.Fatalf("%s: %v", says, err)
			}
			res.Body.Close()
			if want := fmt.Sprintf("(%d)", res.StatusCode); !strings.HasSuffix(says, want) {
				t.Errorf("%s\n%q responds with %s", says, command, want)
			}
			tried[res.Request.URL.Host] = says
			command = nil
		}
	}
	if len(tried) < 8 {
		t.Errorf("tried %v", tried)
	}
	interrupt()
	if exit := <-done; exit != exitClean {
		t.Errorf("exit %d", exit)
	}
}

// curl is the request that curl would send.
func curl(t *testing.T, command []string) *http.Request {
	t.Helper()
	url, method, body := "", "", ""
	header := http.Header{"Accept": {"*/*"}, "User-Agent": {"curl/8"}}
	for i := 1; i < len(command); i++ {
		switch word := command[i]; word {
		case "-i":
		case "-H":
			i++
			name, value, _ := strings.Cut(command[i], ": ")
			header.Set(name, value)
		case "-X":
			i++
			method = command[i]
		case "-u":
			i++
			header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(command[i])))
		case "-d":
			i++
			body = command[i]
			if method == "" {
				method = "POST"
			}
		default:
			url = word
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatalf("%q: %v", command, err)
	}
	req.Header = header
	return req
}

func TestDemoRefusesPortsThatItCannotTake(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	for _, test := range []struct{ port, want string }{
		{"65530", "parlance: --port 65530 leaves no room for 14 ports\nhint: for example: --port 7000"},
		{"-1", "parlance: --port -1 leaves no room"},
		{port, "hint: without --port, free ports are taken\n"},
	} {
		stdout, stderr, exit := invoke(t, "", "demo", "--once", "--port", test.port)
		if exit != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("--port %s: exit %d, stdout %q, stderr\n%s", test.port, exit, stdout, stderr)
		}
	}
}
