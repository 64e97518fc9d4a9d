package wire

import "strings"

// Challenge is a scheme of a field with its parameters; the parameters of a field
// without schemes are those of a scheme without a name.
type Challenge struct {
	Scheme string
	Params [][2]string // name in lower case, value
}

// Challenges reads a field such as Bearer realm="a", error="b" or
// limit=100;w=60, remaining=5. A word that a blank or nothing follows is a
// scheme.
func Challenges(s string) []Challenge {
	all := []Challenge{{}}
	for s != "" {
		s = strings.TrimLeft(s, " \t,;")
		n := 0
		for n < len(s) && !strings.ContainsRune(" \t,;=\"", rune(s[n])) {
			n++
		}
		word := s[:n]
		s = s[n:]
		rest := strings.TrimLeft(s, " \t")
		switch {
		case word == "" && rest == "":
			return all
		case word == "":
			s = s[1:] // a stray quote or sign
		case strings.HasPrefix(rest, "="):
			value, after := parameterValue(strings.TrimLeft(rest[1:], " \t"))
			s = after
			last := &all[len(all)-1]
			last.Params = append(last.Params, [2]string{strings.ToLower(word), value})
		default:
			all = append(all, Challenge{Scheme: word})
		}
	}
	return all
}

// parameterValue reads a token or a quoted string (RFC 9110, 5.6.4).
func parameterValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		n := strings.IndexAny(s, " \t,;")
		if n < 0 {
			n = len(s)
		}
		return s[:n], s[n:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			if i++; i == len(s) {
				return b.String(), ""
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
