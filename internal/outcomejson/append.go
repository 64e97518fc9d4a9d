// Package outcomejson writes an Outcome, a Decision and a Diagnostic as JSON without reflection: byte by byte what
// [parlance.Outcome.MarshalJSON] writes. The command and the activity store write one for
// each response.
package outcomejson

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// Append appends an Outcome.
func Append(b []byte, o *parlance.Outcome) []byte {
	b = append(b, `{"kind":`...)
	b = jsontext.AppendStandard(b, o.Kind.String())
	b = AppendText(b, `,"reason":`, string(o.Reason))
	if o.Status != 0 {
		b = append(b, `,"status":`...)
		b = strconv.AppendInt(b, int64(o.Status), 10)
	}
	b = AppendText(b, `,"code":`, o.Code)
	b = AppendText(b, `,"family":`, o.Family)
	b = AppendText(b, `,"title":`, o.Title)
	b = AppendText(b, `,"detail":`, o.Detail)
	b = AppendText(b, `,"type":`, o.Type)
	b = AppendText(b, `,"instance":`, o.Instance)
	b = AppendText(b, `,"request_id":`, o.RequestID)
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
			b = AppendText(b, `,"id":`, it.ID)
			b = append(b, `,"outcome":`...)
			b = append(Append(b, &it.Outcome), '}')
		}
		b = append(b, ']')
	}
	b = AppendTexts(b, `,"notes":`, o.Notes)
	switch o.RetryAfter {
	case 0:
	case parlance.RetryNow:
		b = append(b, `,"retry_after":0`...)
	default:
		b = append(b, `,"retry_after":`...)
		b = AppendNumber(b, o.RetryAfter.Seconds())
	}
	if o.Retryable != 0 {
		b = append(b, `,"retryable":`...)
		b = append(b, o.Retryable.String()...)
	}
	b = AppendText(b, `,"help":`, o.Help)
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
	b = AppendText(b, `,"path":`, f.Path)
	b = AppendText(b, `,"code":`, f.Code)
	b = AppendText(b, `,"message":`, f.Message)
	if len(b) == from {
		b = append(b, ',')
	}
	b[from] = '{'
	return append(b, '}')
}

// AppendText appends a name with its text, and nothing if there is no text.
func AppendText(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return jsontext.AppendStandard(append(b, name...), text)
}

// AppendTexts appends a name with its list, and nothing if that is empty.
func AppendTexts(b []byte, name string, texts []string) []byte {
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

// AppendNumber appends a number as ECMAScript writes it.
func AppendNumber(b []byte, f float64) []byte {
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
