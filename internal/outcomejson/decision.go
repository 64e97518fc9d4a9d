package outcomejson

import (
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// AppendDecision appends a Decision, as its MarshalJSON writes it.
func AppendDecision(b []byte, d *parlance.Decision) []byte {
	b = append(b, `{"act":`...)
	b = jsontext.AppendStandard(b, d.Act.String())
	b = AppendText(b, `,"scope":`, string(d.Scope))
	if d.After != 0 {
		b = append(b, `,"after":`...)
		b = AppendNumber(b, d.After.Seconds())
	}
	if d.Backoff.Floor > 0 {
		b = append(b, `,"backoff":[`...)
		b = append(AppendNumber(b, d.Backoff.Floor.Seconds()), ',')
		b = append(AppendNumber(b, d.Backoff.Cap.Seconds()), ']')
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
		b = AppendNumber(b, w.Seconds())
	}
	return b
}

// AppendDiagnostic appends a Diagnostic, as encoding/json writes it.
func AppendDiagnostic(b []byte, d *parlance.Diagnostic) []byte {
	b = append(b, `{"rule":`...)
	b = jsontext.AppendStandard(b, d.Rule)
	b = append(b, `,"severity":`...)
	b = jsontext.AppendStandard(b, d.Severity.String())
	b = AppendText(b, `,"file":`, d.File)
	if d.Line != 0 {
		b = append(b, `,"line":`...)
		b = strconv.AppendInt(b, int64(d.Line), 10)
	}
	if d.Column != 0 {
		b = append(b, `,"column":`...)
		b = strconv.AppendInt(b, int64(d.Column), 10)
	}
	b = AppendText(b, `,"at":`, d.At)
	b = append(b, `,"message":`...)
	b = jsontext.AppendStandard(b, d.Message)
	b = AppendText(b, `,"hint":`, d.Hint)
	return append(AppendText(b, `,"why":`, d.Why), '}')
}
