package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestADraftIsWrittenOnlyWhereNothingIsYet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "shop.yaml")
	if stdout, stderr, exit := invoke(t, "", "import", "openapi", "testdata/import/bookshop.yaml", "-o", file); exit != exitClean || stdout != "" {
		t.Fatalf("got exit %d, stdout %q, stderr %q, want exit 0 and nothing", exit, stdout, stderr)
	}
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(first), "dialect: the-bookshop\n") {
		t.Errorf("got %s", first)
	}
	for _, out := range []string{file, filepath.Join(dir, "nowhere", "shop.yaml"), dir} {
		_, stderr, exit := invoke(t, "", "import", "openapi", "testdata/import/bookshop.yaml", "-o", out)
		if exit != exitUsage || !strings.Contains(stderr, "hint: name a file that is not there yet, in a folder where you may write") || strings.Count(stderr, out) != 1 {
			t.Errorf("%s: got exit %d, stderr %q, want its path once", out, exit, stderr)
		}
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(first) {
		t.Errorf("the file that was there has changed: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("got the files %v, %v, want the first one alone", entries, err)
	}
}

// TestWhatCannotBeWrittenNamesItsPathOnce: the path is that of a folder, which no user may
// write as a file.
func TestWhatCannotBeWrittenNamesItsPathOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := filepath.Join(dir, "there.html")
	if err := os.MkdirAll(filepath.Join(dir, "stripe.md"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"page", "stripe", "--markdown", "-o", dir},
		{"export", "openapi", "stripe", "-o", out},
		{"export", "problem-types", "stripe", "-o", out},
		{"import", "openapi", "testdata/import/bookshop.yaml", "-o", out},
		{"check", "vms", "--jsonl", "testdata/check/clean.jsonl", "--sarif", out},
	} {
		_, stderr, exit := invoke(t, "", args...)
		if exit != exitUsage || strings.Count(stderr, dir) != 1 {
			t.Errorf("%q: got exit %d, stderr %q, want exit 2 and the path once", args, exit, stderr)
		}
	}
}

func TestAPageIsMarkdownIfItsFileIs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "errors.md")
	if _, stderr, exit := invoke(t, "", "page", "vms", "-o", file); exit != 0 {
		t.Fatal(stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "# ") {
		t.Errorf("got %.40q, want Markdown", text)
	}
}

func TestAFolderThatMayNotBeWrittenIsAMistake(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if probe, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		probe.Close()
		t.Skip("this user may write everywhere")
	}
	_, stderr, exit := invoke(t, "", "import", "openapi", "testdata/import/bookshop.yaml", "-o", filepath.Join(dir, "a.yaml"))
	if exit != exitUsage || !strings.Contains(stderr, "permission denied") {
		t.Errorf("got exit %d, stderr %q, want exit 2 and permission denied", exit, stderr)
	}
}

// TestTheDraftOfAnArchiveHasNoSecretOfARequest or of a cookie.
func TestTheDraftOfAnArchiveHasNoSecretOfARequest(t *testing.T) {
	t.Parallel()
	stdout, _, exit := invoke(t, "", "import", "har", "testdata/import/session.har")
	if exit != exitClean || strings.Contains(stdout, "hush") {
		t.Errorf("got exit %d and\n%s", exit, stdout)
	}
}
