package spec

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// builtinExtras are the header shapes of the dialect http.
func builtinExtras(d *Spec) []*Shape {
	for d.Base != nil {
		d = d.Base
	}
	return d.Extras
}

// define reads the templates that have names.
func (r *Reporter) define(n *yaml.Node) {
	r.Pairs(n, "define", func(k, v *yaml.Node) {
		switch _, unknown := ParseTarget(k.Value); {
		case !isReason(k.Value):
			r.Fault(At(k), "bad_name", "use lower-case letters, digits and _", "%q cannot be the name of a definition", k.Value)
			return
		case k.Value == "any" || k.Value == "absent":
			r.Fault(At(k), "bad_name", "use another word", "$%s already has a meaning in bodies, so %q cannot be the name of a definition", k.Value, k.Value)
			return
		case unknown == nil:
			r.Fault(At(k), "bad_name", "use another word", "$%s is the name of an attribute in bodies, so %q cannot be the name of a definition", k.Value, k.Value)
			return
		}
		r.defs[k.Value] = &definition{name: k.Value, pos: At(k), node: v}
	})
	for _, d := range r.definitions() {
		if d.endless(r, d.node, map[string]bool{d.name: true}) {
			r.Fault(d.pos, "endless", "put a member or a list around the recursive part", "the definition %s refers to itself without reading a part of the body", d.name)
			d.node, d.used = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: d.pos.Line, Column: d.pos.Column}, true
		}
	}
}

// definitions are in the order of the file.
func (r *Reporter) definitions() []*definition {
	return slices.SortedFunc(maps.Values(r.defs), func(a, b *definition) int { return cmp.Or(a.pos.Line-b.pos.Line, a.pos.Column-b.pos.Column) })
}

// endless reports that a definition comes to itself through alternatives alone.
func (d *definition) endless(r *Reporter, n *yaml.Node, seen map[string]bool) bool {
	switch {
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "$"):
		name := n.Value[1:]
		if name == d.name {
			return true
		}
		if other := r.defs[name]; other != nil && !seen[name] {
			seen[name] = true
			return d.endless(r, other.node, seen)
		}
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && slices.Contains(wrapped, n.Content[0].Value):
		alternatives := []*yaml.Node{n.Content[1]}
		if n.Content[1].Kind == yaml.SequenceNode && n.Content[0].Value == "$either" {
			alternatives = n.Content[1].Content
		}
		return slices.ContainsFunc(alternatives, func(a *yaml.Node) bool { return d.endless(r, a, seen) })
	}
	return false
}

// maxCopies is how many uses of definitions in one shape have a copy of their own.
const maxCopies = 64

// apart gives each further use of a definition that holds records a copy, so that each is a
// place of its own for them. Definitions that refer to themselves stay shared.
func (t *Template) apart(seen map[*Instance]bool) {
	if in := t.Def; t.Op == OpReference && !in.Loops && in.Body != nil && in.Body.Writes.Of(Field)|in.Body.Copies.Of(Field)|in.Body.Writes.Of(Item) != 0 {
		if seen[in] && len(seen) < maxCopies {
			c := copier{templates: map[*Template]*Template{}, instances: map[*Instance]*Instance{}}
			t.Def = c.instance(in)
		}
		if in = t.Def; !seen[in] {
			seen[in] = true
			in.Body.apart(seen)
		}
		return
	}
	for b := range t.below {
		b.apart(seen)
	}
}

// checkUnused warns of definitions that no shape uses.
func (r *Reporter) checkUnused() {
	for _, d := range r.definitions() {
		if !d.used {
			r.Warn(d.pos, "unused_definition", "write $"+d.name+" in its place, or remove it", "the definition %s is not used", d.name)
		}
	}
}
