package page

import (
	"strconv"
	"strings"
	"unicode"
)

// own is how the ids of a page begin that are no codes.
const own = "page."

// Anchor is the fragment of a code on a page: the code itself. A hyphen stands in the place
// of each character that is neither a letter, a digit nor in -_.:*+@!,()/~. So a dialect
// can write the type of a problem as "https://errors.example.com/#{$code}".
//
// If two codes of a page have the same anchor, it is that of the first.
func Anchor(code string) string {
	anchor := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.:*+@!,()/~", r) {
			return r
		}
		return '-'
	}, code)
	if anchor == "" || strings.HasPrefix(anchor, own) {
		return "-" + anchor
	}
	return anchor
}

// anchors gives out each anchor once.
type anchors map[string]bool

// take is the anchor of a code if nobody has it. It reports false otherwise.
func (a anchors) take(code string) (string, bool) {
	anchor := Anchor(code)
	if a[anchor] {
		return "", false
	}
	a[anchor] = true
	return anchor, true
}

// of is the anchor of a section that is about some codes, and those that lead there too.
func (a anchors) of(codes []string) (id string, more []string) {
	for _, code := range codes {
		if anchor, free := a.take(code); free {
			more = append(more, anchor)
		}
	}
	if len(more) > 0 {
		return more[0], more[1:]
	}
	for n := 2; ; n++ {
		if id, free := a.take(codes[0] + "-" + strconv.Itoa(n)); free {
			return id, nil
		}
	}
}
