package caddyparlance

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/outbox"
)

// Outbox stores requests of callers who prefer it (Prefer: respond-async), and responds 202
// with the URL of a status. It delivers them to its upstream, for days if need be. All other
// requests go on to the handlers behind it.
type Outbox struct {
	Upstream string   `json:"upstream"`         // the URL of the API; its path goes before that of a request
	Speaks   string   `json:"speaks"`           // the dialect of the upstream: a name of the catalog, or a file
	Vendor   string   `json:"vendor,omitempty"` // its name in the outbox; the host of the upstream
	Routes   []string `json:"routes,omitempty"` // on which callers may prefer it, such as "POST /orders"; all but GET and HEAD
	Always   []string `json:"always,omitempty"` // whose requests are always stored
	Path     string   `json:"path,omitempty"`   // below which the statuses are; /.parlance/requests/
	Drop     []string `json:"drop,omitempty"`   // header fields of callers that are not stored, such as Authorization

	Credentials // of the gateway at the upstream

	front
	shared shared
	url    *url.URL
	api    *dialect.Dialect
	mu     sync.Mutex
	ways   map[*dialect.Dialect]*gateway.Gateway // by the dialect of the callers
}

// CaddyModule names the module.
func (*Outbox) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.parlance_outbox", New: func() caddy.Module { return new(Outbox) }}
}

// Provision opens the store, and names the upstream to the outbox of the configuration.
func (o *Outbox) Provision(ctx caddy.Context) (err error) {
	if err := o.prepare(ctx); err != nil {
		return err
	}
	text, err := placeholders("upstream", o.Upstream)
	if err != nil {
		return err
	}
	if o.url, err = url.Parse(text); err != nil || o.url.Host == "" || o.url.Scheme != "http" && o.url.Scheme != "https" {
		return errors.New("parlance_outbox: the upstream is not an http or https URL")
	}
	if o.api, err = o.app.open(o.Speaks); err != nil {
		return err
	}
	db, err := o.app.openStore()
	if err != nil {
		return err
	}
	options, err := o.clientOptions(&o.shared)
	if err != nil {
		return err
	}
	o.Vendor = cmp.Or(o.Vendor, o.url.Host)
	if len(o.Routes)+len(o.Always) == 0 {
		o.Routes = []string{"POST /", "PUT /", "PATCH /", "DELETE /"}
	}
	o.ways = map[*dialect.Dialect]*gateway.Gateway{}
	options = append(options, client.WithObserver(newSpans(o.api)))
	if err := o.app.outbox.add(o.Vendor, o.api, options); err != nil {
		return err
	}
	// A mistake is told at the start, by a way to an outbox that never runs.
	_, err = o.newWay(o.dialect, outbox.New(db.Queue(), outbox.WithVendor(o.Vendor, o.api)))
	return err
}

// Cleanup gives the tokens back.
func (o *Outbox) Cleanup() error { return o.shared.release() }

// newWay is the way of requests in the dialect of callers to the outbox.
func (o *Outbox) newWay(to *dialect.Dialect, box *outbox.Outbox) (*gateway.Gateway, error) {
	return gateway.New(gateway.Config{
		Upstream: o.url, Speaks: o.api, To: to, Logger: o.log,
		Later: &gateway.Later{Outbox: box, Vendor: o.Vendor, Routes: o.Routes, Always: o.Always, Path: o.Path, Drop: o.Drop},
	})
}

// way is the way for a dialect of callers.
func (o *Outbox) way(to *dialect.Dialect) (*gateway.Gateway, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if g := o.ways[to]; g != nil {
		return g, nil
	}
	g, err := o.newWay(to, o.app.startOutbox())
	if err == nil {
		o.ways[to] = g
	}
	return g, err
}

// ServeHTTP stores a request, responds to one for a status, or lets the handlers behind it
// respond.
func (o *Outbox) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	o.app.inflight.begin()
	defer o.app.inflight.end(o.log)
	to := o.dialect
	around, _ := caddyhttp.GetVar(r.Context(), holderVar).(*holder)
	if around != nil {
		to, around.written = around.reply.Dialect(), true
	}
	g, err := o.way(to)
	if err != nil {
		return err
	}
	if g.ServeLater(w, r) {
		return nil
	}
	if around != nil {
		around.written = false
	}
	return next.ServeHTTP(w, r)
}
