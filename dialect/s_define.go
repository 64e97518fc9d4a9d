package dialect

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// extends takes another dialect as what holds where this file says nothing.
func (r *reporter) extends(d *Spec, n *yaml.Node, find []finder) {
	name, ok := r.text(n, "extends")
	if !ok {
		return
	}
	err := errors.New("this program knows no other dialects here")
	for _, f := range find {
		var other *Spec
		if other, err = f(name); err == nil {
			// A copy of its own, for the templates learn their numbers from the dialect that they serve.
			if other, err = compileSpec(other.file, other.source, d.base, find); err != nil {
				continue
			}
			d.base = other
			d.codes.merged = other.codes.merged
			return
		}
	}
	var faulty *FileError
	if errors.As(err, &faulty) {
		r.fault(at(n), "unknown_dialect", "mend that file first", "the dialect %q cannot be extended: its own file has faults, the first: %s", name, strings.SplitN(err.Error(), "\n", 2)[0])
		return
	}
	r.fault(at(n), "unknown_dialect", "name one that `parlance dialects` lists, or a file beside this one", "the dialect %q cannot be extended: %s", name, strings.SplitN(err.Error(), "\n", 2)[0])
}

// inherit takes over the shapes of the dialect that is extended, behind the
// file's own; one of the same name is replaced. What else the file does not say
// is taken over too.
func (d *Spec) inherit(http *Spec) {
	if d.base == nil || d.base == http {
		return
	}
	own := map[string]bool{}
	for _, s := range slices.Concat(d.shapes, d.extras) {
		own[s.name] = true
	}
	replaced := func(s *shape) bool { return own[s.name] }
	d.shapes = append(d.shapes, slices.DeleteFunc(slices.Clone(d.base.shapes), replaced)...)
	d.extras = append(d.extras, slices.DeleteFunc(slices.Clone(d.base.extras), replaced)...)
	if !d.formsListed {
		d.forms, d.formsListed = d.base.forms, d.base.formsListed
	}
	d.service.idempotency, d.service.support, d.service.auth, d.service.poll, d.service.limits = d.base.service.idempotency, d.base.service.support, d.base.service.auth, d.base.service.poll, d.base.service.limits
}

// builtinExtras are the header shapes of the dialect http.
func builtinExtras(d *Spec) []*shape {
	for d.base != nil {
		d = d.base
	}
	return d.extras
}

// define reads the templates that have names.
func (r *reporter) define(n *yaml.Node) {
	r.pairs(n, "define", func(k, v *yaml.Node) {
		_, known := parseTarget(k.Value)
		if !isReason(k.Value) || known == nil || k.Value == "any" || k.Value == "absent" {
			r.fault(at(k), "bad_name", "choose another word of lower-case letters, digits and _", "%q cannot be the name of a definition", k.Value)
			return
		}
		r.defs[k.Value] = &definition{name: k.Value, pos: at(k), node: v}
	})
	for _, d := range r.definitions() {
		if d.endless(r, d.node, map[string]bool{d.name: true}) {
			r.fault(d.pos, "endless", "put a member or a list around the part that repeats", "the definition %s refers to itself without anything of the body being read in between", d.name)
			d.node, d.used = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: d.pos.line, Column: d.pos.column}, true
		}
	}
}

// definitions are in the order of the file.
func (r *reporter) definitions() []*definition {
	return slices.SortedFunc(maps.Values(r.defs), func(a, b *definition) int { return cmp.Or(a.pos.line-b.pos.line, a.pos.column-b.pos.column) })
}

// endless reports that a definition comes to itself through alternatives alone.
func (d *definition) endless(r *reporter, n *yaml.Node, seen map[string]bool) bool {
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

// unused warns of definitions that no shape uses.
func (r *reporter) unused() {
	for _, d := range r.definitions() {
		if !d.used {
			r.warn(d.pos, "unused_definition", "write $"+d.name+" where it belongs, or remove it", "nothing refers to the definition %s", d.name)
		}
	}
}
