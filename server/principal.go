package server

import (
	"context"

	"github.com/parlance-api/parlance/server/internal/core"
)

// Principal is who a request is made by, as far as a credential told. The zero
// value is nobody.
type Principal struct {
	ID     string   // of the account, client or user: stable, and safe to log
	Tenant string   // the customer that it belongs to; "" where there is none
	Scopes []string // what it may do (RFC 6749, 3.3)
}

// WithPrincipal returns a context that carries who calls. Authentication sets
// it; what comes behind counts limits, keys and seats by it, and the record of the
// request that ctx is of names it.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	i := &core.Identity{Caller: core.Caller(p)}
	if before := core.IdentityOf(ctx); before != nil {
		i.Scheme = before.Scheme
	}
	return core.WithIdentity(ctx, i)
}

// PrincipalOf is who calls, and false where nobody is known.
func PrincipalOf(ctx context.Context) (Principal, bool) {
	if i := core.IdentityOf(ctx); i != nil {
		return Principal(i.Caller), true
	}
	return Principal{}, false
}
