package activity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance/internal/jsontext"
)

// Redacted replaces a value that was removed.
const Redacted = "[redacted]"

// secrets are names of which a value is a credential, in lower case, without
// what is no letter and no digit, by their first byte: every name that is logged is
// looked at. A name that has one of them in it is secret: an access_token as much
// as an X-Auth-Token. That max_tokens is taken out too is the lesser harm.
type secrets [256][]string

var commonSecrets = secrets{
	'a': {"authorization", "apikey", "accesskey"},
	'c': {"cookie", "credential"},
	'j': {"jwt"},
	'p': {"password", "passwd", "passphrase", "privatekey"},
	's': {"secret", "sessionid", "signature"},
	't': {"token"},
}

// longestName bounds, in bytes, what is looked at of a name.
const longestName = 64

// holds reports whether a value of that name is a credential.
func (s *secrets) holds(name string) bool {
	var b [longestName]byte
	plain := plainName(b[:0], name)
	for i, c := range plain {
		for _, secret := range s[c] {
			if len(plain)-i >= len(secret) && string(plain[i:i+len(secret)]) == secret {
				return true
			}
		}
	}
	return false
}

// plainName appends the letters and digits of a name, in lower case. Of a long one
// the end counts, which says what it is.
func plainName(to []byte, name string) []byte {
	for _, c := range []byte(name[max(0, len(name)-longestName):]) {
		switch {
		case c >= 'A' && c <= 'Z':
			to = append(to, c-'A'+'a')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			to = append(to, c)
		}
	}
	return to
}

// value writes an attribute's value, without what is secret in it. What has parts
// with names, such as an http.Header, is written as JSON.
func (s *secrets) value(v slog.Value) (text string) {
	switch v.Kind() {
	case slog.KindAny:
	case slog.KindString:
		return s.text(v.String())
	default:
		return v.String() // a number or a time
	}
	defer func() {
		if recover() != nil { // a method of the value; a log must not end the request
			text = fmt.Sprintf("%T", v.Any())
		}
	}()
	switch x := v.Any().(type) {
	case nil:
		return "null"
	case error:
		return s.text(x.Error())
	case fmt.Stringer:
		return s.text(x.String())
	case []byte:
		return s.text(string(x))
	default:
		b, err := json.Marshal(x)
		if err != nil {
			return fmt.Sprintf("%T", x)
		}
		return string(s.json(b))
	}
}

// json takes the secret members out of a JSON text, and what is secret in its
// strings. The members of an object come out in the order of their names; what
// cannot be read comes out as null.
func (s *secrets) json(text []byte) []byte { return rewritten(text, s.cleaned) }

// rewritten is a JSON text whose value was changed by a function.
func rewritten(text []byte, change func(any) any) []byte {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return []byte("null")
	}
	text, err := jsontext.Marshal(change(v))
	if err != nil {
		return []byte("null")
	}
	return text
}

func (s *secrets) cleaned(v any) any {
	switch v := v.(type) {
	case string:
		return s.text(v)
	case []any:
		for i := range v {
			v[i] = s.cleaned(v[i])
		}
	case map[string]any:
		for name := range v {
			if s.holds(name) {
				v[name] = Redacted
			} else {
				v[name] = s.cleaned(v[name])
			}
		}
	}
	return v
}

// text takes out of a text what is plainly a credential: what stands behind a
// secret name and = or :, behind Bearer or Basic, and before the @ of a URL. Nobody
// can find one that stands there without a sign of what it is.
func (s *secrets) text(t string) string {
	if !mayHold(t) {
		return t
	}
	var b strings.Builder
	done := 0 // what is written, or taken out
	for i := 0; i < len(t); i++ {
		if i < done {
			continue
		}
		if from, to := s.credentialAt(t, done, i); to > from {
			b.WriteString(t[done:from])
			b.WriteString(Redacted)
			done = to
		}
	}
	if done == 0 {
		return t
	}
	b.WriteString(t[done:])
	return b.String()
}

// credentialAt is where the credential stands that a sign at t[i] speaks of. What
// stands before done was looked at. It is empty if there is none.
func (s *secrets) credentialAt(t string, done, i int) (from, to int) {
	switch c := t[i]; {
	case c == ':' && strings.HasPrefix(t[i:], "://"):
		return i + 3, i + 3 + userinfo(t[i+3:])
	case c == '=' || c == ':':
		name := nameBefore(t[done:i])
		if name != "" && !strings.HasSuffix(name, ".go") && (s.holds(name) || inQuery(t[:i], name)) { // token.go:12 is a place
			return valueAfter(t, i+1, name)
		}
	case c == ' ' && schemes.endOf(t[done:i]):
		if to := i + 1 + credential(t[i+1:]); looksMade(t[i+1 : to]) {
			return i + 1, to
		}
	}
	return 0, 0
}

// queryNames are names of credentials in the query of a URL: an API key, a signature, the
// code of a log-in. Elsewhere they say nothing.
var queryNames = []string{"key", "sig", "code"}

// inQuery reports whether a text ends with such a name in a query.
func inQuery(t, name string) bool {
	before := strings.TrimSuffix(t, name)
	return (strings.HasSuffix(before, "?") || strings.HasSuffix(before, "&")) &&
		slices.ContainsFunc(queryNames, func(n string) bool { return strings.EqualFold(n, name) })
}

// schemeNames stand before a credential (RFC 9110, 11.1).
type schemeNames []string

var schemes = schemeNames{"bearer", "basic"}

// mayHold reports that a text may have a credential in it. Most have none of the
// signs, and every text that is logged is looked at.
func mayHold(t string) bool {
	for i := range len(t) {
		switch t[i] {
		case '=', ':':
			return true
		case ' ':
			if schemes.endOf(t[:i]) {
				return true
			}
		}
	}
	return false
}

func (n schemeNames) endOf(t string) bool {
	if len(t) == 0 || t[len(t)-1]|0x20 != 'r' && t[len(t)-1]|0x20 != 'c' {
		return false // soon, as of most
	}
	return slices.ContainsFunc(n, func(name string) bool {
		from := len(t) - len(name)
		return from >= 0 && strings.EqualFold(t[from:], name) && (from == 0 || !nameByte(t[from-1]))
	})
}

// credential is how many bytes of a token68 (RFC 9110, 11.2) a text begins with.
func credential(t string) int {
	n := strings.IndexFunc(t, func(r rune) bool {
		return !(r < utf8.RuneSelf && (nameByte(byte(r)) || strings.ContainsRune("~+/=", r)))
	})
	if n < 0 {
		return len(t)
	}
	return n
}

// looksMade tells a credential from a word that follows by chance, as in "basic
// rules".
func looksMade(t string) bool {
	return len(t) >= 20 || strings.ContainsAny(t, "0123456789") || strings.ToLower(t) != t
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// nameBefore is the name that a text ends with, without quotes; "" for none.
func nameBefore(t string) string {
	t = strings.TrimRight(t, ` "'\]`)
	from := len(t)
	for from > 0 && len(t)-from < longestName && nameByte(t[from-1]) {
		from--
	}
	return t[from:]
}

// valueAfter is the place of a value, without the quotes or brackets around it.
func valueAfter(t string, from int, name string) (int, int) {
	for from < len(t) && t[from] == ' ' {
		from++
	}
	open := from
	for open < len(t) && t[open] == '\\' { // JSON in a JSON text
		open++
	}
	if open < len(t) {
		switch closing := t[open]; closing {
		case '"', '\'':
			return open + 1, open + 1 + quoted(t[open+1:], closing, open > from)
		case '[', '{':
			return open + 1, open + 1 + quoted(t[open+1:], closing+2, false) // ] and }, by ASCII
		}
	}
	ends := " \t\r\n\"'&,;)}]"
	var b [longestName]byte
	if plain := plainName(b[:0], name); bytes.Contains(plain, []byte("authorization")) || bytes.Contains(plain, []byte("cookie")) {
		ends = "\r\n\"" // a header's value has spaces and semicolons
	} else if i := strings.IndexByte(t[from:], ' '); i > 0 && schemes.endOf(t[from:from+i]) {
		return from, from + i + 1 + credential(t[from+i+1:])
	}
	if n := strings.IndexAny(t[from:], ends); n >= 0 {
		return from, from + n
	}
	return from, len(t)
}

// quoted is how long a text is up to what closes it. Where the opening quote was
// escaped the closing one is too.
func quoted(t string, closing byte, escaped bool) int {
	for i := 0; i < len(t); i++ {
		switch {
		case t[i] == closing:
			return i
		case t[i] == '\\' && escaped:
			return i
		case t[i] == '\\':
			i++ // what it escapes
		}
	}
	return len(t)
}

// userinfo is how many bytes of user and password a URL's authority begins with;
// 0 for none.
func userinfo(t string) int {
	end := strings.IndexAny(t, "/?# \t\r\n\"'")
	if end < 0 {
		end = len(t)
	}
	return max(0, strings.LastIndexByte(t[:end], '@'))
}
