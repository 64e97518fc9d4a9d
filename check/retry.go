package check

import "time"

// missingRetryAfter finds a response without the time of a retry that the row takes from
// it.
func (l *look) missingRetryAfter() {
	o := &l.read.Outcome
	if l.row == nil || !l.row.Reset || o.RetryAfter != 0 || l.diagnosed("unfit_header") {
		return
	}
	l.fault(l.field("Retry-After"), l.row.Line, "the page promises the time of a retry, and the response has none")
}

// retryAfterContradicts finds a Retry-After that is shorter than the page's times, or that
// comes with a response that must not be retried.
func (l *look) retryAfterContradicts() {
	o := &l.read.Outcome
	if o.RetryAfter == 0 || l.row == nil || l.row.Builtin || !o.Kind.Failing() || len(l.header("Retry-After")) == 0 {
		return
	}
	page := l.row.Decision
	wait := max(o.RetryAfter, 0)
	least := page.After
	if len(page.Schedule) > 0 {
		least = max(least, page.Schedule[0])
	}
	switch {
	case wait < least:
		l.fault(l.field("Retry-After"), l.row.Line, "the response asks to wait %s, and the page asks for %s at least", brief(wait), brief(least))
	case o.Retryable == 0 && l.row.Never:
		l.fault(l.field("Retry-After"), l.row.Line, "the response says when to retry, and the page says that a retry does not help")
	}
}

// brief is a time in its largest units.
func brief(d time.Duration) string { return d.Round(time.Millisecond).String() }

// missingChallenge finds a 401 that does not say how to authenticate.
func (l *look) missingChallenge() {
	if l.x.Response.Status != 401 || len(l.header("Www-Authenticate")) > 0 {
		return
	}
	l.fault(l.field("Www-Authenticate"), l.line(), "a 401 has no WWW-Authenticate")
}
