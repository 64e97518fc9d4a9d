package client

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// WithOrigins sets the destinations of the Transport's credentials: those of
// [WithCredential], [WithAPIKey] and [WithBasic]. An origin is a scheme, a host and
// a port if it is not the usual one (RFC 6454), such as "https://api.example.com".
// Without a scheme it is https. A path is ignored. WithOrigins panics if an origin is
// malformed.
//
// The default is the origin of the first request that needs a credential. A request
// to any other origin is sent without one, whether the caller, a redirect or a
// response named its URL. If the server then refuses it, the Decision says why. A
// credential for http goes to https of the same host, too, but never the other way
// round.
func WithOrigins(origins ...string) Option {
	parsed := make([]*url.URL, len(origins))
	for i, text := range origins {
		if !strings.Contains(text, "://") {
			text = "https://" + text
		}
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			panic(fmt.Sprintf("client: WithOrigins: %q is not an origin, such as https://api.example.com", origins[i]))
		}
		parsed[i] = u
	}
	return option(func(c *config) { c.origins = append(slices.Clip(c.origins), parsed...) })
}

// WithAnyOrigin sends the credentials of the Transport wherever its caller sends a request.
// It is for a proxy whose Transport sends to the upstreams of a load balancer, and which
// alone chooses them. A redirect, or a URL that a response names, gets none at another origin.
func WithAnyOrigin() Option { return option(func(c *config) { c.anywhere = true }) }

type originKey struct{}

// carries reports that the credentials go with a request. They are for the origins
// of the Transport. A request that another origin sent there by a redirect, or by a
// URL to follow, is not the caller's own, and gets none.
func (t *Transport) carries(req *http.Request) bool {
	named := homeOf(req)
	if t.cfg.anywhere {
		return named == req.URL || sameOrigin(named, req.URL)
	}
	if len(t.cfg.origins) == 0 && t.home.Load() == nil {
		t.home.CompareAndSwap(nil, &url.URL{Scheme: named.Scheme, Host: named.Host})
	}
	return t.isHome(req.URL) && (named == req.URL || t.isHome(named))
}

func (t *Transport) isHome(u *url.URL) bool {
	if len(t.cfg.origins) == 0 {
		return sameOrigin(t.home.Load(), u)
	}
	return slices.ContainsFunc(t.cfg.origins, func(o *url.URL) bool { return sameOrigin(o, u) })
}

// withheld says which origins the credentials are for that a request did not get.
func (t *Transport) withheld(req *http.Request) string {
	origins := t.cfg.origins
	switch {
	case t.cfg.anywhere:
		origins = []*url.URL{homeOf(req)}
	case len(origins) == 0:
		origins = []*url.URL{t.home.Load()}
	}
	names := make([]string, len(origins))
	for i, o := range origins {
		names[i] = o.Scheme + "://" + o.Host
	}
	return "no credential was sent to " + req.URL.Scheme + "://" + req.URL.Host + ", because it is for " + strings.Join(names, " and ") + " (WithOrigins)"
}

// homeOf is the URL that the caller named: that of the first request, before all
// redirects and all followed URLs.
func homeOf(req *http.Request) *url.URL {
	first := req
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	if origin, ok := req.Context().Value(originKey{}).(*url.URL); ok {
		return origin
	}
	return first.URL
}

// sameOrigin reports that what is for home may go to u.
func sameOrigin(home, u *url.URL) bool {
	return strings.EqualFold(home.Hostname(), u.Hostname()) && (home.Scheme == u.Scheme || u.Scheme == "https") &&
		(home.Port() == u.Port() || usualPort(home) && usualPort(u))
}

func usualPort(u *url.URL) bool {
	p := u.Port()
	return p == "" || p == "80" && u.Scheme == "http" || p == "443" && u.Scheme == "https"
}
