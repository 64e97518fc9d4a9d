package wire

import "time"

// Arrival is the header of a response, and the moment when it came.
type Arrival struct {
	Header   Header
	Received time.Time
}

// Now is the server's own clock if the response has a Date, so that a skew between
// the two does not count. Otherwise it is the moment when the response came.
func (s *Arrival) Now() time.Time {
	for _, date := range Values(s.Header, "Date") {
		if served, ok := ParseHTTPDate(date); ok {
			return served
		}
	}
	if s.Received.IsZero() {
		return time.Now()
	}
	return s.Received
}

// ParseInstant reads a moment of ISO 8601 that has a time zone, as RFC 3339 has it, with a
// zone without a colon, or without any separator. It reads a moment of UTC as a sentence
// has it, too. A moment without a zone is none.
func ParseInstant(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "20060102T150405Z0700", "2006-01-02T15:04Z07:00",
		"2006-01-02 15:04:05 UTC", "2006-01-02 15:04 UTC", "2006-01-02 at 15:04 UTC"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// ParseHTTPDate reads the three forms of RFC 9110, 5.6.7.
func ParseHTTPDate(s string) (time.Time, bool) {
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
