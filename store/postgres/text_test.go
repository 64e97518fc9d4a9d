package postgres

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a client names a thing, PostgreSQL can hold it, and gives back the same.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "k", `\`, `\x00`, "\x00", `\\x41`, "a\xffb", "\ufffd", `\xz`, "é\\\xc3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kept := text(s)
		if !utf8.ValidString(kept) || strings.Contains(kept, "\x00") {
			t.Errorf("%q is kept as %q", s, kept)
		}
		if got := untext(kept); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	})
}
