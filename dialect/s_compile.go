package dialect

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// shapeCompiler compiles the body of one shape.
type shapeCompiler struct {
	*reporter
	form     form
	readOnly bool // what is compiled is never written
	uses     map[string]*instance
	used     []*instance // in the order in which they were met
	inside   *instance   // the one that is being compiled
	spent    int         // templates that were compiled
}

// maxTemplates bounds what one shape of a stranger's file can grow to.
const maxTemplates = 100_000

func (c *shapeCompiler) template(n *yaml.Node) *template {
	if c.spent++; c.spent > maxTemplates {
		if c.spent == maxTemplates+1 {
			c.fault(at(n), "too_large", "use fewer definitions in each other", "a shape has more than %d parts, with its definitions", maxTemplates)
		}
		return &template{op: opAny, pos: at(n)}
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.object(n)
	case yaml.SequenceNode:
		return c.list(n)
	}
	return c.scalar(n)
}

// repeat takes over what a repeated template reads.
func (t *template) repeat(below *template) {
	t.take(below)
	t.deep |= below.reads
}

func (t *template) take(below *template) {
	t.reads |= below.reads
	t.writes |= below.writes
	t.copies |= below.copies
	t.implied |= below.implied
	t.deep |= below.deep
	t.keys |= below.keys
	t.tells = t.tells || below.tells
	t.size += below.size
}

func (c *shapeCompiler) list(n *yaml.Node) *template {
	t := &template{op: opList, pos: at(n), size: 1}
	for _, e := range n.Content {
		below := c.template(e)
		if c.form == formXML && below.op == opList {
			c.fault(at(e), "wrong_type", "name the elements of the inner list", "XML has no list inside a list")
		}
		t.elems = append(t.elems, below)
		t.inner |= below.deep
		t.both = t.both || below.hasBoth()
		t.repeat(below)
	}
	return t
}

// wrapped are the keys that stand alone in a mapping.
var wrapped = []string{"$either", "$read", "$write"}

func (c *shapeCompiler) object(n *yaml.Node) *template {
	if len(n.Content) > 0 && slices.Contains(wrapped, n.Content[0].Value) {
		return c.wrapper(n)
	}
	t := &template{op: opObject, pos: at(n)}
	names := map[string]bool{}
	c.pairs(n, "a body", func(k, v *yaml.Node) {
		if slices.Contains(wrapped, k.Value) {
			c.fault(at(k), "bad_key", "put the members into "+k.Value, "%s must stand alone", k.Value)
			return
		}
		if k.Value == "$is" {
			if t.is, _ = c.text(v, "$is"); t.is != "" {
				c.named = append(c.named, namedPlace{t.is, at(v)})
			}
			return
		}
		t.size++
		m := member{}
		name := k.Value
		if rest, ok := strings.CutSuffix(name, "?"); ok {
			name, m.optional = rest, true
		} else if rest, ok := strings.CutSuffix(name, "!"); ok {
			name, m.must = rest, true
		}
		switch {
		case name == "$text" && c.form == formXML:
			m.text = true
			m.names = []string{name}
		case strings.HasPrefix(name, "$") && !strings.HasPrefix(name, "$$"):
			c.rest(t, k, v, name, m)
			return
		default:
			if rest, escaped := strings.CutPrefix(name, "$$"); escaped {
				name = "$" + rest
			}
			if c.form == formXML {
				name, m.attribute = strings.CutPrefix(name, "@")
			}
			if m.names = c.names(k, name, m.attribute, names); m.names == nil {
				return
			}
		}
		m.value = c.template(v)
		if (m.attribute || m.text) && m.value.op != opHole && m.value.op != opConst && m.value.op != opAny {
			c.fault(at(v), "wrong_type", "", "the value of an attribute, and an element's own text, must be a text")
			return
		}
		t.apart = t.apart || m.value.op == opConst && !m.optional
		m.json = string(appendJSONText(nil, m.names[0])) + ":"
		m.unwritten = m.value.readOnly || m.value.op == opAbsent || m.value.op == opAny && m.value.text == ""
		t.take(m.value)
		t.members = append(t.members, m)
	})
	return t
}

// names are those of a member: first|second.
func (c *shapeCompiler) names(k *yaml.Node, name string, attribute bool, taken map[string]bool) (all []string) {
	for one := range strings.SplitSeq(name, "|") {
		one = strings.TrimSpace(one)
		if one == "" {
			c.fault(at(k), "bad_key", "write name, or first|second", "a member without a name")
			return nil
		}
		c.element(at(k), one, attribute)
		key := one
		if attribute {
			key = "@" + one
		}
		if taken[key] {
			c.fault(at(k), "duplicate_key", "keep one of them", "the member %q is named twice", one)
		}
		taken[key] = true
		all = append(all, one)
	}
	return all
}

// wrapper compiles {$either: [A, B]}, {$read: T} and {$write: T}.
func (c *shapeCompiler) wrapper(n *yaml.Node) *template {
	k, v := n.Content[0], n.Content[1]
	if len(n.Content) > 2 {
		c.fault(at(n), "bad_key", "put the members into it", "%s must stand alone", k.Value)
	}
	t := &template{op: opEither, pos: at(n)}
	if k.Value != "$either" {
		outer := c.readOnly
		c.readOnly = c.readOnly || k.Value == "$read"
		below := *c.template(v)
		c.readOnly = outer
		t = &below
		if k.Value == "$read" {
			t.readOnly = true
			t.copies, t.writes, t.keys, t.implied = 0, 0, 0, 0
			return t
		}
		t.writeOnly = true
		t.reads, t.copies, t.deep, t.tells = 0, 0, 0, false
		return t
	}
	if v.Kind != yaml.SequenceNode || len(v.Content) < 2 {
		c.fault(at(k), "wrong_type", "write $either: [first, second]", "$either needs a list of alternatives")
		return t
	}
	for _, e := range v.Content {
		below := c.template(e)
		below.loops = below.loopsBack()
		t.indexes = t.indexes || below.resolve() == nil || below.resolve().indexed || below.loops
		for _, earlier := range t.elems {
			if !earlier.writeOnly && !below.writeOnly && earlier.coversAll(below) {
				c.warn(at(e), "shadowed", "put the one that asks for more first", "this alternative is never taken: the one on line %d, column %d takes all that fits it", earlier.pos.line, earlier.pos.column)
				break
			}
		}
		t.elems = append(t.elems, below)
		t.take(below)
	}
	return t
}

// reference compiles the use of a definition, with what is known of it so far.
func (c *shapeCompiler) reference(n *yaml.Node, d *definition) *template {
	d.used = true
	in := c.uses[d.name]
	if in == nil {
		in = &instance{def: d}
		if c.uses == nil {
			c.uses = map[string]*instance{}
		}
		c.uses[d.name], c.used = in, append(c.used, in)
	}
	if c.inside != nil {
		c.inside.refs = append(c.inside.refs, in)
	}
	t := &template{op: opReference, pos: at(n), def: in}
	if in.body != nil {
		t.take(in.body)
		t.apart = in.body.apart
	}
	t.size = 1
	return t
}

// maxRounds bounds how often definitions are compiled until it is known what
// those read that they refer to.
const maxRounds = 8

// whole compiles the body of a shape, and the definitions that it uses: round
// by round, until nothing more becomes known of them.
func (c *shapeCompiler) whole(n *yaml.Node) *template {
	t := c.template(n)
	for round := 0; round < maxRounds && len(c.used) > 0 && c.spent <= maxTemplates; round++ {
		changed := false
		for i := 0; i < len(c.used); i++ {
			in := c.used[i]
			c.inside, in.refs = in, nil
			body := c.template(in.def.node)
			c.inside = nil
			changed = changed || in.body == nil || !in.body.alike(body)
			in.body, in.flat, in.both = body, body.shallow(), body.hasBoth()
		}
		for _, in := range c.used {
			in.loops = in.reaches(in, map[*instance]bool{})
		}
		t = c.template(n)
		if !changed {
			break
		}
	}
	return t
}

// element refuses a name that the form cannot have.
func (c *shapeCompiler) element(pos position, name string, attribute bool) {
	prefix, local, prefixed := strings.Cut(name, ":")
	if !prefixed {
		prefix, local = "", name
	}
	switch {
	case c.form == formXML && (!isXMLName(local) || prefixed && !isXMLName(prefix)):
		c.fault(pos, "bad_key", "", "%q is no name of XML", name)
	case c.form == formHTML && (!isXMLName(name) || strings.ContainsAny(name, "._-")):
		c.fault(pos, "bad_key", "", "%q is no element of HTML", name)
	}
}

// rest compiles the entry that takes every other member: $field: T, where the
// name is an attribute; $field#: T, where the index in a list is; or
// $any=name: T, where it is skipped.
func (c *shapeCompiler) rest(t *template, k, v *yaml.Node, name string, m member) {
	if t.rest != nil {
		c.fault(at(k), "duplicate_key", "keep one of them", "a second entry for every other member")
		return
	}
	if skip, any := strings.CutPrefix(name, "$any"); any {
		written, has := strings.CutPrefix(skip, "=")
		if !has || written == "" {
			c.fault(at(k), "bad_key", "write $any=name, where name is what is written", "$any needs a name to write")
			return
		}
		c.element(at(k), written, false)
		t.anyName = written
	} else {
		name, t.indexed = strings.CutSuffix(name, "#")
		key, conv, ok := c.attribute(at(k), name[1:])
		if !ok {
			return
		}
		switch {
		case key.owner != field && key.attr != attrID && key.attr != attrCode && key.attr != attrFamily || conv.structured() || conv.timed():
			c.fault(at(k), "bad_key", "use $field, $item, or the code of one, or $any=name", "the names of members cannot be %s", key)
			return
		case t.indexed && (key.attr != attrPath && key.attr != attrID || c.form != formJSON || len(t.members) > 0):
			c.fault(at(k), "bad_key", "write {$field#: …} or {$item#: …}, alone in a mapping of a JSON body", "an index can be a part of a path or of an id only")
			return
		}
		t.key, t.keyConv = key, conv
	}
	m.value = c.template(v)
	if t.key.attr != attrNone {
		t.reads |= t.key.bit()
		if !m.value.readOnly {
			t.writes |= t.key.bit()
			t.keys |= t.key.bit()
		}
	}
	t.rest = &m
	if t.single() {
		t.take(m.value)
		return
	}
	t.repeat(m.value)
	t.deep |= t.key.bit() // attrNone's bit means nothing
	t.entries = &template{op: opList, pos: at(v), elems: []*template{m.value}, reads: t.key.bit() | m.value.reads, inner: m.value.deep, both: m.value.hasBoth(), indexed: t.indexed, keyConv: t.keyConv}
}
