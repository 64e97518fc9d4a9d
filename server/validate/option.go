package validate

import "time"

// Option is a setting of the checks.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// The defaults of the options.
const (
	DefaultMaxBytes  = 1 << 20
	DefaultMaxDepth  = 100
	DefaultMaxValues = 100_000
	DefaultMaxFields = 100
)

type config struct {
	limits
	maxBytes  int64
	maxFields int
	gzip      bool
	timeout   time.Duration
	types     []string
	texts     *Texts
	header    string
	query     string
}

func configure(options []Option) *config {
	c := &config{
		limits:   limits{depth: DefaultMaxDepth, values: DefaultMaxValues},
		maxBytes: DefaultMaxBytes, maxFields: DefaultMaxFields,
	}
	for _, o := range options {
		o.apply(c)
	}
	if c.texts == nil {
		c.texts = shipped()
	}
	return c
}

// WithMaxBytes bounds a body, both as sent and inflated. A longer one is invalid, with
// the status 413. Up to this many bytes are held in memory.
func WithMaxBytes(n int64) Option { return option(func(c *config) { c.maxBytes = n }) }

// WithMaxDepth bounds how deep objects, lists or elements may be nested.
func WithMaxDepth(n int) Option { return option(func(c *config) { c.depth = n }) }

// WithMaxValues bounds the number of values in a document, since a short document of
// many values takes much memory.
func WithMaxValues(n int) Option { return option(func(c *config) { c.values = n }) }

// WithMaxFields bounds how many Fields a response lists, the first ones.
func WithMaxFields(n int) Option { return option(func(c *config) { c.maxFields = n }) }

// WithGzip accepts bodies under Content-Encoding: gzip too, and passes them on
// inflated. WithMaxBytes bounds both sizes. Without it, every Content-Encoding is
// invalid, with the status 415.
func WithGzip() Option { return option(func(c *config) { c.gzip = true }) }

// WithReadTimeout bounds the time of a whole body, so that a client cannot hold a
// connection by a byte a second. It sets the read deadline of the connection and
// removes it afterwards. http.Server.ReadTimeout is the same bound for all handlers.
func WithReadTimeout(d time.Duration) Option { return option(func(c *config) { c.timeout = d }) }

// WithTypes sets the accepted media types in place of the usual ones: application/json,
// application/xml and text/xml, the two of forms. "+json" at the beginning accepts all
// types with that ending.
func WithTypes(types ...string) Option { return option(func(c *config) { c.types = types }) }

// WithTexts sets the messages.
func WithTexts(t *Texts) Option { return option(func(c *config) { c.texts = t }) }

// WithLanguage names the header and the query parameter that choose the language before
// Accept-Language does, such as Hl and hl of VMS; "" is none. Without it, only
// Accept-Language chooses.
func WithLanguage(header, query string) Option {
	return option(func(c *config) { c.header, c.query = header, query })
}
