package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect/translate"
)

// Gateway is an [http.Handler] that forwards each request to its upstream and
// translates the response. It is safe for concurrent use.
type Gateway struct {
	config  Config
	log     *slog.Logger
	client  *client.Transport
	form    *translate.Translator
	address addresses
	buffers buffers
	later   *later      // nil if no request is stored
	long    atomic.Bool // it was said that long responses are passed through
}

var _ http.Handler = (*Gateway)(nil)

// New makes a Gateway. It opens no connection. The error names the missing or wrong
// field of the Config.
func New(c Config) (*Gateway, error) {
	switch {
	case c.Upstream == nil:
		return nil, errors.New("gateway: the Config has no Upstream")
	case c.Upstream.Scheme != "http" && c.Upstream.Scheme != "https" || c.Upstream.Host == "":
		return nil, fmt.Errorf("gateway: the upstream must be an http or https URL with a host, not %q", c.Upstream.Redacted())
	case c.Upstream.User != nil:
		return nil, errors.New("gateway: credentials in the upstream's URL are not sent; use client.WithCredential in Config.Client")
	case c.Speaks == nil || c.To == nil:
		return nil, errors.New("gateway: the Config needs both dialects, Speaks and To")
	}
	g := c.withDefaults().form()
	g.address, g.client = newAddresses(c.Upstream), g.newClient()
	if g.config.To.IdempotencyHeader() != "" && g.config.Speaks.IdempotencyHeader() == "" {
		g.log.Warn("the callers' dialect has idempotency keys and the upstream's has none: a caller who retries under a key may be served twice",
			"speaks", g.config.Speaks.Name(), "to", g.config.To.Name())
	}
	if c.Later != nil {
		var err error
		if g.later, err = g.newLater(*c.Later); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// form is a gateway between two dialects that has no way to an upstream yet.
func (c Config) form() *Gateway {
	return &Gateway{config: c, form: translate.New(c.Speaks, c.To), log: slog.New(activity.NewHandler(c.Logger.Handler()))}
}

// newClient makes the client end.
func (g *Gateway) newClient() *client.Transport {
	c := &g.config
	options := []client.Option{client.WithBase(c.Transport), client.WithMaxWait(c.MaxWait), client.WithMaxBody(c.MaxBody), client.WithMaxHold(c.MaxHold),
		client.WithMaxUnreachable(defaultMaxUnreachable), client.WithObserver(g.calls())}
	return client.New(c.Speaks, append(options, c.Client...)...)
}

// ServeHTTP forwards a request and writes the response. If a response is cut off after
// it had begun, ServeHTTP panics with [http.ErrAbortHandler]. The connection is then
// cut, so that the caller notices.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := g.newExchange(w, r)
	defer x.end()
	defer func() {
		cause := recover()
		g.settled(x)
		g.ended(x)
		g.tell(x, r, cause)
		x.record(cause)
		if cause != nil {
			panic(cause)
		}
	}()
	if !g.refused(w, x, r) && !g.takes(w, x, r) {
		g.forward(w, x, r)
	}
}

// forward sends a request to the upstream, and hands the response on.
func (g *Gateway) forward(w http.ResponseWriter, x *exchange, r *http.Request) {
	g.prepare(x, r)
	defer x.body.Close()
	resp, err := g.client.RoundTrip(&x.out)
	x.interim.end()
	if err == nil {
		if err = g.translate(x, resp); err != nil {
			_ = resp.Body.Close()
		}
	}
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols {
		err = switchProtocols(w, x, resp)
		resp = nil
	}
	switch {
	case err != nil:
		g.noResponse(w, x, err)
	case resp != nil:
		g.deliver(w, resp, x.undecided != nil)
	}
}

// refused responds to a request that is not forwarded. It reports false for one that is.
func (g *Gateway) refused(w http.ResponseWriter, x *exchange, r *http.Request) bool {
	o := g.refuses(r)
	if o.Kind == 0 {
		if ambiguous(r) {
			w.Header().Set("Connection", "close")
		}
		if x.story.err = x.hold(w, r); x.story.err == nil {
			return false
		}
		o = badBody(x.story.err)
	}
	w.Header().Set("Connection", "close")
	g.respond(w, x, o)
	return true
}

// refuses is the Outcome of a request that is not forwarded; the zero Outcome for one that
// is.
func (g *Gateway) refuses(r *http.Request) parlance.Outcome {
	switch {
	case r.Method == http.MethodConnect: // a tunnel has no responses to translate (RFC 9110, 9.3.6)
		return parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusMethodNotAllowed, Detail: "This gateway does not open tunnels."}
	case r.Method == "PRI": // the preface of HTTP/2 (RFC 9113, 3.4), which the upstream must not see
		return parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusBadRequest, Detail: "This gateway does not speak HTTP/2 without TLS."}
	case r.RequestURI == "*": // of OPTIONS alone (RFC 9112, 3.2.4), which net/http responds to
		return parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusBadRequest, Detail: "The request has no path."}
	case strings.IndexFunc(upgradeOf(r.Header), unprintable) >= 0:
		return parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusBadRequest, Detail: "The name of the protocol to switch to is malformed."}
	case fields(r.Header) > g.config.MaxFields:
		return parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusRequestHeaderFieldsTooLarge, Detail: "The request's header has too many fields."}
	case g.address.escapes(r.URL.EscapedPath()), moves(r) && g.address.escapes(r.Header.Get("Destination")):
		return parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusBadRequest, Detail: "The path must not contain '..'."}
	}
	return parlance.Outcome{}
}

// CloseIdleConnections closes the idle connections to the upstream.
func (g *Gateway) CloseIdleConnections() { g.client.CloseIdleConnections() }
