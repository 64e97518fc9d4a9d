package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/check/report"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/mock/scenario"
)

func TestNoTwoRulesHaveOneName(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	add := func(of string, names ...string) {
		for _, name := range names {
			if seen[name] != "" {
				t.Errorf("%s is a rule of %s and of %s", name, seen[name], of)
			}
			seen[name] = of
		}
	}
	for _, r := range dialect.Rules() {
		add("dialects", r.Name)
	}
	for _, r := range scenario.Rules() {
		if _, same := dialect.RuleOf(r.Name); !same {
			add("scenarios", r.Name)
		}
	}
	for _, r := range check.Rules() {
		if _, same := dialect.RuleOf(r.Name); !same {
			add("checks", r.Name)
		}
	}
}

// cameras is an API that fails its page in two places.
func cameras(t *testing.T, seen func(*http.Request)) *httptest.Server {
	t.Helper()
	var mu sync.Mutex
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen(r)
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Header.Get("Authorization") != "Bearer right":
			w.Header().Set("Www-Authenticate", "Bearer")
			w.WriteHeader(401)
			fmt.Fprint(w, `{"message":"","errors":{"error":["The token is wrong"]}}`)
		case r.URL.Path == "/v1/moved":
			w.WriteHeader(302)
		case strings.Contains(r.URL.Path, "not-a-number"):
			w.WriteHeader(500)
			fmt.Fprint(w, `{"message":"","errors":{"error":["no such column: not"]}}`)
		default:
			fmt.Fprint(w, `{"id":1}`)
		}
	}))
	t.Cleanup(api.Close)
	return api
}

func TestCheckAsksALiveAPIWithTheRequestsOfAFileAndOfADocument(t *testing.T) {
	t.Parallel()
	var asked []string
	api := cameras(t, func(r *http.Request) { asked = append(asked, r.Method+" "+r.URL.Path) })
	dir := t.TempDir()
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	requests := file("requests.txt", "# of Monday\nGET /moved\n\n{\"method\":\"post\",\"path\":\"/cameras\",\"request_headers\":{\"Content-Type\":\"application/json\"},\"request_body\":\"{}\"}\n")
	document := file("openapi.yaml", "openapi: 3.1.0\ninfo: {title: Cameras, version: '1'}\npaths:\n  /cameras/{id}:\n    get:\n      parameters: [{name: id, in: path, required: true, schema: {type: integer}, example: 7}]\n      responses: {'200': {description: OK}}\n")
	junit, sarif, known := filepath.Join(dir, "check.xml"), filepath.Join(dir, "check.sarif"), filepath.Join(dir, "known.jsonl")
	args := []string{"check", "vms", "--url", api.URL + "/v1", "--requests", requests, "--openapi", document, "-H", "Authorization: Bearer right", "--rate", "100000", "--provoke", "--json"}

	stdout, stderr, exit := invoke(t, "", append(args, "--junit", junit, "--sarif", sarif, "--baseline", known, "--update-baseline")...)
	var got report.Report
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || exit != exitClean {
		t.Fatalf("exit %d, %v\n%s%s", exit, err, stdout, stderr)
	}
	var rules []string
	for _, f := range got.Findings {
		rules = append(rules, f.Rule)
	}
	slices.Sort(rules)
	if rules = slices.Compact(rules); !slices.Equal(rules, []string{"tells_inside", "unlisted_status"}) {
		t.Errorf("got %v, want the two rules that the API breaks", rules)
	}
	for _, want := range []string{"GET /v1/moved", "GET /v1/cameras/7", "GET /v1/cameras/not-a-number", "GET /v1/no-such-path-7f3a"} {
		if !slices.Contains(asked, want) {
			t.Errorf("got the requests %v, want %s among them", asked, want)
		}
	}
	if slices.Contains(asked, "POST /v1/cameras") || got.Skipped == 0 {
		t.Errorf("got %d skipped and %v, want no POST", got.Skipped, asked)
	}
	for _, path := range []string{junit, sarif, known} {
		if text, err := os.ReadFile(path); err != nil || !bytes.Contains(text, []byte("tells_inside")) {
			t.Errorf("%s: got %.200q and %v", filepath.Base(path), text, err)
		}
	}
	stdout, stderr, exit = invoke(t, "", append(args, "--baseline", known)...)
	if exit != exitClean || !strings.Contains(stdout, `"findings":[]`) {
		t.Errorf("exit %d with the baseline of the same run\n%s%s", exit, stdout, stderr)
	}
}

func TestCheckOfAnAPIThatIsNotThereCouldNotRun(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(nil)
	api.Close()
	stdout, stderr, exit := invoke(t, "", "check", "vms", "--url", api.URL)
	if exit != exitUsage || !strings.HasPrefix(stderr, "parlance: the API did not respond to any request: ") {
		t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
	}
}

func TestARequestThatIsNoneIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"GET":                      `expected a method and a path, such as GET /cameras, found "GET"`,
		"get /x":                   "expected a method and a path",
		`{"path":"x"}`:             "path: expected one that begins with a slash",
		`{"path":"/x","method":7}`: "method: expected a text, found a number",
		strings.Repeat("x", 1<<10): "…",
	} {
		path := filepath.Join(t.TempDir(), "r")
		if err := os.WriteFile(path, []byte("\n"+line), 0o600); err != nil {
			t.Fatal(err)
		}
		_, stderr, exit := invoke(t, "", "check", "vms", "--url", "http://127.0.0.1:1", "--requests", path)
		if exit != exitUsage || !strings.Contains(stderr, "r:2: ") || !strings.Contains(stderr, want) || len(stderr) > 400 {
			t.Errorf("%.40q: exit %d, %s", line, exit, stderr)
		}
	}
}

func TestCheckAsAProxyReportsWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	api := cameras(t, func(*http.Request) {})
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stderr, errs := io.Pipe()
	var stdout bytes.Buffer
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"check", "vms", "--upstream", api.URL, "--listen", "127.0.0.1:0", "--quiet"},
			func(string) string { return "" }, strings.NewReader(""), &stdout, errs)
		errs.Close()
	}()
	banner, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	address, rest, _ := strings.Cut(banner, " ")
	if want := "checks " + api.URL + "; Ctrl-C ends it and reports\n"; rest != want {
		t.Errorf("got %q, want %q", rest, want)
	}
	r, err := http.NewRequestWithContext(ctx, "GET", address+"/v1/moved", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer right")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	interrupt()
	if exit := <-done; exit != exitFindings || !strings.Contains(stdout.String(), "[unlisted_status]") || !strings.Contains(stdout.String(), "vms: 1 response checked, 1 finding\n") {
		t.Errorf("exit %d\n%s", exit, stdout.String())
	}
}
