package client

import (
	"context"

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
