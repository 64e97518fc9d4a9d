package client

import (
	"net/http"

	"github.com/parlance-api/parlance/dialect"
)

// Transport is an [http.RoundTripper] that acts on each response as its dialect
// says. It is safe for concurrent use and keeps nothing between requests but
// what its Credential and its base keep.
//
// It retries a request only where the Decision says retry or refresh for the
// whole of it, where a retry is safe (parlance.Decision.RetrySafe), where the
// body can be had again (none, or http.Request.GetBody), and where the wait is
// below the ceiling and ends before the context does. In all other cases the
// response is handed back at once, and what remains to be done stands in its
// [Report]. Where the context ends during a wait, the response that was waited
// on is returned, not the context's error: the caller loses nothing.
//
// Where an attempt gets no response that is the error, as an [*Error], even where
// an earlier attempt had one: its Outcome is among the Attempts.
type Transport struct {
	dialect *dialect.Dialect
	cfg     config
	placed  field    // where a token goes
	accept  []string // what is asked for where the caller asks for nothing
}

var _ http.RoundTripper = (*Transport)(nil)

// New makes the calling end of a dialect.
func New(d *dialect.Dialect, opts ...Option) *Transport {
	t := &Transport{dialect: d, cfg: defaults(), placed: placement(d.Auth())}
	if accept := d.Accept(); accept != "" {
		t.accept = []string{accept}
	}
	for _, o := range opts {
		o.apply(&t.cfg)
	}
	return t
}

// RoundTrip sends a request as often as its dialect and the options say. It
// leaves the request as it is, but for reading and closing its body.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := newExchange(t, req)
	err := x.prepare()
	if err == nil && len(t.cfg.gates) > 0 {
		if err = x.gates(); err != nil {
			err = x.notSent(err)
		}
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // RoundTrip closes it, errors included; nothing was written
		}
		return nil, err
	}
	for {
		resp, err := x.send()
		switch again := x.follow(); {
		case again && resp != nil:
			_ = resp.Body.Close() // superseded; read to its end but where it is longer than the limit
		case again:
		case err != nil:
			return nil, x.fault()
		default:
			return resp, nil
		}
	}
}

// CloseIdleConnections closes those of the base transport, where it has any.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.cfg.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
