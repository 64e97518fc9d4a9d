package gateway

import (
	"log/slog"
	"net/http"
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
	// log has its true outcome at its end. It is for streams; see client.WithMaxHold.
	MaxHold time.Duration

	// MaxBody is how many bytes of a body are read to interpret it, or to remove or add
	// its envelope: 1 MiB, which is also the maximum. A longer success is passed
	// through unchanged and never cut. The log warns of the first of them.
	MaxBody int

	// Recorder keeps the record of each request, with every attempt at the upstream and
	// the lines logged under it; nil keeps none. Callers then get the activity id of
	// the record in place of the upstream's, which is in the record. Under a
	// server.Server with a Recorder, the attempts are added to its record. Close it
	// after the http.Server has been shut down.
	Recorder *activity.Recorder

	Logger    *slog.Logger      // slog.Default; every record gets the activity id
	Transport http.RoundTripper // sends the requests; the default is like net/http's, with more idle connections
	Client    []client.Option   // further options of the client end, such as a credential
}

// withDefaults fills in the defaults.
func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = 60 * time.Second
	}
	if c.MaxWait == 0 {
		c.MaxWait = 10 * time.Second
	}
	if c.MaxHold == 0 {
		c.MaxHold = client.DefaultMaxHold
	}
	if c.MaxBody <= 0 || c.MaxBody > dialect.MaxBody {
		c.MaxBody = dialect.MaxBody
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Transport == nil {
		c.Transport = newTransport()
	}
	return c
}

// newTransport is net/http's default, but for two things: all its connections
// go to one host, of which net/http would keep 2; and it asks for no coding of
// its own, which would have to be undone and could not be passed on.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 256
	t.DisableCompression = true
	return t
}
