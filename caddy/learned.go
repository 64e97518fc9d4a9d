package caddyparlance

import (
	"time"

	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/breaker"
	"github.com/parlance-api/parlance/client/pace"
	"github.com/parlance-api/parlance/dialect"
)

// What a transport has learned of its hosts outlives a reload: the retries that are left, the
// breakers, the rate limits and the tokens. Transports with the same dialect and the same
// settings of one of these share it.

// kept is a thing of the pool that needs no end.
type kept[T any] struct{ value T }

// Destruct does nothing.
func (kept[T]) Destruct() error { return nil }

// keep is the thing of a key in the pool.
func keep[T any](s *shared, key any, construct func() T) T {
	k, _ := take(s, key, func() (kept[T], error) { return kept[T]{construct()}, nil })
	return k.value
}

type (
	budgetKey struct {
		speaks string
		Budget
	}
	breakerKey struct {
		speaks string
		Breaker
	}
	paceKey struct {
		speaks string
		of     *dialect.Dialect // of a file, which a reload compiles anew
	}
	loginKey struct{ endpoint, id, secret, scopes, refresh string }
)

func keptBudget(s *shared, speaks string, b Budget) *client.Budget {
	return keep(s, budgetKey{speaks, b}, func() *client.Budget { return client.NewBudget(b.Capacity, b.Deposit) })
}

func keptBreaker(s *shared, speaks string, b Breaker) *breaker.Breaker {
	return keep(s, breakerKey{speaks, b}, func() *breaker.Breaker {
		return breaker.New(breaker.Settings{
			Failures: b.Failures, Pause: time.Duration(b.Pause),
			OnChange: func(host string, open bool) { // in the log of the configuration that runs then
				caddy.Log().Named("parlance").Warn("the breaker changed", zap.String("host", host), zap.Bool("open", open))
			},
		})
	})
}

func keptPace(s *shared, speaks string, d *dialect.Dialect) *pace.Pacer {
	key := paceKey{speaks: speaks}
	if catalog.IsFile(speaks) {
		key.of = d
	}
	return keep(s, key, func() *pace.Pacer { return pace.New(d) })
}
