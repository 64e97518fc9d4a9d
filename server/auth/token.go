package auth

import (
	"context"
	"time"

	"github.com/parlance-api/parlance/server"
)

// TokenStore keeps the tokens of a token endpoint by their hashes. A thief of its data
// gets no token.
type TokenStore interface {
	server.Transactor

	// PutToken adds a token. If its family was revoked, the token is revoked too. If
	// the hash is taken, the error wraps parlance.ErrConflict.
	PutToken(ctx context.Context, hash [32]byte, t Token) error

	// Token finds a token, even if it has expired or was used. If it does not exist,
	// the error wraps parlance.ErrNotFound.
	Token(ctx context.Context, hash [32]byte) (Token, error)

	// Spend marks a refresh token as used, once. It returns false if the token was used
	// before or was revoked. A second use revokes all of its family (RFC 9700, 4.14.2).
	// The transaction that finds the second use must commit, or the family stays valid.
	// If it is not a refresh token, the error wraps parlance.ErrNotFound.
	Spend(ctx context.Context, hash [32]byte) (bool, error)

	// Revoke ends all tokens of a family. "" is no family.
	Revoke(ctx context.Context, family string) error
}

// Token describes an issued token.
type Token struct {
	Family    string // the sign-in that it comes from; "" for none
	Refresh   bool   // it only serves to get new tokens
	Principal server.Principal
	Left      time.Duration // how long it is valid from now, by the store's clock; 0 or less: it has expired
	Spent     bool          // a refresh token that was used
	Revoked   bool
}
