package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/lookahead"
)

// exchange is one request of the caller's and all the attempts at it. It is also
// the context of its attempts, by which a response leads back here, and it holds
// the request that is sent. That saves two allocations. It is kept small, since
// thousands may wait at once: a Report is made only when it is asked for
// ([ReportOf]). From 1,145 bytes on, the allocator takes 1,280 for it.
type exchange struct {
	context.Context
	*Transport
	call     *Call         // the settings of this request; nil for none
	req      *http.Request // the caller's, never altered
	out      *http.Request // what is sent
	room     http.Request  // the memory of out
	key      string        // the idempotency key, "" for none
	token    string        // our token on out, "" for none
	attempts []Attempt
	first    [1]Attempt     // the memory of attempts: most requests have one
	response response       // the last one
	body     lookahead.Body // of the response that was read last
	watched  *watched       // nil if there is no gate, and no observer was enabled
	watch    *watch         // of a body that was handed on before its meaning was known; nil for none
	retries  int32
	owned    bool // the header of out is a copy of the caller's
	renewed  bool // the token was refreshed
	given    bool // content of a stream came before what failed
	foreign  bool // a credential was withheld, because it is for another origin
}

// response is what a Report says about the last response, besides its Attempt.
type response struct {
	data        []byte // as in a dialect.Decoded, of which the Attempt has the rest
	shape       string
	diagnostics []parlance.Diagnostic
	stream      *dialect.StreamState
	enveloped   bool
	whole, cut  bool
	broken      error
	why         string // why there is no response, or half of one; "" if the Decision tells
}

// took keeps what a response was read as.
func (n *response) took(r *dialect.Decoded, a *Attempt) {
	n.data, n.shape, n.diagnostics, n.enveloped, n.stream = r.Data, r.Shape, r.Diagnostics, r.Enveloped, r.Stream
	a.Outcome, a.Common = r.Outcome, r.Common
}

// watched is what gates and observers are told when an attempt ends.
type watched struct {
	leaving []func(*http.Response, *Attempt)
	ctx     context.Context // of the attempt, as the observers returned it; nil before the first one
}

type exchangeKey struct{}

// Value finds the exchange, and the values of the caller's context.
func (x *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return x
	}
	return x.Context.Value(key)
}

// exchangeOf is the exchange that a response came from.
func exchangeOf(resp *http.Response) (*exchange, bool) {
	if resp == nil || resp.Request == nil {
		return nil, false
	}
	x, ok := resp.Request.Context().Value(exchangeKey{}).(*exchange)
	return x, ok
}

func newExchange(t *Transport, req *http.Request) *exchange {
	x := &exchange{Context: req.Context(), Transport: t, req: req, call: callOf(req.Context())}
	x.attempts = x.first[:0]
	if len(t.cfg.gates) > 0 {
		x.watched = new(watched)
	}
	return x
}

// last is the attempt that was made last.
func (x *exchange) last() *Attempt { return &x.attempts[len(x.attempts)-1] }

// The transport's own errors. Nothing is sent after any of them.
var (
	errNoURL      = errors.New("client: the request has no URL")
	errNoResponse = errors.New("client: the base transport returned neither a response nor an error")
)

// prepare makes the first request: the caller's, with the fields that the dialect
// and the credential add.
func (x *exchange) prepare() error {
	if x.req.URL == nil {
		return errNoURL
	}
	x.room = *x.req.WithContext(x)
	x.out = &x.room
	if x.accept != nil && len(x.out.Header["Accept"]) == 0 {
		x.setShared("Accept", x.accept) // the form that tells the most; a caller's own wish stands
	}
	if err := x.addKey(); err != nil {
		return err
	}
	x.shield()
	watchBody(x.out)
	return x.prove()
}

// prove adds the credentials that the caller has not set, if they are for the
// request's origin.
func (x *exchange) prove() error {
	missing := func(f field) bool { return len(x.req.Header[f.name]) == 0 }
	tokens := x.cfg.credential != nil && missing(x.placed) && x.req.URL.User == nil
	if !tokens && !slices.ContainsFunc(x.cfg.fixed, missing) {
		return nil
	}
	if x.foreign = !x.carries(x.req); x.foreign {
		return nil
	}
	for _, f := range x.cfg.fixed {
		if len(x.out.Header[f.name]) == 0 {
			x.set(f.name, f.value)
		}
	}
	if !tokens {
		return nil
	}
	token, err := x.cfg.credential.Token(x.Context)
	if err != nil {
		return x.tokenless(err)
	}
	x.authorize(token)
	return nil
}

// shield keeps the base from retrying by itself if the dialect does not call that
// safe. net/http treats any request with an Idempotency-Key as idempotent, and
// sends it again on a new connection if its body can be had again. It does not know
// the field in lower case, which is the same on the wire (RFC 9110, 5.1). What it
// retries for a POST without a key, it still retries.
func (x *exchange) shield() {
	if x.key != "" || !needsKey(x.out.Method) {
		return
	}
	for _, name := range [...]string{"Idempotency-Key", "X-Idempotency-Key"} {
		if values := x.out.Header[name]; len(values) > 0 {
			x.setShared(strings.ToLower(name), values)
			delete(x.out.Header, name)
		}
	}
}

// tokenless is the error if no token could be had, so that nothing was sent.
func (x *exchange) tokenless(err error) *Error {
	o := parlance.Outcome{Kind: parlance.KindUnauthenticated}
	d := parlance.Decision{Act: parlance.ActStop, RetrySafe: true, Why: "no token could be had, so the request was not sent"}
	var (
		wait    *waitError
		refused *TokenError
		broken  *url.Error
	)
	answered, unanswered := errors.As(err, &refused), errors.As(err, &broken)
	switch {
	case x.Err() != nil:
		o = httpdialect.NoResponse(err)
	case errors.As(err, &wait):
		o = parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonNotSent, RetryAfter: wait.left}
		d.Act, d.Scope, d.After = parlance.ActRetry, parlance.ScopeRequest, wait.left
	case errors.Is(err, ErrSpent):
		o.Reason = parlance.ReasonSpent
		d.Why += ": only a new login helps"
	case answered && refused.passing(), unanswered && !httpdialect.NoResponse(err).Reason.Local():
		o = parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonNotSent}
		d.Act, d.Scope, d.Backoff = parlance.ActRetry, parlance.ScopeRequest, unknownEnd
	case unanswered:
		o = parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonNotSent}
	}
	if answered {
		d.Why += fmt.Sprintf(" (the token endpoint responded with %d %.60q)", refused.Status, refused.Code)
	} else if why := httpdialect.Why(err); unanswered && why != "" {
		d.Why += " (the token endpoint: " + why + ")"
	}
	return &Error{of: x, Outcome: o, Err: err, Decision: d, Key: x.sentKey()}
}

// unknownEnd is the wait if nobody knows when, but not at once.
var unknownEnd = parlance.Backoff{Floor: time.Second, Cap: time.Minute}

// notSent is the error if a gate stopped the first attempt. Its reason is our
// own, and is never mistaken for a server's.
func (x *exchange) notSent(err error) *Error {
	o := parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonNotSent}
	if x.Err() != nil {
		o = httpdialect.NoResponse(context.Cause(x))
	}
	e := &Error{of: x, Outcome: o, Err: err, Key: x.sentKey(), Decision: parlance.Decision{
		Act: parlance.ActRetry, Scope: parlance.ScopeRequest, RetrySafe: true, Why: err.Error(),
	}}
	if w := (*notSentError)(nil); errors.As(err, &w) && w.wait > 0 {
		e.Decision.After, e.Outcome.RetryAfter = w.wait, w.wait
	} else {
		e.Decision.Backoff = unknownEnd
	}
	if o.Reason == parlance.ReasonCanceled {
		e.Decision.Act, e.Decision.Scope, e.Decision.After, e.Outcome.RetryAfter = parlance.ActStop, "", 0, 0
	}
	return e
}

func (x *exchange) authorize(token string) {
	x.token = token
	x.set(x.placed.name, x.placed.value+token)
}

// set sets a field of the request to be sent.
func (x *exchange) set(name, value string) { x.setShared(name, []string{value}) }

// setShared sets a field to values that others use too. It leaves the caller's
// header alone and shares its values, since nothing writes to them.
func (x *exchange) setShared(name string, values []string) {
	if !x.owned {
		if x.out.Header = maps.Clone(x.out.Header); x.out.Header == nil {
			x.out.Header = make(http.Header)
		}
		x.owned = true
	}
	x.out.Header[name] = values
}

// send makes one attempt and reports it. The reader of the response gets all of
// the body that came.
func (x *exchange) send() (*http.Response, error) {
	a := x.attempt()
	asked := x.asked()
	defer x.leave(nil, nil) // if the base panics; else it has been called
	out := x.begin(a)
	clock := x.startClock(&out)

	resp, err := x.transmit(out, a)
	if err == nil && resp == nil {
		err = errNoResponse
	}
	x.response = response{}
	if err == nil {
		if resp.Body == nil {
			resp.Body = http.NoBody // what a base in a test may forget
		}
		if mine, _ := exchangeOf(resp); mine != x {
			resp.Request = out
		}
		x.read(asked, resp, a)
	}
	resp, err = clock.stop(x, resp, err)
	a.Err = x.response.broken
	if err != nil {
		x.lost(out, err, a)
	}
	a.Took = time.Since(a.Start)
	if x.watch != nil {
		x.watch.begin(a)
		return resp, nil
	}
	x.decide(asked, resp, a)
	x.leave(resp, a)
	return resp, err
}

// attempt begins the next attempt.
func (x *exchange) attempt() *Attempt {
	x.attempts = slices.Grow(x.attempts, 1)[:len(x.attempts)+1] // the memory is empty, and large to be emptied again
	a := x.last()
	a.Number, a.Start, a.Key = len(x.attempts), time.Now(), x.key
	return a
}

// lost notes that no response came.
func (x *exchange) lost(out *http.Request, err error, a *Attempt) {
	x.response, x.watch, a.Err = response{}, nil, err
	a.Outcome, x.response.why = x.failed(out, err)
}

// decide makes the Decision on an attempt.
func (x *exchange) decide(asked dialect.Request, resp *http.Response, a *Attempt) {
	a.Decision = final(x.dialect.Decide(asked, &a.Outcome, x.tried()...), &a.Outcome, resp)
	x.begun(asked, a)
	if x.response.why != "" {
		a.Decision.Why = x.response.why
	}
	if k := a.Outcome.Kind; x.foreign && (k == parlance.KindUnauthenticated || k == parlance.KindForbidden) {
		a.Decision.Why += "; " + x.withheld(x.req)
	}
}

// tried are the acts of the Decisions before the last one.
func (x *exchange) tried() []parlance.Act {
	if len(x.attempts) == 1 {
		return nil
	}
	acts := make([]parlance.Act, 0, len(x.attempts))
	for i := range x.attempts[:len(x.attempts)-1] {
		acts = append(acts, x.attempts[i].Decision.Act)
	}
	return acts
}

// asked is the request as the dialect sees it.
func (x *exchange) asked() dialect.Request {
	q := httpdialect.Request(x.dialect, x.out)
	q.Key, q.RetryUnsafe = x.key, x.asks().RetryUnsafe
	return q
}

// begin calls the observers that are enabled. It returns the request with their context
// and fields. If none of them is enabled, it is the same request.
func (x *exchange) begin(a *Attempt) *http.Request {
	var ctx context.Context = x
	out := x.out
	for _, o := range x.cfg.observers {
		if s, ok := o.(SelectiveObserver); ok && !s.Enabled(ctx) {
			continue
		}
		if out == x.out {
			out = out.WithContext(ctx)
			if out.Header = out.Header.Clone(); out.Header == nil {
				out.Header = make(http.Header)
			}
		}
		ctx = o.Before(ctx, out, a)
	}
	if out != x.out {
		out = out.WithContext(ctx)
		if x.watched == nil {
			x.watched = new(watched)
		}
	}
	if x.watched != nil {
		x.watched.ctx = ctx
	}
	return out
}

// read learns the meaning of a response, from its body if that can say more.
func (x *exchange) read(asked dialect.Request, resp *http.Response, a *Attempt) {
	if of := x.stream(asked, resp); of != nil {
		x.readStream(asked, resp, a, of)
		return
	}
	n := &x.response
	if !mustRead(x.dialect, asked, resp) {
		n.whole = resp.Body == http.NoBody
		x.decode(asked, resp, a, nil, !n.whole) // none of it was read
		return
	}
	b, undecided := &x.body, false
	if rule := x.rule(); resp.StatusCode < 300 {
		b, undecided = b.Until(resp.Body, resp.ContentLength, rule, func() lookahead.Settler { return x.beginning(asked, resp) })
	} else {
		b.All(resp.Body, resp.ContentLength, rule.Limit)
	}
	if b.Settled > 0 && !x.settles(asked, resp, b, a) {
		b.Keep()
		b, _ = b.On(x.rule(), nil) // to the end, so that the connection can be used again
		n.whole = b.Err == io.EOF
	}
	resp.Body = b
	switch {
	case b.Settled > 0:
	case undecided:
		x.handOn(asked, resp, b)
		x.decode(asked, resp, a, nil, true)
		a.Outcome.Kind, a.Outcome.Reason = 0, ""
	case len(b.Head) > x.cfg.limit:
		n.cut = true
		x.decode(asked, resp, a, b.Head[:x.cfg.limit], true)
	case b.Err == io.EOF:
		n.whole = true
		x.decode(asked, resp, a, b.Head, false)
	default:
		x.broke(asked, resp, a, b)
	}
	if n.data != nil {
		b.Keep() // it lies there
	}
}

// mustRead reports whether a body can tell more than status and header do. The
// body of a failure is always read, so that a wait holds no connection.
func mustRead(d *dialect.Dialect, req dialect.Request, resp *http.Response) bool {
	if resp.Body == nil || resp.Body == http.NoBody {
		return false
	}
	return resp.StatusCode >= 400 || d.NeedsBody(req, resp.StatusCode, dialect.HeaderMap(resp.Header))
}

// rule bounds what is read of a body before it is handed on.
func (x *exchange) rule() lookahead.Rule { return lookahead.Rule{Limit: x.cfg.limit, Hold: x.cfg.hold} }

// beginning tells when the body of a response has a meaning that its rest cannot change.
func (x *exchange) beginning(asked dialect.Request, resp *http.Response) *dialect.Beginning {
	of := new(dialect.Beginning)
	if len(resp.Header["Content-Encoding"]) == 0 {
		*of = x.dialect.Begin(asked, resp.StatusCode, dialect.HeaderMap(resp.Header))
	}
	return of
}

// settles decodes the part of a body that settles its meaning, and reports whether that is good.
func (x *exchange) settles(asked dialect.Request, resp *http.Response, b *lookahead.Body, a *Attempt) bool {
	x.decode(asked, resp, a, b.Head[:b.Settled], false)
	if !a.Outcome.Kind.Good() {
		return false
	}
	x.response.enveloped, x.response.data = false, nil // more may follow
	return true
}

// broke decodes a body that broke off. Half of a success proves nothing. Half of a failure is
// still a failure.
func (x *exchange) broke(asked dialect.Request, resp *http.Response, a *Attempt, b *lookahead.Body) {
	n := &x.response
	n.broken = b.Err
	x.decode(asked, resp, a, b.Head, true)
	if !a.Outcome.Kind.Failing() {
		n.took(&dialect.Decoded{}, a)
		a.Outcome, n.why = x.failed(x.out, n.broken)
	}
}

// decode reads what is there of a body.
func (x *exchange) decode(asked dialect.Request, resp *http.Response, a *Attempt, body []byte, cut bool) {
	if ofProxy(resp) {
		x.refusedByProxy(a)
		return
	}
	reply := httpdialect.Response(resp, nil)
	reply.Body, reply.Cut = undo(resp.Header, body, cut, x.cfg.limit)
	read := x.dialect.Decode(asked, reply)
	x.response.took(&read, a)
}

// refusedByProxy is decode for a response that says nothing of the server.
func (x *exchange) refusedByProxy(a *Attempt) {
	a.Outcome, x.response.why = httpdialect.NoResponse(errProxyAuth), httpdialect.Why(errProxyAuth)
}
