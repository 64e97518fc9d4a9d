package spec

import (
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Clock gives the moment from which the times of a response are counted.
type Clock interface{ Now() time.Time }

// Wait reads a time to wait in one of the notations of time. A moment that has
// passed is none.
func (c Conversion) Wait(text string, from Clock) (time.Duration, bool) {
	var until time.Time
	switch c.Notation {
	case goDuration, protobuf:
		d, err := time.ParseDuration(text)
		return d, err == nil && d >= 0
	case iso:
		t, ok := wire.ParseInstant(text)
		if !ok {
			return 0, false
		}
		until = t
	case httpDate:
		t, ok := wire.ParseHTTPDate(text)
		if !ok {
			return 0, false
		}
		until = t
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, false
		}
		switch c.Notation {
		case millis, epochMS:
			f /= 1000
		case minutes:
			f *= 60
		}
		d, ok := parlance.Seconds(f)
		if !ok || c.Notation != epoch && c.Notation != epochMS {
			return d, ok
		}
		until = time.Unix(0, 0).Add(d)
	}
	return max(until.Sub(from.Now()), 0), true
}

// AppendWait is its inverse.
func (c Conversion) AppendWait(dst []byte, d time.Duration, from Clock) []byte {
	switch c.Notation {
	case millis:
		return strconv.AppendFloat(dst, float64(d)/float64(time.Millisecond), 'f', -1, 64)
	case minutes:
		return strconv.AppendFloat(dst, d.Minutes(), 'f', -1, 64)
	case epoch:
		return strconv.AppendInt(dst, ceil(from.Now().Add(d), time.Second).Unix(), 10)
	case epochMS:
		return strconv.AppendInt(dst, ceil(from.Now().Add(d), time.Millisecond).UnixMilli(), 10)
	case iso:
		return from.Now().Add(d).UTC().AppendFormat(dst, time.RFC3339Nano)
	case httpDate:
		return ceil(from.Now().Add(d), time.Second).UTC().AppendFormat(dst, "Mon, 02 Jan 2006 15:04:05 GMT")
	case goDuration:
		return append(dst, d.String()...)
	case protobuf:
		return append(strconv.AppendFloat(dst, float64(d)/1e9, 'f', -1, 64), 's')
	}
	return strconv.AppendFloat(dst, float64(d)/1e9, 'f', -1, 64)
}

// ceil rounds a time up, so that no client retries too early.
func ceil(t time.Time, to time.Duration) time.Time {
	if down := t.Truncate(to); !down.Equal(t) {
		return down.Add(to)
	}
	return t
}
