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

// Config is what a [Gateway] is made of. New takes a copy. Upstream, Speaks and Answers must be
// set; the zero value of the rest stands for the default that is given.
type Config struct {
	Upstream *url.URL         // where requests go: http or https; its path is put before theirs
	Speaks   *dialect.Dialect // what the upstream speaks
	Answers  *dialect.Dialect // what the callers are answered in

	// Timeout is how long a caller waits for the beginning of a response, all
	// attempts and the waits between them included: 60 s. Once it has begun, an
	// answer takes what time it needs.
	Timeout time.Duration

	// MaxWait is the longest single wait before a retry: 10 s. A response whose
	// wait is longer goes to the caller, who is told the time.
	MaxWait time.Duration

	// MaxBody is how many bytes of a body are read to learn its meaning, to take
	// off its envelope or to put one on: 1 MiB, which is also the most. A longer
	// success is passed on as it is, with a warning in the log, and never cut.
	MaxBody int

	// Recorder keeps the record of each request, with every attempt at the upstream
	// and what is logged under it; nil keeps none. Callers then get the activity id
	// that it is found by, in place of the upstream's, which stands in the record.
	// Under a server.Server that records, its record has the attempts. Close it after
	// the http.Server has been shut down.
	Recorder *activity.Recorder

	Logger    *slog.Logger      // slog.Default; every record gets the activity id
	Transport http.RoundTripper // what sends; net/http's, keeping more connections
	Client    []client.Option   // further options of the client end, such as a credential
}

// withDefaults is the one place where they stand.
func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = 60 * time.Second
	}
	if c.MaxWait == 0 {
		c.MaxWait = 10 * time.Second
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
