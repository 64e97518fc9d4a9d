package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

// Credential gives the bearer tokens that a [Transport] sends. Its methods are
// called concurrently. [Login] is one. It renews an expired token once, however
// many requests need it.
type Credential interface {
	// Token returns the token to send now, and gets a new one if it has no valid
	// one. It obeys the context.
	Token(ctx context.Context) (string, error)

	// Invalidate says that the server refused this token. It ignores a token that
	// has been replaced in the meantime.
	Invalidate(token string)
}

// placement is the header field of a token, and the text before the token.
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
// that the caller's secrets may go with it. It is false after a redirect to
// another origin, and for a followed URL at another origin.
func atHome(req *http.Request) bool {
	return sameOrigin(homeOf(req), req.URL)
}

// homeOf is the origin that the caller named: that of the first request, before
// all redirects and all followed URLs.
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
