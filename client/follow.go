package client

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
)

// follow does what the Decision on the last attempt says and reports whether
// there is a request to be sent again. Where it is not, and the act was to
// repeat, the attempt says why.
func (x *exchange) follow() bool {
	a := &x.report.Attempts[len(x.report.Attempts)-1]
	act := a.Decision.Act
	if act == parlance.Retry || act == parlance.Refresh {
		a.Wait = a.Decision.Delay(x.retries+1, rand.Float64)
		a.Held = x.held(a)
		if act == parlance.Refresh && a.Held == "" {
			a.Held = x.refresh(a)
		}
	}
	x.cfg.observe(x.req.Context(), *a)
	if act != parlance.Retry && act != parlance.Refresh || a.Held != "" {
		return false
	}
	if !x.wait(a.Wait) {
		a.Held = "the context ended during the wait"
		return false
	}
	if !x.rewind() {
		a.Held = heldBody
		return false
	}
	x.tried = append(x.tried, act)
	if act == parlance.Retry {
		x.retries++
	}
	return true
}

const heldBody = "the body cannot be had again"

// held says what keeps a repeat from being made; "" for nothing.
func (x *exchange) held(a *Attempt) string {
	d := a.Decision
	switch {
	case !d.RepeatSafe:
		return "a repeat is not safe"
	case d.Scope == parlance.ScopeItems:
		return "only what failed may be repeated, not the whole"
	case x.hasBody() && x.req.GetBody == nil:
		return heldBody
	case d.Act == parlance.Retry && x.retries+1 >= x.cfg.attempts:
		return fmt.Sprintf("sent %d times, as often as allowed", a.Number)
	case d.Act == parlance.Refresh && x.token == "":
		return "the token is not ours to refresh"
	case d.Act == parlance.Refresh && len(x.tried) > x.retries:
		return "refreshed once already"
	case a.Wait > x.cfg.ceiling:
		return fmt.Sprintf("the wait of %v is longer than %v", a.Wait, x.cfg.ceiling)
	}
	if end, ok := x.ctx.Deadline(); ok && time.Until(end) <= a.Wait {
		return "the context ends before the wait would"
	}
	return ""
}

// refresh puts a new token on the request. It says what kept it; "" for nothing.
func (x *exchange) refresh(a *Attempt) string {
	x.cfg.credential.Invalidate(x.token)
	token, err := x.cfg.credential.Token(x.req.Context())
	switch {
	case err != nil:
		a.Err = err
		return "no new token could be had"
	case token == x.token:
		return "the credential has no other token"
	}
	x.authorize(token)
	return ""
}

// wait sleeps under the caller's context, and reports false where that ended
// first.
func (x *exchange) wait(d time.Duration) bool {
	if d <= 0 {
		return x.ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.ctx.Done():
		return false
	}
}

// rewind makes the next request of the last one, its body from the beginning.
func (x *exchange) rewind() bool {
	out := x.out.WithContext(x.ctx)
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
