package client

import (
	"net/http"
	"strings"
)

// unsendable reports that a request was refused before anything was sent, because
// of what it is: net/http has no type for such errors, and they would be taken
// for a broken connection and repeated. It is asked only where there is an error.
func unsendable(req *http.Request, err error) bool {
	if req.URL.Host == "" || strings.Contains(err.Error(), "unsupported protocol scheme") || !isToken(methodOf(req)) {
		return true
	}
	for name, values := range req.Header {
		if !isToken(name) {
			return true
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				return true
			}
		}
	}
	return false
}

// isToken reports a token of RFC 9110, 5.6.2.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
