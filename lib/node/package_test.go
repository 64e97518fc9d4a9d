// Package node_test builds the package for Node and browsers, and runs its tests.
package node_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// built is the folder of the package. A test is skipped without Node, except in CI.
func built(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the module")
	}
	_, err := exec.LookPath("node")
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
	dir := t.TempDir()
	if out, err := exec.Command("node", "build.js", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// TestThePackageForNodeAndBrowsers runs its tests with the runner of Node, and those in
// Chromium.
func TestThePackageForNodeAndBrowsers(t *testing.T) {
	t.Parallel()
	dir := built(t)
	t.Run("in Node", func(t *testing.T) { passesInNode(t, dir) })
	t.Run("in Chromium", func(t *testing.T) { decodesInChromium(t, dir) })
	t.Run("on a page", func(t *testing.T) { readsOnAPage(t, dir) })
}

func passesInNode(t *testing.T, dir string) {
	scratch := t.TempDir()
	cases, hostile, texts := filepath.Join(scratch, "cases.jsonl"), filepath.Join(scratch, "hostile.jsonl"), filepath.Join(scratch, "texts.jsonl")
	out, err := exec.Command("go", "run", "../../conformance").Output()
	bad, also := exec.Command("go", "run", "../../conformance", "-hostile").Output()
	refused, third := exec.Command("go", "run", "../../conformance", "-files", "../../dialect/testdata/fuzz/FuzzCompile").Output()
	if err := errors.Join(err, also, third, os.WriteFile(cases, out, 0o600), os.WriteFile(hostile, bad, 0o600), os.WriteFile(texts, refused, 0o600)); err != nil {
		t.Fatal(err)
	}
	tests, err := filepath.Glob("tests/*.test.js")
	if err != nil || len(tests) == 0 {
		t.Fatal(tests, err)
	}
	cmd := exec.Command("node", append([]string{"--test"}, tests...)...)
	cmd.Env = append(os.Environ(), "PARLANCE_PACKAGE="+dir, "PARLANCE_CASES="+cases, "PARLANCE_HOSTILE="+hostile, "PARLANCE_FILES="+texts, "PARLANCE_DIFFERENCES=../../conformance/differences.json")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
