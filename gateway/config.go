package gateway

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

// Config has the settings of a [Gateway]. New takes a copy. The first three fields are
// required; for the others, the zero value is the default that is given.
type Config struct {
	Upstream *url.URL         // the target: http or https; its path is put before the paths of requests
	Speaks   *dialect.Dialect // the dialect of the upstream
	To       *dialect.Dialect // the dialect of the responses to callers

	// Timeout is how long a caller waits for the start of a response, including all
	// attempts and the waits between them: 60 s. Once it has begun, a response may take
	// any time.
	Timeout time.Duration

	// MaxWait is the longest single wait before a retry: 10 s. If the upstream asks for
	// a longer one, its response is passed to the caller with that time.
	MaxWait time.Duration

	// MaxHold is how long a success is held because the part of its body that has arrived
	// does not settle its meaning: 250 ms. Then it is passed through untranslated, and the
	// log has its true outcome at its end. It is for streams; see client.WithMaxHold. So is a
	// success of unknown length that needs an envelope, until its end has come. The log says
	// that it got none.
	MaxHold time.Duration

	// MaxBody is how many bytes of a body are read to interpret it, or to remove or add
	// its envelope: 1 MiB, which is also the maximum. A longer success is passed
	// through unchanged and never cut. The log warns of the first of them.
	MaxBody int

	// MaxFields is how many lines a header may have: 256. A request with more gets a 431,
	// and a response with more becomes a 502.
	MaxFields int

	// MaxResponseHeader is how many bytes the header of a response of the upstream may
	// have: 256 KiB. A longer one becomes a 502. A Transport of your own bounds it itself
	// (http.Transport.MaxResponseHeaderBytes).
	MaxResponseHeader int64

	// The bounds of Serve. An http.Server of your own needs its own.
	MaxRequestHeader int           // the bytes of a request's header: 64 KiB; a longer one gets a 431 in plain text, by net/http
	MaxConns         int           // the connections of callers: half of the files that the process may open, 10,000 at most
	MaxIdleConns     int           // the idle ones among them: MaxConns
	IdleTimeout      time.Duration // how long a connection may be idle: 90 s
	Drain            time.Duration // how long requests may go on after the context of Serve has ended: Timeout

	// TrustedProxies are the addresses of proxies before the gateway. Their X-Forwarded-For,
	// Forwarded, X-Real-Ip and similar fields are passed on, with the proxy's address
	// added. Those of anybody else are dropped, since anybody can write them. None is
	// trusted by default.
	TrustedProxies []netip.Prefix

	// AccessLog logs every request at level Info. Without it, only the requests are logged
	// that failed or that were retried.
	AccessLog bool

	// Recorder keeps the record of each request, with every attempt at the upstream and
	// the lines logged under it; nil keeps none. Callers then get the activity id of
	// the record in place of the upstream's, which is in the record. Under a
	// server.Server with a Recorder, the attempts are added to its record. Close it
	// after the http.Server has been shut down.
	Recorder *activity.Recorder

	// Later stores requests that need no response at once, and delivers them from an outbox;
	// nil stores none.
	Later *Later

	Logger    *slog.Logger      // slog.Default; every record gets the activity id
	Transport http.RoundTripper // sends the requests; the default is like net/http's, with more idle connections
	Client    []client.Option   // further options of the client end, such as a credential or a breaker
}

// The defaults of Config.
const (
	defaultTimeout           = 60 * time.Second
	defaultMaxWait           = 10 * time.Second
	defaultMaxFields         = 256
	defaultMaxResponseHeader = 256 << 10
	defaultMaxRequestHeader  = 64 << 10
	defaultIdleTimeout       = 90 * time.Second
	defaultMaxUnreachable    = time.Second
)

// withDefaults fills in the defaults.
func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.MaxWait = cmp.Or(c.MaxWait, defaultMaxWait)
	c.MaxHold = cmp.Or(c.MaxHold, client.DefaultMaxHold)
	if c.MaxBody <= 0 || c.MaxBody > dialect.MaxBody {
		c.MaxBody = dialect.MaxBody
	}
	c.MaxFields = cmp.Or(c.MaxFields, defaultMaxFields)
	c.MaxResponseHeader = cmp.Or(c.MaxResponseHeader, defaultMaxResponseHeader)
	c.MaxRequestHeader = cmp.Or(c.MaxRequestHeader, defaultMaxRequestHeader)
	c.MaxConns = cmp.Or(c.MaxConns, mostConns())
	c.MaxIdleConns = cmp.Or(c.MaxIdleConns, c.MaxConns)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, defaultIdleTimeout)
	c.Drain = cmp.Or(c.Drain, c.Timeout)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Transport == nil {
		c.Transport = c.newTransport()
	}
	return c
}

// mostConns is half of the files that the process may open, since each request has a
// connection on either side.
func mostConns() int {
	const most, others = 10_000, 40
	return max(min((openFiles()-others)/2, most), 1)
}

// newTransport is net/http's default, but for three things: all its connections
// go to one host, of which net/http would keep 2; it asks for no coding of
// its own, which would have to be undone and could not be passed on; and it
// bounds the header.
func (c *Config) newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, min(c.MaxConns, 256)
	t.MaxResponseHeaderBytes = c.MaxResponseHeader
	t.DisableCompression = true
	return t
}
