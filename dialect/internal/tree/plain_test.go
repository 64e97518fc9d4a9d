package tree_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

func TestATextThatNeedsNoEscapeIsCopiedAsItIs(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "a", "seven b", "eight by", "The name field is required.", "~}!#[]^_`" + strings.Repeat("x", 100)} {
		got, plain := tree.AppendPlain([]byte("before"), s)
		if want := `before"` + s + `"`; !plain || string(got) != want {
			t.Errorf("%q: %t, %s", s, plain, got)
		}
	}
}

func TestATextThatNeedsMoreIsLeftToOthers(t *testing.T) {
	t.Parallel()
	for _, stop := range []string{`"`, `\`, "\x00", "\x1f", "\n", "é", "\xff"} {
		for before := range 20 {
			for _, after := range []int{0, 1, 7, 8, 20} {
				s := strings.Repeat("a", before) + stop + strings.Repeat("b", after)
				got, plain := tree.AppendPlain([]byte("before"), s)
				if plain || string(got) != "before" {
					t.Errorf("%q: %t, %q", s, plain, got)
				}
			}
		}
	}
	if got, plain := tree.AppendPlain(nil, "\x7f is a letter to JSON"); !plain || !json.Valid(got) {
		t.Errorf("%t, %q", plain, got)
	}
}
