package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// Read turns the text of a scalar into the attribute's text. It reports false
// for what does not fit. Times become a number of seconds.
func (c Conversion) Read(text []byte, from Clock) ([]byte, bool) {
	switch c.Notation {
	case Plain:
	case Integer:
		// 1e2 and 1.0 are numbers to JSON, yet no vendor's code is written so.
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil || !c.takes(n, string(text)) {
			return nil, false
		}
	case Boolean:
		return text, string(text) == "true" || string(text) == "false"
	case Pointer, brackets, dots:
		return c.fromPointer(text)
	case statusLine:
		words := strings.Fields(string(text))
		if len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/") || len(words[1]) != 3 || !tree.IsDigits(words[1]) {
			return nil, false
		}
		return []byte(words[1]), true
	default:
		d, ok := c.Wait(string(text), from)
		if !ok {
			return nil, false
		}
		if c.Notation == seconds {
			return text, true
		}
		return Conversion{Notation: seconds}.AppendWait(nil, d, from), true
	}
	return text, true
}

// Wire is the text of a value in the notation. It reports false for one that
// cannot be written so that it reads back.
func (c Conversion) Wire(value string, from Clock) (string, bool) {
	switch c.Notation {
	case Integer:
		n, err := strconv.ParseInt(value, 10, 64)
		return value, err == nil && tree.IsNumber(value) && c.takes(n, value)
	case Boolean:
		if tree.IsDigits(value) {
			return strconv.FormatBool(value != "0"), true // whether there are any
		}
		return value, value == "true" || value == "false"
	case Pointer:
		return c.appendPointer(value), true
	case brackets, dots:
		return c.indexed(value), true
	case statusLine:
		status, err := strconv.Atoi(value)
		if err != nil || len(value) != 3 {
			return "", false
		}
		return "HTTP/1.1 " + value + " " + wire.Phrase(status), true
	case Plain, Segments, pairs:
		return value, true
	}
	f, err := strconv.ParseFloat(value, 64)
	d, ok := parlance.Seconds(f)
	if err != nil || !ok {
		return "", false
	}
	return string(c.AppendWait(nil, d, from)), true
}

// takes reports that an int may be this number. A bounded int has no sign and no leading
// zeros.
func (c Conversion) takes(n int64, text string) bool {
	return c.within == Span{} || int64(c.within.From) <= n && n <= int64(c.within.To) && strconv.FormatInt(n, 10) == text
}

// indexed is a path with its numbers in brackets. In the notation brackets, its names are
// in brackets too.
func (c Conversion) indexed(path string) string {
	if path == "" || c.prefix == "" && strings.IndexByte(path, '.') < 0 {
		return path
	}
	var b strings.Builder
	if c.prefix != "" && c.keep {
		path = strings.ReplaceAll(c.prefix, "/", ".") + "." + path
	}
	for part := range strings.SplitSeq(path, ".") {
		switch {
		case b.Len() > 0 && (tree.IsDigits(part) || c.Notation == brackets):
			b.WriteString("[" + part + "]")
		case b.Len() > 0:
			b.WriteString("." + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

// fromPointer turns a JSON pointer (RFC 6901, also with the # of a fragment) into a dotted
// path. Any other text is read as dots and brackets.
func (c Conversion) fromPointer(text []byte) ([]byte, bool) {
	if c.prefix == "" && !slices.ContainsFunc(text, func(c byte) bool { return separates[c] }) {
		return text, true
	}
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
		if c.above(parts) {
			return nil, true
		}
	} else {
		parts = segmentsOf(strings.TrimPrefix(s, "$."))
	}
	return []byte(strings.Join(c.behind(parts), ".")), true
}

// segmentsOf are the parts of a path in dots and brackets.
func segmentsOf(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]/", r) })
}

// behind is a path without the prefix, if it begins with all of it.
func (c Conversion) behind(parts []string) []string {
	rest := parts
	for head := range c.prefixes {
		if len(rest) == 0 || rest[0] != head {
			return parts
		}
		rest = rest[1:]
	}
	return rest
}

// above reports that a pointer ends inside the prefix, also with a slash at its end. It is of
// the whole then: no path behind the prefix leads there.
func (c Conversion) above(parts []string) bool {
	if last := len(parts) - 1; parts[last] == "" {
		parts = parts[:last]
	}
	return c.prefix != "" && strings.HasPrefix("/"+c.prefix+"/", "/"+strings.Join(parts, "/")+"/")
}

// prefixes yields the segments of the prefix.
func (c Conversion) prefixes(yield func(string) bool) {
	if c.prefix == "" {
		return
	}
	for head := range strings.SplitSeq(c.prefix, "/") {
		if !yield(head) {
			return
		}
	}
}

// separates are the bytes that can end a step of a path, or begin the path.
var separates = [256]bool{'/': true, '.': true, '[': true, ']': true, '#': true, '$': true}

// appendPointer is its inverse.
func (c Conversion) appendPointer(path string) string {
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

// ReadStructured reads a list node: segments of a path, or pairs of an id.
func (c Conversion) ReadStructured(t *tree.Tree, n uint32) ([]byte, bool) {
	switch {
	case t.Nodes[n].Kind != tree.List:
		return nil, false
	case c.Notation == Segments:
		return c.readSegments(t, n)
	}
	return c.readPairs(t, n)
}

// readSegments reads ["a", 0, "b"] as a.0.b.
func (c Conversion) readSegments(t *tree.Tree, n uint32) (out []byte, ok bool) {
	rest := c.prefix // of the prefix, as long as the segments are those of it
	at := 0          // where the path goes on behind the prefix
	for e := range t.Children(n) {
		kind := t.Nodes[e].Kind
		if kind != tree.Text && kind != tree.Number {
			return nil, false
		}
		v := t.Value(e)
		if len(out) > at {
			out = append(out, '.')
		}
		out = append(out, v...)
		if head, after, _ := strings.Cut(rest, "/"); rest != "" && string(v) == head {
			if rest = after; rest == "" {
				at = len(out)
			}
			continue
		}
		rest = ""
	}
	if rest != "" {
		at = len(out) // they end inside the prefix, and are of the whole
	}
	return out[at:], true
}

// readPairs reads [{"key": "a", "value": 1}] as a=1.
func (c Conversion) readPairs(t *tree.Tree, n uint32) (out []byte, ok bool) {
	for e := range t.Children(n) {
		key, value := c.pair(t, e)
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

// AppendStructured writes such a list as JSON. A part that reads as a whole
// number is written as one, since the text does not tell which it was.
func (c Conversion) AppendStructured(dst []byte, value string) []byte {
	dst = append(dst, '[')
	if c.Notation == Segments {
		for p := range c.prefixes {
			if c.keep {
				if dst[len(dst)-1] != '[' {
					dst = append(dst, ',')
				}
				dst = jsontext.Append(dst, p)
			}
		}
		for p := range strings.SplitSeq(value, ".") {
			if value == "" {
				break
			}
			if dst[len(dst)-1] != '[' {
				dst = append(dst, ',')
			}
			dst = appendNumberOrText(dst, p)
		}
		return append(dst, ']')
	}
	if value == "" {
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
		dst = append(c.AppendPair(dst, k, appendNumberOrText(nil, v)), '}')
	}
	return append(dst, ']')
}

// AppendPair writes an object of a key and a value in JSON, without its closing brace.
func (c Conversion) AppendPair(dst []byte, key string, value []byte) []byte {
	dst = append(jsontext.Append(append(dst, '{'), c.key), ':')
	dst = append(jsontext.Append(dst, key), ',')
	dst = append(jsontext.Append(dst, c.item), ':')
	return append(dst, value...)
}

// ReadHeader reads the fields of a header, as an object or a list of pairs, as an object.
func (c Conversion) ReadHeader(t *tree.Tree, n uint32) (object []byte, ok bool) {
	if kind := t.Nodes[n].Kind; !c.Structured() || kind != tree.List {
		return t.Raw(n), kind == tree.Object && !c.Structured()
	}
	object = append(object, '{')
	for e := range t.Children(n) {
		key, value := c.pair(t, e)
		if key == nil || value == nil {
			return nil, false
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(jsontext.Append(object, string(key)), ':')
		object = jsontext.Append(object, string(value))
	}
	return append(object, '}'), true
}

// pair are the key and the value of an object of both, nil for one that is missing.
func (c Conversion) pair(t *tree.Tree, n uint32) (key, value []byte) {
	for m := range t.Children(n) {
		switch {
		case !t.IsLeaf(m):
		case t.KeyIs(m, c.key):
			key = t.Value(m)
		case t.KeyIs(m, c.item):
			value = t.Value(m)
		}
	}
	return key, value
}

func appendNumberOrText(dst []byte, s string) []byte {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return append(dst, s...)
	}
	return jsontext.Append(dst, s)
}

// A Replacer builds its tables once, at its first use.
var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)
