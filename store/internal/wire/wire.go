// Package wire is how the engines write what has no column of its own: JSON, that
// an operator can read with SQL alone. Times are UTC unix nanoseconds, 0 for none.
package wire

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
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
func Outcome(o parlance.Outcome) ([]byte, error) { return json.Marshal(outcome(o)) }

// ParseOutcome reads what Outcome wrote.
func ParseOutcome(b []byte) (parlance.Outcome, error) {
	var o *parlance.Outcome
	if err := json.Unmarshal(b, &o); err != nil || o == nil {
		return parlance.Outcome{}, err
	}
	return *o, nil
}

func outcome(o parlance.Outcome) *parlance.Outcome {
	if o.Kind == 0 {
		return nil
	}
	return &o
}

// record is the wire form of an activity record: names that stay where those in
// Go change. Durations are nanoseconds.
type record struct {
	ID       string            `json:"id"`
	Trace    string            `json:"trace,omitempty"`
	Start    int64             `json:"start"`
	Took     time.Duration     `json:"took"`
	Method   string            `json:"method,omitempty"`
	Route    string            `json:"route,omitempty"`
	Path     string            `json:"path,omitempty"`
	Caller   string            `json:"caller,omitempty"`
	Status   int               `json:"status,omitempty"`
	Outcome  *parlance.Outcome `json:"outcome,omitempty"`
	Request  []byte            `json:"request,omitempty"`
	Response []byte            `json:"response,omitempty"`
	Calls    []call            `json:"calls,omitempty"`
	Lines    []line            `json:"lines,omitempty"`
	Dropped  int               `json:"dropped,omitempty"`
}

type call struct {
	Start   int64             `json:"start"`
	Took    time.Duration     `json:"took"`
	Dialect string            `json:"dialect,omitempty"`
	Method  string            `json:"method,omitempty"`
	Host    string            `json:"host,omitempty"`
	Path    string            `json:"path,omitempty"`
	Attempt int               `json:"attempt,omitempty"`
	Outcome *parlance.Outcome `json:"outcome,omitempty"`
	Act     parlance.Act      `json:"act,omitempty"`
	Why     string            `json:"why,omitempty"`
}

type line struct {
	Time    int64      `json:"time"`
	Level   slog.Level `json:"level"`
	Message string     `json:"message,omitempty"`
	Attrs   []string   `json:"attrs,omitempty"`
}

// Record writes a record.
func Record(r *activity.Record) ([]byte, error) {
	w := record{
		r.ID, r.Trace, Nanos(r.Start), r.Took, r.Method, r.Route, r.Path, r.Caller, r.Status, outcome(r.Outcome),
		r.Request, r.Response, nil, nil, r.Dropped,
	}
	for _, c := range r.Calls {
		w.Calls = append(w.Calls, call{
			Nanos(c.Start), c.Took, c.Dialect, c.Method, c.Host, c.Path, c.Attempt, outcome(c.Outcome), c.Act, c.Why,
		})
	}
	for _, l := range r.Lines {
		w.Lines = append(w.Lines, line{Nanos(l.Time), l.Level, l.Message, l.Attrs})
	}
	return json.Marshal(w)
}

// ParseRecord reads what Record wrote.
func ParseRecord(b []byte) (*activity.Record, error) {
	var w record
	if err := json.Unmarshal(b, &w); err != nil {
		return nil, err
	}
	known := func(o *parlance.Outcome) parlance.Outcome {
		if o == nil {
			return parlance.Outcome{}
		}
		return *o
	}
	r := &activity.Record{
		ID: w.ID, Trace: w.Trace, Start: Time(w.Start), Took: w.Took, Method: w.Method, Route: w.Route, Path: w.Path,
		Caller: w.Caller, Status: w.Status, Outcome: known(w.Outcome), Request: w.Request, Response: w.Response, Dropped: w.Dropped,
	}
	for _, c := range w.Calls {
		r.Calls = append(r.Calls, activity.Call{
			Start: Time(c.Start), Took: c.Took, Dialect: c.Dialect, Method: c.Method, Host: c.Host, Path: c.Path,
			Attempt: c.Attempt, Outcome: known(c.Outcome), Act: c.Act, Why: c.Why,
		})
	}
	for _, l := range w.Lines {
		r.Lines = append(r.Lines, activity.Line{Time: Time(l.Time), Level: l.Level, Message: l.Message, Attrs: l.Attrs})
	}
	return r, nil
}
