package label_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/label"
)

func TestATextIsShortAndUTF8(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "",
		"a code":                           "a code",
		strings.Repeat("a", 300):           strings.Repeat("a", 256),
		strings.Repeat("a", 255) + "é":     strings.Repeat("a", 255), // cut within a letter
		"no\xfftext":                       "notext",
		strings.Repeat("é", 128) + "more…": strings.Repeat("é", 128),
	} {
		if got := label.Text(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestAMethodThatSomebodyMadeUpIsNoSeriesOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, of, value, name string }{
		{"", "", "GET", "GET"},
		{"POST", "/orders/{id}", "POST", "POST /orders/{id}"},
		{"QUERY", "", "QUERY", "QUERY"},
		{"post", "", "_OTHER", "HTTP"},
		{"MADE-UP", "/orders", "_OTHER", "HTTP /orders"},
	} {
		if value, name := label.Method(c.method), label.Name(c.method, c.of); value != c.value || name != c.name {
			t.Errorf("%q is %q, and its span %q", c.method, value, name)
		}
	}
}
