package client

import (
	"context"
	"net/http"
	"time"

	"github.com/parlance-api/parlance/dialect"
)

// Option is one setting of a [Transport]. The defaults are good for a caller
// that somebody waits for.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// config is what the options set.
type config struct {
	base       http.RoundTripper
	credential Credential
	limit      int
	ceiling    time.Duration
	attempts   int
	observe    func(context.Context, Attempt)
}

// defaults is the one place where they stand.
func defaults() config {
	return config{
		base:     http.DefaultTransport,
		limit:    dialect.MaxBody,
		ceiling:  30 * time.Second,
		attempts: 4,
		observe:  func(context.Context, Attempt) {},
	}
}

// WithBase sets the transport that sends, [http.DefaultTransport] if unset. Any
// RoundTripper will do; it sees each attempt as a request of its own.
func WithBase(rt http.RoundTripper) Option {
	return option(func(c *config) { c.base = rt })
}

// WithCredential sends a bearer token with every request that has no
// Authorization of its own, and renews it where the dialect says refresh. Unset,
// no token is sent and a refresh is left to the caller.
func WithCredential(cr Credential) Option {
	return option(func(c *config) { c.credential = cr })
}

// WithLimit sets how many bytes of a body are read to learn what a response
// means: 1 MiB if unset, which is as much as a dialect looks at. The rest of a
// longer body streams to the caller.
func WithLimit(bytes int) Option {
	return option(func(c *config) { c.limit = min(max(bytes, 0), dialect.MaxBody) })
}

// WithCeiling sets the longest single wait before a repeat: 30 s if unset. A
// response whose wait is longer is handed back at once, its Decision with it; a
// wait is never cut short.
func WithCeiling(d time.Duration) Option {
	return option(func(c *config) { c.ceiling = d })
}

// WithAttempts sets how often a request may be sent: 4 times if unset, and 1
// sends it once. The one repeat after a refreshed token does not count.
func WithAttempts(n int) Option {
	return option(func(c *config) { c.attempts = max(n, 1) })
}

// WithObserver has every attempt reported as soon as it is known what follows
// it, before any wait. The context is the caller's. observe is called from the
// goroutine of the request, so it must be quick and safe for concurrent use.
// Nothing in an Attempt is a credential.
func WithObserver(observe func(context.Context, Attempt)) Option {
	return option(func(c *config) { c.observe = observe })
}
