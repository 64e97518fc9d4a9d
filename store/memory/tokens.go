package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

type tokens struct{ *Store }

func (s tokens) PutToken(ctx context.Context, hash [32]byte, token server.Token) error {
	return s.do(ctx, func(t *transaction, _ time.Time) error {
		if _, taken := s.tokens[hash]; taken {
			return fmt.Errorf("memory: that token is there already: %w", parlance.ErrConflict)
		}
		for _, other := range s.tokens {
			token.Revoked = token.Revoked || other.Revoked && other.Family == token.Family && token.Family != ""
		}
		token.Principal.Scopes = slices.Clone(token.Principal.Scopes)
		set(t, s.tokens, hash, token)
		return nil
	})
}

func (s tokens) Token(ctx context.Context, hash [32]byte) (token server.Token, err error) {
	err = s.do(ctx, func(*transaction, time.Time) error {
		var known bool
		if token, known = s.tokens[hash]; !known {
			return fmt.Errorf("memory: no such token: %w", parlance.ErrNotFound)
		}
		token.Principal.Scopes = slices.Clone(token.Principal.Scopes)
		return nil
	})
	return token, err
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
