package client

import (
	"crypto/rand"
	"net/http"

	"github.com/parlance-api/parlance"
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

// replayedHeader marks, with "true", an answer that was given before under the same
// idempotency key, as Stripe names it and package server writes it.
const replayedHeader = "Idempotent-Replayed"

// final is a Decision on an answer, which is to stop where that is a failure that
// was given before: under the same key the same would be said again.
func final(d parlance.Decision, o *parlance.Outcome, resp *http.Response) parlance.Decision {
	again := d.Act == parlance.Retry || d.Act == parlance.Refresh
	if resp == nil || !again || !o.Kind.Failing() || resp.Header.Get(replayedHeader) != "true" {
		return d
	}
	return parlance.Decision{
		Act: parlance.Stop, RepeatSafe: d.RepeatSafe, Line: d.Line,
		Why: "the answer was given before under this idempotency key, and would be again: look at what was done, then ask under a new key",
	}
}
