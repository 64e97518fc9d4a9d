package meaning

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// times sets when to retry. The time in the response takes precedence over schedule and
// backoff. Of several exact times, the longest counts. A response that asks for no wait
// replaces a schedule. The backoff stays, or a client would retry without a pause.
func (d *Table) times(p *parlance.Decision, o *parlance.Outcome, r *spec.Row) {
	p.After = max(o.RetryAfter, r.Retry.After)
	switch {
	case p.After > 0:
	case len(r.Retry.Schedule) > 0 && o.RetryAfter == 0:
		p.Schedule = r.Retry.Schedule
	case r.Retry.Backoff.Floor > 0:
		p.Backoff = r.Retry.Backoff
	default:
		p.Backoff = defaultBackoff
	}
}

// ReadRetryAfter reads the standard header (RFC 9110, 10.2.3). A time that a shape has
// read stays if the header is that time in whole seconds; else the longer one counts. If a
// shape reads the header itself, in another notation, only that counts. It returns a value
// that it cannot read.
func (d *Table) ReadRetryAfter(o *parlance.Outcome, s *wire.Arrival) (unread string) {
	if o.RetryAfter != 0 && d.OwnRetryAfter {
		return ""
	}
	var asked time.Duration
	for _, v := range wire.Values(s.Header, "Retry-After") {
		v = strings.TrimSpace(v)
		wait, ok := retryAfter(v, s)
		if ok {
			if wait <= 0 {
				wait = parlance.RetryNow
			}
			asked = spec.LongerWait(asked, wait)
		} else if v != "" {
			unread = v
		}
	}
	if o.RetryAfter <= 0 || asked >= o.RetryAfter+time.Second {
		o.RetryAfter = spec.LongerWait(o.RetryAfter, asked)
	}
	if d.OwnRetryAfter {
		return "" // the shape says in which notation it is
	}
	return unread
}

// retryAfter reads a value of the header. The RFC has seconds and an HTTP date. Many
// servers send an instant of ISO 8601, or a moment as a number. No server asks for a wait
// of 15 years, so a number of that size is a moment: in seconds since 1970, or in
// milliseconds.
func retryAfter(v string, s *wire.Arrival) (time.Duration, bool) {
	var until time.Time
	if tree.IsNumber(v) || tree.IsDigits(v) {
		f, err := strconv.ParseFloat(v, 64)
		switch {
		case f < 0:
			return 0, false
		case err != nil || f < firstMoment || f >= lastMoment:
			return spec.WaitOf(v), true
		case f >= firstMoment*1000:
			until = time.UnixMilli(int64(f))
		default:
			until = time.UnixMilli(int64(f * 1000))
		}
		return until.Sub(s.Now()), true
	}
	until, ok := wire.ParseHTTPDate(v)
	if !ok {
		until, ok = wire.ParseInstant(v)
	}
	return until.Sub(s.Now()), ok
}

const (
	firstMoment = 5e8  // in 1985, in seconds
	lastMoment  = 1e14 // in 5138, in milliseconds
)

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
	return provesNoEffect(o, r) || d.limited(o, req)
}

// limited reports a response whose status says that a limit refused the request (RFC 6585,
// 4), while its body calls the cause a fault of the server: a model that is overloaded.
// Nothing was done either way.
func (d *Table) limited(o *parlance.Outcome, req *wire.Request) bool {
	fault := o.Kind == parlance.KindInternal || o.Kind == parlance.KindUnavailable || o.Kind == parlance.KindBadGateway
	return o.Status == 429 && fault && d.StatusRow(429, req).Kind == parlance.KindRateLimited
}

func provesNoEffect(o *parlance.Outcome, r *spec.Row) bool {
	if len(o.Items) > 0 && o.Status < 400 {
		return false // each of its records has a response of its own
	}
	return r.NoEffect && r.Kind == o.Kind || o.Kind == parlance.KindRateLimited ||
		o.Kind == parlance.KindUnauthenticated && o.Reason == parlance.ReasonExpired ||
		o.Status == 0 && o.Reason.NoEffect()
}

// decideItems decides on the failed records of a bulk response, since a bulk request is
// never retried as a whole.
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

// longer orders the decisions on items: the longest time, then backoff, then refresh, then
// schedule.
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
