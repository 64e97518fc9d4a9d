package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// setForwarded says in the header of the upstream's request where the request came from (RFC
// 7239, and the X-Forwarded fields). What a stranger says of that is dropped.
func (g *Gateway) setForwarded(x *exchange, r *http.Request, h http.Header) {
	trusted := g.trusts(r.RemoteAddr)
	if !trusted {
		for name := range h {
			if isForwarding(name) {
				delete(h, name)
			}
		}
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err != nil {
		delete(h, "X-Forwarded-For")
	} else {
		if before := h["X-Forwarded-For"]; len(before) > 0 {
			host = strings.Join(before, ", ") + ", " + host
		}
		h["X-Forwarded-For"] = x.value(host)
	}
	if len(h["X-Forwarded-Host"]) == 0 {
		h["X-Forwarded-Host"] = x.value(r.Host)
	}
	if len(h["X-Forwarded-Proto"]) == 0 {
		h["X-Forwarded-Proto"] = x.value(scheme(r))
	}
	if values := h["Forwarded"]; len(values) > 0 {
		h["Forwarded"] = x.value(strings.Join(values, ", ") + ", " + forwardedBy(r))
	}
}

// scheme is that of the caller's URL.
func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// forwardedBy is what the gateway adds to a Forwarded field (RFC 7239, 4).
func forwardedBy(r *http.Request) string {
	node := "unknown"
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		if node = host; strings.Contains(host, ":") {
			node = `"[` + host + `]"`
		}
	}
	return "for=" + node + `;host="` + strings.ReplaceAll(r.Host, `"`, "") + `";proto=` + scheme(r)
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
// where and by which URL it came. The name is canonical. Some servers take an underscore in
// it for a dash (RFC 3875, 4.1.18).
func isForwarding(name string) bool {
	if strings.Contains(name, "_") {
		name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	}
	switch name {
	case "Forwarded", "Forwarded-For", "X-Forwarded", "Client-Cert", "Client-Cert-Chain", // RFC 7239, RFC 9440
		"X-Real-Ip", "X-Real-Port", "X-Real-Proto", "X-Client-Ip", "X-Originating-Ip", "X-Cluster-Client-Ip", "X-Remote-Ip", "X-Remote-Addr", "X-Proxyuser-Ip",
		"Client-Ip", "True-Client-Ip", "Proxy-Client-Ip", "Wl-Proxy-Client-Ip", "Cf-Connecting-Ip", "Cf-Connecting-Ipv6",
		"Fastly-Client-Ip", "Fly-Client-Ip", "X-Appengine-User-Ip", "X-Azure-Clientip", "X-Azure-Socketip",
		"Cloudfront-Viewer-Address", "Cdn-Src-Ip", "Ali-Cdn-Real-Ip", "X-Host", "X-Http-Host-Override", "X-Scheme", "X-Url-Scheme", "Front-End-Https",
		"X-Envoy-External-Address", "X-Original-Forwarded-For", "X-Original-Host", "X-Original-Url", "X-Rewrite-Url":
		return true
	}
	return strings.HasPrefix(name, "X-Forwarded-")
}
