package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
)

// follow does what the Decision on the last attempt says and reports whether
// there is a request to be sent again. Where there is not, and the act was to
// repeat, the attempt says why.
func (x *exchange) follow() bool {
	a := x.last()
	if x.cfg.budget != nil && a.Outcome.Status != 0 && !a.Outcome.Kind.ServerFault() && a.Outcome.Kind != parlance.RateLimited {
		x.cfg.budget.succeed(x.out.URL.Host)
	}
	if act := a.Decision.Act; act == parlance.Retry || act == parlance.Refresh {
		a.Wait = a.Decision.Delay(int(x.retries)+1, rand.Float64)
		if a.Held = x.held(a); act == parlance.Refresh {
			x.refresh(a)
		}
		a.Again = a.Held == ""
	}
	for _, o := range x.cfg.observers {
		o.After(x.watched.ctx, x.out, a)
	}
	if !a.Again {
		return false
	}
	switch {
	case !x.wait(a.Wait):
		a.Held = heldContext
	case a.Decision.Act == parlance.Retry && x.cfg.budget != nil && x.cfg.budget.ranOut(x.out.URL.Host, a.Start.Add(a.Took)):
		a.Held = "the budget for repeats ran out during the wait"
	case !x.rewind():
		a.Held = heldBody
	default:
		if err := x.gates(); err != nil {
			a.Held = err.Error()
		}
	}
	if a.Held != "" {
		a.Again = false
		return false
	}
	if a.Decision.Act == parlance.Retry {
		x.retries++
	} else {
		x.renewed = true
	}
	return true
}

const (
	heldBody    = "the body cannot be had again"
	heldContext = "the context ended during the wait"
)

// held says what keeps a repeat from being made; "" for nothing. What the budget
// pays for is the last thing asked, for it is then spent.
func (x *exchange) held(a *Attempt) string {
	d := a.Decision
	switch {
	case x.asks().Once:
		return "the caller wants it sent once"
	case d.Scope == parlance.ScopeItems:
		return "not retried: some of it is done. Send what failed in a request of its own"
	case !d.RepeatSafe && a.Outcome.Status >= 400 && a.Outcome.Status <= 499:
		return "not retried: after a 4XX a " + methodOf(x.out) + " is retried only with an idempotency key or an operation that the dialect marks"
	case !d.RepeatSafe:
		return "not retried: a " + methodOf(x.out) + " is retried only with an idempotency key, an operation that the dialect marks, or Call.RetryUnsafe"
	case x.hasBody() && x.req.GetBody == nil:
		return heldBody
	case d.Act == parlance.Retry && int(x.retries)+1 >= x.cfg.attempts:
		return fmt.Sprintf("sent %d times, as often as allowed", a.Number)
	case d.Act == parlance.Refresh && x.token == "":
		return "the token is not ours to refresh"
	case d.Act == parlance.Refresh && x.renewed:
		return "refreshed once already"
	}
	if why := x.tooLong(a.Wait); why != "" {
		return why
	}
	if d.Act == parlance.Retry && x.cfg.budget != nil && !x.cfg.budget.pay(x.out.URL.Host) {
		return "the budget for repeats is spent until more requests to " + x.out.URL.Host + " succeed"
	}
	return ""
}

// tooLong says why a wait is not begun; "" where it is.
func (x *exchange) tooLong(wait time.Duration) string {
	ceiling := x.cfg.ceiling
	if asked := x.asks().Ceiling; asked != 0 {
		ceiling = max(asked, 0)
	}
	if wait > ceiling {
		return fmt.Sprintf("the wait of %v is longer than %v", wait, ceiling)
	}
	if end, ok := x.Deadline(); ok && time.Until(end) <= wait {
		return "the context ends before the wait would"
	}
	return ""
}

// refresh drops the token that was refused, so that nobody sends it again, and
// puts a new one on the request where that is to be repeated.
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
		a.Held = "no new token could be had"
	case token == x.token:
		a.Held = "the credential has no other token"
	default:
		x.owned = false // the base may still read the header
		x.authorize(token)
	}
}

// wait sleeps under the caller's context, and reports false where that ended
// first.
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

// rewind makes the next request of the last one, its body from the beginning. It
// is another request in memory: the base may still be at work on the last one.
func (x *exchange) rewind() bool {
	out := x.out.WithContext(x)
	defer x.shield()
	if x.hasBody() {
		body, err := x.req.GetBody()
		if err != nil {
			return false
		}
		out.Body = body
	}
	x.out = out
	return true
}

func (x *exchange) hasBody() bool { return x.req.Body != nil && x.req.Body != http.NoBody }
