// Package node_test builds the package for Node and browsers, and runs its tests.
package node_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/lib/abi"
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
	if err := errors.Join(err, also, os.WriteFile(cases, out, 0o600), os.WriteFile(hostile, bad, 0o600), os.WriteFile(texts, refusals(t), 0o600)); err != nil {
		t.Fatal(err)
	}
	tests, err := filepath.Glob("tests/*.test.js")
	if err != nil || len(tests) == 0 {
		t.Fatal(tests, err)
	}
	cmd := exec.Command("node", append([]string{"--test"}, tests...)...)
	cmd.Env = append(os.Environ(), "PARLANCE_PACKAGE="+dir, "PARLANCE_CASES="+cases, "PARLANCE_HOSTILE="+hostile, "PARLANCE_TEXTS="+texts)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// refusals are texts of dialect files, with what Go says of each: those that fuzzing has
// found, and one with more than twenty faults.
func refusals(t *testing.T) []byte {
	t.Helper()
	files, err := filepath.Glob("../../dialect/testdata/fuzz/FuzzCompile/*")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	var texts []string
	for _, name := range files {
		found, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSpace(strings.SplitN(string(found), "\n", 3)[1])
		text, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(line, "[]byte("), ")"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.ToValidUTF8(text, "") == text { // a string of JavaScript has no other bytes
			texts = append(texts, text+"\n")
		}
	}
	faulty := "dialect: faulty\ncodes:\n"
	for i := range 25 {
		faulty += fmt.Sprintf("  e%d: invald\n", i)
	}
	var lines bytes.Buffer
	for _, text := range append(texts, faulty) {
		says := []byte("{}")
		if _, err := dialect.Compile("dialect.yaml", []byte(text), catalog.Find("")); err != nil {
			says = abi.AppendError(nil, err)
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf(`{"text":%s,%s`, quoted, says[1:])
		lines.WriteString(strings.Replace(line, ",}", "}", 1) + "\n")
	}
	return lines.Bytes()
}
