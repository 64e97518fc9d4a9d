package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/auth"
)

// tokens has what concerns one family done one after another, by a lock on the
// family: a token that is put while its family is revoked is in neither's sight.
type tokens struct{ *Store }

func (s tokens) lock(b *pgx.Batch, family string) {
	if family != "" {
		b.Queue("SELECT pg_advisory_xact_lock($1, $2)", lockFamily, lockOf(s.schema, family))
	}
}

func (s tokens) PutToken(ctx context.Context, hash [32]byte, t auth.Token) error {
	put := false
	err := s.do(ctx, func(ctx context.Context, q querier) error {
		var b pgx.Batch
		s.lock(&b, t.Family)
		b.Queue(s.sql(`
			INSERT INTO parlance.token (hash, family, refresh, principal, tenant, scopes, expires, spent, revoked)
			SELECT $1, $2, $3, $4, $5, $6, clock_timestamp() + $7::interval, $8,
				$9 OR EXISTS (SELECT FROM parlance.token WHERE family = $2 AND family <> '' AND revoked)
			ON CONFLICT (hash) DO NOTHING`),
			hash[:], text(t.Family), t.Refresh, text(t.Principal.ID), text(t.Principal.Tenant), each(t.Principal.Scopes, text),
			t.Left, t.Spent, t.Revoked)
		return batch(ctx, q, &b, &put)
	})
	if err == nil && !put {
		err = fmt.Errorf("postgres: that token already exists: %w", parlance.ErrConflict)
	}
	return err
}

func (s tokens) Token(ctx context.Context, hash [32]byte) (t auth.Token, err error) {
	err = s.do(ctx, func(ctx context.Context, q querier) error {
		err := q.QueryRow(ctx, s.sql(`
			SELECT family, refresh, principal, tenant, scopes, expires - clock_timestamp(), spent, revoked FROM parlance.token WHERE hash = $1`), hash[:]).
			Scan(&t.Family, &t.Refresh, &t.Principal.ID, &t.Principal.Tenant, &t.Principal.Scopes, &t.Left, &t.Spent, &t.Revoked)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("postgres: no such token: %w", parlance.ErrNotFound)
		}
		t.Family, t.Principal.ID, t.Principal.Tenant = untext(t.Family), untext(t.Principal.ID), untext(t.Principal.Tenant)
		t.Principal.Scopes = each(t.Principal.Scopes, untext)
		return err
	})
	return t, err
}

func (s tokens) Spend(ctx context.Context, hash [32]byte) (first bool, err error) {
	var known bool
	var family string
	err = s.do(ctx, func(ctx context.Context, q querier) error {
		// The family never changes, so that it may be read before its lock is had.
		if family, known, err = s.family(ctx, q, hash); err != nil || !known {
			return err
		}
		var b pgx.Batch
		s.lock(&b, family)
		b.Queue(s.sql("UPDATE parlance.token SET revoked = true WHERE family = $2 AND family <> '' AND NOT revoked AND EXISTS (SELECT FROM parlance.token WHERE hash = $1 AND spent)"),
			hash[:], text(family))
		b.Queue(s.sql("UPDATE parlance.token SET spent = true WHERE hash = $1 AND NOT spent AND NOT revoked"), hash[:])
		return batch(ctx, q, &b, &first)
	})
	if err == nil && !known {
		err = fmt.Errorf("postgres: no such refresh token: %w", parlance.ErrNotFound)
	}
	return first, err
}

// family is the family of a refresh token.
func (s tokens) family(ctx context.Context, q querier, hash [32]byte) (family string, known bool, err error) {
	err = q.QueryRow(ctx, s.sql("SELECT family FROM parlance.token WHERE hash = $1 AND refresh"), hash[:]).Scan(&family)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	return untext(family), err == nil, err
}

func (s tokens) Revoke(ctx context.Context, family string) error {
	return s.do(ctx, func(ctx context.Context, q querier) error {
		var b pgx.Batch
		s.lock(&b, family)
		b.Queue(s.sql("UPDATE parlance.token SET revoked = true WHERE family = $1 AND family <> '' AND NOT revoked"), text(family))
		return batch(ctx, q, &b, new(bool))
	})
}
