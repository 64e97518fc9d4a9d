package mock

import (
	"log/slog"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/mock/scenario"
)

// Option is a setting of [New].
type Option interface{ apply(*config) }

type config struct {
	logger   *slog.Logger
	observe  func(Given)
	payloads Payloads
	scenario *scenario.Scenario
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// Payloads gives the bodies of successes. It is called for many requests at once.
type Payloads interface {
	// Payload returns the payload of a success with this status. It is in the form that
	// the API documents, without the envelope of the dialect. example names one of several;
	// "" is the first one. dynamic asks for made-up data. It reports false if the request
	// has no documented response.
	Payload(req dialect.Request, status int, example string, dynamic bool) (dialect.Payload, bool)
}

// WithPayloads sets the source of the payloads of successes. Without it, and for a request
// that it does not know, a success has an empty object.
func WithPayloads(p Payloads) Option { return option(func(c *config) { c.payloads = p }) }

// WithLogger sets the logger. It gets what fails in the Mock itself. The default is none.
func WithLogger(l *slog.Logger) Option { return option(func(c *config) { c.logger = l }) }

// WithObserver sets a function that learns of each response. It runs on the goroutine of
// the request, and for many at once.
func WithObserver(f func(Given)) Option { return option(func(c *config) { c.observe = f }) }
