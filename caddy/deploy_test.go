package caddyparlance_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestTheCaddyfileOfDeployRuns loads it with the settings of its head.
func TestTheCaddyfileOfDeployRuns(t *testing.T) {
	u := serve(t, says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`))
	t.Setenv("UPSTREAM", u.URL)
	metrics := free(t)
	t.Setenv("METRICS", metrics)
	_, file, _ := strings.Cut(readDeploy(t, "Caddyfile"), "\n{\n") // without its comments
	s := load(t, "{\n"+strings.Replace(file, "{$SITE}", "ADDRESS", 1))
	if resp, body := s.ask("GET", "/things/7", ""); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, `"detail":"no such thing"`) {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	resp, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), "\nparlance_requests_total{") {
		t.Errorf("the metrics: %v, %s", err, body)
	}
}

// TestTheUnitOfSystemdIsSound asks systemd, which need not run. It looks for the program of a
// unit, so the unit gets another one.
func TestTheUnitOfSystemdIsSound(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip(err)
	}
	unit := readDeploy(t, "parlance-gateway.service")
	unit = strings.ReplaceAll(unit, "/usr/local/bin/parlance-gateway", "/bin/true")
	file := filepath.Join(t.TempDir(), "parlance-gateway.service")
	if err := os.WriteFile(file, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestTheComposeFileNamesWhatExists reads it strictly. No container is started.
func TestTheComposeFileNamesWhatExists(t *testing.T) {
	var file struct {
		Services map[string]struct {
			Build struct {
				Context, Dockerfile string
			}
			Image     string
			DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
			Volumes   []string
			Rest      map[string]any `yaml:",inline"`
		}
		Volumes map[string]any
	}
	if err := yaml.Load([]byte(readDeploy(t, "compose.yaml")), &file, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	for name, s := range file.Services {
		if (s.Image == "") == (s.Build.Dockerfile == "") {
			t.Errorf("%s needs an image or a Dockerfile", name)
		}
		if _, err := os.Stat(filepath.Join("deploy", s.Build.Context, s.Build.Dockerfile)); err != nil {
			t.Error(name, err)
		}
		for other, on := range s.DependsOn {
			if _, ok := file.Services[other].Rest["healthcheck"]; !ok || on.Condition != "service_healthy" {
				t.Errorf("%s waits for %s, whose health nobody checks", name, other)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			_, err := os.Stat(filepath.Join("deploy", from))
			if _, named := file.Volumes[from]; !named && err != nil {
				t.Errorf("%s mounts %s, which does not exist", name, from)
			}
		}
	}
}

// TestTheDockerfileNamesWhatExists holds its copies and its command against the repository.
func TestTheDockerfileNamesWhatExists(t *testing.T) {
	built, used := map[string]bool{}, 0
	for line := range strings.Lines(readDeploy(t, "Dockerfile")) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		switch words[0] {
		case "RUN":
			for _, out := range regexp.MustCompile(`/out/\S+`).FindAllString(line, -1) {
				built[out] = true
			}
			if _, pkg, ok := strings.Cut(line, " ./"); ok {
				if _, err := os.Stat(filepath.FromSlash(strings.TrimSpace(pkg))); err != nil {
					t.Error(err)
				}
			}
		case "COPY":
			from := words[len(words)-2]
			if strings.HasPrefix(from, "/out/") {
				if used++; !built[from] {
					t.Errorf("nothing makes %s", from)
				}
			} else if !strings.HasPrefix(from, "/") {
				if _, err := os.Stat(filepath.Join("..", from)); err != nil {
					t.Error(err)
				}
			}
		case "FROM", "WORKDIR", "ENV", "USER", "EXPOSE", "VOLUME", "ENTRYPOINT", "CMD":
		default:
			t.Errorf("no such instruction: %s", words[0])
		}
	}
	if used != 3 {
		t.Errorf("%d of its files are built", used)
	}
}

// TestTheDashboardAsksForMetricsThatExist holds each name of a query against the metrics of a
// gateway.
func TestTheDashboardAsksForMetricsThatExist(t *testing.T) {
	_, body := watched(t).ask("GET", "/metrics", "")
	for _, q := range queries(t) {
		for _, name := range regexp.MustCompile(`\b(parlance|caddy|process)_[a-z_]+`).FindAllString(q.Expr, -1) {
			if !strings.Contains(body, "\n"+name) {
				t.Errorf("%s asks for %s, which no gateway has", q.Title, name)
			}
		}
	}
}

// watched is a gateway that shows its metrics, and had responses of several kinds.
func watched(t *testing.T) *server {
	t.Helper()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/busy":
			says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "3600")(w, r)
		case "/soon":
			says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0")(w, r)
		default:
			says(http.StatusUnprocessableEntity, jsonType, `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format"]}}`)(w, r)
		}
	})
	s := load(t, `{
	metrics
}
ADDRESS {
	handle /metrics {
		metrics
	}
	handle {
		parlance vision {
			name things
		}
		reverse_proxy /soon `+u.URL+` {
			transport parlance {
				speaks plain
				max_attempts 2
			}
		}
		reverse_proxy `+u.URL+` {
			transport parlance {
				speaks vms
			}
		}
	}
}`)
	s.use()
	return s
}

// use sends requests that each panel shows something of.
func (s *server) use() {
	for _, path := range []string{"/busy", "/soon", "/other"} {
		s.ask("GET", path, "")
	}
}

// query is one of a panel.
type query struct{ Title, Expr string }

// queries are those of the dashboard.
func queries(t *testing.T) (all []query) {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string
			Targets []query
		}
	}
	if err := json.Unmarshal([]byte(readDeploy(t, "grafana.json")), &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			all = append(all, query{p.Title, q.Expr})
		}
	}
	if len(all) == 0 {
		t.Fatal("it has no panels")
	}
	return all
}

func readDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// free is an address that nobody uses.
func free(t *testing.T) string {
	t.Helper()
	return freeOn(t, "127.0.0.1")
}

// freeOn is an address of a host with a port that nobody has.
func freeOn(t *testing.T, host string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
