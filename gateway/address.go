package gateway

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// addresses turns the addresses below the upstream into those by which callers reach them.
// It is immutable. The zero value leaves all addresses as they are.
type addresses struct {
	upstream *url.URL
	prefix   string // the path of the upstream, escaped, without a slash at the end; "" for none
}

func newAddresses(upstream *url.URL) addresses {
	return addresses{upstream, strings.TrimRight(upstream.EscapedPath(), "/")}
}

// escapes reports a path that a server could take for one above the upstream's.
func (a *addresses) escapes(path string) bool {
	if a.prefix == "" {
		return false
	}
	for range 4 { // some servers decode twice
		if climbs(path) {
			return true
		}
		decoded, err := url.PathUnescape(path)
		if err != nil || decoded == path {
			return false
		}
		path = decoded
	}
	return true
}

// climbs reports a segment "..", with or without parameters. Some servers take a backslash
// for a slash.
func climbs(path string) bool {
	for segment := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if name, _, _ := strings.Cut(segment, ";"); name == ".." {
			return true
		}
	}
	return false
}

// moves reports a method of WebDAV that names a second address (RFC 4918, 10.3).
func moves(r *http.Request) bool { return r.Method == "COPY" || r.Method == "MOVE" }

// setDestination gives the upstream the second address in its own terms.
func (a *addresses) setDestination(h http.Header) {
	u, err := url.Parse(h.Get("Destination"))
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return
	}
	h.Set("Destination", a.upstream.Scheme+"://"+a.upstream.Host+a.prefix+u.EscapedPath())
}

// mapBack maps the addresses in the header of a response. It returns the names of the
// fields that it dropped, since they show the upstream and callers cannot reach what they
// point to.
func (a *addresses) mapBack(resp *http.Response) (dropped []string) {
	if a.upstream == nil {
		return nil
	}
	h := resp.Header
	for name, values := range h {
		if name == "Alt-Svc" { // RFC 7838: where else the upstream is
			delete(h, name)
			continue
		}
		if !a.concerns(name, values) {
			continue
		}
		kept := make([]string, 0, len(values))
		for _, v := range values {
			if mapped, ok := a.mapped(resp.Request, name, v); ok {
				kept = append(kept, mapped)
			}
		}
		if len(kept) < len(values) {
			dropped = append(dropped, name)
		}
		if h[name] = kept; len(kept) == 0 {
			delete(h, name)
		}
	}
	slices.Sort(dropped)
	return dropped
}

// concerns reports a field that may hold addresses. In a field of another name, each URL of
// the upstream is one, unless it is an origin (the fields of CORS).
func (a *addresses) concerns(name string, values []string) bool {
	switch name {
	case "Location", "Content-Location", "Operation-Location", "Azure-Asyncoperation", "Link", "Refresh", "Set-Cookie":
		return true
	}
	return !strings.HasPrefix(name, "Access-Control-") && slices.ContainsFunc(values, a.shows)
}

// shows reports a text with a URL of the upstream in it.
func (a *addresses) shows(value string) bool { return strings.Contains(value, "//"+a.upstream.Host) }

// mapped is one value of a field as callers see it. Clients resolve few fields, so the
// address stays absolute in all others.
func (a *addresses) mapped(req *http.Request, name, value string) (string, bool) {
	relative := func(v string) (string, bool) { return a.outside(req, v, false) }
	switch name {
	case "Location", "Content-Location":
		return relative(value)
	case "Link":
		return links(value, relative)
	case "Refresh":
		return refresh(value, relative)
	case "Set-Cookie":
		return a.cookie(req, value)
	}
	if name == "Operation-Location" || name == "Azure-Asyncoperation" {
		return a.outside(req, value, true)
	}
	return a.inText(req, value)
}

// inText maps each URL of the upstream in a text, such as a list of them or the realm of a
// challenge. It reports false if one cannot be mapped.
func (a *addresses) inText(req *http.Request, text string) (string, bool) {
	var out strings.Builder
	for a.shows(text) {
		at := strings.Index(text, "//"+a.upstream.Host)
		before := text[:at]
		for _, scheme := range []string{"http:", "https:"} {
			before = strings.TrimSuffix(before, scheme)
		}
		end := len(text)
		if n := strings.IndexAny(text[at:], " ,;\"'<>"); n >= 0 {
			end = at + n
		}
		mapped, ok := a.outside(req, text[len(before):end], true)
		if !ok {
			return "", false
		}
		out.WriteString(before)
		out.WriteString(mapped)
		text = text[end:]
	}
	return out.String() + text, true
}

// outside is an address in a response to req as callers see it. It reports false for one
// that shows the upstream and is not below its path.
func (a *addresses) outside(req *http.Request, text string, absolute bool) (string, bool) {
	if a.upstream == nil {
		return text, true
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return text, !strings.Contains(text, a.upstream.Hostname())
	}
	target := req.URL.ResolveReference(u)
	switch {
	case target.Host == "": // such as mailto:
		return text, true
	case a.isUpstream(target), strings.EqualFold(target.Host, req.Header.Get("X-Forwarded-Host")):
	case strings.EqualFold(target.Hostname(), a.upstream.Hostname()):
		mine := url.URL{Host: req.Header.Get("X-Forwarded-Host")}
		return text, strings.EqualFold(target.Hostname(), mine.Hostname()) // another service
	default:
		return text, true
	}
	path, ok := a.below(target.EscapedPath())
	if !ok {
		return "", false
	}
	if u.Host == "" && !strings.HasPrefix(u.Path, "/") {
		return text, true // it is relative to the path of the request, which is the same
	}
	if strings.HasPrefix(path, "//") {
		path = "/." + path // or it would name a host (RFC 3986, 4.2)
	}
	out := path
	if target.RawQuery != "" || target.ForceQuery {
		out += "?" + target.RawQuery
	}
	if target.Fragment != "" {
		out += "#" + target.EscapedFragment()
	}
	if host := req.Header.Get("X-Forwarded-Host"); absolute && host != "" {
		out = cmp.Or(req.Header.Get("X-Forwarded-Proto"), "http") + "://" + host + out
	}
	return out, true
}

// below is a path without that of the upstream.
func (a *addresses) below(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, a.prefix)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return cmp.Or(rest, "/"), true
}

// isUpstream reports the host and port of the upstream. With the usual ports, http and https
// are one.
func (a *addresses) isUpstream(u *url.URL) bool {
	return strings.EqualFold(u.Hostname(), a.upstream.Hostname()) && portOf(u) == portOf(a.upstream)
}

// portOf is the port of an address, "" for the usual one.
func portOf(u *url.URL) string {
	if p := u.Port(); !(u.Scheme == "http" && p == "80" || u.Scheme == "https" && p == "443") {
		return p
	}
	return ""
}

// links maps each target and anchor of a Link field (RFC 8288, 3). A link that cannot be
// mapped is left out, and false reports that nothing is left.
func links(v string, of func(string) (string, bool)) (string, bool) {
	var kept []string
	for _, link := range splitLinks(v) {
		target, rest, found := strings.Cut(strings.TrimPrefix(link, "<"), ">")
		if !found || link[0] != '<' {
			kept = append(kept, link)
			continue
		}
		mapped, ok := of(target)
		if !ok {
			continue
		}
		if before, anchor, found := strings.Cut(rest, `anchor="`); found {
			anchor, after, _ := strings.Cut(anchor, `"`)
			if anchor, ok = of(anchor); !ok {
				continue
			}
			rest = before + `anchor="` + anchor + `"` + after
		}
		kept = append(kept, "<"+mapped+">"+rest)
	}
	return strings.Join(kept, ", "), len(kept) > 0
}

// splitLinks splits a Link field at the commas outside of targets and quotes.
func splitLinks(v string) []string {
	var out []string
	var target, quoted bool
	start := 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !target:
			quoted = !quoted
		case c == '<' && !quoted:
			target = true
		case c == '>' && !quoted:
			target = false
		case c == ',' && !quoted && !target:
			out, start = append(out, strings.TrimSpace(v[start:i])), i+1
		}
	}
	out = append(out, strings.TrimSpace(v[min(start, len(v)):]))
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// refresh maps the address in a Refresh field, such as "5; url=/next".
func refresh(v string, of func(string) (string, bool)) (string, bool) {
	at := strings.Index(strings.ToLower(v), "url=")
	if at < 0 {
		return v, true
	}
	mapped, ok := of(strings.Trim(v[at+len("url="):], ` '"`))
	return v[:at+len("url=")] + mapped, ok
}

// cookie maps the path and the domain of a cookie (RFC 6265, 4.1). It reports false for a
// cookie of a path that callers cannot reach.
func (a *addresses) cookie(req *http.Request, v string) (string, bool) {
	parts := strings.Split(v, ";")
	kept := parts[:1]
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "path":
			value = strings.TrimSpace(value)
			if path, ok := a.below(strings.TrimRight(value, "/")); ok && strings.HasPrefix(value, "/") {
				part = " Path=" + path
			} else if strings.HasPrefix(a.prefix, strings.TrimRight(value, "/")+"/") {
				part = " Path=/" // of all that is above the upstream's path, this is what callers reach
			} else if strings.HasPrefix(value, "/") {
				return "", false
			}
		case "domain":
			domain := "." + strings.ToLower(strings.Trim(value, " ."))
			mine := url.URL{Host: req.Header.Get("X-Forwarded-Host")}
			if strings.HasSuffix("."+strings.ToLower(a.upstream.Hostname()), domain) && !strings.HasSuffix("."+strings.ToLower(mine.Hostname()), domain) {
				continue // the cookie is then for the host that the caller asked
			}
		}
		kept = append(kept, part)
	}
	return strings.Join(kept, ";"), true
}
