package server

import (
	"log/slog"
	"time"
)

// DefaultMaxBuffered is how many bytes of a response are held without WithMaxBuffered:
// 1 MiB.
const DefaultMaxBuffered = 1 << 20

// Option is a setting of [New].
type Option interface{ apply(*config) }

type config struct {
	logger      *slog.Logger
	trusted     string        // request header; "" trusts none
	maxBuffered int           // bytes
	heartbeat   time.Duration // of streams
	stall       time.Duration // of those who read them
	journal     *journal
	observers   []Observer
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithLogger sets the logger for causes, panics and losses. The default is
// slog.Default. The Server adds the activity id to its own lines. To add it to the
// lines of handlers, give their logger an [activity.Handler].
func WithLogger(l *slog.Logger) Option { return option(func(c *config) { c.logger = l }) }

// WithTrustedID takes the activity id from a request header, such as X-Request-Id,
// instead of making one. Use it only behind a proxy of your own that sets the header:
// its sender chooses text that is written to your log. An id is ignored if it is empty,
// longer than 128 bytes or has anything but visible ASCII.
func WithTrustedID(header string) Option { return option(func(c *config) { c.trusted = header }) }

// WithMaxBuffered bounds how many bytes are held of a response that a handler wrote
// itself and that needs the dialect's envelope. A longer response is not cut: the
// envelope is sent around it while it streams.
func WithMaxBuffered(bytes int) Option { return option(func(c *config) { c.maxBuffered = bytes }) }
