package server

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/parlance-api/parlance"
)

// respells reports whether a response redirects to another spelling of the called path,
// as a ServeMux does. Once the handler has returned, it is known whether a ServeMux
// made the redirect.
func (x *exchange) respells(status int) bool {
	if status != http.StatusMovedPermanently && status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect {
		return false
	}
	to, err := url.Parse(x.Header().Get("Location"))
	if err != nil || to.Scheme != "" || to.Host != "" || !x.untyped("text/html") {
		return false
	}
	return x.cleans(to) || to.Path == clean(x.request.Path)+"/"
}

// cleans reports that a redirect leads from a path that is not clean to its clean form.
// A ServeMux escapes an escaped path once more.
func (x *exchange) cleans(to *url.URL) bool {
	cleaned := clean(x.escaped())
	return cleaned != x.escaped() && (to.Path == cleaned || to.EscapedPath() == cleaned)
}

// redirect ends a redirect to another spelling of the path. If a ServeMux made it, it
// becomes not_found in the dialect: an API has one address for each resource, its
// responses have its form, and a client that follows a redirect may retry a POST as a
// GET. Any other is the handler's own.
func (x *exchange) redirect(pattern string) {
	to, err := url.Parse(x.Header().Get("Location"))
	if err != nil || !x.cleans(to) && !addsSlash(pattern, x.request.Path) {
		if !x.server.allows(x.status) {
			x.status, x.held = x.unredirected(x.status), nil
			x.translate()
			return
		}
		_ = x.stream() // an error here is a client that is gone
		return
	}
	x.Header().Del("Location")
	found := clean(x.escaped())
	if strings.HasSuffix(to.Path, "/") && !strings.HasSuffix(found, "/") {
		found += "/"
	}
	x.Render(parlance.Outcome{
		Kind: parlance.KindNotFound, Status: http.StatusNotFound,
		Detail: fmt.Sprintf("There is no resource at %s %s. The clean form of this path is %s.", short(x.request.Method), short(x.escaped()), short(found)),
	}, none, nil)
}

// addsSlash reports whether a ServeMux redirects from a path to the same path with a
// slash at its end, since only that one has the pattern.
func addsSlash(pattern, called string) bool {
	_, p, found := strings.Cut(pattern, "/") // behind the method and the host
	if i := strings.LastIndexByte(p, '/') + 1; strings.HasPrefix(p[i:], "{") && (p[i:] == "{$}" || strings.HasSuffix(p, "...}")) {
		p = p[:i]
	}
	return found && (p == "" || strings.HasSuffix(p, "/")) && strings.Count("/"+p, "/") == strings.Count(clean(called)+"/", "/")
}

// clean is a path as a ServeMux wants it.
func clean(p string) string {
	cleaned := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return cleaned
}
