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

// earlierKey is the key of the request that was redirected here with its method
// (307 and 308, RFC 9110, 15.4.8): to the server it is the same request. Else it
// is a new one.
func (x *exchange) earlierKey() string {
	if before, ok := exchangeOf(x.req.Response); ok && before.key != "" && before.req.Method == x.req.Method {
		return before.key
	}
	return newKey()
}
