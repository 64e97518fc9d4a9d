package authoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Difference is one thing that is otherwise than expected.
type Difference struct {
	Part      Part   `json:"part"`
	Attribute string `json:"attribute,omitempty"` // as in JSON: "detail", "fields[0].path", "act"
	Want      string `json:"want,omitempty"`      // as JSON; "" for unset
	Got       string `json:"got,omitempty"`       // as JSON; "" for unset
	Message   string `json:"message,omitempty"`   // what is said of it where there are no two values to compare
	Line      int    `json:"line,omitempty"`      // where the expectation stands
	Column    int    `json:"column,omitempty"`    //
}

// sentence is the difference in words, of a sample.
func (f *Difference) sentence() string {
	switch {
	case f.Part == Writes && f.Message != "":
		return fmt.Sprintf("written back, its %s %s", f.Attribute, f.Message)
	case f.Part == Writes:
		return fmt.Sprintf("written back, its %s is %s, not %s", f.Attribute, f.Got, f.Want)
	case f.Message != "":
		return "the sample is read " + f.Message
	case f.Want == "":
		return fmt.Sprintf("the sample reads %s as %s, of which the outcome says nothing", f.Attribute, f.Got)
	case f.Got == "":
		return fmt.Sprintf("the sample does not read %s, which the outcome has as %s", f.Attribute, f.Want)
	}
	return fmt.Sprintf("the sample reads %s as %s, not as %s", f.Attribute, f.Got, f.Want)
}

// compare appends what differs between what is wanted and what is there. What
// is not wanted counts only where the whole does.
func compare(to []Difference, path string, want, got any, whole bool) []Difference {
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		under := path
		if under != "" {
			if g == nil {
				break
			}
			under += "."
		}
		for _, name := range names(w, g) {
			v, wanted := w[name]
			if !wanted && (!whole || name == "index") {
				continue
			}
			to = compare(to, under+name, v, g[name], whole)
		}
		return to
	case []any:
		g, _ := got.([]any)
		for i := range max(len(w), len(g)) {
			one := path + "[" + strconv.Itoa(i) + "]"
			switch {
			case i >= len(g):
				to = append(to, Difference{Attribute: one, Want: asText(w[i])})
			case i >= len(w):
				to = append(to, Difference{Attribute: one, Got: asText(g[i])})
			default:
				to = compare(to, one, w[i], g[i], whole)
			}
		}
		return to
	}
	if unset(want) && unset(got) {
		return to
	}
	f := Difference{Attribute: path}
	if !unset(want) {
		f.Want = asText(want)
	}
	if !unset(got) {
		f.Got = asText(got)
	}
	if f.Want != f.Got {
		to = append(to, f)
	}
	return to
}

// names are those of both, in the order of an Outcome.
func names(a, b map[string]any) []string {
	order := slices.Concat([]string{"path"}, spec.OutcomeAttributes, []string{"index", "id", "outcome", "message"})
	var all []string
	for _, m := range []map[string]any{a, b} {
		for name := range m {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	slices.SortFunc(all, func(x, y string) int {
		if i, j := slices.Index(order, x), slices.Index(order, y); i != j {
			return i - j
		}
		return strings.Compare(x, y)
	})
	return all
}

// unset reports that a value says no more than that there is none.
func unset(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// asText is a value as JSON, its texts as they are and its members in the order
// of an Outcome.
func asText(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, name := range names(v, nil) {
			parts = append(parts, asText(name)+":"+asText(v[name]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = asText(v[i])
		}
		return "[" + strings.Join(parts, ",") + "]"
	case string:
		return string(tree.AppendJSON(nil, v))
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

// conforms compares two bodies: the same members in whatever order, the same
// types, and the same texts, but that a number may be the HTTP status, since a
// status inside a body may differ from it. It returns what differs first.
func conforms(want, got []byte, status string) string {
	want, got = bytes.TrimSpace(want), bytes.TrimSpace(got)
	if bytes.Equal(want, got) {
		return ""
	}
	var a, b tree.Tree
	if a.JSON(want, false) == nil {
		if b.JSON(got, false) != nil {
			return "it is not JSON"
		}
		return differs(&a, &b, 0, 0, "", status)
	}
	if a.XML(want, false) == nil {
		if b.XML(got, false) != nil {
			return "it is not XML"
		}
		return differs(&a, &b, 0, 0, string(a.Key(0)), status)
	}
	return "the texts differ"
}

func differs(a, b *tree.Tree, i, j uint32, path, status string) string {
	x, y := a.Nodes[i], b.Nodes[j]
	here := "the body"
	if path != "" {
		here = strconv.Quote(path)
	}
	if x.Kind != y.Kind {
		return here + " has another type"
	}
	if x.Kind != tree.Object && x.Kind != tree.List && !bytes.Equal(a.Value(i), b.Value(j)) && (x.Kind != tree.Number || string(b.Value(j)) != status) {
		return fmt.Sprintf("%s is %q, not %q", here, b.Value(j), a.Value(i))
	}
	left, right := slices.Collect(a.Children(i)), slices.Collect(b.Children(j))
	if x.Kind == tree.List {
		if len(left) != len(right) {
			return fmt.Sprintf("%s has %s, not %d", here, spec.Plural(len(right), "element"), len(left))
		}
		for k, c := range left {
			if d := differs(a, b, c, right[k], below(path, strconv.Itoa(k)), status); d != "" {
				return d
			}
		}
		return ""
	}
	nth := map[string]int{}
	for _, c := range left {
		name := string(a.Key(c))
		nth[name]++
		seen, found, problem := 0, false, "is missing"
		for _, o := range right {
			if b.KeyIs(o, name) && b.Nodes[o].Kind != a.Nodes[c].Kind {
				problem = "has another type"
			} else if b.KeyIs(o, name) {
				if seen++; seen == nth[name] {
					found = true
					if d := differs(a, b, c, o, below(path, name), status); d != "" {
						return d
					}
				}
			}
		}
		if !found {
			return strconv.Quote(below(path, name)) + " " + problem
		}
	}
	for _, o := range right {
		name := string(b.Key(o))
		if nth[name]--; nth[name] < 0 {
			return strconv.Quote(below(path, name)) + " is there and was not recorded"
		}
	}
	return ""
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// asTree is an Outcome as its JSON has it.
func asTree(o parlance.Outcome) map[string]any {
	var t map[string]any
	if text, err := json.Marshal(o); err != nil || json.Unmarshal(text, &t) != nil {
		return map[string]any{}
	}
	return t
}

// short is a body for a message.
func short(body []byte) string {
	if len(body) == 0 {
		return "none"
	}
	if text := []rune(string(body)); len(text) > 300 {
		return string(text[:300]) + "…"
	}
	return string(body)
}

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
