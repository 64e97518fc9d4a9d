// Package relay takes requests of callers for an outbox. The response is 202 with the URL of
// a status, and the outbox delivers the request. The status becomes the vendor's response
// when that has come. All of it speaks the dialect of the callers.
//
//	front := relay.New(box, d)
//	mux.Handle("POST /orders", front.Handler(requestOf, now)) // requestOf makes the outbox.Request
//	mux.Handle("/requests/", front.Watch())
//	go box.Run(ctx)
package relay

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
	"github.com/parlance-api/parlance/outbox"
)

// Relay stands between callers and an outbox. It is immutable and safe for concurrent use.
type Relay struct {
	box   *outbox.Outbox
	to    *dialect.Dialect
	forms map[string]*translate.Translator // by vendor
	config
}

type config struct {
	place   string
	owner   func(*http.Request) string
	again   time.Duration
	maxWait time.Duration
	look    time.Duration
	logger  *slog.Logger
	outside func(*http.Request, http.Header, *parlance.Outcome)
}

// Option is a setting of [New].
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithPath sets the path below which requests are watched; the default is /requests/.
func WithPath(prefix string) Option { return option(func(c *config) { c.place = prefix }) }

// WithOwner sets who a caller is, such as the ID of server.PrincipalOf. A status is shown
// to the owner of the request alone. Without it, who knows the URL of a status sees it; it
// has an ID that cannot be guessed.
func WithOwner(f func(*http.Request) string) Option { return option(func(c *config) { c.owner = f }) }

// WithRetryAfter sets when a caller is told to ask again, at the earliest; the default is
// 2 s. If the next attempt is due later than that, it is the time of the attempt.
func WithRetryAfter(d time.Duration) Option { return option(func(c *config) { c.again = d }) }

// WithMaxWait bounds how long a caller may wait for the vendor's response in one request
// (Prefer: wait); the default is 30 s.
func WithMaxWait(d time.Duration) Option { return option(func(c *config) { c.maxWait = d }) }

// WithOutside sets what is done with a vendor's response before it is translated. A gateway
// maps the addresses in the header and the Outcome to those by which callers reach them. sent
// is the request to which the vendor responded.
func WithOutside(f func(sent *http.Request, h http.Header, o *parlance.Outcome)) Option {
	return option(func(c *config) { c.outside = f })
}

// WithLogger sets the logger of causes and losses. The default is slog.Default.
func WithLogger(l *slog.Logger) Option { return option(func(c *config) { c.logger = l }) }

// New makes a Relay to the vendors of an outbox. to is the dialect of the callers.
func New(box *outbox.Outbox, to *dialect.Dialect, options ...Option) *Relay {
	l := &Relay{box: box, to: to, forms: map[string]*translate.Translator{}, config: config{
		place: "/requests/", owner: func(*http.Request) string { return "" }, again: 2 * time.Second, maxWait: 30 * time.Second,
		look: 100 * time.Millisecond, logger: slog.Default(), outside: func(*http.Request, http.Header, *parlance.Outcome) {},
	}}
	for _, o := range options {
		o.apply(&l.config)
	}
	for _, name := range box.Vendors() {
		l.forms[name] = translate.New(box.Dialect(name), to)
	}
	return l
}
