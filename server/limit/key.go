package limit

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/parlance-api/parlance/server"
)

// Key says whose limit a request counts against. "" is nobody's: the policy does
// not concern it.
type Key func(*http.Request) string

// Principal is who calls, behind auth.Authenticate.
func Principal(r *http.Request) string {
	p, _ := server.PrincipalOf(r.Context())
	return p.ID
}

// Tenant is the customer that the caller belongs to, behind auth.Authenticate.
func Tenant(r *http.Request) string {
	p, _ := server.PrincipalOf(r.Context())
	return p.Tenant
}

// Route is the pattern of the http.ServeMux that the request has matched, so that
// it stands behind one: around a route, or around all that are registered. Before
// it, nothing has matched yet, and it is nobody's.
func Route(r *http.Request) string { return r.Pattern }

// Address is the network that the request comes from: an IPv4 address, or the /64
// of an IPv6 one, for whoever has one has all of it. Behind a proxy it is the
// proxy's; what a proxy of your own says is a Key of your own.
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

// Both is a limit of its own for each combination, such as of each tenant on each
// route; "" where one of them is.
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
