// Package caddyparlance puts Parlance into Caddy, as modules of that server:
//
//   - http.reverse_proxy.transport.parlance reads what the responses of an upstream mean, and
//     waits and retries as its dialect says. It sends over Caddy's own HTTP transport.
//   - http.handlers.parlance responds to callers in a dialect. It is for the responses of such an
//     upstream, for failures of any other handler, and for errors of Caddy itself.
//   - http.handlers.parlance_idempotency, _limit, _license, _maintenance, _validate, _activity and
//     _outbox are the mechanisms of package server, before any handler.
//   - admin.api.parlance shows the dialects, records and outbox of the running configuration, and
//     switches maintenance.
//   - parlance is the app that all share. It holds the compiled dialects, the store and the metrics.
//
// A Caddyfile for one upstream:
//
//	localhost {
//		parlance problem
//		reverse_proxy https://api.example.com {
//			transport parlance {
//				speaks vms
//			}
//		}
//	}
//
// A program gets the modules by an import of this package. Command parlance-gateway is such
// a program, and so is what "xcaddy build" makes.
package caddyparlance

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(Transport{})
	caddy.RegisterModule(Handler{})
	caddy.RegisterModule(Admin{})
	httpcaddyfile.RegisterGlobalOption("parlance", parseApp)
	httpcaddyfile.RegisterHandlerDirective("parlance", parseHandler)
	httpcaddyfile.RegisterDirectiveOrder("parlance", httpcaddyfile.Before, "request_body")
	// A record has all that follows. What is cheap to refuse is refused first. A request that is
	// stored or has a key is one that was admitted.
	register[Activity]("parlance_activity")
	register[Maintenance]("parlance_maintenance")
	register[Limit]("parlance_limit")
	register[License]("parlance_license")
	register[Validate]("parlance_validate")
	register[Idempotency]("parlance_idempotency")
	register[Outbox]("parlance_outbox")
}

// directive is a handler that a Caddyfile can have.
type directive[T any] interface {
	*T
	caddy.Module
	caddyfile.Unmarshaler
	caddyhttp.MiddlewareHandler
}

// register names a directive to Caddy. Those that are registered first come first, behind
// authentication.
func register[T any, P directive[T]](name string) {
	caddy.RegisterModule(P(new(T)))
	httpcaddyfile.RegisterHandlerDirective(name, func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		d := P(new(T))
		return d, d.UnmarshalCaddyfile(h.Dispenser)
	})
	httpcaddyfile.RegisterDirectiveOrder(name, httpcaddyfile.Before, "request_header")
}
