package gateway

import (
	"net/http"

	"github.com/parlance-api/parlance/server"
)

// sign puts the activity id where the upstream put none of its own, and where the
// record of the request has that.
func (g *Gateway) sign(x *exchange, h http.Header) {
	if x.recorded || first(h[server.RequestIDHeader]) == "" {
		h[server.RequestIDHeader] = x.value(x.id)
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
