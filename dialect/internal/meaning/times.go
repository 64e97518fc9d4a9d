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

// times states when to repeat: what the answer asks for beats schedule and
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

// ReadRetryAfter reads the standard header in both of its forms (RFC 9110, 10.2.3)
// where the shape did not read a time of its own.
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

// RepeatSafe is the second law: an idempotent method (RFC 9110, 9.2.2), an
// idempotency key where the dialect has one, or an answer that proves that
// nothing was done.
func (d *Table) RepeatSafe(o *parlance.Outcome, r *spec.Row, req *wire.Request) bool {
	if d.Safe(req) {
		return true
	}
	if d.Service.Idempotency != "" && (req.Key != "" || slices.ContainsFunc(wire.Values(req.Header, d.Service.Idempotency), func(v string) bool { return strings.TrimSpace(v) != "" })) {
		return true
	}
	return provesUndone(o, r)
}

func provesUndone(o *parlance.Outcome, r *spec.Row) bool {
	if len(o.Items) > 0 && o.Status < 400 {
		return false // each of its records has an answer of its own
	}
	return r.Undone && r.Kind == o.Kind || o.Kind == parlance.RateLimited ||
		o.Kind == parlance.Unauthenticated && o.Reason == parlance.Expired ||
		o.Status == 0 && o.Reason.Undone()
}

// decideItems turns the decision on a bulk answer to the records that failed: a
// bulk request is never repeated whole.
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
		if one.Act != parlance.Retry && one.Act != parlance.Refresh {
			continue
		}
		safe = safe && d.RepeatSafe(it, r, req)
		if best == nil || longer(&one, best) {
			best = &one
		}
	}
	if best == nil {
		if o.Kind != parlance.Partial && (p.Act == parlance.Retry || p.Act == parlance.Refresh || p.Act == parlance.Correct) {
			p.Scope = parlance.ScopeItems
		}
		return
	}
	p.Act, p.Scope, p.After, p.Backoff, p.Schedule, p.Then = best.Act, parlance.ScopeItems, best.After, best.Backoff, best.Schedule, best.Then
	p.Line, p.Why, p.RepeatSafe = best.Line, "for the items that failed: "+best.Why, safe
	if o.RetryAfter > p.After && p.Act == parlance.Retry {
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
		case d.Act == parlance.Refresh:
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
