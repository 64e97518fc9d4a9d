package nginx_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNginxTellsFaultsWithTheirPlaces holds for nginx -t, which has the dialects read by the
// library.
func TestNginxTellsFaultsWithTheirPlaces(t *testing.T) {
	t.Parallel()
	p := prepared(t)
	for name, text := range map[string]string{
		"own.yaml":    "dialect: own\ncodes:\n  404: not_found\n",
		"one.yaml":    "dialect: a\ncodes:\n  400: invald\n",
		"twenty.yaml": "dialect: a\ncodes:\n" + twentyFaults(),
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, config string
		says         []string // nothing if it is taken
	}{
		{"a dialect of the catalog", "parlance speaks vms answers problem;", nil},
		{"a dialect file", "parlance speaks ./own.yaml answers problem;", nil},
		{"off", "parlance off;", nil},
		{"an unknown dialect", "server {\nparlance speaks vsm answers problem;\n}", []string{`dialect "vsm"`, "no such dialect", "nginx.conf:6"}},
		{"both unknown", "server {\nparlance speaks vms answers x1;\nlocation / {\nparlance speaks y1 answers vms;\n}\n}", []string{`dialect "x1"`, "nginx.conf:6", `dialect "y1"`, "nginx.conf:8"}},
		{"a file with faults", "parlance speaks ./twenty.yaml answers problem;", []string{`dialect "./twenty.yaml"`, "it has many faults", "nginx.conf:5"}},
		{"a file with one fault", "parlance speaks ./one.yaml answers problem;", []string{`dialect "./one.yaml"`, "invald", "nginx.conf:5"}},
		{"no file", "parlance speaks ./none.yaml answers problem;", []string{"none.yaml", "cannot be read", "nginx.conf:5"}},
		{"a missing word", "parlance speaks vms;", []string{`parlance is "speaks DIALECT answers DIALECT" or "off"`, "nginx.conf:5"}},
		{"another word", "parlance talks vms answers problem;", []string{`parlance is "speaks`, "nginx.conf:5"}},
		{"twice", "parlance off;\nparlance speaks vms answers problem;", []string{"is duplicate", "nginx.conf:6"}},
		{"a bound that is none", "parlance_max_body much;", []string{"invalid value", "nginx.conf:5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, ok := p.check(tt.config)
			if ok != (tt.says == nil) {
				t.Errorf("taken: %v\n%s", ok, out)
			}
			for _, says := range tt.says {
				if !strings.Contains(out, says) {
					t.Errorf("%s\nsays no %q", out, says)
				}
			}
		})
	}
}

// TestTheGuideOfNginxDoesWhatItSays runs its configuration. Only the places of the module and
// of the library are others, and the server listens on another port.
func TestTheGuideOfNginxDoesWhatItSays(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/nginx.md")
	if err != nil {
		t.Fatal(err)
	}
	_, config, _ := strings.Cut(string(guide), "```nginx\n")
	config, _, _ = strings.Cut(config, "```")
	p := prepared(t)
	b, _ := built()
	for _, change := range [][2]string{
		{"modules/ngx_http_parlance_module.so", b.module},
		{"/usr/local/lib/libparlance.so", b.library},
		{"    server {\n", "upstream cameras { server " + strings.TrimPrefix(upstream(t, api), "http://") + "; }\n server { LISTEN;\n"},
	} {
		if strings.Count(config, change[0]) != 1 {
			t.Fatalf("the configuration has no %q", change[0])
		}
		config = strings.Replace(config, change[0], change[1], 1)
	}
	p.start(func() { p.write(config) })
	if got := p.ask("GET", "/api/missing"); got.StatusCode != 404 || got.body != problem {
		t.Errorf("below /api: %d %q", got.StatusCode, got.body)
	}
	if got := p.ask("GET", "/missing"); got.StatusCode != 404 || strings.Contains(got.body, "kind") {
		t.Errorf("elsewhere: %d %q", got.StatusCode, got.body)
	}
}

// twentyFaults are twenty rows with a kind that does not exist.
func twentyFaults() string {
	var b strings.Builder
	for i := range 20 {
		b.WriteString("  4" + string(rune('0'+i/10)) + string(rune('0'+i%10)) + ": invald\n")
	}
	return b.String()
}
