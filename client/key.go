package client

import (
	"crypto/rand"
	"net/http"
)

// needsKey reports whether a repeat of the method could do something twice, so
// that an idempotency key is worth making (RFC 9110, 9.2.2).
func needsKey(method string) bool {
	return method == http.MethodPost || method == http.MethodPatch
}

// newKey is a key that nobody else makes: at least 128 random bits.
func newKey() string { return rand.Text() }
