package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/testlog"
)

// TestMockGolden starts the mock of the first line of each testdata/mock/*.golden, and sends
// what stands under "requests": METHOD PATH, header fields behind |, and a body behind a
// second |. Times, IDs and ports are written as words.
func TestMockGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/mock/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, file := range files {
		t.Run(strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".golden"), "_", " "), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, _, _ := strings.Cut(string(text), "-- stdout --\n")
			command, requests, _ := strings.Cut(head, "-- requests --\n")
			args := words(strings.TrimSpace(strings.TrimPrefix(command, "$ parlance")))
			got := head + mockSession(t, append(args, "--listen", "127.0.0.1:0"), strings.Split(strings.TrimSpace(requests), "\n"))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("%s differs (go test -update writes it anew); got\n%s\nwant\n%s", file, got, text)
			}
		})
	}
}

// volatile are texts that differ each time.
var volatile = []struct {
	of *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "HOST"},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "ID"},
	{regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d `), "TIME "},
	{regexp.MustCompile(`"time":"[^"]*"|\btime=\S+`), "TIME"},
	{regexp.MustCompile(`"took":[0-9.e-]+`), `"took":TOOK`},
	{regexp.MustCompile(`;t=\d+|Retry-After: \d{3,}|Retry in \d{3,}`), "SECONDS"},
	{regexp.MustCompile(`(?m)^Date: .*\r\n`), ""},
	{regexp.MustCompile(`\r\n`), "\n"},
	{regexp.MustCompile(`(_token":")[^"]{20,}`), "${1}TOKEN"},
}

// mockSession is what a mock prints and responds.
func mockSession(t *testing.T, args, requests []string) string {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stdout, out := io.Pipe()
	var logged testlog.Log
	done := make(chan int)
	go func() {
		done <- run(ctx, args, func(string) string { return "" }, strings.NewReader(""), out, &logged)
		out.Close()
	}()
	lines := bufio.NewReader(stdout)
	banner, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, logged.String())
	}
	url, _, _ := strings.Cut(banner, " ")
	rest := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(lines)
		rest <- all
	}()
	var got strings.Builder
	for _, line := range requests {
		if line != "" {
			fmt.Fprintf(&got, "-- %s --\n%s\n", line, strings.TrimRight(exchangeOf(t, url, line), "\r\n"))
		}
	}
	interrupt()
	exit := <-done
	result := fmt.Sprintf("-- stdout --\n%s%s%s-- stderr --\n%s-- exit --\n%d\n", banner, <-rest, got.String(), logged.String(), exit)
	for _, v := range volatile {
		result = v.of.ReplaceAllString(result, v.to)
	}
	return result
}

// exchangeOf is the response to a request in the words of a golden.
func exchangeOf(t *testing.T, url, line string) string {
	t.Helper()
	call, rest, _ := strings.Cut(line, " | ")
	header, body, _ := strings.Cut(rest, " | ")
	method, path, _ := strings.Cut(call, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for field := range strings.SplitSeq(header, " & ") {
		if name, value, ok := strings.Cut(field, ": "); ok {
			req.Header.Add(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "no response"
	}
	defer res.Body.Close()
	text, err := httputil.DumpResponse(res, true)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(text))
}

func TestMockRefusesWhatItCannotServe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, args, want string }{
		{"no dialect", "mock", "parlance: parlance mock takes a dialect: a NAME of the catalog, or a file; 0 given\nhint: "},
		{"two dialects", "mock vms omilia", "2 given\nhint: "},
		{"a dialect that does not exist", "mock strip", "parlance: no dialect is called \"strip\"\nhint: did you mean \"stripe\"? "},
		{"a rate that is none", "mock vms --rate 10", "parlance: --rate: \"10\" is not a rate\nhint: for example: --rate 10/1m"},
		{"a rate of nothing", "mock vms --rate 0/1m", "is not a rate\n"},
		{"a format that is none", "mock vms --log-format xml", "hint: it is text or json\n"},
		{"a scenario that is not there", "mock vms --scenario none.yaml", "parlance: --scenario: stat none.yaml: no such file or directory\nhint: "},
		{"a dialect for a scenario", "mock vms --scenario testdata/mine.yaml", "parlance: --scenario: testdata/mine.yaml is not a scenario\nhint: begin it with"},
		{"a scenario for a dialect", "mock testdata/scenario_busy.yaml", "parlance: testdata/scenario_busy.yaml is a scenario of a mock, and not a dialect\nhint: parlance mock NAME --scenario testdata/scenario_busy.yaml\n"},
		{"a scenario without a path", "mock vms --scenario none", "hint: write ./none"},
		{"a scenario with faults", "mock vms --scenario testdata/scenario_unknown_dialect.yaml", "scenario_unknown_dialect.yaml:2:10: error: the scenario is for the dialect \"strip\", and the mock speaks \"vms\" [other_dialect]\n2 | dialect: strip\n"},
		{"an address that is none", "mock vms --listen nowhere", "hint: --listen 127.0.0.1:0 takes a free port\n"},
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

func TestAnAddressIsPublicUnlessItIsOfThisMachineAlone(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:4010": false, "localhost:0": false, "[::1]:80": false, "127.8.8.8:80": false, "nowhere": false,
		":4010": true, "0.0.0.0:4010": true, "[::]:80": true, "192.168.1.2:80": true, "example.com:80": true,
	} {
		if got, _ := public(address); got != want {
			t.Errorf("%s: got %t, want %t", address, got, want)
		}
	}
}
