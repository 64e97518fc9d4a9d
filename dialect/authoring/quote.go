package authoring

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	yaml "go.yaml.in/yaml/v4"
)

// keepsQuotes reports a list of which one text needs quotes: the others keep
// theirs, for a list looks better in one style.
func (l *layout) keepsQuotes(n *yaml.Node) bool {
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool {
		return c.Kind == yaml.ScalarNode && c.Style&quotedStyle != 0 && !needsNoQuotes(c.Value, false)
	})
}

// scalar is a text in one line, without quotes that it does not need.
func (l *layout) scalar(n *yaml.Node, key bool) string {
	if n.Style&quotedStyle == 0 {
		return n.Value
	}
	if needsNoQuotes(n.Value, key) {
		return n.Value
	}
	from := l.offset(n)
	return l.source[from:l.quoteEnd(from)]
}

// needsNoQuotes reports a text of which nobody could think that it is something
// else: letters, digits, blanks and a few marks, beginning with a letter.
func needsNoQuotes(s string, key bool) bool {
	for i, r := range s {
		if !standsBare(s, i, r, key) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "", "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return false
	}
	_, known := spec.ParseTarget(s)
	return key || known != nil
}

// standsBare reports that a character means nothing but itself at its place in a
// text without quotes.
func standsBare(s string, at int, r rune, key bool) bool {
	last := at == len(s)-1
	switch {
	case at == 0:
		return r < utf8.RuneSelf && unicode.IsLetter(r) || r == '$' && !last
	case r == ' ':
		return !last
	case r == ':':
		return !last && s[at+1] != ' ' && !key
	case r < utf8.RuneSelf && unicode.IsDigit(r), strings.ContainsRune("_-./?!|=+;$", r):
		return true
	}
	return unicode.IsLetter(r)
}
