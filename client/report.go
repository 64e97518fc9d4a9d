package client

import (
	"net/http"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Report holds the outcome of a response and the attempts that led to it. Treat
// it as read-only.
type Report struct {
	dialect.Decoded                   // the Outcome, and the success payload if it was in an envelope
	Decision        parlance.Decision // what is left for the caller to do
	Attempts        []Attempt         // all attempts, oldest first; the last one is this response
	Key             string            // the idempotency key of all attempts; "" for none. See Again

	// Whole is set if the body was read to its end to learn its meaning. Cut is
	// set if only its beginning was read, because it is longer than the limit.
	// Neither is set if the body cannot change the meaning, and all of it streams
	// to the caller.
	Whole, Cut bool

	// Broken is the error that ended the body while it was read; nil for none.
	// The caller reads the bytes that came, and then gets this error.
	Broken error

	// Authorized is set if the request carried a credential of the Transport
	// (WithCredential, WithAPIKey, WithBasic), and not one of the caller's.
	Authorized bool

	of *exchange
}

// ReportOf returns the report on a response that came through a [Transport]. It
// reports false for any other response. It finds the report by the context of the
// response's Request. So it also works if the Body was wrapped on the way, as
// http.Client does if it has a Timeout.
func ReportOf(resp *http.Response) (*Report, bool) {
	x, ok := exchangeOf(resp)
	if !ok {
		return nil, false
	}
	n, a := &x.response, x.last()
	read := n.decoded
	read.Outcome = a.Outcome
	return &Report{
		Decoded:  read,
		Decision: a.Decision,
		Attempts: x.attempts,
		Key:      x.sentKey(),
		Whole:    n.whole, Cut: n.cut, Broken: n.broken,
		Authorized: x.authorized(),
		of:         x,
	}, true
}

// authorized reports that the last attempt carried a credential of the Transport.
func (x *exchange) authorized() bool {
	return x.token != "" || slices.ContainsFunc(x.cfg.fixed, func(f field) bool {
		return len(x.req.Header[f.name]) == 0 && len(x.out.Header[f.name]) > 0
	})
}
