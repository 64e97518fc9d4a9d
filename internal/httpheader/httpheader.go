// Package httpheader holds the rules of HTTP header fields (RFC 9110, 5) that both ends,
// the dialect and the command need. It does not import net/http.
package httpheader

import "strings"

// IsToken reports a text that can be the name of a field, or a method (RFC 9110,
// 5.6.2).
func IsToken(s string) bool {
	for i := range len(s) {
		if !inToken[s[i]] {
			return false
		}
	}
	return s != ""
}

// inToken are the bytes that a token can have.
var inToken = func() (all [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		all[c] = true
	}
	return all
}()

// IsValue reports a text that can be the value of a field: it has no control
// characters but the tab (RFC 9110, 5.5).
func IsValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// Canonical is the name of a field as net/textproto writes it, without blanks around
// it. It allocates nothing for a name that is canonical.
func Canonical(name string) string {
	name = strings.TrimSpace(name)
	upper := true
	for i := range len(name) {
		c := name[i]
		if c != cased(c, upper) {
			return canonical(name)
		}
		upper = c == '-'
	}
	return name
}

func canonical(name string) string {
	b := []byte(name)
	upper := true
	for i, c := range b {
		b[i] = cased(c, upper)
		upper = c == '-'
	}
	return string(b)
}

// cased is a letter in upper or lower case.
func cased(c byte, upper bool) byte {
	switch {
	case upper && 'a' <= c && c <= 'z':
		return c - 'a' + 'A'
	case !upper && 'A' <= c && c <= 'Z':
		return c - 'A' + 'a'
	}
	return c
}

// MediaType is the type and subtype of a Content-Type, in lower case, "" for none.
func MediaType(contentType string) string {
	if contentType == "application/json" {
		return contentType // soon, as most
	}
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// IsJSON reports a media type, in lower case, that is JSON (RFC 6839, 3.1).
func IsJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// DescribesBody reports a field that describes a body, and goes with it if the body is
// replaced (RFC 9110, 8; RFC 9530). The name is canonical.
func DescribesBody(name string) bool {
	switch name {
	case "Accept-Ranges", "Content-Digest", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
		"Content-Location", "Content-Md5", "Content-Range", "Content-Type", "Digest", "Etag", "Last-Modified", "Repr-Digest",
		"Trailer", "Transfer-Encoding":
		return true
	}
	return false
}
