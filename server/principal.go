package server

import (
	"context"

	"github.com/parlance-api/parlance/server/internal/core"
)

// Principal is the caller of a request, as far as its credential shows. The zero value
// is an unknown caller.
type Principal struct {
	ID     string   // of the account, client or user: stable, and safe to log
	Tenant string   // the customer that it belongs to; "" if there is none
	Scopes []string // what it may do (RFC 6749, 3.3)
}

// WithPrincipal returns a context that carries the caller. Authentication sets it.
// Limits, keys and seats are then counted by it, and the record of the request names
// it.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	i := &core.Identity{Caller: core.Caller(p)}
	if before := core.IdentityOf(ctx); before != nil {
		i.Scheme = before.Scheme
	}
	return core.WithIdentity(ctx, i)
}

// PrincipalOf is the caller that ctx carries, and false if the caller is unknown.
func PrincipalOf(ctx context.Context) (Principal, bool) {
	if i := core.IdentityOf(ctx); i != nil {
		return Principal(i.Caller), true
	}
	return Principal{}, false
}
