package jsontext_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/jsontext"
)

func TestATextThatNeedsNoEscapeIsCopiedAsItIs(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "a", "seven b", "eight by", "The name field is required.", "~}!#[]^_`" + strings.Repeat("x", 100)} {
		got, plain := jsontext.AppendPlain([]byte("before"), s)
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
				got, plain := jsontext.AppendPlain([]byte("before"), s)
				if plain || string(got) != "before" {
					t.Errorf("%q: %t, %q", s, plain, got)
				}
			}
		}
	}
	if got, plain := jsontext.AppendPlain(nil, "\x7f is a letter to JSON"); !plain || !json.Valid(got) {
		t.Errorf("%t, %q", plain, got)
	}
}

// texts are those that the writers and the reader of texts treat in every way they
// have.
var texts = []string{
	"", "plain", "seven b", `a "quote" and a \ in it`, "\x00\x01\b\f\n\r\t\x1f\x7f", "ä€😀", "a\u2028b\u2029c\u202a", "\xff", "a\xc3", "\xed\xa0\x80b",
	"/<>&", strings.Repeat("0123456789", 20) + "ä", "\ufffd",
}

func TestATextIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	t.Parallel()
	for _, s := range texts {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got := string(jsontext.AppendStandard([]byte("before"), s)); got+"\n" != "before"+want.String() {
			t.Errorf("%q becomes %s, want %s", s, got, want.String())
		}
	}
}

func TestATextIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, s := range texts {
		for _, written := range [][]byte{jsontext.Append(nil, s), jsontext.AppendStandard(nil, s)} {
			var want string
			if err := json.Unmarshal(written, &want); err != nil {
				t.Errorf("%q becomes %s: %v", s, written, err)
			}
			raw := written[1 : len(written)-1]
			if got := string(jsontext.AppendUnescaped([]byte("before"), raw)); got != "before"+want || !jsontext.ValidEscapes(raw) {
				t.Errorf("%s is read as %q, want %q", raw, got, want)
			}
		}
	}
}

func TestEscapesAreReadAsEncodingJSONReadsThem(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`\"\\\/\b\f\n\r\t`, `\u00e4\u20AC`, `\ud83d\ude00`, `\ud83d`, `\ude00\ud83d`, `\ud83dx`, `\ud83d\n`, `\ud83d\u0041`, `\x`, `\u12`, `\u12g4`, `\`, `a\`, `\\`, `\U0041`, `\u`,
	} {
		var want string
		valid := json.Unmarshal([]byte(`"`+raw+`"`), &want) == nil
		if got := jsontext.ValidEscapes([]byte(raw)); got != valid {
			t.Errorf("the escapes of %s are valid: %t, want %t", raw, got, valid)
		}
		if !valid {
			continue
		}
		if got := string(jsontext.AppendUnescaped(nil, []byte(raw))); got != want {
			t.Errorf("%s is read as %q, want %q", raw, got, want)
		}
	}
}
