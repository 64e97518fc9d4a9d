package gateway

import (
	"net/http"
	"strings"
)

// ofHop reports a field that is for one connection only (RFC 9110, 7.6.1). The name is
// canonical. Proxy-Connection is no standard, but libcurl sends it.
func ofHop(name string) bool {
	switch name {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

// addEndToEnd adds the fields of another header that are not for one connection only.
func addEndToEnd(to, from http.Header) {
	named := from["Connection"] // these are for one connection too
	for name, values := range from {
		if !ofHop(name) && (len(named) == 0 || !hasToken(named, name)) {
			add(to, name, values)
		}
	}
}

// addFields adds the fields of another header.
func addFields(to, from http.Header) {
	for name, values := range from {
		add(to, name, values)
	}
}

// add adds a field. If it is the only one of its name, the two headers share the values.
func add(to http.Header, name string, values []string) {
	if before := to[name]; len(before) > 0 {
		values = append(before[:len(before):len(before)], values...)
	}
	to[name] = values
}

// hasToken reports a field whose list has a token, whatever the case of its letters.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for one := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.Trim(one, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// upgradeOf is the protocol that a message wants to switch to, "" for none.
func upgradeOf(h http.Header) string {
	if !hasToken(h["Connection"], "upgrade") {
		return ""
	}
	return first(h["Upgrade"])
}

// unprintable reports a letter that no name of a protocol has.
func unprintable(c rune) bool { return c < ' ' || c > '~' }

// first is the first value of a field, "" for none.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
