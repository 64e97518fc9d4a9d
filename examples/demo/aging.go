package demo

import (
	"context"
	"time"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/store"
)

// aging is a store whose tokens are as old as a clock makes them: what moves the
// clock on is time that passes for them, and for nothing else.
type aging struct {
	store.Store
	clock *clock
}

func (a aging) Tokens() server.TokenStore { return agingTokens{a.Store.Tokens(), a.clock} }

type agingTokens struct {
	server.TokenStore
	clock *clock
}

// ahead is how far the clock was moved on.
func (a agingTokens) ahead() time.Duration { return time.Until(a.clock.Now()) }

func (a agingTokens) PutToken(ctx context.Context, hash [32]byte, t server.Token) error {
	t.Expires = t.Expires.Add(a.ahead())
	return a.TokenStore.PutToken(ctx, hash, t)
}

func (a agingTokens) Token(ctx context.Context, hash [32]byte) (server.Token, error) {
	t, err := a.TokenStore.Token(ctx, hash)
	t.Expires = t.Expires.Add(-a.ahead())
	return t, err
}
