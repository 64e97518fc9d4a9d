package gateway

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
)

// standardKey is the header for idempotency keys that most APIs share
// (draft-ietf-httpapi-idempotency-key-header-07).
const standardKey = "Idempotency-Key"

// keyOf is the idempotency key that a caller sent: in the header of the dialect
// that answers, in that of the upstream's, or in the one that most APIs share. A
// key that went unseen would be replaced by a new one, and the retry of it done
// again.
func (g *Gateway) keyOf(h http.Header) string {
	for _, name := range [...]string{g.config.Answers.IdempotencyHeader(), g.config.Speaks.IdempotencyHeader(), standardKey} {
		if key := strings.TrimSpace(h.Get(name)); name != "" && key != "" {
			return key
		}
	}
	return ""
}

// putKey gives the upstream the caller's key under the name that it knows.
func (g *Gateway) putKey(p *passage, h http.Header) {
	if name := g.config.Speaks.IdempotencyHeader(); name != "" && p.asked.Key != "" {
		h.Set(name, p.asked.Key)
	}
}

// returnKey gives the caller the key that was made for him, so that he can send
// again under it: without it a retry would be another request.
func (g *Gateway) returnKey(p *passage, h http.Header, key string) {
	if key != "" && p.asked.Key == "" {
		h.Set(cmp.Or(g.config.Answers.IdempotencyHeader(), g.config.Speaks.IdempotencyHeader()), key)
	}
}

// advise tells the caller not to retry what could be done twice, where the dialect
// that answers has a place for that. His own client may know no better: a key
// makes nothing safe where the upstream has no keys.
func advise(o *parlance.Outcome, d *parlance.Decision) {
	if d.Act == parlance.ActRetry && !d.RetrySafe && o.Retryable == 0 {
		o.Retryable = parlance.AdviceStop
	}
}
