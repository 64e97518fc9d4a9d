package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestWrapBreaksAtSpacesThenAfterSlashesThenAnywhere(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 5, ""},
		{"one", 5, "one"},
		{"one two", 7, "one two"},
		{"one two three", 7, "one two|three"},
		{"unavailable/maintenance, after 2m", 16, "unavailable/|maintenance,|after 2m"},
		{"503 quota/license", 10, "503 quota/|license"},
		{"a/b/c/d", 4, "a/b/|c/d"},
		{"abcdefgh", 3, "abc|def|gh"},
		{"é✓→é", 2, "é✓|→é"},
		{"x abcdefgh", 4, "x|abcd|efgh"},
	} {
		if got := wrap(test.text, test.width); !slices.Equal(got, strings.FieldsFunc(test.want, func(r rune) bool { return r == '|' })) {
			t.Errorf("%q in %d: got %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestATablesRowIsAsHighAsItsHighestCell(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	star := func(text string) string { return "*" + text }
	table{&b, []int{3, 5, 4}}.row([]string{"a", "one two", "\x1b"}, nil, star, nil)
	if want := "a    *one    \\x1b\n     *two\n"; b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
}

func TestTheDemosColumnsFitTheLine(t *testing.T) {
	t.Parallel()
	for _, line := range []int{76, 80, 100, 120, 160} {
		sum := 2 * 5
		for _, w := range demoWidths(line) {
			sum += w
			if w < 1 {
				t.Errorf("%d: %v", line, demoWidths(line))
			}
		}
		if sum != line {
			t.Errorf("%d columns have the width %d", line, sum)
		}
	}
}
