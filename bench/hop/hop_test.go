//go:build linux

package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(serveAs); name != "" {
		serve(name) // a proxy of the test
		return
	}
	os.Exit(m.Run())
}

func TestTheTableHasARowForEachProxyAndResponse(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := config{rounds: 1, requests: 16, callers: 2, speaks: "vms", to: "problem", proxies: "reverseproxy,parlance"}
	if err := run(&out, c); err != nil {
		t.Fatal(err)
	}
	table := out.String()
	for _, k := range kinds {
		for _, by := range []string{"reverseproxy", "parlance"} {
			if !strings.Contains(table, k.name) || strings.Count(table, "| "+by+" ") != len(kinds) {
				t.Errorf("no row for %s by %s:\n%s", k.name, by, table)
			}
		}
	}
}

func TestTheOtherTablesHaveARowForEachProxy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]config{
		"idle connections":              {idle: 20, callers: 1},
		"the first byte of each stream": {first: 5, callers: 1},
	} {
		var out strings.Builder
		c.speaks, c.to, c.proxies = "vms", "problem", "reverseproxy,parlance,parlance-serve"
		if err := run(&out, c); err != nil {
			t.Fatal(err)
		}
		for _, by := range ours {
			if !strings.Contains(out.String(), "| "+by+" ") {
				t.Errorf("%s: no row for %s:\n%s", name, by, out.String())
			}
		}
	}
}

// TestTheScriptsOfOthersTranslate asks nginx and HAProxy with their scripts, as they are measured,
// for an error and a success.
func TestTheScriptsOfOthersTranslate(t *testing.T) {
	t.Parallel()
	u, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	for _, name := range []string{"nginx-lua", "haproxy-lua"} {
		p, err := start(name, t.TempDir(), u.Addr().String(), config{speaks: "vms", to: "problem"})
		if errors.Is(err, errMissing) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer p.stop()
		for _, k := range kinds {
			resp, err := http.Get("http://" + p.addr + "/" + k.name)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			switch {
			case err != nil:
				t.Error(err)
			case !k.rewrites:
				if string(body) != k.body {
					t.Errorf("%s: %s came as %d %.80q", name, k.name, resp.StatusCode, body)
				}
			case resp.StatusCode != http.StatusUnprocessableEntity, resp.Header.Get("Content-Type") != "application/problem+json",
				!strings.Contains(string(body), `"detail":"Submitted data was invalid"`), !strings.Contains(string(body), `"pointer":"\/url"`):
				t.Errorf("%s: %s came as %d %v %s", name, k.name, resp.StatusCode, resp.Header, body)
			}
		}
	}
}
