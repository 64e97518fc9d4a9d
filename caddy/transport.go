package caddyparlance

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/server"
)

// Transport is the way of a reverse proxy to upstreams that speak a dialect. It retries a
// request if the dialect says so and a retry is safe, with the same upstream. The proxy can
// try another one (lb_retries): only if no connection was made, or for a GET, and as long as
// the budget of the Transport has a retry left.
//
// Under the directive parlance the proxy gets the translated response. So its passive health
// checks count a failure that an upstream reports under 200, and do not count a mistake of a
// caller that an upstream reports under 500.
type Transport struct {
	// Speaks is the dialect of the upstreams: a name of the catalog, or a file.
	Speaks string `json:"speaks"`

	Timeout        caddy.Duration `json:"timeout,omitempty"`         // until the response begins, all attempts included: 60 s
	AttemptTimeout caddy.Duration `json:"attempt_timeout,omitempty"` // of one attempt: none
	MaxWait        caddy.Duration `json:"max_wait,omitempty"`        // the longest wait before a retry: 10 s
	MaxHold        caddy.Duration `json:"max_hold,omitempty"`        // how long a success is held if its body does not settle its meaning: 250 ms
	MaxUnreachable caddy.Duration `json:"max_unreachable,omitempty"` // how long a request is retried while no connection can be made: 1 s; not at all if the proxy retries
	MaxAttempts    int            `json:"max_attempts,omitempty"`    // how often a request is sent: 4; 1 for no retry
	MaxBody        int            `json:"max_body,omitempty"`        // how many bytes of a body are read to interpret it: 1 MiB
	MaxReplay      int            `json:"max_replay,omitempty"`      // how many bytes of a request body are kept for another upstream, if the proxy may choose one: 1 MiB

	Budget  *Budget        `json:"budget,omitempty"`  // of retries, for each host
	Pace    bool           `json:"pace,omitempty"`    // keep below the rate limits that responses state
	Breaker *Breaker       `json:"breaker,omitempty"` // send nothing for a while after many failures
	Hedge   caddy.Duration `json:"hedge,omitempty"`   // send a second request if the first has no response by then

	Credentials
	Sources

	// HTTP is Caddy's own transport, with all its settings.
	HTTP *reverseproxy.HTTPTransport `json:"http,omitempty"`

	app     *App
	shared  shared
	budget  *client.Budget
	retried bool // the proxy retries, too
	handled bool // the proxy has handlers for responses, which may send the request to another upstream
	gateway *gateway.Transport
}

// Budget bounds the retries at one host, so that they cannot keep a stalled server down.
type Budget struct {
	Capacity int     `json:"capacity"` // retries at most: 100
	Deposit  float64 `json:"deposit"`  // what a success adds: 0.1
}

// Breaker sends nothing to a host for a while if it failed too often. Only failures of the
// server count.
type Breaker struct {
	Failures int            `json:"failures,omitempty"` // in a row: 10
	Pause    caddy.Duration `json:"pause,omitempty"`    // 10 s
}

var (
	_ caddy.Provisioner                                = (*Transport)(nil)
	_ caddy.CleanerUpper                               = (*Transport)(nil)
	_ http.RoundTripper                                = (*Transport)(nil)
	_ reverseproxy.TLSTransport                        = (*Transport)(nil)
	_ reverseproxy.H2CTransport                        = (*Transport)(nil)
	_ reverseproxy.ProxyProtocolTransport              = (*Transport)(nil)
	_ reverseproxy.HealthCheckSchemeOverriderTransport = (*Transport)(nil)
)

// CaddyModule names the module.
func (Transport) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.transport.parlance", New: func() caddy.Module { return new(Transport) }}
}

// Provision compiles the dialect and makes the client end.
func (t *Transport) Provision(ctx caddy.Context) (err error) {
	if t.app, err = appOf(ctx); err != nil {
		return err
	}
	config := gateway.Config{
		Timeout: time.Duration(t.Timeout), MaxWait: time.Duration(t.MaxWait), MaxHold: time.Duration(t.MaxHold), MaxBody: t.MaxBody,
		Logger: ctx.Slogger(), Transport: dialing{t.base()},
	}
	if config.Speaks, err = t.app.open(t.Speaks); err != nil {
		return err
	}
	if t.retried, t.handled = proxyResends(ctx); t.retried {
		ctx.Logger().Info("the proxy may send a request to another upstream (lb_retries or lb_try_duration); it shares the budget of the transport parlance, which does not retry an unreachable upstream")
	}
	if config.Client, err = t.options(config.Speaks); err != nil {
		return err
	}
	if t.Pace {
		config.Client = append(config.Client, client.WithGate(keptPace(&t.shared, t.Speaks, config.Speaks)))
	}
	if t.HTTP.Compression == nil {
		t.HTTP.Compression = new(bool) // a response must come as callers can have it
	}
	if t.HTTP.MaxResponseHeaderSize == 0 {
		t.HTTP.MaxResponseHeaderSize = maxResponseHeader
	}
	if err := t.HTTP.Provision(ctx); err != nil {
		return err
	}
	t.gateway, err = gateway.NewTransport(config)
	return err
}

// maxResponseHeader is the size in bytes of the longest header of a response, as the gateway has
// it, unless the settings of Caddy's transport have another one.
const maxResponseHeader = 256 << 10

// proxyResends reports how the proxy around the transport may send a request to another
// upstream: in a retry of its own, or by handlers of a response.
func proxyResends(ctx caddy.Context) (retried, handled bool) {
	for _, m := range slices.Backward(ctx.Modules()) {
		if proxy, ok := m.(*reverseproxy.Handler); ok {
			lb := proxy.LoadBalancing
			return lb != nil && (lb.Retries > 0 || lb.TryDuration > 0),
				slices.ContainsFunc(proxy.HandleResponse, func(h caddyhttp.ResponseHandler) bool { return len(h.Routes) > 0 })
		}
	}
	return false, false
}

// options are those of the client end.
func (t *Transport) options(d *dialect.Dialect) ([]client.Option, error) {
	b := Budget{100, 0.1}
	if t.Budget != nil {
		b = *t.Budget
	}
	t.budget = keptBudget(&t.shared, t.Speaks, b)
	options := []client.Option{client.WithBudget(t.budget), client.WithAnyOrigin(), client.WithObserver(t.app.metrics.observer(t.Speaks)), client.WithObserver(newSpans(d))}
	if t.MaxAttempts > 0 {
		options = append(options, client.WithMaxAttempts(t.MaxAttempts))
	}
	switch {
	case t.MaxUnreachable > 0:
		options = append(options, client.WithMaxUnreachable(time.Duration(t.MaxUnreachable)))
	case t.retried:
		options = append(options, client.WithMaxUnreachable(1)) // the proxy has other upstreams
	}
	if t.AttemptTimeout > 0 {
		options = append(options, client.WithAttemptTimeout(time.Duration(t.AttemptTimeout)))
	}
	if t.Hedge > 0 {
		options = append(options, client.WithHedge(time.Duration(t.Hedge)))
	}
	if t.Breaker != nil {
		options = append(options, client.WithGate(keptBreaker(&t.shared, t.Speaks, *t.Breaker)))
	}
	credentials, err := t.clientOptions(&t.shared)
	return append(options, credentials...), err
}

// Validate refuses settings that make no sense together.
func (t *Transport) Validate() error {
	for name, d := range map[string]caddy.Duration{
		"timeout": t.Timeout, "attempt_timeout": t.AttemptTimeout, "max_wait": t.MaxWait, "max_hold": t.MaxHold,
		"max_unreachable": t.MaxUnreachable, "hedge": t.Hedge,
	} {
		if d < 0 {
			return fmt.Errorf("%s: %s is below zero", name, time.Duration(d))
		}
	}
	if t.MaxAttempts < 0 || t.MaxBody < 0 || t.MaxReplay < 0 || t.Budget != nil && (t.Budget.Capacity < 0 || t.Budget.Deposit < 0) {
		return errors.New("max_attempts, max_body, max_replay and budget must not be below zero")
	}
	return nil
}

// RoundTrip sends a request as often as the dialect says.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.HTTP.SetScheme(r)
	if t.retried && !t.maySend(r) {
		return nil, errNoBudget
	}
	r, err := t.replayable(r)
	if err != nil {
		return nil, err
	}
	resp, err := t.gateway.RoundTrip(r)
	if err != nil && t.handled && !t.retried {
		if failure := gateway.FailureOf(r.Context()); failure != nil {
			resp, err = failure, nil // its handlers are asked for a response only
		}
	}
	if err == nil && !gateway.HasReply(r.Context()) {
		t.tell(r, resp)
	}
	return resp, err
}

var errNoBudget = errors.New("the budget for retries of this upstream is used up")

// sentVar is the variable of a request that was sent to an upstream before.
const sentVar = "parlance.sent"

// maySend pays from the budget for a request that the proxy sends to another upstream.
func (t *Transport) maySend(r *http.Request) bool {
	before, _ := caddyhttp.GetVar(r.Context(), sentVar).(bool)
	caddyhttp.SetVar(r.Context(), sentVar, true)
	return !before || t.budget.Spend(r.URL.Host)
}

// The variables of a response that no directive parlance translates.
const (
	toldVar    = "parlance.told"    // it was logged and counted
	meaningVar = "parlance.meaning" // what it means
)

// tell logs and counts a response that no directive parlance translates.
func (t *Transport) tell(r *http.Request, resp *http.Response) {
	report, ok := client.ReportOf(resp)
	if !ok {
		return
	}
	o := &report.Outcome
	caddyhttp.SetVar(r.Context(), toldVar, true)
	caddyhttp.SetVar(r.Context(), meaningVar, server.Meaning{
		Outcome: parlance.Outcome{Kind: o.Kind, Reason: o.Reason, Code: o.Code}, NoEffect: o.Kind.Failing() && report.Decision.RetrySafe,
	})
	t.app.tell(r.Context(), "", "", gateway.Story{
		Speaks: t.Speaks, Kind: o.Kind, Reason: o.Reason, Code: o.Code, Act: report.Decision.Act, Attempts: len(report.Attempts),
		Held: report.Attempts[len(report.Attempts)-1].Held, RequestID: o.RequestID,
	})
}

// base is Caddy's transport.
func (t *Transport) base() *reverseproxy.HTTPTransport {
	if t.HTTP == nil {
		t.HTTP = new(reverseproxy.HTTPTransport)
	}
	return t.HTTP
}

// TLSEnabled reports that the upstreams are called over TLS.
func (t *Transport) TLSEnabled() bool { return t.base().TLSEnabled() }

// EnableTLS calls the upstreams over TLS.
func (t *Transport) EnableTLS(config *reverseproxy.TLSConfig) error {
	return t.base().EnableTLS(config)
}

// EnableH2C calls the upstreams over HTTP/2 without TLS.
func (t *Transport) EnableH2C() error { return t.base().EnableH2C() }

// ProxyProtocolEnabled reports that connections begin with the address of the caller.
func (t *Transport) ProxyProtocolEnabled() bool { return t.base().ProxyProtocolEnabled() }

// OverrideHealthCheckScheme sets the scheme of health checks.
func (t *Transport) OverrideHealthCheckScheme(u *url.URL, port string) {
	t.base().OverrideHealthCheckScheme(u, port)
}

// RequestHeaderOps are the changes of Caddy's transport to a request.
func (t *Transport) RequestHeaderOps() *headers.HeaderOps { return t.base().RequestHeaderOps() }

// Cleanup closes the idle connections, and gives back what was learned.
func (t *Transport) Cleanup() error { return errors.Join(t.base().Cleanup(), t.shared.release()) }
