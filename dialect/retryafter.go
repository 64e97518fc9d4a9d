package dialect

import (
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// retryAfter reads the standard header in both of its forms (RFC 9110, 10.2.3)
// where the shape did not read a time of its own.
func (s *served) retryAfter(o *parlance.Outcome) {
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

// waitOf is a number of seconds as a duration; one beyond all time is the
// longest that there is, so that nobody comes back early.
func waitOf(seconds string) time.Duration {
	f, err := strconv.ParseFloat(seconds, 64)
	if d, ok := parlance.Seconds(f); ok && err == nil {
		return min(d, forever)
	}
	if f > 0 {
		return forever
	}
	return 0
}

const forever = 100 * 365 * 24 * time.Hour
