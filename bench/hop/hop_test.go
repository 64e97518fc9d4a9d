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
