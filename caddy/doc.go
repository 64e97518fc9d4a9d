// Package caddyparlance puts Parlance into Caddy, as modules of that server:
//
//   - http.reverse_proxy.transport.parlance reads what the responses of an upstream mean, and
//     waits and retries as its dialect says. It sends over Caddy's own HTTP transport.
//   - http.handlers.parlance responds to callers in a dialect. It is for the responses of such an
//     upstream, for failures of any other handler, and for errors of Caddy itself.
//   - admin.api.parlance lists the dialects of the running configuration.
//   - parlance is the app that all share. It holds the compiled dialects and the metrics.
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
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(Transport{})
	caddy.RegisterModule(Handler{})
	caddy.RegisterModule(Admin{})
	httpcaddyfile.RegisterHandlerDirective("parlance", parseHandler)
	httpcaddyfile.RegisterDirectiveOrder("parlance", httpcaddyfile.Before, "request_body")
}
