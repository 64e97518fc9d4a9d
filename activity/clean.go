package activity

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// CleanHeader is a copy of a header without credentials, as records are kept. A credential
// keeps the scheme before it: Bearer [redacted].
func CleanHeader(h http.Header) http.Header {
	clean := make(http.Header, len(h))
	for name, values := range h {
		values = slices.Clone(values)
		for i, v := range values {
			values[i] = commonSecrets.field(name, v)
		}
		clean[name] = values
	}
	return clean
}

// field is the value of a header field without what is secret in it.
func (s *secrets) field(name, value string) string {
	if !s.holds(name) {
		return s.text(value)
	}
	if scheme, _, found := strings.Cut(value, " "); found && strings.EqualFold(name, "Authorization") {
		return scheme + " " + Redacted
	}
	return Redacted
}

// CleanText is a text, such as a URL, without what is plainly a credential in it.
func CleanText(text string) string { return commonSecrets.text(text) }

// CleanBody is a body without credentials. JSON loses the values of members with such names.
// JSON that has none is returned as it is; else the members of an object come out in the
// order of their names. It reports false if the body is neither JSON nor a text, so that
// nothing is known of it.
func CleanBody(body []byte) ([]byte, bool) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		same := rewritten(trimmed, func(v any) any { return v })
		switch clean := commonSecrets.json(trimmed); {
		case string(same) == "null": // it is no JSON after all
		case bytes.Equal(clean, same):
			return body, true
		default:
			return clean, true
		}
	}
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 {
		return nil, false
	}
	return []byte(commonSecrets.text(string(body))), true
}
