package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// exchange is one request of the caller's and all the attempts at it.
type exchange struct {
	*Transport
	ctx     context.Context // the caller's, and in it the report
	req     *http.Request   // the caller's, never altered
	out     *http.Request   // what is sent
	key     string          // the idempotency key, "" for none
	token   string          // the token of ours that goes with out, "" for none
	tried   []parlance.Act  // what was done about earlier answers
	retries int             // how many of tried were retries
	report  Report
}

func newExchange(t *Transport, req *http.Request) *exchange {
	x := &exchange{Transport: t, req: req}
	x.ctx = context.WithValue(req.Context(), reportKey{}, &x.report)
	return x
}

// The transport's own errors. Nothing is sent after any of them.
var (
	errNoURL      = errors.New("client: the request has no URL")
	errNoResponse = errors.New("client: the base transport returned neither a response nor an error")
)

// prepare makes the request that is sent first: the caller's, with what the
// dialect and the credential add.
func (x *exchange) prepare() error {
	if x.req.URL == nil {
		return errNoURL
	}
	x.out = x.req.WithContext(x.ctx)
	if accept := x.dialect.Accept(); accept != "" && len(x.out.Header["Accept"]) == 0 {
		x.set("Accept", accept) // the form that tells the most; a caller's own wish stands
	}
	if name := x.dialect.IdempotencyHeader(); name != "" {
		if x.key = x.out.Header.Get(name); x.key == "" && needsKey(x.out.Method) {
			x.key = newKey()
			x.set(name, x.key)
		}
	}
	x.shield()
	if x.cfg.credential == nil || !ownsAuthorization(x.out) {
		return nil
	}
	token, err := x.cfg.credential.Token(x.req.Context())
	if err != nil {
		return x.tokenless(err)
	}
	x.authorize(token)
	return nil
}

// shield keeps the base from repeating by itself what this dialect does not call
// safe: net/http takes any request with an Idempotency-Key for idempotent, and
// sends it again on a new connection where it can have the body again.
func (x *exchange) shield() {
	h := x.out.Header
	if x.key != "" || !needsKey(x.out.Method) || len(h["Idempotency-Key"])+len(h["X-Idempotency-Key"]) == 0 {
		return
	}
	x.out.GetBody = nil // rewind takes the caller's own
	if !x.hasBody() {
		x.out.Body, x.out.ContentLength = io.NopCloser(strings.NewReader("")), 0
	}
}

// tokenless is the error where no token could be had, so that nothing was sent.
func (x *exchange) tokenless(err error) *Error {
	o := parlance.Outcome{Kind: parlance.Unauthenticated}
	if x.ctx.Err() != nil {
		o = parlance.OutcomeOfTransport(err)
	}
	return &Error{Outcome: o, Err: err, Decision: parlance.Decision{
		Act: parlance.Stop, RepeatSafe: true, Why: "no token could be had, so the request was not sent",
	}}
}

func (x *exchange) authorize(token string) {
	x.token = token
	x.set(authorization, "Bearer "+token)
}

// set sets a field of the request to be sent, whose header may be the caller's.
func (x *exchange) set(name, value string) {
	h := x.out.Header.Clone()
	if h == nil {
		h = make(http.Header)
	}
	h.Set(name, value)
	x.out.Header = h
}

// send makes one attempt and reports it. A response that it returns gives its
// reader all of the body that came.
func (x *exchange) send() (*http.Response, error) {
	a := Attempt{Number: len(x.report.Attempts) + 1, Start: time.Now()}
	asked := dialect.Request{Method: x.out.Method, Path: x.out.URL.Path, Key: x.key, Header: x.out.Header}

	resp, err := x.cfg.base.RoundTrip(x.out)
	if err == nil && resp == nil {
		err = errNoResponse
	}
	r := &x.report
	r.Whole, r.Cut, r.Broken = false, false, nil
	if err != nil {
		a.Err = err
		r.Reading = dialect.Reading{Outcome: parlance.OutcomeOfTransport(err)}
	} else {
		if resp.Body == nil {
			resp.Body = http.NoBody // what a base in a test may forget
		}
		if mine, _ := reportOf(contextOf(resp)); mine != r {
			resp.Request = x.out
		}
		x.read(asked, resp)
		a.Err = r.Broken
	}
	a.Took = time.Since(a.Start)
	a.Outcome = r.Outcome
	a.Decision = x.dialect.Decide(asked, &r.Outcome, x.tried...)
	r.Decision = a.Decision
	r.Attempts = append(r.Attempts, a)
	return resp, err
}

func contextOf(resp *http.Response) context.Context {
	if resp.Request == nil {
		return context.Background()
	}
	return resp.Request.Context()
}

// read learns what a response means, from its body where that can tell.
func (x *exchange) read(asked dialect.Request, resp *http.Response) {
	r := &x.report
	answer := dialect.Response{Status: resp.StatusCode, Header: dialect.Fields(resp.Header), Received: time.Now()}
	if mustRead(x.dialect, asked, resp) {
		answer.Body, answer.Cut, r.Broken = peek(resp, x.cfg.limit)
		r.Whole, r.Cut = !answer.Cut, answer.Cut && r.Broken == nil
		answer.Body, answer.Cut = undo(resp.Header, answer.Body, answer.Cut, x.cfg.limit)
	} else {
		r.Whole = resp.Body == http.NoBody
		answer.Cut = !r.Whole // none of it was read
	}
	r.Reading = x.dialect.Decode(asked, answer)
	if r.Broken != nil && !r.Outcome.Kind.Failing() {
		// Half of a success proves nothing. Half of a failure is a failure still.
		r.Reading = dialect.Reading{Outcome: parlance.OutcomeOfTransport(r.Broken)}
	}
}
