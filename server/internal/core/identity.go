package core

import (
	"context"
	"net/http"
)

// Caller is server.Principal, field by field.
type Caller struct {
	ID     string
	Tenant string
	Scopes []string
}

// Identity is the caller, and the scheme of package auth that identified it. The scheme
// is nil if something else did.
type Identity struct {
	Caller
	Scheme any
}

// IdentityKey is the key of a context's Identity.
type IdentityKey struct{}

// IdentityOf is the Identity of the context, nil if the caller is unknown.
func IdentityOf(ctx context.Context) *Identity {
	i, _ := ctx.Value(IdentityKey{}).(*Identity)
	return i
}

// WithIdentity returns a context that carries the caller.
func WithIdentity(ctx context.Context, i *Identity) context.Context {
	if x := Of(ctx); x != nil {
		x.SetCaller(&i.Caller)
	}
	return context.WithValue(ctx, IdentityKey{}, i)
}

// Admit calls next, with i as the caller. If it is right behind an exchange, it notes
// the caller there, because that exchange has no other user. Otherwise it makes a
// context: if a batch makes several requests under one exchange, each has its own
// caller.
func Admit(i *Identity, next http.Handler, w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	x := Of(ctx)
	if x == nil || w != http.ResponseWriter(x) || IdentityOf(ctx) != nil || !x.Admit(i) {
		Pass(WithIdentity(ctx, i), next, w, r)
		return
	}
	next.ServeHTTP(w, r)
}
