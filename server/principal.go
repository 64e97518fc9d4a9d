package server

import "context"

// Principal is who a request is made by, as far as a credential told. The zero
// value is nobody.
type Principal struct {
	ID     string   // of the account, client or user: stable, and safe to log
	Tenant string   // the customer that it belongs to; "" where there is none
	Scopes []string // what it may do (RFC 6749, 3.3)
}

// identity is who calls, and by which scheme it was told, nil where it was none of
// [Authenticate]'s.
type identity struct {
	Principal
	scheme *Scheme
}

type identityKey struct{}

func identityOf(ctx context.Context) *identity {
	c, _ := ctx.Value(identityKey{}).(*identity)
	return c
}

// WithPrincipal returns a context that carries who calls. Authentication sets
// it; what comes behind counts limits, keys and seats by it, and the record of the
// request that ctx is of names it.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	c := &identity{Principal: p}
	if before := identityOf(ctx); before != nil {
		c.scheme = before.scheme
	}
	return withIdentity(ctx, c)
}

func withIdentity(ctx context.Context, c *identity) context.Context {
	watchOf(ctx).setCaller(&c.Principal)
	return context.WithValue(ctx, identityKey{}, c)
}

// PrincipalOf is who calls, and false where nobody is known.
func PrincipalOf(ctx context.Context) (Principal, bool) {
	if c := identityOf(ctx); c != nil {
		return c.Principal, true
	}
	return Principal{}, false
}
