// Package wire is how the engines write what has no column of its own: JSON, that
// an operator can read with SQL alone. Times are UTC unix nanoseconds, 0 for none.
package wire

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
)

// Nanos is a time in UTC unix nanoseconds, 0 for the zero time. It holds from the
// year 1678 to 2262.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// Time is what Nanos was made of, in UTC.
func Time(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

// Header writes a header; nil is null.
func Header(h http.Header) []byte {
	b, _ := json.Marshal(h) // a map of strings always can be
	return b
}

// ParseHeader reads what Header wrote.
func ParseHeader(b []byte) (h http.Header, err error) {
	err = json.Unmarshal(b, &h)
	return h, err
}

// Outcome writes an outcome; one without a kind, which has no form of its own, is
// null.
func Outcome(o parlance.Outcome) ([]byte, error) {
	if o.Kind == 0 {
		return []byte("null"), nil
	}
	return o.MarshalJSON()
}

// ParseOutcome reads what Outcome wrote.
func ParseOutcome(b []byte) (parlance.Outcome, error) {
	var o *parlance.Outcome
	if err := json.Unmarshal(b, &o); err != nil || o == nil {
		return parlance.Outcome{}, err
	}
	return *o, nil
}
