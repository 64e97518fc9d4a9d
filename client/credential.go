package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/parlance-api/parlance/dialect"
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

// placement is where a token goes: the field, and what stands before it.
func placement(auth dialect.Auth) field {
	f := field{name: "Authorization", value: auth.Scheme}
	if auth.Header != "" {
		f.name = auth.Header
	}
	switch {
	case f.value != "":
		f.value += " "
	case f.name == "Authorization":
		f.value = "Bearer " // RFC 6750, 2.1
	}
	return f
}

type originKey struct{}

// atHome reports whether a request goes to the origin that the caller named, so
// that what is the caller's secret may go with it: not to where a redirect led
// away, nor where a response pointed that is followed.
func atHome(req *http.Request) bool {
	return sameOrigin(homeOf(req), req.URL)
}

// homeOf is the origin that the caller named: where the redirects began that led
// to a request, and before that what was followed to it.
func homeOf(req *http.Request) *url.URL {
	first := req
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	if origin, ok := req.Context().Value(originKey{}).(*url.URL); ok {
		return origin
	}
	return first.URL
}

func sameOrigin(home, u *url.URL) bool {
	return strings.EqualFold(home.Host, u.Host) && (home.Scheme == u.Scheme || u.Scheme == "https")
}
