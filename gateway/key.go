package gateway

import (
	"cmp"
	"net/http"
	"strings"
)

// standardKey is the header for idempotency keys that most APIs share
// (draft-ietf-httpapi-idempotency-key-header-07).
const standardKey = "Idempotency-Key"

// keyOf is the idempotency key that a caller sent. It is in the header of the callers'
// dialect, of the upstream's, or in the one that most APIs share. If a key were missed,
// a new one would replace it, and a retry would run again.
func (g *Gateway) keyOf(h http.Header) string {
	for _, name := range [...]string{g.config.To.IdempotencyHeader(), g.config.Speaks.IdempotencyHeader(), standardKey} {
		if key := strings.TrimSpace(h.Get(name)); name != "" && key != "" {
			return key
		}
	}
	return ""
}

// putKey gives the upstream the caller's key under the name that it knows.
func (g *Gateway) putKey(x *exchange, h http.Header) {
	if name := g.config.Speaks.IdempotencyHeader(); name != "" && x.asked.Key != "" {
		h.Set(name, x.asked.Key)
	}
}

// returnKey returns the key that the gateway made to the caller, who can then retry
// under it. Without the key a retry would be a new request.
func (g *Gateway) returnKey(x *exchange, h http.Header, key string) {
	if key != "" && x.asked.Key == "" {
		h.Set(cmp.Or(g.config.To.IdempotencyHeader(), g.config.Speaks.IdempotencyHeader()), key)
	}
}
