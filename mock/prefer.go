package mock

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ParsePrefer reads a wish from the values of the header field Prefer (RFC 7240, 2). Words
// are separated by commas or semicolons, and a value may be in quotes. If a word comes
// twice, the first one counts. Preferences that are registered, or that APIs use for other
// purposes, are passed over. Any other unknown word is an error, which lists what there is.
func ParsePrefer(values ...string) (Wish, error) {
	var w Wish
	var seen []string
	for _, value := range values {
		for value != "" {
			var one string
			one, value = cutOutside(value)
			name, text, _ := strings.Cut(one, "=")
			name, text = strings.ToLower(strings.TrimSpace(name)), unquoted(strings.TrimSpace(text))
			if name == "" || slices.Contains(seen, name) || otherwise(name) {
				continue
			}
			seen = append(seen, name)
			if err := w.Set(name, text); err != nil {
				return Wish{}, err
			}
		}
	}
	return w, nil
}

// others are preferences that are no wish: those that IANA registers, and those that APIs
// and their tools send.
var others = []string{
	"respond-async", "return", "wait", "handling", "depth-noroot", "safe", "timezone",
	"idtype", "include-authenticated", // Microsoft Graph
	"resolution", "count", "tx", "missing", "params", "max-affected", "plurality", // PostgREST
}

// otherwise reports that a preference is no wish. Vendors put a dot in names of their own,
// such as odata.maxpagesize.
func otherwise(name string) bool {
	return strings.Contains(name, ".") || slices.Contains(others, name)
}

// cutOutside cuts a list at the first comma or semicolon that stands in no quoted string
// (RFC 9110, 5.6.4). A comma between the values of fields is a part of the value: the word
// after it has no =.
func cutOutside(s string) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case quoted:
		case c == ';', c == ',' && !continues(s[:i], s[i+1:]):
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// continues reports that a comma is inside the value of fields, as in fields=url,date.
func continues(before, after string) bool {
	name, _, valued := strings.Cut(before, "=")
	next, _, _ := strings.Cut(after, ",")
	next, _, _ = strings.Cut(next, ";")
	return valued && strings.EqualFold(strings.TrimSpace(name), "fields") && next != "" && !strings.Contains(next, "=") && !otherwise(strings.ToLower(strings.TrimSpace(next)))
}

// unquoted is the text of a token or a quoted string.
func unquoted(s string) string {
	inner, ok := strings.CutPrefix(s, `"`)
	if !ok {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(inner) && inner[i] != '"'; i++ {
		if inner[i] == '\\' && i+1 < len(inner) {
			i++
		}
		b.WriteByte(inner[i])
	}
	return b.String()
}

// quoted is a text as a token if it can be one, else as a quoted string.
func quoted(s string) string {
	if !strings.ContainsAny(s, " \t;\"\\") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// inPath takes the wish of a path such as /_mock/code/402/kind/failed/orders/7: pairs of a
// word and its value, up to the first segment that is no word. A segment - ends them, for a
// path that begins with a word.
func inPath(path string) (w Wish, rest string, err error) {
	rest = strings.TrimPrefix(path, Prefix)
	for n := 0; ; n++ {
		name, after, _ := strings.Cut(rest, "/")
		switch {
		case name == "-":
			return w, "/" + after, nil
		case !slices.Contains(wordNames(), name) && n == 0:
			return w, "/", unknown("wish", "wishes", name, wordNames())
		case !slices.Contains(wordNames(), name):
			return w, "/" + rest, nil
		}
		var value string
		value, rest, _ = strings.Cut(after, "/")
		if value, err = url.PathUnescape(value); err == nil {
			err = w.Set(name, value)
		}
		if err != nil {
			return Wish{}, "/", fmt.Errorf("%s: %w", name, err)
		}
	}
}

// inQuery takes the wish of the query parameters of Prism. They are other than those of the
// API: __code, __example and __dynamic.
func inQuery(q string) (w Wish, found bool, err error) {
	values, _ := url.ParseQuery(q) // what is malformed is the API's own affair
	for _, name := range [...]string{"code", "example", "dynamic"} {
		if v, ok := values["__"+name]; ok && len(v) > 0 {
			if err := w.Set(name, v[0]); err != nil {
				return w, true, fmt.Errorf("__%s: %w", name, err)
			}
			found = true
		}
	}
	return w, found, nil
}
