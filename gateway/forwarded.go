package gateway

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
)

// setForwarded says in the upstream's request where it came from (RFC 7239, and the
// X-Forwarded fields). What a stranger says of that is dropped.
func (g *Gateway) setForwarded(pr *httputil.ProxyRequest) {
	in, out := pr.In.Header, pr.Out.Header
	if !g.trusts(pr.In.RemoteAddr) {
		for name := range out {
			if isForwarding(name) {
				delete(out, name)
			}
		}
		pr.SetXForwarded()
		return
	}
	out["X-Forwarded-For"] = in["X-Forwarded-For"] // SetXForwarded adds the proxy
	if len(in["X-Forwarded-For"]) == 0 {
		delete(out, "X-Forwarded-For")
	}
	pr.SetXForwarded()
	for _, name := range [...]string{"X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values := in[name]; len(values) > 0 {
			out[name] = values
		}
	}
	if values := in["Forwarded"]; len(values) > 0 {
		out["Forwarded"] = []string{strings.Join(values, ", ") + ", " + forwardedBy(pr.In)}
	}
}

// forwardedBy is what the gateway adds to a Forwarded field (RFC 7239, 4).
func forwardedBy(r *http.Request) string {
	proto, node := "http", "unknown"
	if r.TLS != nil {
		proto = "https"
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		if node = host; strings.Contains(host, ":") {
			node = `"[` + host + `]"`
		}
	}
	return "for=" + node + `;host="` + strings.ReplaceAll(r.Host, `"`, "") + `";proto=` + proto
}

// trusts reports an address of a proxy that is named in the Config.
func (g *Gateway) trusts(address string) bool {
	if len(g.config.TrustedProxies) == 0 {
		return false
	}
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	for _, p := range g.config.TrustedProxies {
		if p.Contains(a.Addr().Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// isForwarding reports a field by which proxies tell a server who the caller is, and from
// where and by which URL it came. The name is canonical.
func isForwarding(name string) bool {
	switch name {
	case "Forwarded", "Client-Cert", "Client-Cert-Chain", // RFC 7239, RFC 9440
		"X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Remote-Ip", "X-Remote-Addr", "X-Proxyuser-Ip",
		"Client-Ip", "True-Client-Ip", "Proxy-Client-Ip", "Wl-Proxy-Client-Ip", "Cf-Connecting-Ip", "Cf-Connecting-Ipv6",
		"Fastly-Client-Ip", "Fly-Client-Ip", "X-Appengine-User-Ip", "X-Azure-Clientip", "X-Azure-Socketip",
		"X-Envoy-External-Address", "X-Original-Forwarded-For", "X-Original-Host", "X-Original-Url", "X-Rewrite-Url":
		return true
	}
	return strings.HasPrefix(name, "X-Forwarded-")
}
