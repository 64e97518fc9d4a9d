package gateway

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

// standardKey is the header for idempotency keys that most APIs share
// (draft-ietf-httpapi-idempotency-key-header-07).
const standardKey = "Idempotency-Key"

// keyHeaders are the headers of idempotency keys: that of the callers' dialect, that of the
// upstream's, and the one that most APIs share.
func keyHeaders(to, speaks *dialect.Dialect) (names []string) {
	for _, name := range [...]string{to.IdempotencyHeader(), speaks.IdempotencyHeader(), standardKey} {
		if name = http.CanonicalHeaderKey(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// keyOf is the idempotency key that a caller sent, under any of its names. If a key were
// missed, a new one would replace it, and a retry would run again.
func (g *Gateway) keyOf(h http.Header) string {
	for _, name := range g.keys {
		if values := h[name]; len(values) > 0 && strings.TrimSpace(values[0]) != "" {
			return strings.TrimSpace(values[0])
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
