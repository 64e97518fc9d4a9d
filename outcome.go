package parlance

import (
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/parlance-api/parlance/internal/jsontext"
)

// Outcome is the meaning of one response, or of a transport that failed without
// one. Only Kind is always set. The zero value of every other attribute means
// that it is not known. An Outcome owns its memory: it may be kept, copied and
// read concurrently.
type Outcome struct {
	Kind       Kind
	Reason     Reason        // a more precise word under Kind
	Status     int           // HTTP status; 0 if the transport failed without a response
	Code       string        // the vendor's own code, as the vendor sent it; numbers in decimal
	Family     string        // the vendor's broader code beside it, such as Stripe's type; it is kept and written back
	Title      string        // a short text for the kind of problem (RFC 9457, 3.1.3)
	Detail     string        // the text for this occurrence (RFC 9457, 3.1.4)
	Type       string        // a URI that names the problem type (RFC 9457, 3.1.1)
	Instance   string        // a URI of this occurrence (RFC 9457, 3.1.5)
	RequestID  string        // the vendor's correlation id; not the W3C traceparent
	Fields     []Field       // bad inputs, in the order of the body
	Items      []Item        // records of a bulk request, in the order of the body
	Notes      []string      // what to tell the user about a success
	RetryAfter time.Duration // the wait that the server asked for, counted from the response; RetryNow for none
	Retryable  Advice        // what the response itself says about a retry; it takes precedence over the code
	Help       string        // a link or a text that says what to do

	// Extra holds what the vendor says beyond this and its page tells callers to look at,
	// by the vendor's names, such as Stripe's decline_code. It decides nothing.
	Extra map[string]string
}

// RetryNow is the RetryAfter of a server that asks for no wait: Retry-After: 0, or a
// moment that has passed. It is below zero, because zero means that the server said
// nothing, and no time that is left can be mistaken for it. In JSON it is 0.
const RetryNow = time.Duration(-1)

// outcomeJSON is the wire form of an Outcome; durations are seconds as numbers.
type outcomeJSON struct {
	Kind       Kind     `json:"kind"`
	Reason     Reason   `json:"reason,omitempty"`
	Status     int      `json:"status,omitempty"`
	Code       string   `json:"code,omitempty"`
	Family     string   `json:"family,omitempty"`
	Title      string   `json:"title,omitempty"`
	Detail     string   `json:"detail,omitempty"`
	Type       string   `json:"type,omitempty"`
	Instance   string   `json:"instance,omitempty"`
	RequestID  string   `json:"request_id,omitempty"`
	Fields     []Field  `json:"fields,omitempty"`
	Items      []Item   `json:"items,omitempty"`
	Notes      []string `json:"notes,omitempty"`
	RetryAfter asked    `json:"retry_after,omitempty"`
	Retryable  Advice   `json:"retryable,omitempty"`
	Help       string   `json:"help,omitempty"`

	Extra map[string]string `json:"extra,omitempty"`
}

// MarshalJSON writes the stable wire form. kind is always there, the rest if it
// is set.
func (o Outcome) MarshalJSON() ([]byte, error) {
	return jsontext.Marshal(outcomeJSON{
		o.Kind, o.Reason, o.Status, o.Code, o.Family, o.Title, o.Detail, o.Type, o.Instance, o.RequestID,
		o.Fields, o.Items, o.Notes, asked(o.RetryAfter), o.Retryable, o.Help, o.Extra,
	})
}

// UnmarshalJSON reads the wire form. A missing or unknown kind is an error.
func (o *Outcome) UnmarshalJSON(data []byte) error {
	var w outcomeJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	if w.Kind == 0 {
		return errors.New("parlance: an outcome needs a kind")
	}
	*o = Outcome{
		w.Kind, w.Reason, w.Status, w.Code, w.Family, w.Title, w.Detail, w.Type, w.Instance, w.RequestID,
		w.Fields, w.Items, w.Notes, time.Duration(w.RetryAfter), w.Retryable, w.Help, w.Extra,
	}
	return nil
}

// seconds is a duration that JSON carries as a number of seconds.
type seconds time.Duration

func (s seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(s) / 1e9) // Duration.Seconds adds floats, which would change 3.486
}

func (s *seconds) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	d, ok := Seconds(f)
	if !ok {
		return errors.New("parlance: a duration must be a number of seconds, not negative")
	}
	*s = seconds(d)
	return nil
}

// asked is a wait that a server asked for, as seconds: 0 is RetryNow.
type asked time.Duration

func (a asked) MarshalJSON() ([]byte, error) {
	if time.Duration(a) == RetryNow {
		return []byte("0"), nil
	}
	return seconds(a).MarshalJSON()
}

func (a *asked) UnmarshalJSON(data []byte) error {
	var s seconds
	if err := s.UnmarshalJSON(data); err != nil {
		return err
	}
	*a = asked(s)
	if s == 0 && string(data) != "null" {
		*a = asked(RetryNow)
	}
	return nil
}

// Seconds turns a number of seconds into a duration, rounded to the nanosecond.
// It reports false for a number that cannot be a wait: a negative one, NaN, or
// more than the 292 years that a Duration holds.
func Seconds(s float64) (time.Duration, bool) {
	ns := math.Round(s * 1e9)
	if !(ns >= 0) || ns >= math.MaxInt64 {
		return 0, false
	}
	return time.Duration(ns), true
}
