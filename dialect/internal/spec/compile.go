package spec

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// shapeCompiler compiles the body of one shape.
type shapeCompiler struct {
	*Reporter
	form     Form
	readOnly bool // what is compiled is never written
	repeated bool // it is inside of a repetition
	uses     map[string]*Instance
	used     []*Instance // in the order in which they were met
	inside   *Instance   // the one that is being compiled
	spent    int         // templates that were compiled
}

// maxTemplates is the most parts of one shape, since files may be hostile.
const maxTemplates = 100_000

func (c *shapeCompiler) template(n *yaml.Node) *Template {
	if c.spent++; c.spent > maxTemplates {
		if c.spent == maxTemplates+1 {
			c.Fault(At(n), "too_large", "nest fewer definitions", "the shape and its definitions have more than %d parts", maxTemplates)
		}
		return &Template{Op: OpAny, Pos: At(n)}
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.object(n)
	case yaml.SequenceNode:
		return c.list(n)
	}
	return c.scalar(n)
}

// repeat adds the attributes of a repeated template.
func (t *Template) repeat(below *Template) {
	t.take(below)
	t.Deep |= below.Reads
}

func (t *Template) take(below *Template) {
	t.Reads |= below.Reads
	t.Writes |= below.Writes
	t.Copies |= below.Copies
	t.Implied |= below.Implied
	t.Deep |= below.Deep
	t.Keys |= below.Keys
	t.HasGuard = t.HasGuard || below.HasGuard
	t.size += below.size
}

func (c *shapeCompiler) list(n *yaml.Node) *Template {
	t := &Template{Op: OpList, Pos: At(n), size: 1}
	outer := c.repeated
	c.repeated = true
	defer func() { c.repeated = outer }()
	for _, e := range n.Content {
		below := c.template(e)
		if c.form == FormXML && (below.Op == OpList || below.Op == OpReference && below.Def.Body != nil && below.Def.Body.Op == OpList) {
			c.Fault(At(e), "wrong_type", "give the elements of the inner list a name", "XML cannot have a list inside a list")
		}
		t.Elems = append(t.Elems, below)
		t.inner |= below.Deep
		t.Both = t.Both || below.hasBoth()
		t.repeat(below)
	}
	t.guards()
	return t
}

// wrapped are the keys that must be alone in a mapping.
var wrapped = []string{"$either", "$read", "$write"}

func (c *shapeCompiler) object(n *yaml.Node) *Template {
	if len(n.Content) > 0 && slices.Contains(wrapped, n.Content[0].Value) {
		return c.wrapper(n)
	}
	t := &Template{Op: OpObject, Pos: At(n)}
	taken := map[string]bool{}
	c.Pairs(n, "a body", func(k, v *yaml.Node) {
		if slices.Contains(wrapped, k.Value) {
			c.Fault(At(k), "bad_key", "put the members into "+k.Value, "%s must be the only key of its mapping", k.Value)
			return
		}
		if k.Value == "$is" {
			c.nameTo(&t.Is, &c.named)(k, v)
			return
		}
		t.size++
		m, name := newMember(k.Value)
		switch {
		case name == "$text" && c.form == FormXML:
			m.Text = true
			m.Names = []string{name}
		case c.form == FormXML && c.prefixed(t, &name), strings.HasPrefix(name, "$") && !strings.HasPrefix(name, "$$"):
			c.rest(t, k, v, name, m)
			return
		default:
			if m.Names = c.names(k, name, &m, taken); m.Names == nil {
				return
			}
		}
		c.member(t, m, v)
	})
	return t
}

// prefixed cuts the prefix off the name of the other members: p:$code.
func (c *shapeCompiler) prefixed(t *Template, name *string) bool {
	prefix, rest, found := strings.Cut(*name, ":")
	if !found || !tree.IsXMLName(prefix) || !strings.HasPrefix(rest, "$") {
		return false
	}
	t.KeyPrefix, *name = prefix+":", rest
	return true
}

// newMember reads the mark after the name of a member: name? or name!.
func newMember(key string) (m Member, name string) {
	if name, m.Optional = strings.CutSuffix(key, "?"); !m.Optional {
		name, m.Must = strings.CutSuffix(key, "!")
	}
	return m, name
}

// member compiles the value of a member and adds it to an object.
func (c *shapeCompiler) member(t *Template, m Member, v *yaml.Node) {
	m.Value = c.template(v)
	if (m.Attribute || m.Text) && m.Value.Op != OpHole && m.Value.Op != OpConst && m.Value.Op != OpAny {
		c.Fault(At(v), "wrong_type", "", "the value of an XML attribute, or the text of an element, must be a single text")
		return
	}
	c.unmarked(&m, m.Names[0], v)
	m.Constant = m.Value.constant()
	t.Tagged = t.Tagged || m.Value.tags() && !m.Optional
	if m.Must {
		m.Value.demand()
		if m.Value.standIn() && !c.readOnly {
			c.Warn(At(v), "any_value", "write what stands there, as in "+m.Names[0]+"!: $any = 0", "%q must be there and no value is named, so it is written as true", m.Names[0])
		}
	}
	m.JSON = string(jsontext.Append(nil, m.Names[0])) + ":"
	m.Unwritten = m.Value.ReadOnly || m.Value.Op == OpAbsent || m.Value.Op == OpAny && m.Value.Text == ""
	t.take(m.Value)
	t.Members = append(t.Members, m)
}

// unmarked refuses a mark on a member that must be missing.
func (c *shapeCompiler) unmarked(m *Member, name string, v *yaml.Node) {
	if m.Value.Op == OpAbsent && (m.Optional || m.Must) {
		c.Fault(At(v), "bad_key", "write "+name+": $absent", "the mark after %q has no meaning, because the member must be missing", name)
	}
}

// standIn gives $any of a member that must be there a value to be written: without one the
// body would not be read. It reports whether it did.
func (t *Template) standIn() bool {
	if t.Op != OpAny || t.Text != "" || t.ReadOnly {
		return false
	}
	t.Text = "true"
	return true
}

// demand marks the lists of a member that must be there.
func (t *Template) demand() {
	switch t.Op {
	case OpList, OpReference:
		t.Some = true
	case OpEither:
		for _, e := range t.Elems {
			e.demand()
		}
	}
}

// names are those of a member: first|second, $$name for $name, and @name for an
// attribute of XML. It returns nil after a fault.
func (c *shapeCompiler) names(k *yaml.Node, name string, m *Member, taken map[string]bool) (all []string) {
	if rest, escaped := strings.CutPrefix(name, "$$"); escaped {
		name = "$" + rest
	}
	if c.form == FormXML {
		name, m.Attribute = strings.CutPrefix(name, "@")
	}
	for one := range strings.SplitSeq(name, "|") {
		one = strings.TrimSpace(one)
		if one == "" {
			c.Fault(At(k), "bad_key", "write name, or first|second", "a member has no name")
			return nil
		}
		c.element(At(k), one, m.Attribute)
		c.plainName(At(k), one)
		key := one
		if m.Attribute {
			key = "@" + one
		}
		if taken[key] {
			c.Fault(At(k), "duplicate_key", "keep one of them", "the member %q occurs twice", one)
		}
		taken[key] = true
		all = append(all, one)
	}
	return all
}

// plainName refuses a name that is meant as something else: quotes inside of the quotes of
// YAML, a mark that does not stand alone at the end, or several names with a comma or an
// "or" between them.
func (c *shapeCompiler) plainName(pos Position, name string) {
	if bare := unquote(name); bare != name {
		c.Fault(pos, "bad_key", "write "+bare+": the quotes of YAML are enough", "the name %s has quotes inside, which would be a part of it", name)
		return
	}
	if bare := strings.Trim(name, "?!"); bare != name && bare != "" {
		c.Fault(pos, "bad_key", "write "+bare+"? for a member that can be missing, or "+bare+"! for one that must be there", "%q would be a name with the mark in it", name)
		return
	}
	parts := strings.Split(strings.ReplaceAll(name, " or ", ","), ",")
	for i, one := range parts {
		parts[i] = strings.TrimSpace(one)
	}
	if len(parts) > 1 && !slices.ContainsFunc(parts, func(one string) bool { return !isWord(strings.ToLower(one), '_') }) {
		c.Fault(pos, "bad_key", "write "+strings.Join(parts, "|")+" if any of them can be there", "%q would be one name", name)
	}
}

// wrapper compiles {$either: [A, B]}, {$read: T} and {$write: T}.
func (c *shapeCompiler) wrapper(n *yaml.Node) *Template {
	k, v := n.Content[0], n.Content[1]
	if len(n.Content) > 2 {
		c.Fault(At(n), "bad_key", "put the members into it", "%s must be the only key of its mapping", k.Value)
	}
	t := &Template{Op: OpEither, Pos: At(n)}
	if k.Value != "$either" {
		outer := c.readOnly
		c.readOnly = c.readOnly || k.Value == "$read"
		below := *c.template(v)
		c.readOnly = outer
		t = &below
		if k.Value == "$read" {
			t.ReadOnly = true
			t.Copies, t.Writes, t.Keys, t.Implied = 0, 0, 0, 0
			return t
		}
		t.WriteOnly = true
		t.Reads, t.Copies, t.Deep, t.HasGuard = 0, 0, 0, false
		return t
	}
	if v.Kind != yaml.SequenceNode || len(v.Content) < 2 {
		c.Fault(At(k), "wrong_type", "write $either: [first, second]", "$either needs a list of alternatives")
		return t
	}
	for _, e := range v.Content {
		below := c.template(e)
		below.Loops = below.loopsBack()
		t.Indexes = t.Indexes || below.Resolve() == nil || below.Resolve().Indexed || below.Loops
		for _, earlier := range t.Elems {
			if !earlier.WriteOnly && !below.WriteOnly && earlier.coversAll(below) {
				c.Warn(At(e), "shadowed", "put the stricter one first", "this alternative is never used, because everything that fits it also fits the one on line %d, column %d", earlier.Pos.Line, earlier.Pos.Column)
				break
			}
		}
		t.Elems = append(t.Elems, below)
		t.take(below)
	}
	return t
}

// reference compiles the use of a definition, with the attributes found in it so far.
func (c *shapeCompiler) reference(n *yaml.Node, d *definition) *Template {
	d.used = true
	in := c.uses[d.name]
	if in == nil {
		in = &Instance{def: d}
		if c.uses == nil {
			c.uses = map[string]*Instance{}
		}
		c.uses[d.name], c.used = in, append(c.used, in)
	}
	if c.inside != nil {
		c.inside.refs = append(c.inside.refs, in)
	}
	t := &Template{Op: OpReference, Pos: At(n), Def: in}
	if in.Body != nil {
		t.take(in.Body)
		t.Tagged = in.Body.Tagged
	}
	t.size = 1
	return t
}

// maxRounds is how often definitions are compiled, until the attributes of those that they
// refer to are known.
const maxRounds = 8

// whole compiles the body of a shape and the definitions that it uses, in rounds, until a
// round finds nothing new.
func (c *shapeCompiler) whole(n *yaml.Node) *Template {
	t := c.template(n)
	for round := 0; round < maxRounds && len(c.used) > 0 && c.spent <= maxTemplates; round++ {
		changed := false
		for i := 0; i < len(c.used); i++ {
			in := c.used[i]
			c.inside, in.refs = in, nil
			body := c.template(in.def.node)
			c.inside = nil
			changed = changed || in.Body == nil || !in.Body.alike(body)
			in.Body, in.flat, in.both = body, body.Shallow(), body.hasBoth()
		}
		for _, in := range c.used {
			in.Loops = in.reaches(in, map[*Instance]bool{})
		}
		t = c.template(n)
		if !changed {
			break
		}
	}
	t.apart(map[*Instance]bool{})
	return t
}

// element refuses a name that the form cannot have: that of an attribute, or of an element.
func (c *shapeCompiler) element(pos Position, name string, attribute bool) {
	prefix, local, prefixed := strings.Cut(name, ":")
	if !prefixed {
		prefix, local = "", name
	}
	switch {
	case c.form == FormXML && (!tree.IsXMLName(local) || prefixed && !tree.IsXMLName(prefix)):
		what := "element"
		if attribute {
			what = "attribute"
		}
		c.Fault(pos, "bad_name", "begin with a letter, and use letters, digits, -, _ and .", "%q is not a valid name for an XML %s", name, what)
	case c.form == FormHTML && (!tree.IsXMLName(name) || strings.ContainsAny(name, "._-")):
		c.Fault(pos, "bad_name", "begin with a letter, and use letters and digits", "%q is not a valid name for an HTML element", name)
	}
}

// rest compiles the entry for all other members. In $field: T their name is an attribute,
// in $field#: T the index in a list is an attribute, and in $any=name: T the name is
// skipped.
func (c *shapeCompiler) rest(t *Template, k, v *yaml.Node, name string, m Member) {
	if t.Rest != nil {
		c.Fault(At(k), "duplicate_key", "keep one of them", "two entries match all other members")
		return
	}
	if skip, any := strings.CutPrefix(name, "$any"); any {
		written, has := strings.CutPrefix(skip, "=")
		if !has || written == "" {
			c.Fault(At(k), "bad_key", "write $any=name; the name is used for writing", "$any needs a name for writing")
			return
		}
		c.element(At(k), written, false)
		t.AnyName = written
	} else if name == "$extra" {
		c.extras(t, k, v, m)
		return
	} else if !c.restKey(t, At(k), name[1:]) {
		return
	}
	outer := c.repeated
	c.repeated = outer || !t.Single()
	m.Value = c.template(v)
	c.unmarked(&m, name, v)
	c.repeated = outer
	if t.Key.Attr != AttrNone {
		t.Reads |= t.Key.Bit()
		if !m.Value.ReadOnly {
			t.Writes |= t.Key.Bit()
			t.Keys |= t.Key.Bit()
		}
	}
	t.Rest = &m
	if t.Single() {
		t.take(m.Value)
		if t.Key.Owner == Item && m.Value.Reads&identity == 0 {
			t.Deep |= m.Value.Reads.Of(Field) // each is an error of its own
			t.Entries = &Template{Op: OpList, Pos: At(v), Elems: []*Template{m.Value}, Reads: t.Key.Bit() | m.Value.Reads, inner: m.Value.Deep, Both: m.Value.hasBoth(), KeyConv: t.KeyConv}
		}
		return
	}
	t.repeat(m.Value)
	t.Deep |= t.Key.Bit() // AttrNone's bit means nothing
	t.Entries = &Template{Op: OpList, Pos: At(v), Elems: []*Template{m.Value}, Reads: t.Key.Bit() | m.Value.Reads, inner: m.Value.Deep, Both: m.Value.hasBoth(), Indexed: t.Indexed, KeyConv: t.KeyConv, skipped: t.Key.Attr == AttrNone}
	t.Entries.guards()
}

// extras compiles $extra: $any. Each other member is an extra of its own name.
func (c *shapeCompiler) extras(t *Template, k, v *yaml.Node, m Member) {
	if m.Value = c.template(v); m.Value.Op != OpAny || c.form != FormJSON {
		c.Fault(At(k), "bad_key", "write $extra: $any in a JSON body", "$extra takes each other member under its own name")
		return
	}
	t.Key = Target{Whole, AttrExtra}
	t.Reads |= t.Key.Bit()
	t.Writes |= t.Key.Bit()
	m.Optional = true
	t.Rest = &m
}

// names reports that an attribute can be the name of a member.
func (t Target) names() bool {
	return t.Owner == Field && t.Attr != AttrBelow || t.Attr == AttrID || t.Attr == AttrCode || t.Attr == AttrFamily
}

// restKey reads the attribute that is the name of the other members. It returns false after
// a fault.
func (c *shapeCompiler) restKey(t *Template, pos Position, name string) bool {
	if strings.ContainsAny(name, "|,") && !strings.Contains(name, "(") {
		c.Fault(pos, "bad_key", "write one of them, or two templates with $either", "the name of a member can be one attribute only, not $%s", name)
		return false
	}
	name, t.Indexed = strings.CutSuffix(name, "#")
	key, conv, ok := c.attribute(pos, name)
	if !ok {
		return false
	}
	if !key.names() || conv.Structured() || conv.timed() {
		c.Fault(pos, "bad_key", "use $field, $item, the code of either, or $any=name", "%s cannot be the name of a member", key)
		return false
	}
	located := key.Attr == AttrPath || key.Attr == AttrID
	if t.Indexed && (!located || c.form != FormJSON || len(t.Members) > 0) {
		c.Fault(pos, "bad_key", "write {$field#: …} or {$item#: …} as the only key of a mapping in a JSON body", "only a path or an id can contain an index")
		return false
	}
	t.Key, t.KeyConv = key, conv
	return true
}
