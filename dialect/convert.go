package dialect

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

func sortTexts(s []string) { slices.Sort(s) }

// conversion is the notation of a value on the wire: how its text is turned
// into an attribute's, and back.
type conversion struct {
	name      string
	prefix    string // a path prefix that is dropped on reading
	keep      bool   // and put back on writing
	key, item string // the member names of a pair
}

// conversions are the words that may follow a hole: $code:int.
var conversions = []string{"int", "pointer", "segments", "pairs", "seconds", "ms"}

// parseConversion reads "int", "pointer(/body)", "pointer(#)", "segments(body?)" or "pairs(key, value)".
func parseConversion(text string) (c conversion, message string) {
	name, rest, has := strings.Cut(text, "(")
	args := strings.TrimSuffix(rest, ")")
	c.name = name
	if !slices.Contains(conversions, name) {
		return c, "unknown"
	}
	if has && !strings.HasSuffix(rest, ")") {
		return c, "the parenthesis does not end"
	}
	switch name {
	case "pointer", "segments":
		c.keep = !strings.HasSuffix(args, "?")
		c.prefix = strings.Trim(strings.TrimSuffix(args, "?"), "/")
		if strings.ContainsAny(c.prefix, "./ ") {
			return c, "a prefix is one segment, such as " + name + "(body)"
		}
	case "pairs":
		key, value, two := strings.Cut(args, ",")
		c.key, c.item = strings.TrimSpace(key), strings.TrimSpace(value)
		if !two || c.key == "" || c.item == "" {
			return c, "expected the names of the two members, such as pairs(key, value)"
		}
	default:
		if has {
			return c, name + " takes nothing in parentheses"
		}
	}
	return c, ""
}

// structured reports that the notation is a list and not a scalar.
func (c conversion) structured() bool { return c.name == "segments" || c.name == "pairs" }

// read turns the text of a scalar into the attribute's text. It reports false
// for what does not fit.
func (c conversion) read(text []byte) ([]byte, bool) {
	switch c.name {
	case "int":
		// 1e2 and 1.0 are numbers to JSON, yet no vendor's code is written so.
		if _, err := strconv.ParseInt(string(text), 10, 64); err != nil {
			return nil, false
		}
	case "seconds", "ms":
		d, ok := c.duration(text)
		if !ok {
			return nil, false
		}
		if c.name == "ms" {
			return strconv.AppendFloat(nil, d.Seconds(), 'f', -1, 64), true
		}
	case "pointer":
		return c.fromPointer(text)
	}
	return text, true
}

// duration reads a number of seconds or milliseconds.
func (c conversion) duration(text []byte) (time.Duration, bool) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, false
	}
	if c.name == "ms" {
		f /= 1000
	}
	return parlance.Seconds(f)
}

// fromPointer turns a JSON pointer (RFC 6901, also with the # of a fragment)
// into a dotted path. A text that is none is taken for dots and brackets.
func (c conversion) fromPointer(text []byte) ([]byte, bool) {
	s := strings.TrimPrefix(string(text), "#")
	if s == "" {
		return nil, true
	}
	var parts []string
	if s[0] == '/' {
		parts = strings.Split(s[1:], "/")
		for i, p := range parts {
			parts[i] = pointerUnescape.Replace(p)
		}
	} else {
		parts = strings.FieldsFunc(strings.TrimPrefix(s, "$."), func(r rune) bool { return strings.ContainsRune(".[]/", r) })
	}
	if c.prefix != "" && len(parts) > 0 && parts[0] == c.prefix {
		parts = parts[1:]
	}
	return []byte(strings.Join(parts, ".")), true
}

// appendPointer is its inverse.
func (c conversion) appendPointer(path string) string {
	if path == "" {
		return ""
	}
	var b strings.Builder
	switch {
	case c.prefix == "#":
		b.WriteString("#") // a URI fragment (RFC 6901, 6)
	case c.prefix != "" && c.keep:
		b.WriteString("/" + c.prefix)
	}
	for p := range strings.SplitSeq(path, ".") {
		b.WriteString("/" + pointerEscape.Replace(p))
	}
	return b.String()
}

// readStructured reads a list node: segments of a path, or pairs of an id.
func (c conversion) readStructured(t *tree.Tree, n uint32) ([]byte, bool) {
	if t.Nodes[n].Kind != tree.List {
		return nil, false
	}
	var out []byte
	first := true
	for e := range t.Children(n) {
		if c.name == "segments" {
			kind := t.Nodes[e].Kind
			if kind != tree.Text && kind != tree.Number {
				return nil, false
			}
			v := t.Value(e)
			if first && c.prefix != "" && string(v) == c.prefix {
				first = false
				continue
			}
			if first = false; len(out) > 0 {
				out = append(out, '.')
			}
			out = append(out, v...)
			continue
		}
		var key, value []byte
		for m := range t.Children(e) {
			if t.IsLeaf(m) {
				switch {
				case t.KeyIs(m, c.key):
					key = t.Value(m)
				case t.KeyIs(m, c.item):
					value = t.Value(m)
				}
			}
		}
		if key == nil || value == nil {
			return nil, false
		}
		if len(out) > 0 {
			out = append(out, ',')
		}
		if len(key) > 0 {
			out = append(append(out, key...), '=')
		}
		out = append(out, value...)
	}
	return out, true
}

// appendStructured writes such a list as JSON. A part that reads as a whole
// number is written as one, since the text does not tell which it was.
func (c conversion) appendStructured(dst []byte, value string) []byte {
	dst = append(dst, '[')
	if value == "" {
		return append(dst, ']')
	}
	if c.name == "segments" {
		if c.prefix != "" && c.keep {
			dst = append(appendJSONText(dst, c.prefix), ',')
		}
		for i, p := range strings.Split(value, ".") {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendNumberOrText(dst, p)
		}
		return append(dst, ']')
	}
	for i, pair := range strings.Split(value, ",") {
		if i > 0 {
			dst = append(dst, ',')
		}
		k, v, keyed := strings.Cut(pair, "=")
		if !keyed {
			k, v = "", pair // an id of another vendor has no key
		}
		dst = append(appendJSONText(append(dst, '{'), c.key), ':')
		dst = append(appendJSONText(dst, k), ',')
		dst = append(appendJSONText(dst, c.item), ':')
		dst = append(appendNumberOrText(dst, v), '}')
	}
	return append(dst, ']')
}

func appendNumberOrText(dst []byte, s string) []byte {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return append(dst, s...)
	}
	return appendJSONText(dst, s)
}

// appendScalar writes an attribute's text in the notation, as JSON.
func (c conversion) appendScalar(dst []byte, value string) []byte {
	switch c.name {
	case "ms":
		if d, ok := (conversion{name: "seconds"}).duration([]byte(value)); ok {
			return strconv.AppendFloat(dst, float64(d)/float64(time.Millisecond), 'f', -1, 64)
		}
		return append(dst, "null"...)
	case "int", "seconds":
		return append(dst, value...) // a number: writable held it
	case "pointer":
		value = c.appendPointer(value)
	}
	return appendJSONText(dst, value)
}

// writable reports that a value can be written in the notation so that it reads
// back: a number must be one.
func (c conversion) writable(value string) bool {
	switch c.name {
	case "int", "seconds", "ms":
		return isNumber(value)
	}
	return true
}

// isNumber is JSON's grammar of a number, but for exponents, which no code has.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, fraction, has := strings.Cut(s, ".")
	return isDigits(whole) && (len(whole) == 1 || whole[0] != '0') && (!has || isDigits(fraction))
}

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// A Replacer builds its tables once, at its first use.
var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)
