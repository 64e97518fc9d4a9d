package caddyparlance

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

var _ caddyfile.Unmarshaler = (*Handler)(nil)

func parseHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	return handler, handler.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile reads the directive:
//
//	parlance [<matcher>] <dialect or file> {
//		accept      <media type> <dialect or file>
//		name        <route in metrics>
//		loss_header <field>
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the directive
	if d.CountRemainingArgs() == 0 {
		return d.Err("parlance takes 1 argument, and has none. Caddy takes a path that begins with / for a matcher: write parlance * /etc/parlance/shop.yaml for a file")
	}
	if err := dialectName(&h.To, &h.Sources)(d); err != nil {
		return err
	}
	return settings{
		"accept": func(d *caddyfile.Dispenser) error {
			var a Accepted
			if err := arguments(d, &a.Type, &a.To); err != nil {
				return err
			}
			h.Accept = append(h.Accept, a)
			return h.known(d, a.To)
		},
		"name":        texts(&h.Name),
		"loss_header": texts(&h.LossHeader),
	}.read(d, "parlance")
}
