package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAnExplanationIsAsWideAsTheTerminal(t *testing.T) {
	t.Parallel()
	const response = "HTTP/1.1 500 Internal Server Error\nContent-Type: text/plain\n\nThe database is away"
	for columns, most := range map[string]int{"40": 40, "500": maxProse} {
		var stdout, stderr bytes.Buffer
		env := func(name string) string { return map[string]string{"COLUMNS": columns}[name] }
		if exit := run(context.Background(), []string{"explain", "--method", "POST"}, env, strings.NewReader(response), &stdout, &stderr); exit != exitClean {
			t.Fatalf("exit %d: %s", exit, stderr.String())
		}
		longest := 0
		for line := range strings.Lines(stdout.String()) {
			longest = max(longest, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
		}
		if longest > most || longest < most*2/3 {
			t.Errorf("%s columns: the longest line has %d characters, want at most %d", columns, longest, most)
		}
	}
}
