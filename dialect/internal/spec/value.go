package spec

import (
	"strings"
	"time"

	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/keyfile"
	yaml "go.yaml.in/yaml/v4"
)

// wordsTo reads words.
func (r *Reporter) wordsTo(to *[]string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) { *to = r.Words(v, k.Value) }
}

// pathsTo reads globs of paths. A slash at the end means nothing, as in the path of a
// request.
func (r *Reporter) pathsTo(to *[]string) func(k, v *yaml.Node) {
	return func(k, v *yaml.Node) {
		*to = r.Words(v, k.Value)
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
	return func(_, v *yaml.Node) { *to = r.Duration(v, v.Value) }
}

// elements are the elements of a list. A node of another kind is a fault, with a hint that
// shows a list.
func (r *Reporter) elements(n *yaml.Node, what, hint string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.Fault(At(n), "wrong_type", hint, "%s must be a list, not %s", what, keyfile.KindOf(n))
		return nil
	}
	return n.Content
}
