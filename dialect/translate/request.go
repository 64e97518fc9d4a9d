package translate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// standardKey is the header for idempotency keys that most APIs share
// (draft-ietf-httpapi-idempotency-key-header-07).
const standardKey = "Idempotency-Key"

// keyHeaders are the headers of idempotency keys, in canonical form: that of the callers'
// dialect, that of the upstream's, and the one that most APIs share.
func keyHeaders(from, to *dialect.Dialect) (names []string) {
	for _, name := range [...]string{to.IdempotencyHeader(), from.IdempotencyHeader(), standardKey} {
		if name = httpheader.Canonical(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Key is the idempotency key that a caller sent, under any of its names; "" for none. If a
// key were missed, a new one could replace it, and a retry would run again. An engine sets
// it as the Key of the dialect.Request.
func (t *Translator) Key(header dialect.Header) string {
	for _, name := range t.keys {
		if key := strings.TrimSpace(value(header, name)); key != "" {
			return key
		}
	}
	return ""
}

// ReturnKey returns a key that the engine made to the caller, who can then retry under it.
// Without the key a retry would be a new request. h is the header of the response.
func (t *Translator) ReturnKey(h dialect.HeaderMap, key string) {
	set(h, httpheader.Canonical(cmp.Or(t.to.IdempotencyHeader(), t.from.IdempotencyHeader())), key)
}

// Request makes the header of the request to the upstream from that of the caller's request,
// in place. The names in h are canonical. It does this:
//
//   - The idempotency key gets the name that the upstream knows.
//   - Accept names the form of the upstream's dialect that tells the most, too. The forms that
//     the caller names stay first, since a success may pass as it is.
//   - Range and If-Range are dropped if the caller gets another document than the upstream's,
//     of which a part is no part (RFC 9110, 14.2).
//   - Accept-Encoding is dropped if successes are read, and else is gzip or nothing: a failure
//     in another coding could not be read.
func (t *Translator) Request(req dialect.Request, h dialect.HeaderMap) {
	if name := httpheader.Canonical(t.from.IdempotencyHeader()); name != "" && req.Key != "" {
		set(h, name, req.Key)
	}
	t.askForm(h)
	if len(h["Range"]) > 0 && t.rewrites(req) {
		delete(h, "Range")
		delete(h, "If-Range")
	}
	switch {
	case len(h["Accept-Encoding"]) == 0:
	case t.reads || !acceptsGzip(h["Accept-Encoding"]):
		delete(h, "Accept-Encoding")
	default:
		set(h, "Accept-Encoding", "gzip")
	}
}

func set(h dialect.HeaderMap, name, value string) { h[name] = []string{value} }

// rewrites reports a request whose success has an envelope on either side, so that callers
// get another document than the upstream's.
func (t *Translator) rewrites(req dialect.Request) bool {
	o := parlance.Outcome{Kind: parlance.KindSuccess, Status: 200}
	req = asGET(req)
	return t.from.HasEnvelope(req, &o) || t.to.HasEnvelope(req, &o)
}

// askForm lets the upstream respond in the form of its dialect that tells the most: the
// caller's wish is for the form of our response.
func (t *Translator) askForm(h dialect.HeaderMap) {
	accept := strings.Join(h["Accept"], ", ")
	best, _, _ := strings.Cut(t.accept, ",")
	switch {
	case strings.Trim(accept, "*/ ,") != "":
	case t.accept == "":
		delete(h, "Accept")
		return
	default:
		set(h, "Accept", t.accept)
		return
	}
	if best == "" {
		return
	}
	for named := range strings.SplitSeq(accept, ",") {
		if strings.TrimSpace(named) == best {
			return
		}
	}
	set(h, "Accept", accept+", "+best+";q=0.9")
}

// acceptsGzip reports whether an Accept-Encoding names gzip and does not refuse it (RFC 9110,
// 12.5.3).
func acceptsGzip(accept []string) bool {
	return slices.ContainsFunc(strings.Split(strings.ToLower(strings.Join(accept, ",")), ","), func(coding string) bool {
		name, weight, _ := strings.Cut(coding, ";")
		weight = strings.ReplaceAll(weight, " ", "")
		return strings.TrimSpace(name) == "gzip" && strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || strings.TrimSpace(coding) == "gzip"
	})
}
