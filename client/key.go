package client

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
)

// needsKey reports whether a retry of the method could do something twice, so
// that an idempotency key is needed (RFC 9110, 9.2.2).
func needsKey(method string) bool {
	return method == http.MethodPost || method == http.MethodPatch
}

// newKey is a unique key: at least 128 random bits.
func newKey() string { return rand.Text() }

// errTwoKeys: it is unclear under which key to send the request.
var errTwoKeys = errors.New("client: the request has one idempotency key in its header and another in its Call: remove one of them")

// addKey puts an idempotency key on the first request: the caller's own, or a new
// one if a retry could do something twice.
func (x *exchange) addKey() error {
	name := x.dialect.IdempotencyHeader()
	if name == "" {
		return nil
	}
	x.key = strings.TrimSpace(x.out.Header.Get(name))
	asked := strings.TrimSpace(x.asks().Key)
	if m := methodOf(x.out); m == http.MethodGet || m == http.MethodHead {
		asked = "" // of the request that was redirected here
	}
	switch {
	case x.key != "" && asked != "" && x.key != asked:
		x.key = ""
		return &Error{of: x, Err: errTwoKeys, Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonNotSent},
			Decision: parlance.Decision{Act: parlance.ActCorrect, Scope: parlance.ScopeRequest, RetrySafe: true, Why: errTwoKeys.Error()}}
	case x.key != "":
		return nil
	case asked != "":
		x.key = asked
	case needsKey(x.out.Method):
		x.key = x.earlierKey()
	default:
		return nil
	}
	x.set(name, x.key)
	return nil
}

// sentKey is the key of the request, or of the one that was redirected to it.
func (x *exchange) sentKey() string {
	for x.key == "" {
		before, ok := exchangeOf(x.req.Response)
		if !ok {
			return ""
		}
		x = before
	}
	return x.key
}

// Again makes a context for sending the same request again under the same
// idempotency key. A server that has done it already does not do it twice:
//
//	resp, err = c.Do(req.Clone(e.Again(ctx)))
//
// The other settings of [WithCall] in ctx stay. Without a key it returns ctx.
func (e *Error) Again(ctx context.Context) context.Context { return again(ctx, e.Key) }

// Again is like [Error.Again], for a response.
func (r *Report) Again(ctx context.Context) context.Context { return again(ctx, r.Key) }

func again(ctx context.Context, key string) context.Context {
	if key == "" {
		return ctx
	}
	c := CallOf(ctx)
	c.Key = key
	return WithCall(ctx, c)
}

// earlierKey is the key of the request that was redirected here with its method
// (307 and 308, RFC 9110, 15.4.8): to the server it is the same request.
// Otherwise it is a new key.
func (x *exchange) earlierKey() string {
	if before, ok := exchangeOf(x.req.Response); ok && before.key != "" && before.req.Method == x.req.Method {
		return before.key
	}
	return newKey()
}

// replayedHeader, with the value "true", marks a stored response to an earlier
// request with the same idempotency key. Stripe uses it, and package server
// writes it.
const replayedHeader = "Idempotent-Replayed"

// final is a Decision on a response. It is stop if the response is a stored
// failure: with the same key the same response would come again.
func final(d parlance.Decision, o *parlance.Outcome, resp *http.Response) parlance.Decision {
	again := d.Act == parlance.ActRetry || d.Act == parlance.ActRefresh
	if resp == nil || !again || !o.Kind.Failing() || resp.Header.Get(replayedHeader) != "true" {
		return d
	}
	return parlance.Decision{
		Act: parlance.ActStop, RetrySafe: d.RetrySafe, Line: d.Line,
		Why: "the server replays its earlier response to this idempotency key, so a retry changes nothing; find out what was done, then send a new request with a new key",
	}
}
