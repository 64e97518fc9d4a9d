package activity

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/parlance-api/parlance"
)

// recordJSON is the wire form of a Record as it is read. How it is written is in object.
type recordJSON struct {
	ID       string            `json:"id"`
	Trace    string            `json:"trace,omitempty"`
	Start    time.Time         `json:"time,omitzero"`
	Took     seconds           `json:"took,omitempty"`
	Method   string            `json:"method,omitempty"`
	Route    string            `json:"route,omitempty"`
	Path     string            `json:"path,omitempty"`
	Caller   string            `json:"caller,omitempty"`
	Status   int               `json:"status,omitempty"`
	Outcome  *parlance.Outcome `json:"outcome,omitempty"`
	Request  json.RawMessage   `json:"request,omitempty"`
	OtherReq []byte            `json:"request_base64,omitempty"`
	Response json.RawMessage   `json:"response,omitempty"`
	OtherRes []byte            `json:"response_base64,omitempty"`
	Calls    []callJSON        `json:"calls,omitempty"`
	Lines    []lineJSON        `json:"lines,omitempty"`
	Original string            `json:"original,omitempty"`
	Dropped  int               `json:"dropped,omitempty"`
}

// MarshalJSON writes the stable wire form. The id is always present, other members only
// if they are set.
//
//	{
//	  "id": "…", "trace": "…",
//	  "time": "2026-09-21T10:00:00Z", "took": 0.0123,
//	  "method": "POST", "route": "POST /orders/{id}", "path": "/orders/7", "caller": "…",
//	  "status": 409, "outcome": {"kind": "conflict", …},
//	  "request": {"/order/id": 7}, "response": {…},
//	  "calls": [{"time", "took", "dialect", "method", "host", "path", "attempt", "outcome", "act", "why"}],
//	  "lines": [{"time", "level", "message", "attrs": ["name=value"]}],
//	  "original": "…",
//	  "dropped": 1
//	}
//
// Times are RFC 3339 in UTC, durations are seconds, and an outcome is written as by
// [parlance.Outcome]. Values of a body that are not compact JSON are in request_base64
// and response_base64.
func (r Record) MarshalJSON() ([]byte, error) {
	w := object{b: make([]byte, 0, 512)}
	w.record(&r)
	return w.written()
}

// UnmarshalJSON reads the wire form.
func (r *Record) UnmarshalJSON(data []byte) error {
	var w recordJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*r = Record{
		w.ID, w.Trace, w.Start, time.Duration(w.Took), w.Method, w.Route, w.Path, w.Caller, w.Status, given(w.Outcome),
		either(w.Request, w.OtherReq), either(w.Response, w.OtherRes), each(w.Calls, callJSON.call), each(w.Lines, lineJSON.line), w.Original, w.Dropped,
	}
	return nil
}

// each is f of all of them, nil of none.
func each[From, To any](all []From, f func(From) To) []To {
	if len(all) == 0 {
		return nil
	}
	made := make([]To, len(all))
	for i := range all {
		made[i] = f(all[i])
	}
	return made
}

type callJSON struct {
	Start   time.Time         `json:"time,omitzero"`
	Took    seconds           `json:"took,omitempty"`
	Dialect string            `json:"dialect,omitempty"`
	Method  string            `json:"method,omitempty"`
	Host    string            `json:"host,omitempty"`
	Path    string            `json:"path,omitempty"`
	Attempt int               `json:"attempt,omitempty"`
	Outcome *parlance.Outcome `json:"outcome,omitempty"`
	Act     parlance.Act      `json:"act,omitempty"`
	Why     string            `json:"why,omitempty"`
}

func (w callJSON) call() Call {
	return Call{w.Start, time.Duration(w.Took), w.Dialect, w.Method, w.Host, w.Path, w.Attempt, given(w.Outcome), w.Act, w.Why}
}

// MarshalJSON writes the form within a Record.
func (c Call) MarshalJSON() ([]byte, error) {
	var w object
	w.call(&c)
	return w.written()
}

// UnmarshalJSON reads the form within a Record.
func (c *Call) UnmarshalJSON(data []byte) error {
	var w callJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*c = w.call()
	return nil
}

type lineJSON struct {
	Time    time.Time  `json:"time,omitzero"`
	Level   slog.Level `json:"level"`
	Message string     `json:"message,omitempty"`
	Attrs   []string   `json:"attrs,omitempty"`
}

func (w lineJSON) line() Line { return Line(w) }

// MarshalJSON writes the form within a Record.
func (l Line) MarshalJSON() ([]byte, error) {
	var w object
	w.line(&l)
	return w.written()
}

// UnmarshalJSON reads the form within a Record.
func (l *Line) UnmarshalJSON(data []byte) error {
	var w lineJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*l = w.line()
	return nil
}

func given(o *parlance.Outcome) parlance.Outcome {
	if o == nil {
		return parlance.Outcome{}
	}
	return *o
}

// part tells JSON that is read as it was written from anything else.
func part(text []byte) (json.RawMessage, []byte) {
	var compact bytes.Buffer
	if json.Compact(&compact, text) == nil && bytes.Equal(compact.Bytes(), text) && !bytes.Equal(text, []byte("null")) {
		return text, nil
	}
	return nil, text
}

func either(text json.RawMessage, other []byte) []byte {
	if len(text) > 0 {
		return text
	}
	return other
}

// seconds is a duration that JSON carries as a number of seconds.
type seconds time.Duration

func (s *seconds) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	ns := math.Round(f * 1e9) // a clock that was set back makes it negative
	if ns < math.MinInt64 || ns >= math.MaxInt64 {
		return errors.New("activity: a duration is a number of seconds")
	}
	*s = seconds(ns)
	return nil
}
