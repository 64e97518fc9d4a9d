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
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			o.RetryAfter, _ = parlance.Seconds(f)
			return
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
			o.RetryAfter = max(when.Sub(now), 0)
			return
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
