package main

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
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
	b = appendDecision(b, &d.Decision)
	b = append(b, `,"diagnostics":[`...)
	for i := range d.Diagnostics {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendDiagnostic(b, &d.Diagnostics[i])
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

func appendDecision(b []byte, d *parlance.Decision) []byte {
	b = append(b, `{"act":`...)
	b = jsontext.AppendStandard(b, d.Act.String())
	b = outcomejson.AppendText(b, `,"scope":`, string(d.Scope))
	if d.After != 0 {
		b = append(b, `,"after":`...)
		b = outcomejson.AppendNumber(b, d.After.Seconds())
	}
	if d.Backoff.Floor > 0 {
		b = append(b, `,"backoff":[`...)
		b = append(outcomejson.AppendNumber(b, d.Backoff.Floor.Seconds()), ',')
		b = append(outcomejson.AppendNumber(b, d.Backoff.Cap.Seconds()), ']')
	}
	if len(d.Schedule) > 0 {
		b = append(b, `,"schedule":[`...)
		b = append(appendWaits(b, d.Schedule), ']')
	}
	if d.Then != 0 {
		b = append(b, `,"then":`...)
		b = jsontext.AppendStandard(b, d.Then.String())
	}
	b = append(b, `,"retry_safe":`...)
	b = strconv.AppendBool(b, d.RetrySafe)
	b = append(b, `,"why":`...)
	b = jsontext.AppendStandard(b, d.Why)
	b = append(b, `,"line":`...)
	return append(jsontext.AppendStandard(b, d.Line), '}')
}

func appendWaits(b []byte, waits []time.Duration) []byte {
	for i, w := range waits {
		if i > 0 {
			b = append(b, ',')
		}
		b = outcomejson.AppendNumber(b, w.Seconds())
	}
	return b
}

func appendDiagnostic(b []byte, d *parlance.Diagnostic) []byte {
	b = append(b, `{"rule":`...)
	b = jsontext.AppendStandard(b, d.Rule)
	b = append(b, `,"severity":`...)
	b = jsontext.AppendStandard(b, d.Severity.String())
	b = outcomejson.AppendText(b, `,"file":`, d.File)
	if d.Line != 0 {
		b = append(b, `,"line":`...)
		b = strconv.AppendInt(b, int64(d.Line), 10)
	}
	if d.Column != 0 {
		b = append(b, `,"column":`...)
		b = strconv.AppendInt(b, int64(d.Column), 10)
	}
	b = outcomejson.AppendText(b, `,"at":`, d.At)
	b = append(b, `,"message":`...)
	b = jsontext.AppendStandard(b, d.Message)
	b = outcomejson.AppendText(b, `,"hint":`, d.Hint)
	return append(outcomejson.AppendText(b, `,"why":`, d.Why), '}')
}
