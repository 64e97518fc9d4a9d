package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens anew")

// TestGolden runs each testdata/*.golden: the command in its first line with
// what stands under "stdin", against what stands under "stdout", "stderr" and
// "exit". Both halves of a case stand in one file.
func TestGolden(t *testing.T) {
	t.Parallel()
	goldens(t, "testdata/*.golden", invoke)
}

// goldens runs each golden that a pattern finds.
func goldens(t *testing.T, pattern string, invoke func(t *testing.T, stdin string, args ...string) (stdout, stderr string, exit int)) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, file := range files {
		t.Run(strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".golden"), "_", " "), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			command, stdin := parseGolden(t, string(text))
			stdout, stderr, exit := invoke(t, stdin, command...)
			got := fmt.Sprintf("%s-- stdout --\n%s-- stderr --\n%s-- exit --\n%d\n",
				text[:bytes.Index(text, []byte("-- stdout --\n"))], ended(stdout), ended(stderr), exit)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := strings.ReplaceAll(string(text), "\r\n", "\n"); got != want {
				t.Errorf("%s differs (go test -update writes it anew); got\n%s\nwant\n%s", file, got, want)
			}
		})
	}
}

// invoke is one run of the command.
func invoke(t *testing.T, stdin string, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	var out, errs bytes.Buffer
	exit = run(context.Background(), args, func(string) string { return "" }, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), exit
}

// parseGolden reads "$ parlance decode --dialect vms" and the part "stdin".
func parseGolden(t *testing.T, text string) (args []string, stdin string) {
	t.Helper()
	command, rest, _ := strings.Cut(text, "\n")
	command, ok := strings.CutPrefix(command, "$ parlance")
	if !ok {
		t.Fatalf("a golden begins with $ parlance, not %q", command)
	}
	before, _, ok := strings.Cut(rest, "-- stdout --\n")
	if !ok {
		t.Fatal("a golden has a part stdout")
	}
	_, stdin, _ = strings.Cut(before, "-- stdin --\n")
	return words(command), stdin
}

// words splits as a shell does that knows single quotes only.
func words(command string) []string {
	var all []string
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

// ended gives a text the line end that the next part of a golden needs.
func ended(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}
