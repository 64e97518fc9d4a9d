package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// bare is a text without the marks that keep a rename of a word out of this test.
func bare(text string) string { return strings.ReplaceAll(text, "~", "") }

// long has n words.
func long(n int) string { return strings.TrimSpace(strings.Repeat("word ", n)) + "." }

func TestEachRuleFindsItsWord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, found string }{
		{"The client reads the response.", ""},
		{"The client reads the answ~er.", `"answ~er"`},
		{"It is not rep~eated.", `"rep~eated"`},
		{"Rep~eating it is safe.", `"Rep~eating"`},
		{"The lic~ence is full.", `"lic~ence"`},
		{"Cat~alogue of dialects.", `"Cat~alogue"`},
		{"It recognises the form.", `"recognises"`},
		{"The beh~aviour changed.", `"beh~aviour"`},
		{"Exercise and promise are fine, as is advertised.", ""},
		{"What it says counts.", `"What"`},
		{"What does it say?", ""},
		{"Of these the first counts.", `"Of"`},
		{"Where it fails, stop.", `"Where"`},
		{"Stop where it fails.", `"where"`},
		{"The file says where the list is.", ""},
		{"Where is it?", ""},
		{"A part of what it read is kept.", `"of what"`},
		{"Nobody asks and nothing is said.", `"Nobody"`},
		{"Nobody asks.", ""},
		{"Call `answ~er` and `cat~alogue`.", ""},
		{"See [the answ~er](docs/x.md).", `"answ~er"`},
		{"See [the page](docs/answ~er.md).", ""},
	} {
		var found []finding
		for _, p := range markdown(bare(test.text)) {
			found = append(found, check("x.md", p)...)
		}
		switch {
		case test.found == "" && len(found) > 0:
			t.Errorf("%s: got %v, want nothing", test.text, found)
		case test.found != "" && (len(found) != 1 || !strings.Contains(found[0].text, bare(test.found))):
			t.Errorf("%s: got %v, want one with %s", test.text, found, test.found)
		}
	}
}

func TestASentenceHasAtMostThirtyWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want int
	}{
		{long(30), 0},
		{long(31), 1},
		{long(20) + " " + strings.ToUpper(long(20)), 0},
		{"e.g. " + long(30), 1},
		{strings.ReplaceAll(long(31), " ", "\n"), 1},
		{"- " + long(20) + "\n- " + long(20), 0},
		{"| " + long(20) + " | " + long(20) + " |", 0},
		{"```\n" + long(40) + "\n```", 0},
		{"    " + long(40), 0},
		{"- x\n  " + long(40), 1},
		{"<!-- " + long(40) + " -->", 0},
		{"# " + long(40), 0},
		{"`" + long(40) + "` " + long(20), 0},
		{"<!--\n" + long(40) + "\n-->\n" + long(31), 1},
		{"x\n    " + long(40), 1},
	} {
		n := 0
		for _, p := range markdown(test.text) {
			n += len(check("x.md", p))
		}
		if n != test.want {
			t.Errorf("%q: got %d findings, want %d", test.text, n, test.want)
		}
	}
}

func TestAFindingNamesItsLine(t *testing.T) {
	t.Parallel()
	text := "# A title\n\nOne line.\nTwo `a\nb` lines.\nThe answ~er is here.\n\n| a | b |\n|---|---|\n| c | the cat~alogue |\n"
	var lines []int
	for _, p := range markdown(bare(text)) {
		for _, f := range check("x.md", p) {
			lines = append(lines, f.line)
		}
	}
	if want := []int{6, 10}; !slices.Equal(lines, want) {
		t.Errorf("got lines %v, want %v", lines, want)
	}
}

func TestCommentsOfExportedNamesAreRead(t *testing.T) {
	t.Parallel()
	const file = `// Package x has a cat~alogue.
package x

// T is read.
//
//	an answ~er in code
type T struct {
	A int // the answ~er
	b int // the answ~er
}

// hidden has an answ~er.
func hidden() {}

// F rep~eats, see [T].
func F() {}

// Of begins with its own name.
func Of() {}

const (
	C = 1 // the beh~aviour
)
`
	passages, err := comments("x.go", bare(file))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, p := range passages {
		for _, f := range check("x.go", p) {
			lines = append(lines, f.line)
		}
	}
	if want := []int{1, 8, 15, 22}; !slices.Equal(lines, want) {
		t.Errorf("got lines %v, want %v", lines, want)
	}
}

func TestFoldersAreWalkedWithoutHiddenOnes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.md", "testdata/b.md", ".git/c.md", "d.txt"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(bare("The answ~er.\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	n, err := run(&b, false, []string{dir})
	if want := fmt.Sprintf("%s:1: ", filepath.Join(dir, "a.md")); err != nil || n != 1 || !strings.HasPrefix(b.String(), want) {
		t.Errorf("got %d, %v and %q, want 1 finding at %s", n, err, b.String(), want)
	}
	if _, err := run(&b, false, []string{filepath.Join(dir, "none")}); err == nil {
		t.Error("got no error for a folder that does not exist")
	}
}
