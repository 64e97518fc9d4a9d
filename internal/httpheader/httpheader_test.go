package httpheader_test

import (
	"net/textproto"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/httpheader"
)

func TestATokenHoldsWhatTheGrammarAllows(t *testing.T) {
	t.Parallel()
	const delimiters = "\"(),/:;<=>?@[\\]{}"
	for c := range 256 {
		want := c > ' ' && c < 0x7f && !strings.ContainsRune(delimiters, rune(c))
		for _, s := range []string{string([]byte{byte(c)}), "a" + string([]byte{byte(c)}) + "1"} {
			if got := httpheader.IsToken(s); got != want {
				t.Errorf("%q is a token: %t, want %t", s, got, want)
			}
		}
	}
	for _, s := range []string{"", "ä", "a b", "Content-Typé"} {
		if httpheader.IsToken(s) {
			t.Errorf("%q is a token", s)
		}
	}
}

func TestAValueHasNoControlCharactersButTheTab(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"": true, "a b\tc": true, "ä\xff": true, "a\nb": false, "a\rb": false, "\x00": false, "\x7f": false,
	} {
		if got := httpheader.IsValue(s); got != want {
			t.Errorf("%q is a value: %t, want %t", s, got, want)
		}
	}
}

func TestANameIsAsNetTextprotoWritesIt(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a", "content-type", "Content-Type", "CONTENT-TYPE", "x--y", "-x", "ETag", "x_y-z", "www-authenticate", "x.y-Z1a"} {
		if got, want := httpheader.Canonical(name), textproto.CanonicalMIMEHeaderKey(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	if got := httpheader.Canonical(" retry-after\t"); got != "Retry-After" {
		t.Errorf("with blanks it becomes %q", got)
	}
}

func TestACanonicalNameCostsNothing(t *testing.T) {
	name := "X-Request-Id"
	if n := testing.AllocsPerRun(100, func() { name = httpheader.Canonical(name) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAMediaTypeIsReadWithoutItsParameters(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "application/json": "application/json", " Application/Problem+JSON ; charset=utf-8": "application/problem+json", ";": "",
	} {
		if got := httpheader.MediaType(value); got != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
	}
	for media, want := range map[string]bool{
		"application/json": true, "application/problem+json": true, "text/json": false, "application/jsonl": false, "": false,
	} {
		if got := httpheader.IsJSON(media); got != want {
			t.Errorf("%q is JSON: %t, want %t", media, got, want)
		}
	}
}
