package client

import (
	"context"
	"net/http"
	"strings"
)

// Credential gives the bearer tokens that a [Transport] sends. Its methods are
// called concurrently. [Login] is one; it sees to it that a token is renewed
// once, however many requests found it expired.
type Credential interface {
	// Token returns the token to send now, and gets one where there is none
	// that is good. It obeys the context.
	Token(ctx context.Context) (string, error)

	// Invalidate says that the server refused this token. One that was replaced
	// in the meantime is none of its concern.
	Invalidate(token string)
}

// authorization is the field that carries a token (RFC 6750, 2.1).
const authorization = "Authorization"

// ownsAuthorization reports whether a token of ours goes with a request: not
// beside an Authorization of the caller's, and not to where a redirect led away
// from the host that the caller named.
func ownsAuthorization(req *http.Request) bool {
	if len(req.Header[authorization]) > 0 || req.URL.User != nil {
		return false
	}
	first := req
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	return strings.EqualFold(first.URL.Host, req.URL.Host) && (first.URL.Scheme == req.URL.Scheme || req.URL.Scheme == "https")
}
