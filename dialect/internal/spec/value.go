package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance/internal/httpheader"
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
		if now := oldKeys[k.Value]; slices.Contains(names, now) {
			r.Fault(At(k), "unknown_key", "write "+now, "unknown key of %s %q; it is now called %s", what, k.Value, now)
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

// wordsTo reads words.
func (r *Reporter) wordsTo(to *[]string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) { *to = r.words(v, k.Value) }
}

// pathsTo reads globs of paths. A slash at the end means nothing, as in the path of a
// request.
func (r *Reporter) pathsTo(to *[]string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) {
		*to = r.words(v, k.Value)
		for i, g := range *to {
			if strings.ContainsAny(g, "?#") || strings.Contains(g, "://") {
				r.Fault(At(v), "bad_path", "write the path alone, such as /orders/*", "a query, a fragment and a host are not part of a path: %q", g)
			}
			if path := strings.TrimRight(g, "/"); path != "" && path != "*" {
				(*to)[i] = path
			}
		}
	}
}

// nameTo reads a name that the table must have, and keeps its position.
func (r *Reporter) nameTo(to *string, at *[]namedPlace) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) {
		if *to, _ = r.Text(v, k.Value); *to != "" {
			*at = append(*at, namedPlace{*to, At(v)})
		}
	}
}

// methodsTo reads the methods of a condition.
func (r *Reporter) methodsTo(to *[]string) func(k, v *yaml.Node) {
	return func(_, v *yaml.Node) { *to = r.methods(v) }
}

// headerTo reads the name of a header field.
func (r *Reporter) headerTo(to *string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) {
		name, _ := r.Text(v, k.Value)
		*to = r.header(v, name)
	}
}

// header is the name of a header field. A $ begins a hole, and none of them is a name.
func (r *Reporter) header(n *yaml.Node, name string) string {
	if name != "" && (!httpheader.IsToken(name) || strings.HasPrefix(name, "$")) {
		r.Fault(At(n), "bad_header", "write the name of a header field, such as X-RateLimit-Remaining", "%q is not a valid name of a header field", name)
	}
	return httpheader.Canonical(name)
}

// durationTo reads a duration.
func (r *Reporter) durationTo(to *time.Duration) func(k, v *yaml.Node) {
	return func(_, v *yaml.Node) { *to = r.duration(v, v.Value) }
}

// elements are the elements of a list. A node of another kind is a fault, with a hint that
// shows a list.
func (r *Reporter) elements(n *yaml.Node, what, hint string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.Fault(At(n), "wrong_type", hint, "%s must be a list, not %s", what, KindOf(n))
		return nil
	}
	return n.Content
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

// words is a text of words, or a list of them.
func (r *Reporter) words(n *yaml.Node, what string) []string {
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

// oldKeys are keys that have another name now.
var oldKeys = map[string]string{"undone": "no_effect"}
