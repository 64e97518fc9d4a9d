package dialect

import (
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// times states when to repeat: what the answer asks for beats schedule and
// backoff; of several exact times the longest counts.
func (d *Table) times(p *parlance.Decision, o *parlance.Outcome, r *row) {
	p.After = max(o.RetryAfter, r.retry.after)
	switch {
	case p.After > 0:
	case len(r.retry.schedule) > 0:
		p.Schedule = r.retry.schedule
	case r.retry.backoff.Floor > 0:
		p.Backoff = r.retry.backoff
	default:
		p.Backoff = defaultBackoff
	}
}

// readRetryAfter reads the standard header in both of its forms (RFC 9110, 10.2.3)
// where the shape did not read a time of its own.
func readRetryAfter(o *parlance.Outcome, s *served) {
	if o.RetryAfter > 0 {
		return
	}
	for _, v := range values(s.header, "Retry-After") {
		v = strings.TrimSpace(v)
		if isNumber(v) || isDigits(v) {
			o.RetryAfter = max(o.RetryAfter, waitOf(v))
			continue
		}
		if when, ok := parseHTTPDate(v); ok {
			o.RetryAfter = max(o.RetryAfter, when.Sub(s.now()))
		}
	}
}

// repeatSafe is the second law: an idempotent method (RFC 9110, 9.2.2), an
// idempotency key where the dialect has one, or an answer that proves that
// nothing was done.
func (d *Table) repeatSafe(o *parlance.Outcome, r *row, req *Request) bool {
	if d.safe(req) {
		return true
	}
	if d.service.idempotency != "" && (req.Key != "" || slices.ContainsFunc(values(req.Header, d.service.idempotency), func(v string) bool { return strings.TrimSpace(v) != "" })) {
		return true
	}
	return provesUndone(o, r)
}

func provesUndone(o *parlance.Outcome, r *row) bool {
	if len(o.Items) > 0 && o.Status < 400 {
		return false // each of its records has an answer of its own
	}
	return r.undone && r.kind == o.Kind || o.Kind == parlance.RateLimited ||
		o.Kind == parlance.Unauthenticated && o.Reason == parlance.Expired ||
		o.Status == 0 && o.Reason.Undone()
}

// decideItems turns the decision on a bulk answer to the records that failed: a
// bulk request is never repeated whole.
func (d *Table) decideItems(p *parlance.Decision, o *parlance.Outcome, req *Request) {
	var best *parlance.Decision
	safe := true
	for i := range o.Items {
		it := &o.Items[i].Outcome
		if !it.Kind.Failing() {
			continue
		}
		r := d.rowOf(it, req)
		var one parlance.Decision
		d.plan(&one, it, r, nil)
		if one.Act != parlance.Retry && one.Act != parlance.Refresh {
			continue
		}
		safe = safe && d.repeatSafe(it, r, req)
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
