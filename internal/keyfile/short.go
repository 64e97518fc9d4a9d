package keyfile

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A complaint is read by people, and a file or a response may come from a stranger.
// These bound it in bytes.
const (
	maxQuoted  = 120  // of a text of the author's, or of a response's
	MaxListed  = 500  // of words that a complaint lists, and of an error
	maxMessage = 2000 // of a whole message
	maxHint    = 500
)

// Ours is a text of a complaint that quotes nothing, or nothing long.
type Ours string

// Complain is a message. Each text in args is shortened, for it is the author's or the
// response's. A list is shown with commas.
func Complain(format string, args ...any) string {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = Short(a)
		case []string:
			args[i] = listed(a)
		}
	}
	return Cut(fmt.Sprintf(format, args...), maxMessage)
}

// Short is the beginning of a text, all of it if it is not long.
func Short(s string) string { return Cut(s, maxQuoted) }

// listed shows the first words of a list.
func listed(words []string) string {
	var shown []string
	for bytes := 0; len(shown) < len(words) && bytes < MaxListed; bytes += len(shown[len(shown)-1]) + 2 {
		shown = append(shown, Short(words[len(shown)]))
	}
	list := strings.Join(shown, ", ")
	if more := len(words) - len(shown); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// Cut shortens a text to a number of bytes, at the end of a character.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
