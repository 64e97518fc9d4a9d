package dialect

import "time"

// served is the header of an answer, and when it came.
type served struct {
	header   Header
	received time.Time
}

// now is the server's own clock where the answer has a Date, so that a skew
// between the two does not count; else when it came.
func (s *served) now() time.Time {
	for _, date := range values(s.header, "Date") {
		if served, ok := parseHTTPDate(date); ok {
			return served
		}
	}
	if s.received.IsZero() {
		return time.Now()
	}
	return s.received
}

// parseHTTPDate reads the three forms of RFC 9110, 5.6.7.
func parseHTTPDate(s string) (time.Time, bool) {
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
