package validate

import "time"

// Option changes how a request is read.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// What is read unless an option says otherwise.
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

// WithMaxBytes bounds a body, also one that was inflated. A longer one is invalid
// under 413. Up to so much is held in memory.
func WithMaxBytes(n int64) Option { return option(func(c *config) { c.maxBytes = n }) }

// WithMaxDepth bounds how many objects, lists or elements may stand within one
// another.
func WithMaxDepth(n int) Option { return option(func(c *config) { c.depth = n }) }

// WithMaxValues bounds how many values a document has in all, for a short
// document of many values takes much memory.
func WithMaxValues(n int) Option { return option(func(c *config) { c.values = n }) }

// WithMaxFields bounds how many Fields are told, the first ones.
func WithMaxFields(n int) Option { return option(func(c *config) { c.maxFields = n }) }

// WithGzip takes bodies under Content-Encoding: gzip, too, and hands them on
// inflated; WithMaxBytes bounds both sizes. Without it any Content-Encoding is
// invalid under 415.
func WithGzip() Option { return option(func(c *config) { c.gzip = true }) }

// WithReadTimeout bounds how long a body may take as a whole, so that nobody
// holds a connection by a byte a second. It sets the read deadline of the
// connection and takes it back; http.Server.ReadTimeout bounds the same for all
// handlers.
func WithReadTimeout(d time.Duration) Option { return option(func(c *config) { c.timeout = d }) }

// WithTypes sets the media types that are taken in place of the usual ones:
// application/json, application/xml and text/xml, the two of forms. "+json" at
// the beginning stands for all that end so.
func WithTypes(types ...string) Option { return option(func(c *config) { c.types = types }) }

// WithTexts sets the messages.
func WithTexts(t *Texts) Option { return option(func(c *config) { c.texts = t }) }

// WithLanguage names the header and the query parameter that choose the language
// before Accept-Language does, as VMS has Hl and hl; "" is none. Without it
// Accept-Language alone chooses.
func WithLanguage(header, query string) Option {
	return option(func(c *config) { c.header, c.query = header, query })
}
