package caddyparlance

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/parlance-api/parlance/gateway"
)

// Handler responds to callers in a dialect. It translates the responses of a [Transport]
// behind it, the failures of all other handlers, and the errors of Caddy. Everything else
// passes untouched.
type Handler struct {
	// To is the dialect of the responses: a name of the catalog, or a file.
	To string `json:"to"`

	// Accept are further dialects, for callers whose Accept field names the media type. The
	// one with the highest weight counts, then the first one here. To is for all others.
	Accept []Accepted `json:"accept,omitempty"`

	// Name is the route in metrics; the default is the name of the dialect.
	Name string `json:"name,omitempty"`

	// LossHeader names a field that tells the caller what a translation could not carry. The
	// default is none.
	LossHeader string `json:"loss_header,omitempty"`

	Sources

	app        *App
	responders []*gateway.Responder // To first, then those of Accept
}

// Accepted is a dialect for callers who accept a media type.
type Accepted struct {
	Type string `json:"type"`
	To   string `json:"to"`
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)

// CaddyModule names the module.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.parlance", New: func() caddy.Module { return new(Handler) }}
}

// Provision compiles the dialects.
func (h *Handler) Provision(ctx caddy.Context) (err error) {
	if h.app, err = appOf(ctx); err != nil {
		return err
	}
	names := []string{h.To}
	for _, a := range h.Accept {
		names = append(names, a.To)
	}
	for _, name := range names {
		d, err := h.app.open(name)
		if err != nil {
			return err
		}
		responders, err := gateway.NewResponder(d, ctx.Slogger())
		if err != nil {
			return err
		}
		responders.LossHeader = h.LossHeader
		h.responders = append(h.responders, responders)
	}
	if h.Name == "" {
		h.Name = h.responders[0].Dialect().Name()
	}
	return nil
}

// ServeHTTP lets the handlers behind it respond, and translates what they say.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	to := h.responders[0]
	if len(h.Accept) > 0 {
		to = h.negotiate(r)
		w.Header().Add("Vary", "Accept")
	}
	reply, r := to.Begin(r)
	held := newHolder(w, reply)
	defer func() { h.app.tell(r.Context(), h.Name, to.Dialect().Name(), held.story()) }() // after a panic, too
	return held.serve(r, next)
}
