package auth

import (
	"context"
	"time"

	"github.com/parlance-api/parlance/server"
)

// TokenStore keeps the tokens of a token endpoint, by their hashes: what is
// stolen from it is no token.
type TokenStore interface {
	server.Transactor

	// PutToken adds a token. It is revoked from the start where its family was. An
	// error wraps parlance.ErrConflict where the hash is taken.
	PutToken(ctx context.Context, hash [32]byte, t Token) error

	// Token finds one, also one that has expired or was used; an error wraps
	// parlance.ErrNotFound where there is none.
	Token(ctx context.Context, hash [32]byte) (Token, error)

	// Spend marks a refresh token as used, once: false is that it was before, or was
	// revoked. All of its family ends where it comes a second time (RFC 9700,
	// 4.14.2); the transaction in which that is found must not fail, or the family
	// lives on. An error wraps parlance.ErrNotFound where it is no refresh token.
	Spend(ctx context.Context, hash [32]byte) (bool, error)

	// Revoke ends all tokens of a family. "" is no family.
	Revoke(ctx context.Context, family string) error
}

// Token is what is known of one.
type Token struct {
	Family    string // the log-in that it goes back to, "" for none
	Refresh   bool   // it gets new tokens, and opens nothing itself
	Principal server.Principal
	Left      time.Duration // how long it is good from now, by the store's clock; not positive: it has expired
	Spent     bool          // of a refresh token: it was used
	Revoked   bool
}
