package spec

import (
	"slices"
	"strings"
)

// notation is how a value stands on the wire.
type notation uint8

// The order counts. Times stand between seconds and protobuf, the notations that JSON has
// without quotes between integer and epochMS, and paths between pointer and segments.
// NotationNames has the names in the same order.
const (
	Plain      notation = iota // as it is
	Integer                    // a whole number
	Boolean                    // true or false
	seconds                    // a time as a number of seconds; fractions are fine
	millis                     // of milliseconds
	minutes                    // of minutes
	epoch                      // a moment, in seconds since 1970
	epochMS                    // in milliseconds
	iso                        // a moment after RFC 3339
	httpDate                   // a moment after RFC 9110, 5.6.7
	goDuration                 // 6m0s
	protobuf                   // 3.5s, google.protobuf.Duration in JSON
	Pointer                    // a path as a JSON pointer (RFC 6901)
	brackets                   // a path as a[0][b]
	dots                       // a path as a[0].b
	Segments                   // a path as a list of its segments
	pairs                      // an id of several parts, as a list of objects
	statusLine                 // a status as HTTP/1.1 423 Locked
)

// NotationNames are the words for the notations in a dialect file.
var NotationNames = [...]string{
	"", "int", "bool", "seconds", "ms", "minutes", "epoch", "epochms", "iso", "date", "duration", "protobuf",
	"pointer", "brackets", "dots", "segments", "pairs", "statusline",
}

// Conversion is a notation and the content of its parentheses.
type Conversion struct {
	Notation  notation
	prefix    string // the first segments of a path, with slashes between them, that are dropped on reading
	keep      bool   // and put back on writing
	key, item string // the member names of a pair
	within    Span   // the numbers that an int may be; the zero value is all
}

// parseConversion reads "int", "int(100-150)", "pointer(/body)", "pointer(#)", "segments(body?)" or "pairs(key, value)".
func parseConversion(text string) (c Conversion, message string) {
	name, rest, has := strings.Cut(text, "(")
	args := strings.TrimSuffix(rest, ")")
	i := slices.Index(NotationNames[:], name)
	if i <= 0 {
		return c, "unknown"
	}
	c.Notation = notation(i)
	if has && !strings.HasSuffix(rest, ")") {
		return c, "the closing parenthesis is missing"
	}
	switch c.Notation {
	case Pointer, brackets, dots, Segments:
		c.keep = !strings.HasSuffix(args, "?")
		c.prefix = strings.Trim(strings.TrimSuffix(args, "?"), "/")
		if strings.ContainsAny(c.prefix, ".[] ") || strings.Contains(c.prefix, "//") || c.prefix != "#" && strings.Contains(c.prefix, "#") {
			return c, "the prefix must be segments with a slash between two, such as " + name + "(body) or " + name + "(body/data)"
		}
	case pairs:
		key, value, two := strings.Cut(args, ",")
		c.key, c.item = strings.TrimSpace(key), strings.TrimSpace(value)
		if !two || c.key == "" || c.item == "" {
			return c, "expected the names of the two members, such as pairs(key, value)"
		}
	case Integer:
		var ok bool
		if c.within, ok = ParseSpan(args); has && (!ok || c.within == Span{}) {
			return c, "expected the first and the last number, such as int(100-150)"
		}
	default:
		if has {
			return c, name + " takes nothing in parentheses"
		}
	}
	return c, ""
}

// slashes says how a prefix in dots or brackets is written, "" for any other.
func (c Conversion) slashes() string {
	if !strings.ContainsAny(c.prefix, ".[]") {
		return ""
	}
	mark := "?"
	if c.keep {
		mark = ""
	}
	return "write " + NotationNames[c.Notation] + "(" + strings.Join(segmentsOf(c.prefix), "/") + mark + ")"
}

// Structured reports that the notation is a list and not a scalar.
func (c Conversion) Structured() bool { return c.Notation == Segments || c.Notation == pairs }

// Timed reports that the value is a time. It may be counted from that of the
// response.
func (n notation) Timed() bool { return n >= seconds && n <= protobuf }

// Bare reports that JSON has the value without quotes.
func (c Conversion) Bare() bool { return c.Notation >= Integer && c.Notation <= epochMS }

// timed reports that the value is a time to wait.
func (c Conversion) timed() bool { return c.Notation >= seconds && c.Notation <= protobuf }

// suits reports that an attribute can stand in the notation, and names what
// the notation is for.
func (c Conversion) suits(t Target) (bool, string) {
	wait := t.Attr == AttrRetryAfter || t.Attr == AttrReset
	switch {
	case c.timed():
		return wait, "a time to wait ($retry_after or $reset)"
	case c.Notation == statusLine:
		return t.Attr == AttrStatus, "$status or $item.status"
	case c.Notation == pairs:
		return t.Attr == AttrID || t.Attr == AttrHeaders, "$item.id or $item.headers"
	case c.Notation >= Pointer && c.Notation <= Segments:
		return t.Attr == AttrPath || t.Attr == AttrID || t.Attr == AttrBelow, "$field or $item.id"
	case c.Notation == Boolean:
		return t.Attr == AttrRetryable || t.Attr.Counts() || t.Attr == AttrCode, "$retryable, a count or a code"
	}
	return true, ""
}

// TakesAll reports that every text can be written in the notation.
func (c Conversion) TakesAll() bool {
	return c.Notation == Plain || c.Notation >= Pointer && c.Notation <= Segments
}

// Returns reports that a text in the notation surely reads back as it is. A path does if it
// has plain names alone and does not begin like the prefix.
func (c *Conversion) Returns(path string) bool {
	if c.Notation == Plain {
		return true
	}
	dot := true // before the first name, and behind each
	for i := range len(path) {
		if b := path[i]; plainInPath[b] {
			dot = false
		} else if b == '.' && !dot {
			dot = true
		} else {
			return false
		}
	}
	if c.prefix != "" {
		head, _, _ := strings.Cut(c.prefix, "/")
		return !dot && !strings.HasPrefix(path, head)
	}
	return !dot
}

// plainInPath are the bytes that no notation of paths gives a meaning.
var plainInPath = func() (plain [256]bool) {
	for b := range plain {
		plain[b] = b == '_' || b == '-' || b >= 0x80 || '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z'
	}
	return plain
}()
