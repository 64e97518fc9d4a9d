package client

import (
	"context"
	"time"
)

// Call is what one request asks of the Transport, besides its options. The zero
// value asks for nothing.
type Call struct {
	// Operation names the request in what is observed, such as "create order":
	// a word of few values, where a path has many.
	Operation string

	// Key is the idempotency key to send the request with. If it is empty, a POST
	// or a PATCH gets a new key of its own. It is ignored where the dialect has no
	// header for keys, and with a GET or a HEAD, to which a redirect may lead. A
	// request that has another key in its header is not sent.
	Key string

	// RetryUnsafe says that this request may be done twice: it is retried where
	// the dialect says retry, though it is a POST without an idempotency key. It
	// changes nothing about a 4XX.
	RetryUnsafe bool

	// Once forbids retries: the request is sent once, whatever the response says.
	Once bool

	// MaxWait is the longest single wait, instead of the Transport's; 0 leaves
	// that, and a negative one allows no wait.
	MaxWait time.Duration
}

type callKey struct{}

// WithCall gives a request's context what it asks of the Transport:
//
//	req = req.WithContext(client.WithCall(ctx, client.Call{Operation: "create order", Once: true}))
func WithCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, &c)
}

// CallOf is what WithCall gave, the zero value where it was not called.
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
