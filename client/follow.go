package client

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// follow does what the Decision on the last attempt says, and reports whether to
// send a request again. If not, and the act was to retry, the attempt says why.
func (x *exchange) follow() bool {
	if x.watch != nil {
		return false // its meaning is not known; watch does the rest when it is
	}
	a := x.last()
	x.account(a)
	if act := a.Decision.Act; act == parlance.ActRetry || act == parlance.ActRefresh {
		a.Wait = x.delay(a)
		a.hold(x.held(a))
		if act == parlance.ActRefresh {
			x.refresh(a)
		}
		a.Again = a.Held == ""
	}
	x.notify(a)
	if !a.Again {
		return false
	}
	if a.hold(x.ready(a)); a.Held != "" {
		a.Again = false
		return false
	}
	if a.Decision.Act == parlance.ActRetry {
		x.retries++
	} else {
		x.renewed = true
	}
	return true
}

// account adds the deposit of a response to the budget, if a working server sent it.
func (x *exchange) account(a *Attempt) {
	if x.cfg.budget != nil && a.Outcome.Status != 0 && !a.Outcome.Kind.ServerFault() && a.Outcome.Kind != parlance.KindRateLimited {
		x.cfg.budget.Earn(x.out.URL.Host)
	}
}

// notify tells the observers the result of an attempt.
func (x *exchange) notify(a *Attempt) {
	var ctx context.Context = x
	if x.watched != nil && x.watched.ctx != nil {
		ctx = x.watched.ctx
	}
	for _, o := range x.cfg.observers {
		o.After(ctx, x.out, a)
	}
}

// ready waits and makes the next request. It returns the reason if it cannot; ""
// if it did.
func (x *exchange) ready(a *Attempt) string {
	host := x.out.URL.Host
	switch {
	case !x.wait(a.Wait):
		return heldContext
	case a.Decision.Act == parlance.ActRetry && x.cfg.budget != nil && x.cfg.budget.ranOut(host, a.Start.Add(a.Took)):
		return "too many other requests to " + host + " failed during the wait (WithBudget)"
	}
	if err := x.gates(); err != nil {
		return err.Error()
	}
	if !x.rewind() { // last, so that nothing that is not sent leaves a body open
		x.leave(nil, nil)
		return heldBody
	}
	return ""
}

const (
	heldBody    = "the body cannot be read a second time (http.Request.GetBody)"
	heldContext = "the context ended during the wait"
)

// hold notes why no attempt follows this one; "" for no reason.
func (a *Attempt) hold(why string) {
	if why != "" {
		a.Held = "not retried: " + why
	}
}

// delay is the wait before the next attempt. A backoff that begins below the
// ceiling is drawn below it, so that the wait is never too long.
func (x *exchange) delay(a *Attempt) time.Duration {
	d := a.Decision
	if most := x.cfg.unreached; most > 0 && unreached(a) {
		d.After, d.Schedule, d.Backoff = 0, nil, parlance.Backoff{Floor: most / 10, Cap: most / 2}
	}
	if top := x.ceiling(); d.Backoff.Floor <= top {
		d.Backoff.Cap = min(d.Backoff.Cap, top)
	}
	return d.Delay(int(x.retries)+1, rand.Float64)
}

// ceiling is the longest single wait.
func (x *exchange) ceiling() time.Duration {
	if asked := x.asks().MaxWait; asked != 0 {
		return max(asked, 0)
	}
	return x.cfg.ceiling
}

// held says why a retry is not made; "" if it may be. The budget is asked last,
// because asking spends a retry.
func (x *exchange) held(a *Attempt) string {
	d := a.Decision
	switch {
	case x.asks().Once:
		return "the caller asked to send it once (Call.Once)"
	case x.given:
		return heldContent
	case d.Scope == parlance.ScopeItems:
		return "part of it succeeded; send the failed records in a new request"
	case !d.RetrySafe && a.Outcome.Status >= 400 && a.Outcome.Status <= 499:
		return "after a 4XX a " + methodOf(x.out) + " is retried only with an idempotency key or an operation that the dialect marks"
	case !d.RetrySafe:
		return "a " + methodOf(x.out) + " is retried only with an idempotency key, an operation that the dialect marks, or Call.RetryUnsafe"
	case x.hasBody() && x.req.GetBody == nil:
		return heldBody
	case d.Act == parlance.ActRetry && int(x.retries)+1 >= x.cfg.attempts:
		if a.Number == 1 {
			return "it was sent once, as often as allowed (WithMaxAttempts)"
		}
		return fmt.Sprintf("it was sent %d times, as often as allowed (WithMaxAttempts)", a.Number)
	case d.Act == parlance.ActRefresh && x.foreign:
		return x.withheld(x.req)
	case d.Act == parlance.ActRefresh && x.token == "":
		return "the token is the caller's own; send it again with a new one"
	case d.Act == parlance.ActRefresh && x.renewed:
		return "the token was renewed once already"
	}
	if why := cmp.Or(x.tooLong(a.Wait), x.unreachable(a.Wait)); why != "" {
		return why
	}
	if d.Act == parlance.ActRetry && x.cfg.budget != nil && !x.cfg.budget.Spend(x.out.URL.Host) {
		return "too many requests to " + x.out.URL.Host + " failed; retries go on as soon as more succeed (WithBudget)"
	}
	return ""
}

// tooLong says why a wait is not begun; "" if it may be.
func (x *exchange) tooLong(wait time.Duration) string {
	if ceiling := x.ceiling(); wait > ceiling {
		return fmt.Sprintf("the wait of %s is longer than %s, the longest allowed (WithMaxWait)", rounded(wait), rounded(ceiling))
	}
	if end, ok := x.Deadline(); ok && time.Until(end) <= wait {
		return "the context ends before the wait would"
	}
	return ""
}

// unreachable says why a server that cannot be reached is not tried again; "" if it
// may be. It counts the time since the first attempt in a row that did not reach it.
func (x *exchange) unreachable(wait time.Duration) string {
	first := len(x.attempts)
	for first > 0 && unreached(&x.attempts[first-1]) {
		first--
	}
	if x.cfg.unreached <= 0 || first == len(x.attempts) || time.Since(x.attempts[first].Start)+wait <= x.cfg.unreached {
		return ""
	}
	return fmt.Sprintf("%s cannot be reached, and retries end after %s (WithMaxUnreachable)", x.out.URL.Host, rounded(x.cfg.unreached))
}

func unreached(a *Attempt) bool {
	o := &a.Outcome
	return o.Status == 0 && (o.Reason == parlance.ReasonRefused || o.Reason == parlance.ReasonDNS)
}

// rounded is a duration for people: rounded up, without the parts that are zero.
func rounded(d time.Duration) string {
	unit := time.Millisecond
	switch {
	case d >= 10*time.Second:
		unit = time.Second
	case d >= time.Second:
		unit = 100 * time.Millisecond
	}
	text := (d + unit - 1).Truncate(unit).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// refresh drops the refused token, so that no other request sends it. It puts a
// new one on the request if that is to be retried.
func (x *exchange) refresh(a *Attempt) {
	if x.token == "" || x.renewed {
		return // a second refusal says nothing of the token's age
	}
	x.cfg.credential.Invalidate(x.token)
	if a.Held != "" {
		return
	}
	token, err := x.cfg.credential.Token(x.Context)
	switch {
	case err != nil:
		a.Err = err
		a.hold("no new token could be had")
	case token == x.token:
		a.hold("the credential has no other token than the one that was refused")
	default:
		x.owned = false // the base may still read the header
		x.authorize(token)
	}
}

// wait sleeps under the caller's context. It reports false if that ended first.
func (x *exchange) wait(d time.Duration) bool {
	if d <= 0 {
		return x.Err() == nil
	}
	return sleep(x.Context, d)
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// rewind makes the next request from the last one, with its body from the
// beginning. It is a new request in memory, since the base may still use the last
// one.
func (x *exchange) rewind() bool {
	out := x.out.WithContext(x)
	if x.hasBody() {
		body, err := x.req.GetBody()
		if err != nil {
			return false
		}
		out.Body = body
		watchBody(out)
	}
	x.out = out
	return true
}

func (x *exchange) hasBody() bool { return x.req.Body != nil && x.req.Body != http.NoBody }
