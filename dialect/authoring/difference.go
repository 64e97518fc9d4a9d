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
	"github.com/parlance-api/parlance/internal/jsontext"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// Difference is one thing that is otherwise than expected.
type Difference struct {
	Part      Part   `json:"part"`
	Attribute string `json:"attribute,omitempty"` // as in JSON: "detail", "fields[0].path", "act"
	Want      string `json:"want,omitempty"`      // as JSON; "" for unset
	Got       string `json:"got,omitempty"`       // as JSON; "" for unset
	Message   string `json:"message,omitempty"`   // what is wrong, if there are no two values to compare
	Line      int    `json:"line,omitempty"`      // the place of the expectation
	Column    int    `json:"column,omitempty"`    //
}

// sentence is the difference in words, of a sample.
func (f *Difference) sentence() string {
	switch {
	case f.Part == PartWrites && f.Message != "":
		return fmt.Sprintf("written back, its %s %s", f.Attribute, f.Message)
	case f.Part == PartWrites:
		return fmt.Sprintf("written back, its %s is %s, not %s", f.Attribute, keyfile.Short(f.Got), keyfile.Short(f.Want))
	case f.Message != "":
		return "the sample is read " + f.Message
	case f.Want == "":
		return fmt.Sprintf("the sample reads %s as %s, which is not in the outcome", f.Attribute, keyfile.Short(f.Got))
	case f.Got == "":
		return fmt.Sprintf("the outcome has %s as %s, but the sample does not read it", f.Attribute, keyfile.Short(f.Want))
	}
	return fmt.Sprintf("the sample reads %s as %s, not as %s", f.Attribute, keyfile.Short(f.Got), keyfile.Short(f.Want))
}

// compare appends the differences between a value that is wanted and the one that
// is there. An attribute that is not wanted counts only if the whole does.
func compare(to []Difference, path string, want, got any, whole bool) []Difference {
	switch w := want.(type) {
	case map[string]any:
		if g, is := got.(map[string]any); is || path == "" {
			return compareMembers(to, path, w, g, whole)
		}
	case []any:
		g, _ := got.([]any)
		return compareElements(to, path, w, g, whole)
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

func compareMembers(to []Difference, path string, want, got map[string]any, whole bool) []Difference {
	for _, name := range names(want, got) {
		w, wanted := want[name]
		if wanted || whole && name != "index" {
			to = compare(to, below(path, name), w, got[name], whole)
		}
	}
	return to
}

func compareElements(to []Difference, path string, want, got []any, whole bool) []Difference {
	for i := range max(len(want), len(got)) {
		one := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case i >= len(got):
			to = append(to, Difference{Attribute: one, Want: asText(want[i])})
		case i >= len(want):
			to = append(to, Difference{Attribute: one, Got: asText(got[i])})
		default:
			to = compare(to, one, want[i], got[i], whole)
		}
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
		return string(jsontext.Append(nil, v))
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

// conforms compares two bodies: the same members in whatever order, the same
// types, and the same texts, but that a number may be the HTTP status, since a
// status inside a body may differ from it, and that free says of which members the value can
// be anything. It returns what differs first.
func conforms(want, got []byte, status string, free func(name, text string) bool) string {
	want, got = bytes.TrimSpace(want), bytes.TrimSpace(got)
	if bytes.Equal(want, got) {
		return ""
	}
	p := bodies{status: status, free: free}
	if p.want.JSON(want, false) == nil {
		if p.got.JSON(got, false) != nil {
			return "it is not JSON"
		}
		return p.values(0, 0, "")
	}
	if p.want.XML(want, false) == nil {
		if p.got.XML(got, false) != nil {
			return "it is not XML"
		}
		return p.values(0, 0, string(p.want.Key(0)))
	}
	return "the texts differ"
}

// bodies are two documents that are compared. Each method returns the first
// difference in words, "" for none.
type bodies struct {
	want, got tree.Tree
	status    string
	free      func(name, text string) bool // what is written under that name can be anything
}

// values compares a node of one with a node of the other.
func (p *bodies) values(i, j uint32, path string) string {
	kind, other := p.want.Nodes[i].Kind, p.got.Nodes[j].Kind
	if kind == other && p.isFree(j) {
		return ""
	}
	here := "the body"
	if path != "" {
		here = strconv.Quote(path)
	}
	switch {
	case kind != other:
		return here + " has another type"
	case kind == tree.List:
		return p.elements(i, j, path, here)
	case kind != tree.Object && !p.sameText(i, j):
		return fmt.Sprintf("%s is %q, not %q", here, p.got.Value(j), p.want.Value(i))
	}
	return p.members(i, j, path)
}

// isFree reports that what was written is what the file writes for anything.
func (p *bodies) isFree(j uint32) bool {
	text := p.got.Value(j)
	switch kind := p.got.Nodes[j].Kind; {
	case kind == tree.Text:
		text = jsontext.Append(nil, string(text))
	case kind < tree.Element:
		text = p.got.Raw(j)
	}
	return p.free(string(p.got.Key(j)), string(text))
}

// sameText reports that two texts are the same, or that a number is the status.
func (p *bodies) sameText(i, j uint32) bool {
	got := p.got.Value(j)
	return bytes.Equal(p.want.Value(i), got) || p.want.Nodes[i].Kind == tree.Number && string(got) == p.status
}

func (p *bodies) elements(i, j uint32, path, here string) string {
	want, got := slices.Collect(p.want.Children(i)), slices.Collect(p.got.Children(j))
	if len(want) != len(got) {
		return fmt.Sprintf("%s has %s, not %d", here, spec.Plural(len(got), "element"), len(want))
	}
	for k, c := range want {
		if d := p.values(c, got[k], below(path, strconv.Itoa(k))); d != "" {
			return d
		}
	}
	return ""
}

// unrecorded is said of a member that is written and that the sample does not have.
const unrecorded = "is there and was not recorded"

// members compares those of one name in their order.
func (p *bodies) members(i, j uint32, path string) string {
	nth := map[string]int{}
	for c := range p.want.Children(i) {
		name := string(p.want.Key(c))
		nth[name]++
		o, problem := p.counterpart(c, j, name, nth[name])
		if problem != "" {
			return strconv.Quote(below(path, name)) + " " + problem
		}
		if d := p.values(c, o, below(path, name)); d != "" {
			return d
		}
	}
	for o := range p.got.Children(j) {
		name := string(p.got.Key(o))
		if nth[name]--; nth[name] < 0 {
			return strconv.Quote(below(path, name)) + " " + unrecorded
		}
	}
	return ""
}

// counterpart finds the nth child of j that has the name and the type of c, or
// says what is wrong.
func (p *bodies) counterpart(c, j uint32, name string, nth int) (o uint32, problem string) {
	problem = "is missing"
	for o := range p.got.Children(j) {
		switch {
		case !p.got.KeyIs(o, name):
		case p.got.Nodes[o].Kind != p.want.Nodes[c].Kind:
			problem = "has another type"
		default:
			if nth--; nth == 0 {
				return o, ""
			}
		}
	}
	return 0, problem
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
