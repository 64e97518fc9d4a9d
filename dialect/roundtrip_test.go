package dialect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/fidelity"
)

// FuzzRoundTrip draws a dialect file from the grammar and Outcomes, and holds them against
// the first law: what is written reads back as the same but for the Losses.
func FuzzRoundTrip(f *testing.F) {
	for seed := range byte(64) {
		bytes := make([]byte, 200)
		for i := range bytes {
			bytes[i] = byte(int(seed)*31+i*i*7+i*13) ^ seed<<3
		}
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if report := roundTrip(bytes); report != "" {
			t.Fatal(report)
		}
	})
}

// drawnFile is the dialect of a file that was drawn, nil if the file has faults.
// It may have warnings: the law holds for it all the same.
func drawnFile(d *draws) (*dialect.Dialect, string) {
	source := (&fileDraw{draws: d}).file()
	read, err := dialect.Compile("drawn.yaml", []byte(source))
	if err != nil {
		return nil, source
	}
	return read, source
}

// roundTrip draws a file and writes Outcomes by it. It returns a report of the first that
// comes back different, "" if there is none.
func roundTrip(bytes []byte) string {
	d := &draws{bytes}
	by, source := drawnFile(d)
	if by == nil {
		return ""
	}
	for range 8 {
		req, o := d.request(), d.outcome()
		if report := comesBack(by, req, &o); report != "" {
			return source + report
		}
		// The same attributes with other texts may be written by a replay.
		for range 2 {
			other := o
			if o.Detail != "" {
				other.Detail = d.text()
			}
			other.Fields = append([]parlance.Field(nil), o.Fields...)
			for i := range other.Fields {
				if other.Fields[i].Message != "" {
					other.Fields[i].Message = d.of("plain", other.Detail, d.text())
				}
			}
			if report := comesBack(by, req, &other); report != "" {
				return source + "(after another one)\n" + report
			}
		}
	}
	return ""
}

// comesBack writes an Outcome and reads it again. It returns a report if the two differ by
// more than the Losses.
func comesBack(by *dialect.Dialect, req dialect.Request, o *parlance.Outcome) string {
	m := by.Encode(nil, req, o, dialect.Payload{})
	header := http.Header{}
	for _, p := range m.Header {
		header.Add(p.Name, p.Value)
	}
	res := dialect.Response{Status: m.Status, Header: header, Body: m.Body, Received: stated}
	back := by.Decode(req, res)
	diff := fidelity.Difference(o, &back.Outcome, m.Losses)
	again, whole := by.Decode(req, res), dialect.Unguided(by).Decode(req, res)
	switch {
	case diff != "":
	case m.Status >= 400 && len(m.Body) > 0 && !readsOwn(&back) && !dialect.HoldsUnread(by):
		diff = "no shape of its own reads what it writes"
	case !reflect.DeepEqual(back, again):
		diff = fmt.Sprintf("the same response was read as\n%+v\nand is read as\n%+v", back, again)
	case !reflect.DeepEqual(back, whole):
		diff = fmt.Sprintf("by its guide the response was read as\n%+v\nand is read as\n%+v", back, whole)
	default:
		return ""
	}
	was, _ := json.Marshal(o)
	is, _ := json.Marshal(back.Outcome)
	return fmt.Sprintf("%s\nof     %s\nwrote  %d %s\nheader %v\nread   %s\nby     %s\nlosses %v\ntold   %v\n", diff, was, m.Status, m.Body, m.Header, is, back.Shape, m.Losses, back.Diagnostics)
}

// readsOwn reports that a body was read by a shape of its dialect, and neither tolerantly nor
// by the forms that most APIs use.
func readsOwn(back *dialect.Decoded) bool {
	return back.Shape != "" && !slices.ContainsFunc(back.Diagnostics, func(g parlance.Diagnostic) bool {
		return slices.Contains([]string{"unfit_body", "unfit_member", "broken_body", "common_form", "wrapped_body"}, g.Rule)
	})
}
