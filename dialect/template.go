package dialect

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	yaml "go.yaml.in/yaml/v4"
)

// op is what a template does at its place in the body.
type op uint8

const (
	opConst     op = iota // must be equal, is written
	opHole                // names attributes
	opAny                 // anything, passed over
	opAbsent              // must not be there
	opObject              // members by name, and perhaps any other
	opList                // each element takes the first of the templates that it fits
	opEither              // the first of the templates that fits
	opReference           // a definition
)

// template is one place of a body, written once and read and written by the
// same text.
type template struct {
	op        op
	pos       position
	kind      tree.Kind   // of a constant
	text      string      // of a constant, and what $any writes, "" for nothing
	hole      *hole       //
	members   []member    //
	rest      *member     // takes every member that has no name of its own
	entries   *template   // rest as a repetition
	key       target      // what the name of such a member is, attrNone where it is skipped
	keyConv   conversion  // in which notation
	indexed   bool        // the members are the elements of a list, and their names its indexes
	anyName   string      // what a skipped name is written as
	is        string      // what the form says by itself: $is
	elems     []*template // of a list, or alternatives
	def       *instance   // what a reference refers to
	readOnly  bool        // {$read: …}
	writeOnly bool        // {$write: …}
	reads     set         // every attribute read at or below this place
	writes    set         // those that are written
	copies    set         // those that are read from a text that another attribute writes
	implied   set         // those that are read from a part of a text, if it says them
	deep      set         // those that are read inside a repetition below this place
	both      bool        // of a repetition: an element can have a text of its own beside deeper ones
	inner     set         // of a repetition: those that are read inside another one in its elements
	keys      set         // those that a name of a member gives at or below it
	tells     bool        // a text at or below it must fit a pattern
	indexes   bool        // of alternatives: one of them is a list in which the place counts
	loops     bool        // a definition stands in it without the name of a member before it
	apart     bool        // an object that a constant tells from others
	guided    bool        // of an object: its members have their numbers in the guide
	named     []numbered  // the names of its members by these
	needed    uint64      // and which of the first 64 must be there, in JSON
	size      int         // members at and below it, for choosing the smallest
	site      [2]uint16   // this place's number where a turn of it makes an Item or a Field, 0 where not
	sites     sites       // the numbers of those at and below it
	near      sites       // those that no name of a member stands before
}

// member is one named part of an object or element.
type member struct {
	names     []string // the first one is written
	slots     []uint16 // their numbers in the guide of the dialect
	attribute bool     // an XML attribute
	text      bool     // the element's own text
	json      string   // its first name as JSON, with the colon
	unwritten bool     // it is for reading alone
	simple    bool     // it has one name, and its value is one text
	optional  bool     // key?: left out where there is nothing to write
	must      bool     // key!: must be there and not empty for the shape to fit
	value     *template
}

// numbered is a name of a member by its number in the guide of the dialect.
type numbered struct {
	slot   uint16
	member uint16
}

// definition is a template that has a name: define: {name: …}.
type definition struct {
	name string
	pos  position
	node *yaml.Node
	used bool
}

// instance is a definition in one shape.
type instance struct {
	def   *definition
	body  *template
	refs  []*instance // those that its body refers to
	loops bool        // it refers to itself, perhaps through others
	flat  set         // what stands in it outside of repetitions
	both  bool        // it can hold a text beside deeper ones
}

// makes reports that a turn of this repetition makes a record of the owner,
// rather than one below it.
func (t *template) makes(o owner) bool { return t.reads.of(o) != 0 && t.inner.of(o) == 0 }

// guarded reports that a list is recognised by a text in the first of its
// templates: an element must say it, the others may follow the other templates.
func (t *template) guarded() bool { return t.op == opList && len(t.elems) > 0 && t.elems[0].tells }

// standsIn reports that a hole is written with a text of its own if nothing is set.
func (t *template) standsIn() bool { return t.op == opHole && t.hole.standIn != nil }

// lax reports that an object with none of the members fits too: each may be
// left out.
func (t *template) lax() bool {
	for i := range t.members {
		if !t.members[i].optional {
			return false
		}
	}
	return true
}

// hasBoth reports that an element can have a text of its own beside those of
// repetitions in it.
func (t *template) hasBoth() bool {
	if t.op == opReference {
		return t.def.both
	}
	return t.shallow()&t.deep&texts != 0 || t.op == opEither && slices.ContainsFunc(t.elems, (*template).hasBoth)
}

// resolve follows a reference.
func (t *template) resolve() *template {
	if t.op == opReference {
		return t.def.body
	}
	return t
}

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

// alike reports that two compilations of a definition read and write the same.
func (t *template) alike(o *template) bool {
	return t.reads == o.reads && t.writes == o.writes && t.copies == o.copies && t.deep == o.deep && t.keys == o.keys &&
		t.implied == o.implied && t.tells == o.tells && t.apart == o.apart && t.shallow() == o.shallow() && t.hasBoth() == o.hasBoth()
}

// reaches reports that an instance refers to another one, perhaps through
// others.
func (in *instance) reaches(to *instance, seen map[*instance]bool) bool {
	for _, ref := range in.refs {
		if ref == to {
			return true
		}
		if !seen[ref] {
			seen[ref] = true
			if ref.reaches(to, seen) {
				return true
			}
		}
	}
	return false
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

// single reports that the name of just one member is taken, as an attribute of
// what is around it.
func (t *template) single() bool {
	return t.key.attr != attrNone && t.key.attr != attrPath && t.key.attr != attrID && t.key.owner != field
}
