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

	// Undecided is set while the meaning of the response is not known, because it was
	// handed on before (see [WithMaxHold]). The Outcome has the status and what the header
	// says, and no Kind. The meaning is known as soon as one of these holds; then
	// [ReportOf] returns another report, and observers and gates are told:
	//
	//   - The part that the caller has read settles it.
	//   - The body has ended, or more than the limit has been read (WithMaxBody).
	//   - The caller has closed the body. A success is noted then, since its end is unknown.
	Undecided bool

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
	r := new(Report) // a caller that does not keep it has it on its stack, if the compiler puts this function there
	return r, r.learn(resp)
}

// learn fills in the report on a response, and reports whether there is one.
func (r *Report) learn(resp *http.Response) bool {
	x, ok := exchangeOf(resp)
	if !ok {
		return false
	}
	attempts, undecided := x.attempts, false
	if w := x.watch; w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		attempts, undecided = slices.Clone(attempts), !w.done
	}
	n, a := &x.response, &attempts[len(attempts)-1]
	*r = Report{
		Decoded:  dialect.Decoded{Outcome: a.Outcome, Data: n.data, Enveloped: n.enveloped, Shape: n.shape, Diagnostics: n.diagnostics, Common: a.Common, Stream: n.stream},
		Decision: a.Decision,
		Attempts: attempts,
		Key:      x.sentKey(),
		Whole:    n.whole, Cut: n.cut, Broken: n.broken, Undecided: undecided,
		Authorized: x.authorized(),
		of:         x,
	}
	return true
}

// authorized reports that the last attempt carried a credential of the Transport.
func (x *exchange) authorized() bool {
	return x.token != "" || slices.ContainsFunc(x.cfg.fixed, func(f field) bool {
		return len(x.req.Header[f.name]) == 0 && len(x.out.Header[f.name]) > 0
	})
}
