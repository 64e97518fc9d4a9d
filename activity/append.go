package activity

import (
	"encoding/base64"
	"log/slog"
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/jsontext"
	"github.com/parlance-api/parlance/internal/outcomejson"
)

// object writes an object of JSON as encoding/json writes a struct: a member that is not set
// is left out. Each request is recorded, and so its record is written without reflection.
type object struct {
	b   []byte
	err error // of the first member that has no form
}

// begin begins an object, within the one that is written or as the whole.
func (w *object) begin() { w.b = append(w.b, '{') }

// end ends it.
func (w *object) end() { w.b = append(w.b, '}') }

// name begins a member.
func (w *object) name(name string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *object) text(name, value string) {
	if value != "" {
		w.name(name)
		w.b = jsontext.AppendStandard(w.b, value)
	}
}

func (w *object) number(name string, n int) {
	if n != 0 {
		w.name(name)
		w.b = strconv.AppendInt(w.b, int64(n), 10)
	}
}

// time is the zero time if it is not set.
func (w *object) time(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	w.name(name)
	w.b = append(w.b, '"')
	b, err := t.UTC().AppendText(w.b)
	if err != nil {
		w.fail(err)
		return
	}
	w.b = append(b, '"')
}

func (w *object) took(d time.Duration) {
	if d == 0 {
		return
	}
	w.name("took")
	w.b = outcomejson.AppendNumber(w.b, float64(d)/1e9)
}

// part is a body, or a part of one: as it is if it is compact JSON, else in base64.
func (w *object) part(name string, body []byte) {
	if len(body) == 0 {
		return
	}
	if text, _ := part(body); text != nil {
		w.name(name)
		w.b = append(w.b, text...)
		return
	}
	w.name(name + "_base64")
	w.b = append(w.b, '"')
	w.b = base64.StdEncoding.AppendEncode(w.b, body)
	w.b = append(w.b, '"')
}

func (w *object) outcome(o *parlance.Outcome) {
	if o.Kind == 0 {
		return
	}
	w.name("outcome")
	w.b = outcomejson.Append(w.b, o)
}

func (w *object) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *object) record(r *Record) {
	w.begin()
	w.name("id")
	w.b = jsontext.AppendStandard(w.b, r.ID)
	w.text("trace", r.Trace)
	w.time("time", r.Start)
	w.took(r.Took)
	w.text("method", r.Method)
	w.text("route", r.Route)
	w.text("path", r.Path)
	w.text("caller", r.Caller)
	w.number("status", r.Status)
	w.outcome(&r.Outcome)
	w.part("request", r.Request)
	w.part("response", r.Response)
	list(w, "calls", r.Calls, (*object).call)
	list(w, "lines", r.Lines, (*object).line)
	w.text("original", r.Original)
	w.number("dropped", r.Dropped)
	w.end()
}

func (w *object) call(c *Call) {
	w.begin()
	w.time("time", c.Start)
	w.took(c.Took)
	w.text("dialect", c.Dialect)
	w.text("method", c.Method)
	w.text("host", c.Host)
	w.text("path", c.Path)
	w.number("attempt", c.Attempt)
	w.outcome(&c.Outcome)
	if c.Act != 0 {
		w.text("act", c.Act.String())
	}
	w.text("why", c.Why)
	w.end()
}

func (w *object) line(l *Line) {
	w.begin()
	w.time("time", l.Time)
	w.level(l.Level)
	w.text("message", l.Message)
	list(w, "attrs", l.Attrs, (*object).attr)
	w.end()
}

func (w *object) level(l slog.Level) {
	w.name("level")
	w.b = jsontext.AppendStandard(w.b, l.String())
}

func (w *object) attr(text *string) { w.b = jsontext.AppendStandard(w.b, *text) }

// list is an array, left out if it is empty.
func list[T any](w *object, name string, all []T, each func(*object, *T)) {
	if len(all) == 0 {
		return
	}
	w.name(name)
	for i := range all {
		if i == 0 {
			w.b = append(w.b, '[')
		} else {
			w.b = append(w.b, ',')
		}
		each(w, &all[i])
	}
	w.b = append(w.b, ']')
}

// written is what was written, or the error.
func (w *object) written() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.b, nil
}
