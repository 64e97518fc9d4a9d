package server

import "log/slog"

// DefaultMaxBuffered is how much of a response is held unless WithMaxBuffered
// says otherwise: 1 MiB.
const DefaultMaxBuffered = 1 << 20

// Option changes how a Server works.
type Option interface{ apply(*config) }

type config struct {
	logger      *slog.Logger
	trusted     string // request header; "" trusts none
	maxBuffered int    // bytes
	transactor  Transactor
	journal     *journal
	observers   []Observer
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithLogger sets where causes, panics and losses are logged; slog.Default is
// used without it. The server adds the activity id to its own lines; for those
// of handlers, give their logger an [activity.Handler] too.
func WithLogger(l *slog.Logger) Option { return option(func(c *config) { c.logger = l }) }

// WithTrustedID takes the activity id from a request header, such as
// X-Request-Id, instead of making one. Use it only behind something of your own
// that sets the header: whoever sets it chooses what stands in your log. An id
// that is empty, longer than 128 bytes or holds anything but visible ASCII is
// not taken.
func WithTrustedID(header string) Option { return option(func(c *config) { c.trusted = header }) }

// WithMaxBuffered bounds, in bytes, what is held of a response that was written
// around the server and needs the dialect's envelope. A longer one is not cut:
// the envelope goes out around it while it streams.
func WithMaxBuffered(bytes int) Option { return option(func(c *config) { c.maxBuffered = bytes }) }

// WithTransactor sets where an [Atomic] is run. Under idempotency.Middleware it is run in
// the store of the keys, so that the key is committed with the effect.
func WithTransactor(t Transactor) Option { return option(func(c *config) { c.transactor = t }) }
