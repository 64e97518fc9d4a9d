package client

import (
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Report tells what a response came to and how it was come by. It is not to be
// altered.
type Report struct {
	dialect.Decoded                   // the Outcome, and the success payload where an envelope held it
	Decision        parlance.Decision // what remains for the caller to do
	Attempts        []Attempt         // every sending, oldest first; the last one is this response
	Key             string            // the idempotency key of all of them; "" for none. See Again

	// Whole is set where the body was read to its end to learn its meaning, Cut
	// where only its beginning was, because it is longer than the limit. Neither
	// is set where nothing in the body could have altered the meaning, so that all
	// of it is still on its way to the caller.
	Whole, Cut bool

	// Broken is what broke the body off while it was read; nil where nothing
	// did. The caller finds the bytes that came, and then this error, in the
	// body.
	Broken error

	of *exchange
}

// ReportOf is the report on a response that came through a [Transport]. It
// reports false for any other response. The response leads to it by the context
// of its Request, since its Body may be wrapped again on the way to the caller:
// http.Client does so where it has a Timeout.
func ReportOf(resp *http.Response) (*Report, bool) {
	x, ok := exchangeOf(resp)
	if !ok {
		return nil, false
	}
	n, a := &x.response, x.last()
	return &Report{
		Decoded:  dialect.Decoded{Outcome: a.Outcome, Data: n.data, Enveloped: n.enveloped, Shape: n.shape, Diagnostics: n.diagnostics},
		Decision: a.Decision,
		Attempts: x.attempts,
		Key:      x.sentKey(),
		Whole:    n.whole, Cut: n.cut, Broken: n.broken,
		of: x,
	}, true
}
