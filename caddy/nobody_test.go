package caddyparlance_test

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func init() { caddy.RegisterModule(nobody{}) }

// nobody is a source of upstreams that has none.
type nobody struct{}

func (nobody) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.upstreams.nobody", New: func() caddy.Module { return new(nobody) }}
}

func (*nobody) GetUpstreams(*http.Request) ([]*reverseproxy.Upstream, error) { return nil, nil }

func (*nobody) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return nil }
