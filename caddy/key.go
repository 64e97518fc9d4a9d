package caddyparlance

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/caddyserver/caddy/v2"
)

// keyOf is a hash of what a placeholder of Caddy says of a request, since that may be a
// credential, and a store keeps it. It is "" if the placeholder has no value.
func keyOf(placeholder string) func(*http.Request) string {
	return func(r *http.Request) string {
		replacer, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
		if !ok {
			return ""
		}
		text := replacer.ReplaceAll(placeholder, "")
		if text == "" {
			return ""
		}
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:16])
	}
}
