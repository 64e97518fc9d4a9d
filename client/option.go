package client

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/parlance-api/parlance/dialect"
)

// Option is one setting of a [Transport]. The defaults suit a caller that a
// person is waiting for.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// config is what the options set.
type config struct {
	base       http.RoundTripper
	credential Credential
	limit      int
	hold       time.Duration
	first      time.Duration
	ceiling    time.Duration
	timeout    time.Duration
	hedge      time.Duration
	unreached  time.Duration
	attempts   int
	budget     *Budget
	gates      []Gate
	observers  []Observer
	fixed      []field
	origins    []*url.URL
	anywhere   bool // the credentials go where the caller sends a request
}

// field is a header field that goes with every request to the origins of the
// credentials.
type field struct{ name, value string }

// defaults is the one place where they stand.
func defaults() config {
	return config{
		base:     http.DefaultTransport,
		limit:    dialect.MaxBody,
		hold:     DefaultMaxHold,
		first:    DefaultMaxFirstElement,
		ceiling:  DefaultMaxWait,
		attempts: 4,
		budget:   NewBudget(budgetCapacity, budgetDeposit),
	}
}

// WithBase sets the transport that sends; the default is [http.DefaultTransport].
// It can be any RoundTripper, and sees each attempt as a request of its own.
func WithBase(rt http.RoundTripper) Option {
	return option(func(c *config) { c.base = rt })
}

// WithCredential sends a token with every request that has none of its own. The
// token goes in the header and scheme that the dialect names (auth), else as a
// bearer token. It is renewed if the dialect says refresh. Without this option no
// token is sent, and a refresh is left to the caller. [WithOrigins] sets its
// destinations.
func WithCredential(cr Credential) Option {
	return option(func(c *config) { c.credential = cr })
}

// WithAPIKey sends a key in a header field with every request that does not have
// that field. [WithOrigins] sets its destinations.
func WithAPIKey(header, key string) Option {
	return option(func(c *config) {
		c.fixed = append(slices.Clip(c.fixed), field{http.CanonicalHeaderKey(header), key})
	})
}

// WithBasic sends a user and a password with every request that has no
// Authorization of its own (RFC 7617). [WithOrigins] sets their destinations.
func WithBasic(user, password string) Option {
	return WithAPIKey("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// WithMaxBody sets how many bytes of a body are read to learn what a response
// means. The default is 1 MiB, as much as a dialect reads. The rest of a longer
// body streams to the caller.
func WithMaxBody(bytes int) Option {
	return option(func(c *config) { c.limit = min(max(bytes, 0), dialect.MaxBody) })
}

// DefaultMaxHold is how long a good response is held without WithMaxHold.
const DefaultMaxHold = 250 * time.Millisecond

// WithMaxHold sets how long a good response is held because the part of its body that has
// arrived does not settle its meaning; the default is 250 ms. Then it is handed on, and its
// [Report] is Undecided until the caller has read on. Such a response is never retried. A
// body without an end, such as a log that is followed, reaches its reader in that time.
//
// Most bodies have arrived by then. A longer time gives slow servers more, and keeps
// readers of streams waiting.
func WithMaxHold(d time.Duration) Option {
	return option(func(c *config) { c.hold = d })
}

// DefaultMaxWait is the longest single wait before a retry without WithMaxWait.
const DefaultMaxWait = 30 * time.Second

// WithMaxWait sets the longest single wait before a retry; the default is 30 s.
// If the wait would be longer, the response is returned at once, with the
// Decision in its Report. A wait is never cut short.
func WithMaxWait(d time.Duration) Option {
	return option(func(c *config) { c.ceiling = d })
}

// WithMaxAttempts sets how often a request may be sent. The default is 4, and 1
// means no retry. The one retry after a refreshed token does not count.
func WithMaxAttempts(n int) Option {
	return option(func(c *config) { c.attempts = max(n, 1) })
}

// WithMaxUnreachable sets for how long a request is retried while no connection to
// the server can be made: it is refused, or the name is not found. The waits
// between these retries are short, between a tenth and a half of d. The default
// is no limit but the others, and the waits of the dialect.
func WithMaxUnreachable(d time.Duration) Option {
	return option(func(c *config) { c.unreached = d })
}

// WithAttemptTimeout limits one attempt until its meaning is known: the head of
// the response, and as much of the body as can change the meaning. The rest of
// the body, and one that was handed on before its meaning was known ([WithMaxHold]), is
// limited by the caller's context alone. An attempt that takes too
// long is a timeout, and is retried if that is safe. The default is no limit but
// the context's.
func WithAttemptTimeout(d time.Duration) Option {
	return option(func(c *config) { c.timeout = d })
}

// WithBudget sets the budget for retries, to change its size or to share it with
// other Transports. The default is a budget of the Transport's own, with 100
// retries for each host and 0.1 for each success. nil allows every retry.
func WithBudget(b *Budget) Option {
	return option(func(c *config) { c.budget = b })
}

// WithGate adds a [Gate]; it comes after those that were added before.
func WithGate(g Gate) Option {
	return option(func(c *config) { c.gates = append(slices.Clip(c.gates), g) })
}

// WithHedge sends a second request if the first has no response after d and is
// safe to retry. It takes the first of the two responses that is not a failure of
// the server ("The Tail at Scale", Dean and Barroso, 2013). The second request is
// paid from the budget. For d, use the time within which 95 of 100 responses
// arrive. The default is no second request.
func WithHedge(d time.Duration) Option {
	return option(func(c *config) { c.hedge = d })
}

// WithObserver adds an [Observer]; it comes after those that were added before.
func WithObserver(o Observer) Option {
	return option(func(c *config) {
		c.observers = append(slices.Clip(c.observers), o)
	})
}
