package dialect

import (
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
)

// clock tells the moment from which the times of an answer are counted.
type clock interface{ now() time.Time }

// wait reads a time to wait in one of the notations of time. A moment that has
// passed is none.
func (c conversion) wait(text string, from clock) (time.Duration, bool) {
	var until time.Time
	switch c.notation {
	case goDuration, protobuf:
		d, err := time.ParseDuration(text)
		return d, err == nil && d >= 0
	case iso:
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return 0, false
		}
		until = t
	case httpDate:
		t, ok := parseHTTPDate(text)
		if !ok {
			return 0, false
		}
		until = t
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, false
		}
		switch c.notation {
		case millis, epochMS:
			f /= 1000
		case minutes:
			f *= 60
		}
		d, ok := parlance.Seconds(f)
		if !ok || c.notation != epoch && c.notation != epochMS {
			return d, ok
		}
		until = time.Unix(0, 0).Add(d)
	}
	return max(until.Sub(from.now()), 0), true
}

// appendWait is its inverse.
func (c conversion) appendWait(dst []byte, d time.Duration, from clock) []byte {
	switch c.notation {
	case millis:
		return strconv.AppendFloat(dst, float64(d)/float64(time.Millisecond), 'f', -1, 64)
	case minutes:
		return strconv.AppendFloat(dst, d.Minutes(), 'f', -1, 64)
	case epoch:
		return strconv.AppendInt(dst, ceil(from.now().Add(d), time.Second).Unix(), 10)
	case epochMS:
		return strconv.AppendInt(dst, ceil(from.now().Add(d), time.Millisecond).UnixMilli(), 10)
	case iso:
		return from.now().Add(d).UTC().AppendFormat(dst, time.RFC3339Nano)
	case httpDate:
		return ceil(from.now().Add(d), time.Second).UTC().AppendFormat(dst, "Mon, 02 Jan 2006 15:04:05 GMT")
	case goDuration:
		return append(dst, d.String()...)
	case protobuf:
		return append(strconv.AppendFloat(dst, float64(d)/1e9, 'f', -1, 64), 's')
	}
	return strconv.AppendFloat(dst, float64(d)/1e9, 'f', -1, 64)
}

// ceil rounds up, so that nobody comes too early.
func ceil(t time.Time, to time.Duration) time.Time {
	if down := t.Truncate(to); !down.Equal(t) {
		return down.Add(to)
	}
	return t
}
