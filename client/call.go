package client

import (
	"context"
	"time"
)

// Call holds the settings of one request, which add to the Transport's options.
// The zero value changes nothing.
type Call struct {
	// Operation names the request for observers, such as "create order". Use a
	// name with few values, since a path has many.
	Operation string

	// Key is the idempotency key of the request. If it is empty, a POST or PATCH
	// gets a new key. It is ignored if the dialect has no header for keys, and
	// for a GET or HEAD, to which a redirect may lead. A request with a different
	// key in its header is not sent.
	Key string

	// RetryUnsafe allows this request to be done twice. It is retried if the
	// dialect says retry, even if it is a POST without an idempotency key. It
	// changes nothing about a 4XX.
	RetryUnsafe bool

	// Once forbids retries: the request is sent once, and any response is
	// returned.
	Once bool

	// MaxWait is the longest single wait, instead of the Transport's. 0 keeps the
	// Transport's, and a negative one allows no wait.
	MaxWait time.Duration
}

type callKey struct{}

// WithCall adds settings for one request to its context:
//
//	req = req.WithContext(client.WithCall(ctx, client.Call{Operation: "create order", Once: true}))
func WithCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, &c)
}

// CallOf returns what WithCall added, or the zero value if there is nothing.
func CallOf(ctx context.Context) Call {
	if c := callOf(ctx); c != nil {
		return *c
	}
	return Call{}
}

func callOf(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// asks is what the caller asked of this request.
func (x *exchange) asks() Call {
	if x.call == nil {
		return Call{}
	}
	return *x.call
}
