package main

import (
	"encoding/json"

	"github.com/parlance-api/parlance/internal/jsontext"
	"github.com/parlance-api/parlance/internal/outcomejson"
)

// What follows writes what encoding/json writes for the same values, to the
// letter, and allocates nothing: it is most of the work of a million lines. A
// test holds every attribute that there is to it.

// appendDecoded appends what is said of one response.
func appendDecoded(b []byte, d *decoded) []byte {
	b = append(b, `{"outcome":`...)
	b = outcomejson.Append(b, &d.Outcome)
	b = append(b, `,"decision":`...)
	b = outcomejson.AppendDecision(b, &d.Decision)
	b = append(b, `,"diagnostics":[`...)
	for i := range d.Diagnostics {
		if i > 0 {
			b = append(b, ',')
		}
		b = outcomejson.AppendDiagnostic(b, &d.Diagnostics[i])
	}
	b = append(b, ']')
	if f := d.detection; f != nil {
		b = append(b, `,"dialect":`...)
		b = jsontext.AppendStandard(b, f.Dialect)
		b = append(b, `,"confidence":`...)
		b = outcomejson.AppendNumber(b, f.Confidence)
		b = outcomejson.AppendTexts(b, `,"why":`, f.Why)
		b = append(b, `,"others":[`...)
		for i, o := range f.Others {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"dialect":`...)
			b = jsontext.AppendStandard(b, o.Dialect)
			b = append(b, `,"confidence":`...)
			b = append(outcomejson.AppendNumber(b, o.Confidence), '}')
		}
		b = append(b, ']')
	}
	if d.Stream != nil {
		text, _ := json.Marshal(d.Stream) // numbers have no error
		b = append(append(b, `,"stream":`...), text...)
	}
	return append(b, '}')
}
