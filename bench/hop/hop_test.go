//go:build linux

package main

import (
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
