package keyfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	yaml "go.yaml.in/yaml/v4"
)

// IsMapping reports that a node is a mapping; another kind is a fault that names
// what was expected.
func (r *Reporter) IsMapping(n *yaml.Node, what string) bool {
	if n.Kind != yaml.MappingNode {
		r.Fault(At(n), "wrong_type", "", "%s must be a mapping of keys to values, not %s", what, KindOf(n))
		return false
	}
	return true
}

// Pairs calls yield for each key and value of a mapping; a node of another kind
// is a fault that names what was expected.
func (r *Reporter) Pairs(n *yaml.Node, what string, yield func(key, value *yaml.Node)) {
	if !r.IsMapping(n, what) {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode {
			yield(n.Content[i], n.Content[i+1])
		}
	}
}

// Key is a key that a mapping may have, with the function that reads its value.
type Key struct {
	Name string
	Read func(key, value *yaml.Node)
}

// Keys reads a mapping whose keys are known. Another key is a fault that lists
// those, in their order. what names the mapping in faults, such as "a shape".
func (r *Reporter) Keys(n *yaml.Node, what string, known ...Key) {
	r.Pairs(n, what, func(k, v *yaml.Node) {
		if i := slices.IndexFunc(known, func(one Key) bool { return one.Name == k.Value }); i >= 0 {
			known[i].Read(k, v)
			return
		}
		names := make([]string, len(known))
		for i, one := range known {
			names[i] = one.Name
		}
		if now := r.language().Renamed[k.Value]; slices.Contains(names, now) {
			r.Fault(At(k), "unknown_key", "write "+now, "unknown key of %s %q; it is now called %s", what, k.Value, now)
			return
		}
		if v.Tag == "!!null" && v.Value == "" && n.Style&yaml.FlowStyle != 0 {
			r.Fault(At(k), "unknown_key", "a comma ends a value inside {…}: put the whole value in quotes", "unknown key of %s %q", what, k.Value)
			return
		}
		r.Unknown(At(k), "unknown_key", "key of "+what, k.Value, names)
	})
}

// TextTo reads a text. The key names it in faults, as in all that follow.
func (r *Reporter) TextTo(to *string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) { *to, _ = r.Text(v, k.Value) }
}

// BooleanTo reads true or false.
func (r *Reporter) BooleanTo(to *bool) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) { *to = r.Boolean(v, k.Value) }
}

// Text is the value of a scalar; another kind is a fault.
func (r *Reporter) Text(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.Fault(At(n), "wrong_type", "", "%s must be a text, not %s", what, KindOf(n))
		return "", false
	}
	return n.Value, true
}

// Texts is a list of scalars, or one scalar as a list of one.
func (r *Reporter) Texts(n *yaml.Node, what string) []string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.Fault(At(n), "wrong_type", "", "%s must be a text or a list of texts, not %s", what, KindOf(n))
		return nil
	}
	var all []string
	for _, c := range n.Content {
		if s, ok := r.Text(c, what); ok {
			all = append(all, s)
		}
	}
	return all
}

// Words is a text of words, or a list of them.
func (r *Reporter) Words(n *yaml.Node, what string) []string {
	var all []string
	for _, s := range r.Texts(n, what) {
		all = append(all, strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == ',' })...)
	}
	return all
}

// Boolean is true or false; another value is a fault.
func (r *Reporter) Boolean(n *yaml.Node, what string) bool {
	switch n.Value {
	case "true":
		return true
	case "false":
	default:
		r.Fault(At(n), "wrong_type", "write true or false", "%s must be true or false, not %s", what, KindOf(n))
	}
	return false
}

// KindOf names the value of a node for a fault: "a list", or a text in quotes.
func KindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			return "an empty list"
		}
		return "a list"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

// Duration reads Go's notation of a duration, with d for days. Zero and
// negative ones are no wait.
func (r *Reporter) Duration(n *yaml.Node, text string) time.Duration {
	text = strings.TrimSpace(text)
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok && err != nil {
		var f float64
		if f, err = strconv.ParseFloat(days, 64); err == nil {
			d, _ = parlance.Seconds(f * 86400)
		}
	}
	if err != nil || d <= 0 {
		r.Fault(At(n), "bad_duration", "write 500ms, 60s, 5m or 1d", "%q is not a valid duration", text)
		return 0
	}
	return d
}
