package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// Transport is the gateway for a proxy that chooses its upstreams and makes their requests
// itself. It is an [http.RoundTripper] that sends a request as often as the dialect of the
// upstream says. If the context of the request has an [Reply], the response is translated
// to its dialect. Otherwise it is passed on as it came. A Transport is safe for concurrent use.
type Transport struct {
	config Config
	client *client.Transport
	mu     sync.RWMutex
	forms  map[*dialect.Dialect]*Gateway // by the dialect of the callers
}

var _ http.RoundTripper = (*Transport)(nil)

// NewTransport makes a Transport. Its Config needs Speaks and Transport. These fields are not
// used: Upstream, To, Later, and those for requests of callers.
func NewTransport(c Config) (*Transport, error) {
	if c.Speaks == nil || c.Transport == nil {
		return nil, errors.New("gateway: the Config of a Transport needs Speaks and Transport")
	}
	t := &Transport{config: c.withDefaults(), forms: map[*dialect.Dialect]*Gateway{}}
	own := t.form(c.Speaks)
	t.client = own.newClient()
	own.client = t.client
	return t, nil
}

// form is the gateway to the dialect of callers.
func (t *Transport) form(to *dialect.Dialect) *Gateway {
	t.mu.RLock()
	g := t.forms[to]
	t.mu.RUnlock()
	if g != nil {
		return g
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if g = t.forms[to]; g == nil {
		c := t.config
		c.To = to
		g = c.form()
		g.client = t.client
		t.forms[to] = g
	}
	return g
}

// RoundTrip sends a request and translates the response. If no response came, the error is
// that of Config.Transport, so that the proxy sees what happened to its connection. The
// response for the caller is then the Failure of the Reply. If the upstream is not to
// blame, RoundTrip returns that response itself.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	a := replyOf(r.Context())
	to := t.config.Speaks
	if a != nil {
		to = a.of.Dialect()
		a.failure, a.closes = nil, false
	}
	g := t.form(to)
	x := g.newExchange(nil, r)
	if a != nil {
		a.serve(g, x)
	}
	if err := g.outgoing(x, r, a != nil); err != nil {
		return g.withoutResponse(a, x, r, err)
	}
	resp, err := g.client.RoundTrip(&x.out)
	switch {
	case err != nil:
	case a != nil:
		if err = g.translate(x, resp); err != nil {
			_ = resp.Body.Close()
		}
	default:
		x.begun()
	}
	if err != nil {
		return g.withoutResponse(a, x, r, err)
	}
	if a != nil {
		a.showLosses(resp.Header)
	}
	return resp, nil
}

// outgoing makes the request to the upstream of the one that the proxy made.
func (g *Gateway) outgoing(x *exchange, r *http.Request, translated bool) error {
	x.out = *r.WithContext(x)
	if r.Body == nil || r.Body == http.NoBody {
		x.streams = false
	} else if !x.streams {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		_ = r.Body.Close()
		if err != nil {
			return err
		}
		x.asked.Body = body
		x.out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		x.out.Body, _ = x.out.GetBody()
	}
	if translated {
		x.out.Header = r.Header.Clone()
		g.form.Request(x.asked, dialect.HeaderMap(x.out.Header))
	}
	return nil
}

// withoutResponse is the response to a request that the upstream did not respond to, or the
// error of it.
func (g *Gateway) withoutResponse(a *Reply, x *exchange, r *http.Request, err error) (*http.Response, error) {
	cause := context.Cause(r.Context())
	switch {
	case a == nil || cause != nil:
		x.begun()
	default:
		w := &memory{header: http.Header{}}
		g.noResponse(w, x, err)
		a.showLosses(w.header)
		resp := w.response(r)
		a.closes = resp.StatusCode < http.StatusInternalServerError // it is the caller's fault
		if !blames(err) {
			return resp, nil
		}
		a.failure = resp
	}
	var e *client.Error
	if cause != nil {
		return nil, cause
	}
	if errors.As(err, &e) && e.Err != nil {
		return nil, e.Err
	}
	return nil, err
}

// blames reports that the upstream, or the way to it, is the reason why no response came.
func blames(err error) bool {
	o := httpdialect.NoResponse(err)
	var e *client.Error
	if errors.As(err, &e) && e.Outcome.Status == 0 {
		o = e.Outcome
	}
	return o.Reason != parlance.ReasonBody && o.Reason != parlance.ReasonNotSent && o.Kind != parlance.KindUnauthenticated
}

// memory keeps a response.
type memory struct {
	header http.Header
	status int
	body   []byte
}

// Header is the header of the response.
func (m *memory) Header() http.Header { return m.header }

// WriteHeader keeps the status.
func (m *memory) WriteHeader(status int) { m.status = status }

// Write keeps a part of the body.
func (m *memory) Write(p []byte) (int, error) {
	m.body = append(m.body, p...)
	return len(p), nil
}

// response is what was kept.
func (m *memory) response(r *http.Request) *http.Response {
	return &http.Response{
		StatusCode: m.status, Status: http.StatusText(m.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: m.header, Body: io.NopCloser(bytes.NewReader(m.body)), ContentLength: int64(len(m.body)), Request: r,
	}
}
