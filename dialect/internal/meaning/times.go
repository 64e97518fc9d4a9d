package meaning

import (
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// times states when to retry: what the response asks for beats schedule and
// backoff; of several exact times the longest counts.
func (d *Table) times(p *parlance.Decision, o *parlance.Outcome, r *spec.Row) {
	p.After = max(o.RetryAfter, r.Retry.After)
	switch {
	case p.After > 0:
	case len(r.Retry.Schedule) > 0:
		p.Schedule = r.Retry.Schedule
	case r.Retry.Backoff.Floor > 0:
		p.Backoff = r.Retry.Backoff
	default:
		p.Backoff = defaultBackoff
	}
}

// ReadRetryAfter reads the standard header in both of its forms (RFC 9110,
// 10.2.3), if the shape did not read a time of its own.
func ReadRetryAfter(o *parlance.Outcome, s *wire.Arrival) {
	if o.RetryAfter > 0 {
		return
	}
	for _, v := range wire.Values(s.Header, "Retry-After") {
		v = strings.TrimSpace(v)
		if tree.IsNumber(v) || tree.IsDigits(v) {
			o.RetryAfter = max(o.RetryAfter, spec.WaitOf(v))
			continue
		}
		if when, ok := wire.ParseHTTPDate(v); ok {
			o.RetryAfter = max(o.RetryAfter, when.Sub(s.Now()))
		}
	}
}

// RetrySafe is the second law. A retry is safe with an idempotent method (RFC
// 9110, 9.2.2), with an idempotency key if the dialect has one, or after a
// response that proves that nothing was done.
func (d *Table) RetrySafe(o *parlance.Outcome, r *spec.Row, req *wire.Request) bool {
	if d.Idempotent(req) {
		return true
	}
	if d.Service.Idempotency != "" && (req.Key != "" || slices.ContainsFunc(wire.Values(req.Header, d.Service.Idempotency), func(v string) bool { return strings.TrimSpace(v) != "" })) {
		return true
	}
	return provesNoEffect(o, r)
}

func provesNoEffect(o *parlance.Outcome, r *spec.Row) bool {
	if len(o.Items) > 0 && o.Status < 400 {
		return false // each of its records has a response of its own
	}
	return r.NoEffect && r.Kind == o.Kind || o.Kind == parlance.KindRateLimited ||
		o.Kind == parlance.KindUnauthenticated && o.Reason == parlance.ReasonExpired ||
		o.Status == 0 && o.Reason.NoEffect()
}

// decideItems turns the decision on a bulk response to the records that failed: a
// bulk request is never retried whole.
func (d *Table) decideItems(p *parlance.Decision, o *parlance.Outcome, req *wire.Request) {
	var best *parlance.Decision
	safe := true
	for i := range o.Items {
		it := &o.Items[i].Outcome
		if !it.Kind.Failing() {
			continue
		}
		r := d.RowOf(it, req)
		var one parlance.Decision
		d.Plan(&one, it, r, nil)
		if one.Act != parlance.ActRetry && one.Act != parlance.ActRefresh {
			continue
		}
		safe = safe && d.RetrySafe(it, r, req)
		if best == nil || longer(&one, best) {
			best = &one
		}
	}
	if best == nil {
		if o.Kind != parlance.KindPartial && (p.Act == parlance.ActRetry || p.Act == parlance.ActRefresh || p.Act == parlance.ActCorrect) {
			p.Scope = parlance.ScopeItems
		}
		return
	}
	p.Act, p.Scope, p.After, p.Backoff, p.Schedule, p.Then = best.Act, parlance.ScopeItems, best.After, best.Backoff, best.Schedule, best.Then
	p.Line, p.Why, p.RetrySafe = best.Line, "for the items that failed: "+best.Why, safe
	if o.RetryAfter > p.After && p.Act == parlance.ActRetry {
		p.After, p.Backoff, p.Schedule = o.RetryAfter, parlance.Backoff{}, nil
	}
}

// longer orders what the items ask for: the longest time, then backoff, then
// refresh, then schedule.
func longer(a, b *parlance.Decision) bool {
	if a.After != b.After {
		return a.After > b.After
	}
	rank := func(d *parlance.Decision) int {
		switch {
		case d.Act == parlance.ActRefresh:
			return 1
		case d.Backoff.Floor > 0:
			return 2
		}
		return 0
	}
	if rank(a) != rank(b) {
		return rank(a) > rank(b)
	}
	return a.Backoff.Cap+total(a.Schedule) > b.Backoff.Cap+total(b.Schedule)
}

func total(s []time.Duration) (sum time.Duration) {
	for _, d := range s {
		sum += d
	}
	return sum
}
