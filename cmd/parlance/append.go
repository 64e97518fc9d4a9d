package main

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// What follows writes what encoding/json writes for the same values, to the
// letter, and allocates nothing: it is most of the work of a million lines. A
// test holds every attribute that there is to it.

// appendDecoded appends what is said of one response.
func appendDecoded(b []byte, d *decoded) []byte {
	b = append(b, `{"outcome":`...)
	b = appendOutcome(b, &d.Outcome)
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
		b = appendNumber(b, f.Confidence)
		b = appendTexts(b, `,"why":`, f.Why)
		b = append(b, `,"others":[`...)
		for i, o := range f.Others {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"dialect":`...)
			b = jsontext.AppendStandard(b, o.Dialect)
			b = append(b, `,"confidence":`...)
			b = append(appendNumber(b, o.Confidence), '}')
		}
		b = append(b, ']')
	}
	if d.Stream != nil {
		text, _ := json.Marshal(d.Stream) // numbers have no error
		b = append(append(b, `,"stream":`...), text...)
	}
	return append(b, '}')
}

func appendOutcome(b []byte, o *parlance.Outcome) []byte {
	b = append(b, `{"kind":`...)
	b = jsontext.AppendStandard(b, o.Kind.String())
	b = appendSet(b, `,"reason":`, string(o.Reason))
	if o.Status != 0 {
		b = append(b, `,"status":`...)
		b = strconv.AppendInt(b, int64(o.Status), 10)
	}
	b = appendSet(b, `,"code":`, o.Code)
	b = appendSet(b, `,"family":`, o.Family)
	b = appendSet(b, `,"title":`, o.Title)
	b = appendSet(b, `,"detail":`, o.Detail)
	b = appendSet(b, `,"type":`, o.Type)
	b = appendSet(b, `,"instance":`, o.Instance)
	b = appendSet(b, `,"request_id":`, o.RequestID)
	if len(o.Fields) > 0 {
		b = append(b, `,"fields":[`...)
		for i := range o.Fields {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendField(b, &o.Fields[i])
		}
		b = append(b, ']')
	}
	if len(o.Items) > 0 {
		b = append(b, `,"items":[`...)
		for i := range o.Items {
			it := &o.Items[i]
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"index":`...)
			b = strconv.AppendInt(b, int64(it.Index), 10)
			b = appendSet(b, `,"id":`, it.ID)
			b = append(b, `,"outcome":`...)
			b = append(appendOutcome(b, &it.Outcome), '}')
		}
		b = append(b, ']')
	}
	b = appendTexts(b, `,"notes":`, o.Notes)
	switch o.RetryAfter {
	case 0:
	case parlance.RetryNow:
		b = append(b, `,"retry_after":0`...)
	default:
		b = append(b, `,"retry_after":`...)
		b = appendNumber(b, o.RetryAfter.Seconds())
	}
	if o.Retryable != 0 {
		b = append(b, `,"retryable":`...)
		b = append(b, o.Retryable.String()...)
	}
	b = appendSet(b, `,"help":`, o.Help)
	if len(o.Extra) > 0 {
		b = append(b, `,"extra":{`...)
		for i, name := range slices.Sorted(maps.Keys(o.Extra)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(jsontext.AppendStandard(b, name), ':')
			b = jsontext.AppendStandard(b, o.Extra[name])
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendField(b []byte, f *parlance.Field) []byte {
	from := len(b)
	b = appendSet(b, `,"path":`, f.Path)
	b = appendSet(b, `,"code":`, f.Code)
	b = appendSet(b, `,"message":`, f.Message)
	if len(b) == from {
		b = append(b, ',')
	}
	b[from] = '{'
	return append(b, '}')
}

func appendDecision(b []byte, d *parlance.Decision) []byte {
	b = append(b, `{"act":`...)
	b = jsontext.AppendStandard(b, d.Act.String())
	b = appendSet(b, `,"scope":`, string(d.Scope))
	if d.After != 0 {
		b = append(b, `,"after":`...)
		b = appendNumber(b, d.After.Seconds())
	}
	if d.Backoff.Floor > 0 {
		b = append(b, `,"backoff":[`...)
		b = append(appendNumber(b, d.Backoff.Floor.Seconds()), ',')
		b = append(appendNumber(b, d.Backoff.Cap.Seconds()), ']')
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
		b = appendNumber(b, w.Seconds())
	}
	return b
}

func appendDiagnostic(b []byte, d *parlance.Diagnostic) []byte {
	b = append(b, `{"rule":`...)
	b = jsontext.AppendStandard(b, d.Rule)
	b = append(b, `,"severity":`...)
	b = jsontext.AppendStandard(b, d.Severity.String())
	b = appendSet(b, `,"file":`, d.File)
	if d.Line != 0 {
		b = append(b, `,"line":`...)
		b = strconv.AppendInt(b, int64(d.Line), 10)
	}
	if d.Column != 0 {
		b = append(b, `,"column":`...)
		b = strconv.AppendInt(b, int64(d.Column), 10)
	}
	b = appendSet(b, `,"at":`, d.At)
	b = append(b, `,"message":`...)
	b = jsontext.AppendStandard(b, d.Message)
	b = appendSet(b, `,"hint":`, d.Hint)
	return append(appendSet(b, `,"why":`, d.Why), '}')
}

// appendSet appends a name with its text, and nothing where there is no text.
func appendSet(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return jsontext.AppendStandard(append(b, name...), text)
}

// appendTexts appends a name with its list, and nothing where that is empty.
func appendTexts(b []byte, name string, texts []string) []byte {
	if len(texts) == 0 {
		return b
	}
	b = append(append(b, name...), '[')
	for i, t := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontext.AppendStandard(b, t)
	}
	return append(b, ']')
}

// appendNumber appends a number as ECMAScript writes it.
func appendNumber(b []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	from := len(b)
	b = strconv.AppendFloat(b, f, format, -1, 64)
	if n := len(b); format == 'e' && n-from >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' {
		b[n-2] = b[n-1] // e-09 is e-9
		b = b[:n-1]
	}
	return b
}
