package dialect

import (
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// retryAfter reads the standard header in both of its forms (RFC 9110, 10.2.3)
// where the shape did not read a time of its own.
func (d *Dialect) retryAfter(o *parlance.Outcome, res *Response) {
	if o.RetryAfter > 0 {
		return
	}
	for _, v := range values(res.Header, "Retry-After") {
		v = strings.TrimSpace(v)
		if isNumber(v) || isDigits(v) {
			o.RetryAfter = max(o.RetryAfter, waitOf(v))
			continue
		}
		if when, ok := httpDate(v); ok {
			now := res.Received
			if now.IsZero() {
				now = time.Now()
			}
			for _, date := range values(res.Header, "Date") {
				// The server's own clock, so that a skew between the two does not count.
				if served, ok := httpDate(date); ok {
					now = served
				}
			}
			o.RetryAfter = max(o.RetryAfter, when.Sub(now))
		}
	}
}

// httpDate reads the three forms of RFC 9110, 5.6.7.
func httpDate(s string) (time.Time, bool) {
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
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
