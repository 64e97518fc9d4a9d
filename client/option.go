package client

import (
	"encoding/base64"
	"net/http"
	"slices"
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
	timeout    time.Duration
	hedge      time.Duration
	attempts   int
	budget     *Budget
	gates      []Gate
	observers  []Observer
	fixed      []field
}

// field is a header field that goes with every request to the caller's own host.
type field struct{ name, value string }

// defaults is the one place where they stand.
func defaults() config {
	return config{
		base:     http.DefaultTransport,
		limit:    dialect.MaxBody,
		ceiling:  30 * time.Second,
		attempts: 4,
		budget:   NewBudget(budgetCapacity, budgetDeposit),
	}
}

// WithBase sets the transport that sends, [http.DefaultTransport] if unset. Any
// RoundTripper will do; it sees each attempt as a request of its own.
func WithBase(rt http.RoundTripper) Option {
	return option(func(c *config) { c.base = rt })
}

// WithCredential sends a token with every request that has none of its own, in
// the header and scheme that the dialect names (auth), else as a bearer token,
// and renews it where the dialect says refresh. Unset, no token is sent and a
// refresh is left to the caller.
func WithCredential(cr Credential) Option {
	return option(func(c *config) { c.credential = cr })
}

// WithAPIKey sends a key in a header field with every request that has none of
// its own, to the host that the caller names and to no other.
func WithAPIKey(header, key string) Option {
	return option(func(c *config) {
		c.fixed = append(slices.Clip(c.fixed), field{http.CanonicalHeaderKey(header), key})
	})
}

// WithBasic sends a user and a password with every request that has no
// Authorization of its own (RFC 7617), to the host that the caller names and to
// no other.
func WithBasic(user, password string) Option {
	return WithAPIKey("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// WithMaxBody sets how many bytes of a body are read to learn what a response
// means: 1 MiB if unset, which is as much as a dialect looks at. The rest of a
// longer body streams to the caller.
func WithMaxBody(bytes int) Option {
	return option(func(c *config) { c.limit = min(max(bytes, 0), dialect.MaxBody) })
}

// WithMaxWait sets the longest single wait before a retry: 30 s if unset. A
// response whose wait is longer is handed back at once, its Decision with it; a
// wait is never cut short.
func WithMaxWait(d time.Duration) Option {
	return option(func(c *config) { c.ceiling = d })
}

// WithMaxAttempts sets how often a request may be sent: 4 times if unset, and 1
// sends it once. The one retry after a refreshed token does not count.
func WithMaxAttempts(n int) Option {
	return option(func(c *config) { c.attempts = max(n, 1) })
}

// WithAttemptTimeout bounds one attempt, until its meaning is known: the head of
// the response, and as much of the body as can alter it. What streams after that
// has no bound but the caller's own. An attempt that ran out of time is a timeout
// like a server's, retried where that is safe. Unset, there is no bound but the
// context's.
func WithAttemptTimeout(d time.Duration) Option {
	return option(func(c *config) { c.timeout = d })
}

// WithBudget sets what pays for retries, to share it with other Transports or to
// change its size. Unset, a Transport has one of its own, of 100 retries a host
// and 0.1 for each success. nil lets every retry pass.
func WithBudget(b *Budget) Option {
	return option(func(c *config) { c.budget = b })
}

// WithGate adds a [Gate] behind those that were set before.
func WithGate(g Gate) Option {
	return option(func(c *config) { c.gates = append(slices.Clip(c.gates), g) })
}

// WithHedge sends a second request where a first one that is safe to retry has
// no response after d, and takes the first response of the two that is not the
// server's failure ("The Tail at Scale", Dean and Barroso, 2013). The second one
// is paid from the budget. Choose for d what 95 of 100 answers need. Unset,
// nothing is sent twice at once.
func WithHedge(d time.Duration) Option {
	return option(func(c *config) { c.hedge = d })
}

// WithObserver adds an [Observer] behind those that were set before.
func WithObserver(o Observer) Option {
	return option(func(c *config) { c.observers = append(slices.Clip(c.observers), o) })
}
