package dialect

import (
	"slices"
	"strings"
)

// notation is how a value stands on the wire.
type notation uint8

const (
	plain      notation = iota // as it is
	integer                    // a whole number
	boolean                    // true or false
	seconds                    // a time as a number of seconds; fractions are fine
	millis                     // of milliseconds
	minutes                    // of minutes
	epoch                      // a moment, in seconds since 1970
	epochMS                    // in milliseconds
	iso                        // a moment after RFC 3339
	httpDate                   // a moment after RFC 9110, 5.6.7
	goDuration                 // 6m0s
	protobuf                   // 3.5s, google.protobuf.Duration in JSON
	pointer                    // a path as a JSON pointer (RFC 6901)
	brackets                   // a path as a[0][b]
	dots                       // a path as a[0].b
	segments                   // a path as a list of its segments
	pairs                      // an id of several parts, as a list of objects
	statusLine                 // a status as HTTP/1.1 423 Locked
)

var notationNames = [...]string{
	"", "int", "bool", "seconds", "ms", "minutes", "epoch", "epochms", "iso", "date", "duration", "protobuf",
	"pointer", "brackets", "dots", "segments", "pairs", "statusline",
}

// conversion is a notation with what its parentheses say.
type conversion struct {
	notation  notation
	prefix    string // a path prefix that is dropped on reading
	keep      bool   // and put back on writing
	key, item string // the member names of a pair
	within    span   // the numbers that an int may be; the zero value is all
}

// parseConversion reads "int", "int(100-150)", "pointer(/body)", "pointer(#)", "segments(body?)" or "pairs(key, value)".
func parseConversion(text string) (c conversion, message string) {
	name, rest, has := strings.Cut(text, "(")
	args := strings.TrimSuffix(rest, ")")
	i := slices.Index(notationNames[:], name)
	if i <= 0 {
		return c, "unknown"
	}
	c.notation = notation(i)
	if has && !strings.HasSuffix(rest, ")") {
		return c, "the parenthesis does not end"
	}
	switch c.notation {
	case pointer, brackets, dots, segments:
		c.keep = !strings.HasSuffix(args, "?")
		c.prefix = strings.Trim(strings.TrimSuffix(args, "?"), "/")
		if strings.ContainsAny(c.prefix, "./ ") {
			return c, "a prefix is one segment, such as " + name + "(body)"
		}
	case pairs:
		key, value, two := strings.Cut(args, ",")
		c.key, c.item = strings.TrimSpace(key), strings.TrimSpace(value)
		if !two || c.key == "" || c.item == "" {
			return c, "expected the names of the two members, such as pairs(key, value)"
		}
	case integer:
		var ok bool
		if c.within, ok = parseSpan(args); has && (!ok || c.within == span{}) {
			return c, "expected the first and the last number, such as int(100-150)"
		}
	default:
		if has {
			return c, name + " takes nothing in parentheses"
		}
	}
	return c, ""
}

// structured reports that the notation is a list and not a scalar.
func (c conversion) structured() bool { return c.notation == segments || c.notation == pairs }

// timed reports that it is of a time, which may be counted from the answer's.
func (n notation) timed() bool { return n >= seconds && n <= protobuf }

// bare reports that JSON has the value without quotes.
func (c conversion) bare() bool { return c.notation >= integer && c.notation <= epochMS }

// timed reports that the value is a time to wait.
func (c conversion) timed() bool { return c.notation >= seconds && c.notation <= protobuf }

// suits reports that an attribute can stand in the notation, and names what
// the notation is for.
func (c conversion) suits(t target) (bool, string) {
	wait := t.attr == attrRetryAfter || t.attr == attrReset
	switch {
	case c.timed():
		return wait, "a time to wait: $retry_after or $reset"
	case c.notation == statusLine:
		return t.attr == attrStatus, "$status or $item.status"
	case c.notation == pairs:
		return t.attr == attrID, "$item.id"
	case c.notation >= pointer && c.notation <= segments:
		return t.attr == attrPath || t.attr == attrID, "$field or $item.id"
	case c.notation == boolean:
		return t.attr == attrRetryable || t.attr.counts() || t.attr == attrCode, "$retryable, a count or a code"
	}
	return true, ""
}

// takesAll reports that every text can be written in the notation.
func (c conversion) takesAll() bool {
	return c.notation == plain || c.notation >= pointer && c.notation <= segments
}
