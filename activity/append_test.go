package activity

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// byReflection is the JSON of a record as encoding/json writes the form that is read.
func byReflection(r *Record) ([]byte, error) {
	known := func(o *parlance.Outcome) *parlance.Outcome {
		if o.Kind == 0 {
			return nil
		}
		return o
	}
	utc := func(t time.Time) time.Time {
		if t.IsZero() {
			return time.Time{}
		}
		return t.UTC()
	}
	w := recordJSON{
		ID: r.ID, Trace: r.Trace, Start: utc(r.Start), Took: seconds(r.Took), Method: r.Method, Route: r.Route, Path: r.Path,
		Caller: r.Caller, Status: r.Status, Outcome: known(&r.Outcome), Original: r.Original, Dropped: r.Dropped,
		Calls: each(r.Calls, func(c Call) callJSON {
			return callJSON{utc(c.Start), seconds(c.Took), c.Dialect, c.Method, c.Host, c.Path, c.Attempt, known(&c.Outcome), c.Act, c.Why}
		}),
		Lines: each(r.Lines, func(l Line) lineJSON { return lineJSON{utc(l.Time), l.Level, l.Message, l.Attrs} }),
	}
	w.Request, w.OtherReq = part(r.Request)
	w.Response, w.OtherRes = part(r.Response)
	return jsontext.Marshal(w)
}

func FuzzARecordIsWrittenAsByReflection(f *testing.F) {
	f.Add("id", "/orders/7", "a \u2028<b>", int64(1_789_000_000_123_456_789), int64(12_345_678), 409, uint8(5), uint8(1), []byte(`{"id":7}`), []byte("\xff"), 0)
	f.Add("", "\xff", "\x00\x1f\"\\", int64(0), int64(-1), -1, uint8(1), uint8(2), []byte("null"), []byte(`{ }`), -4)
	f.Add("a", "", "", int64(-1), int64(999), 0, uint8(255), uint8(9), []byte(nil), []byte(`"\u2028"`), 9)
	f.Add("a", "", "", int64(-1), int64(1<<62), 0, uint8(3), uint8(4), []byte(`1`), []byte(`[1,{"a":"<"}]`), 8)
	f.Fuzz(func(t *testing.T, id, path, text string, at, took int64, number int, kind, act uint8, request, response []byte, level int) {
		kinds := parlance.Kinds()
		o := parlance.Outcome{Kind: kinds[int(kind)%len(kinds)], Reason: parlance.Reason(path), Status: number, Code: text, Family: id, Title: path, Detail: text,
			Type: path, Instance: path, RequestID: id, Help: text}
		rich := o
		rich.RetryAfter, rich.Notes, rich.Extra = max(time.Duration(took), 0), []string{text}, map[string]string{id: text}
		start := time.Unix(0, at).In(time.FixedZone("", int(act)*60))
		r := Record{
			ID: id, Trace: text, Start: start, Took: time.Duration(took), Method: id, Route: text, Path: path, Caller: id, Status: number, Outcome: o,
			Request: request, Response: response, Original: id, Dropped: number,
			Calls: []Call{{Start: start, Took: -time.Duration(took), Dialect: id, Method: path, Host: text, Path: path, Attempt: number, Outcome: rich, Act: parlance.Act(act % 8), Why: text}, {}},
			Lines: []Line{{Time: start, Level: slog.Level(level), Message: text, Attrs: []string{text, path}}, {Attrs: []string{}}},
		}
		if act%2 == 0 {
			r.Calls, r.Lines, r.Outcome = nil, nil, parlance.Outcome{}
		}
		want, wrong := byReflection(&r)
		got, err := r.MarshalJSON()
		if (err == nil) != (wrong == nil) || !bytes.Equal(got, want) {
			t.Errorf("got\n%s, %v\nwant\n%s, %v", got, err, want, wrong)
		}
	})
}

// MarshalJSON is what a duration was written by. Nothing else writes one by reflection.
func (s seconds) MarshalJSON() ([]byte, error) { return jsontext.Marshal(float64(s) / 1e9) }
