// Package glob matches the patterns of paths, codes and header fields.
package glob

import "strings"

// Match matches a text against a pattern in which * stands for any run of
// characters. It takes time in the product of the lengths at worst.
func Match(pattern, text string) bool {
	fixed := strings.IndexByte(pattern, '*') // most differ before it, or end there
	switch {
	case fixed < 0:
		return pattern == text
	case len(text) < fixed || text[:fixed] != pattern[:fixed]:
		return false
	case fixed == len(pattern)-1:
		return true
	}
	// Most have one text behind the first star, with another star behind it or not.
	switch rest := pattern[fixed+1:]; strings.IndexByte(rest, '*') {
	case -1:
		return strings.HasSuffix(text[fixed:], rest)
	case len(rest) - 1:
		return strings.Contains(text[fixed:], rest[:len(rest)-1])
	}
	star, mark := -1, 0
	p, t := fixed, fixed
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
