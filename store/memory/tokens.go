package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/auth"
)

type tokens struct{ *Store }

// token is one as it is kept; its Left is that of the time when it was put.
type token struct {
	auth.Token
	expires time.Time
}

func (s tokens) PutToken(ctx context.Context, hash [32]byte, put auth.Token) error {
	return s.do(ctx, func(t *transaction, now time.Time) error {
		if _, taken := s.tokens[hash]; taken {
			return fmt.Errorf("memory: that token already exists: %w", parlance.ErrConflict)
		}
		for _, other := range s.tokens {
			put.Revoked = put.Revoked || other.Revoked && other.Family == put.Family && put.Family != ""
		}
		put.Principal.Scopes = slices.Clone(put.Principal.Scopes)
		set(t, s.tokens, hash, token{put, now.Add(put.Left)})
		return nil
	})
}

func (s tokens) Token(ctx context.Context, hash [32]byte) (found auth.Token, err error) {
	err = s.do(ctx, func(_ *transaction, now time.Time) error {
		kept, known := s.tokens[hash]
		if !known {
			return fmt.Errorf("memory: no such token: %w", parlance.ErrNotFound)
		}
		found = kept.Token
		found.Principal.Scopes = slices.Clone(found.Principal.Scopes)
		found.Left = kept.expires.Sub(now)
		return nil
	})
	return found, err
}

func (s tokens) Spend(ctx context.Context, hash [32]byte) (first bool, err error) {
	err = s.do(ctx, func(t *transaction, _ time.Time) error {
		token, known := s.tokens[hash]
		if !known || !token.Refresh {
			return fmt.Errorf("memory: no such refresh token: %w", parlance.ErrNotFound)
		}
		if token.Spent {
			s.revoke(t, token.Family)
		} else if !token.Revoked {
			first, token.Spent = true, true
			set(t, s.tokens, hash, token)
		}
		return nil
	})
	return first, err
}

func (s tokens) Revoke(ctx context.Context, family string) error {
	return s.do(ctx, func(t *transaction, _ time.Time) error {
		s.revoke(t, family)
		return nil
	})
}

func (s tokens) revoke(t *transaction, family string) {
	for hash, token := range s.tokens {
		if token.Family == family && family != "" {
			token.Revoked = true
			set(t, s.tokens, hash, token)
		}
	}
}
