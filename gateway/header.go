package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/server"
)

// sign puts the activity id where the upstream put none of its own, and where the
// record of the request has that.
func (g *Gateway) sign(x *exchange, h http.Header) {
	if x.recorded || h.Get(server.RequestIDHeader) == "" {
		h.Set(server.RequestIDHeader, x.id)
	}
}

// fields is how many lines a header has.
func fields(h http.Header) int {
	n := 0
	for _, values := range h {
		n += len(values)
	}
	return n
}

// acceptsGzip reports whether an Accept-Encoding names gzip and does not refuse
// it (RFC 9110, 12.5.3).
func acceptsGzip(accept []string) bool {
	return slices.ContainsFunc(strings.Split(strings.ToLower(strings.Join(accept, ",")), ","), func(coding string) bool {
		name, weight, _ := strings.Cut(coding, ";")
		weight = strings.ReplaceAll(weight, " ", "")
		return strings.TrimSpace(name) == "gzip" && strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || strings.TrimSpace(coding) == "gzip"
	})
}
