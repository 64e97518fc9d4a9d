package limit

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/parlance-api/parlance/server"
)

// Key selects the limit that a request counts against. "" means none: the policy does
// not apply to the request.
type Key func(*http.Request) string

// Principal is the ID of the caller. Use it behind auth.Authenticate.
func Principal(r *http.Request) string {
	p, _ := server.PrincipalOf(r.Context())
	return p.ID
}

// Tenant is the customer that the caller belongs to. Use it behind auth.Authenticate.
func Tenant(r *http.Request) string {
	p, _ := server.PrincipalOf(r.Context())
	return p.Tenant
}

// Route is the pattern of the http.ServeMux that the request has matched. Use it behind
// one: around a route, or around all registered handlers. Before the ServeMux there is
// no pattern, and the policy does not apply.
func Route(r *http.Request) string { return r.Pattern }

// Address is the network of the sender: an IPv4 address, or the /64 of an IPv6 address,
// since one user usually has all of it. Behind a proxy it is the proxy's. To use an
// address that your own proxy reports, write a Key of your own.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	net, _ := a.Prefix(64) // it is an IPv6 address
	return net.String()
}

// Both is a separate limit for each combination of keys, such as of each tenant on each
// route. If one of them is "", so is the result.
func Both(keys ...Key) Key {
	return func(r *http.Request) string {
		all := make([]string, len(keys))
		for i, k := range keys {
			if all[i] = k(r); all[i] == "" {
				return ""
			}
		}
		return strings.Join(all, "\x00") // in no key of ours, so that no two are the same
	}
}
