package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/auth"
)

type tokens struct{ *Store }

func (s tokens) PutToken(ctx context.Context, hash [32]byte, token auth.Token) error {
	return s.do(ctx, func(t *transaction) error {
		n, err := t.exec("INSERT INTO parlance_token (hash, family, refresh, principal, tenant, scopes, expires, spent, revoked) "+
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 OR (?2 <> '' AND EXISTS (SELECT 1 FROM parlance_token WHERE family = ?2 AND revoked))) ON CONFLICT DO NOTHING",
			hash[:], token.Family, token.Refresh, token.Principal.ID, token.Principal.Tenant, strings.Join(token.Principal.Scopes, " "),
			s.clock().Add(token.Left).UnixNano(), token.Spent, token.Revoked)
		if err == nil && n == 0 {
			err = fmt.Errorf("sqlite: that token already exists: %w", parlance.ErrConflict)
		}
		return err
	})
}

func (s tokens) Token(ctx context.Context, hash [32]byte) (t auth.Token, err error) {
	var scopes string
	var expires int64
	found, err := s.row(ctx, "SELECT family, refresh, principal, tenant, scopes, expires, spent, revoked FROM parlance_token WHERE hash = ?", []any{hash[:]},
		&t.Family, &t.Refresh, &t.Principal.ID, &t.Principal.Tenant, &scopes, &expires, &t.Spent, &t.Revoked)
	if err == nil && !found {
		err = fmt.Errorf("sqlite: no such token: %w", parlance.ErrNotFound)
	}
	if scopes != "" {
		t.Principal.Scopes = strings.Split(scopes, " ")
	}
	t.Left = time.Duration(expires - s.clock().UnixNano())
	return t, err
}

func (s tokens) Spend(ctx context.Context, hash [32]byte) (first bool, err error) {
	err = s.do(ctx, func(t *transaction) error {
		var family string
		var spent, revoked bool
		found, err := t.row("SELECT family, spent, revoked FROM parlance_token WHERE hash = ? AND refresh", []any{hash[:]}, &family, &spent, &revoked)
		first = found && !spent && !revoked
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("sqlite: no such refresh token: %w", parlance.ErrNotFound)
		case spent:
			return revoke(t, family)
		case first:
			_, err = t.exec("UPDATE parlance_token SET spent = 1 WHERE hash = ?", hash[:])
		}
		return err
	})
	return first && err == nil, err
}

func (s tokens) Revoke(ctx context.Context, family string) error {
	return s.do(ctx, func(t *transaction) error { return revoke(t, family) })
}

func revoke(t *transaction, family string) error {
	_, err := t.exec("UPDATE parlance_token SET revoked = 1 WHERE family = ? AND family <> '' AND NOT revoked", family)
	return err
}
