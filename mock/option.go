package mock

import (
	"log/slog"
	"time"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock/scenario"
	"github.com/parlance-api/parlance/server/limit"
)

// Option is a setting of [New].
type Option interface{ apply(*config) }

type config struct {
	logger   *slog.Logger
	observe  func(Given)
	document Document // nil for none
	scenario *scenario.Scenario
	recorded []authoring.Case // to be replayed
	auth     bool
	life     time.Duration  // of a token; 0 is the dialect's
	rate     limit.Rate     // a quota of 0 is no limit
	working  time.Duration  // how long work in the background takes
	switches scenario.State // of the scenario
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// Document is what an API documents of its successes. An *openapi.Document is one. It is
// called for many requests at once.
type Document interface {
	// Status returns the status of a success of the operation. It returns 404 if the
	// document has no such path, and 405 if the path has no such method.
	Status(method, path string) int
	// Methods returns the methods of a path.
	Methods(path string) []string
	// Payload returns the body of a response as the API documents it. It may have the
	// envelope of the dialect. example names one of several; "" is the first one.
	// dynamic asks for made-up data. It reports false if there is no such body.
	Payload(req dialect.Request, status int, example string, dynamic bool) (dialect.Payload, bool)
	// Examples returns the names of the examples of a response.
	Examples(req dialect.Request, status int) []string
}

// WithDocument sets the document that the successes are taken from. A path that it does
// not have is not found. Without a document every path is known, and a success has an
// empty object.
func WithDocument(d Document) Option { return option(func(c *config) { c.document = d }) }

// WithLogger sets the logger. It gets what fails in the Mock itself. The default is none.
func WithLogger(l *slog.Logger) Option { return option(func(c *config) { c.logger = l }) }

// WithObserver sets a function that learns of each response. It runs on the goroutine of
// the request, and for many at once.
func WithObserver(f func(Given)) Option { return option(func(c *config) { c.observe = f }) }

// WithAuth refuses each request without a good credential. If the dialect says where a token
// comes from, only tokens that the Mock has issued are good. Else any credential is good,
// except [Wrong]. Without WithAuth, a request needs no credential, but one that has expired,
// was revoked or is wrong is refused.
func WithAuth() Option { return option(func(c *config) { c.auth = true }) }

// WithTokenLife sets how long a token is valid. The default is what the dialect says, else 20
// minutes.
func WithTokenLife(d time.Duration) Option { return option(func(c *config) { c.life = d }) }

// WithRate limits how often each credential, or each address without one, may send requests.
// A quota of 0 is no limit, which is the default. The limit is announced in the fields that
// the dialect names, and in RateLimit. Requests with a wish do not count.
func WithRate(r limit.Rate) Option { return option(func(c *config) { c.rate = r }) }

// WithWork sets how long the work takes that a 202 announces. The default is [DefaultWork].
func WithWork(d time.Duration) Option { return option(func(c *config) { c.working = d }) }
