// Package record passes requests through to an API and keeps the exchanges, for tests and
// for a mock that replays them.
//
//	file, err := os.Create("stripe.cases.jsonl")
//	if err != nil {
//		return err
//	}
//	defer file.Close()
//	r := record.New(upstream, d, record.Cases(file, d))
//	defer r.Close()
//	err = http.ListenAndServe("127.0.0.1:4010", r)
//
// Credentials are taken out, as from the records of package activity.
package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/mock"
)

// Exchange is a request and its response, without credentials.
type Exchange struct {
	At             time.Time     // when the request arrived
	Took           time.Duration // until the end of the response
	Method         string        // of the request
	Target         string        // of the request, as it was called here: the path and the query
	URL            *url.URL      // of the API
	RequestHeader  http.Header   //
	Status         int           // of the response
	ResponseHeader http.Header   //
	Body           []byte        // of the response, without its coding
}

// Writer keeps exchanges. It is called by one goroutine at a time.
type Writer interface {
	Write(x *Exchange) error
	Close() error // ends what was written; it does not close the file
}

// MaxBody is how many bytes of a body are kept. An exchange with a longer one passes through
// and is not kept.
const MaxBody = 1 << 20

// Recorder is an http.Handler that passes requests through and keeps the exchanges. It is
// safe for concurrent use.
type Recorder struct {
	config
	upstream *url.URL
	dialect  *dialect.Dialect
	proxy    *httputil.ReverseProxy

	mu     sync.Mutex
	writer Writer
	failed error // of the writer: it is not called again
}

type config struct {
	logger  *slog.Logger
	observe func(mock.Given)
	base    http.RoundTripper
}

// Option is a setting of [New].
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithLogger sets the logger. It gets each exchange that cannot be kept. The default is none.
func WithLogger(l *slog.Logger) Option { return option(func(c *config) { c.logger = l }) }

// WithObserver sets a function that learns of each response, as mock.WithObserver does.
func WithObserver(f func(mock.Given)) Option { return option(func(c *config) { c.observe = f }) }

// WithBase sets what sends the requests. The default is http.DefaultTransport.
func WithBase(rt http.RoundTripper) Option { return option(func(c *config) { c.base = rt }) }

// New makes a Recorder of an API in a dialect, which says what the responses mean.
func New(upstream *url.URL, d *dialect.Dialect, w Writer, options ...Option) *Recorder {
	r := &Recorder{upstream: upstream, dialect: d, writer: w, config: config{logger: slog.New(slog.DiscardHandler), base: http.DefaultTransport}}
	for _, o := range options {
		o.apply(&r.config)
	}
	r.proxy = &httputil.ReverseProxy{
		Rewrite: r.rewrite, Transport: r.base, ModifyResponse: r.keep, ErrorHandler: r.unreachable,
		ErrorLog: slog.NewLogLogger(r.logger.Handler(), slog.LevelWarn),
	}
	return r
}

// ServeHTTP passes a request through.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.proxy.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), calledKey{}, req.URL)))
}

// calledKey is the key of the URL that was called.
type calledKey struct{}

// Close ends what was kept. The error is the first one of the Writer.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.failed, r.writer.Close())
}

// rewrite sends a request to the API. Without Accept-Encoding, net/http undoes the coding of
// the response.
func (r *Recorder) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(r.upstream)
	p.Out.Host = r.upstream.Host
	p.Out.Header.Del("Accept-Encoding")
}

// keep watches a response while it streams, and keeps it at its end.
func (r *Recorder) keep(res *http.Response) error {
	began := time.Now()
	called := res.Request.URL
	if u, ok := res.Request.Context().Value(calledKey{}).(*url.URL); ok {
		called = u
	}
	x := &Exchange{
		At: began, Method: res.Request.Method, Target: cleanURL(called).RequestURI(), URL: cleanURL(res.Request.URL), RequestHeader: activity.CleanHeader(res.Request.Header),
		Status: res.StatusCode, ResponseHeader: activity.CleanHeader(res.Header),
	}
	r.localize(res)
	if res.StatusCode == http.StatusSwitchingProtocols {
		return nil // what follows is no response
	}
	res.Body = &watched{ReadCloser: res.Body, end: func(body []byte, whole bool) {
		x.Took = time.Since(began)
		r.tell(res.Request, x, r.store(x, body, whole))
	}}
	return nil
}

// localize keeps a redirect to the API on this side.
func (r *Recorder) localize(res *http.Response) {
	to, err := url.Parse(res.Header.Get("Location"))
	if err == nil && to.Host == r.upstream.Host && to.Scheme == r.upstream.Scheme {
		to.Scheme, to.Host = "", ""
		to.Path = "/" + strings.TrimLeft(strings.TrimPrefix(to.Path, strings.TrimSuffix(r.upstream.Path, "/")), "/")
		res.Header.Set("Location", to.String())
	}
}

// cleanURL is a URL without credentials.
func cleanURL(u *url.URL) *url.URL {
	clean := *u
	clean.User = nil
	clean.RawQuery = strings.TrimPrefix(activity.CleanText("?"+u.RawQuery), "?")
	return &clean
}

// store writes an exchange. It returns what became of it, for the log.
func (r *Recorder) store(x *Exchange, body []byte, whole bool) string {
	clean, known := activity.CleanBody(body)
	switch {
	case !whole:
		return "not kept: the body is longer than 1 MiB or was cut off"
	case !known:
		return "not kept: the body is neither JSON nor a text"
	}
	x.Body = clean
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return "not kept: an earlier exchange could not be written"
	}
	if r.failed = r.writer.Write(x); r.failed != nil {
		r.logger.Error("the exchange cannot be kept, and no later one is", "error", r.failed)
		return "not kept: it could not be written"
	}
	return "recorded"
}

// tell tells the observer of an exchange.
func (r *Recorder) tell(req *http.Request, x *Exchange, why string) {
	if r.observe == nil {
		return
	}
	read := r.dialect.Decode(httpdialect.Request(r.dialect, req), dialect.Response{Status: x.Status, Header: dialect.HeaderMap(x.ResponseHeader), Body: x.Body})
	r.observe(mock.Given{At: x.At, Took: x.Took, Method: x.Method, Path: x.Target, Status: x.Status, Outcome: read.Outcome, Why: why})
}

// unreachable responds in the dialect if no response came.
func (r *Recorder) unreachable(w http.ResponseWriter, req *http.Request, err error) {
	o := parlance.Outcome{Kind: parlance.KindBadGateway, Status: http.StatusBadGateway, Detail: "The API that is recorded sent no response"}
	m := r.dialect.Encode(nil, httpdialect.Received(r.dialect, req), &o, dialect.Payload{})
	_ = httpdialect.Write(w, m) // an error here is a client that is gone
	r.logger.Warn("the API that is recorded sent no response", "error", activity.CleanText(fmt.Sprint(err)))
	if r.observe != nil {
		now := time.Now()
		r.observe(mock.Given{At: now, Method: req.Method, Path: req.URL.Path, Status: m.Status, Outcome: o, Why: "no response from " + r.upstream.Redacted()})
	}
}
