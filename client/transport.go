package client

import (
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/parlance-api/parlance/dialect"
)

// Transport is an [http.RoundTripper] that does what the dialect says about each
// response. It is safe for concurrent use. Between requests it keeps its budget,
// and what its Credential, gates and base keep.
//
// It retries a request if all of these hold:
//
//   - The Decision is retry or refresh, for the whole request.
//   - A retry is safe (parlance.Decision.RetrySafe).
//   - The body can be sent again: there is none, or http.Request.GetBody is set.
//   - The wait is not longer than [WithMaxWait] and ends before the context does.
//   - The budget and [WithMaxAttempts] allow it.
//
// Otherwise the response is returned at once, and its [Report] says what is left
// to do. If the context ends during a wait, the last response is returned, not
// the context's error.
//
// An attempt without a response, if it is the last one, is returned as an
// [*Error]. The responses of earlier attempts are among its Attempts.
type Transport struct {
	dialect *dialect.Dialect
	cfg     config
	placed  field    // the header field of a token
	accept  []string // the Accept that is sent if the caller sets none

	home atomic.Pointer[url.URL] // of the first request with a credential, if no origins are set
}

var _ http.RoundTripper = (*Transport)(nil)

// New makes a Transport for a dialect.
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

// RoundTrip sends a request as often as the dialect and the options say. It does
// not change the request, but reads and closes its body.
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

// CloseIdleConnections closes those of the base transport, if it has the method.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.cfg.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
