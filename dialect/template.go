package dialect

import (
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	yaml "go.yaml.in/yaml/v4"
)

// op is what a template does at its place in the body.
type op uint8

const (
	opConst  op = iota // must be equal, is written
	opHole             // names attributes
	opObject           // members by name, and perhaps any other
	opList             // each element takes the first of the templates that it fits
	opEither           // the first of the templates that fits
)

// template is one place of a body, written once and read and written by the
// same text.
type template struct {
	op      op
	pos     position
	kind    tree.Kind   // of a constant
	text    string      // of a constant
	hole    *hole       //
	members []member    //
	rest    *member     // takes every member that has no name of its own
	entries *template   // rest as a repetition
	key     target      // what the name of such a member is, attrNone where it is skipped
	anyName string      // what such a name is written as
	elems   []*template // of a list, or alternatives
	reads   set         // every attribute read at or below this place
	writes  set         // those that are written
	copies  set         // those that are read from a text that another attribute writes
	deep    set         // those that are read inside a repetition below this place
	tells   bool        // a text at or below it must fit a pattern
	size    int         // members at and below it, for choosing the smallest
}

// member is one named part of an object or element.
type member struct {
	names     []string // the first one is written
	attribute bool     // an XML attribute
	optional  bool     // key?: left out where there is nothing to write
	must      bool     // key!: must be there and not empty for the shape to fit
	value     *template
}

// makes reports that a turn of this repetition makes a record of the owner,
// rather than one below it.
func (t *template) makes(o owner) bool { return t.reads.of(o) != 0 && t.deep.of(o) == 0 }

// guarded reports that a list is recognised by a text in the first of its
// templates: an element must say it, the others may follow the other templates.
func (t *template) guarded() bool { return t.op == opList && len(t.elems) > 0 && t.elems[0].tells }

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

// shapeCompiler compiles the body of one shape.
type shapeCompiler struct {
	*reporter
	form form
}

func (c *shapeCompiler) template(n *yaml.Node) *template {
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
	t.deep |= below.deep
	t.tells = t.tells || below.tells
	t.size += below.size
}

func (c *shapeCompiler) list(n *yaml.Node) *template {
	t := &template{op: opList, pos: at(n), size: 1}
	if len(n.Content) == 0 {
		return t
	}
	for _, e := range n.Content {
		below := c.template(e)
		if c.form == formXML && below.op == opList {
			c.fault(at(e), "wrong_type", "name the elements of the inner list", "XML has no list inside a list")
		}
		t.elems = append(t.elems, below)
		t.repeat(below)
	}
	return t
}

func (c *shapeCompiler) object(n *yaml.Node) *template {
	t := &template{op: opObject, pos: at(n)}
	names := map[string]bool{}
	c.pairs(n, "a body", func(k, v *yaml.Node) {
		if k.Value == "$either" {
			if v.Kind != yaml.SequenceNode || len(v.Content) < 2 {
				c.fault(at(k), "wrong_type", "write $either: [first, second]", "$either needs a list of alternatives")
				return
			}
			t.op = opEither
			for _, e := range v.Content {
				below := c.template(e)
				for _, earlier := range t.elems {
					if earlier.coversAll(below) {
						c.warn(at(e), "shadowed", "put the one that asks for more first", "this alternative is never taken: the one on line %d, column %d takes all that fits it", earlier.pos.line, earlier.pos.column)
						break
					}
				}
				t.elems = append(t.elems, below)
				t.take(below)
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
		if strings.HasPrefix(name, "$") && !strings.HasPrefix(name, "$$") {
			c.rest(t, k, v, name, m)
			return
		}
		if c.form == formXML {
			name, m.attribute = strings.CutPrefix(name, "@")
		}
		for one := range strings.SplitSeq(name, "|") {
			one = strings.TrimSpace(one)
			if one == "" {
				c.fault(at(k), "bad_key", "write name, or first|second", "a member without a name")
				return
			}
			c.element(at(k), one, m.attribute)
			key := one
			if m.attribute {
				key = "@" + one
			}
			if names[key] {
				c.fault(at(k), "duplicate_key", "keep one of them", "the member %q is named twice", one)
			}
			names[key] = true
			m.names = append(m.names, one)
		}
		m.value = c.template(v)
		if m.attribute && m.value.op != opHole && m.value.op != opConst {
			c.fault(at(v), "wrong_type", "", "the value of an attribute must be a text")
			return
		}
		t.take(m.value)
		t.members = append(t.members, m)
	})
	if t.op == opEither && (len(t.members) > 0 || t.rest != nil) {
		c.fault(t.pos, "bad_key", "put the members into the alternatives", "$either must stand alone")
	}
	return t
}

// element refuses a name that the form cannot have.
func (c *shapeCompiler) element(pos position, name string, attribute bool) {
	switch {
	case c.form == formXML && strings.Contains(name, ":") && !(attribute && strings.HasPrefix(name, "xmlns:")):
		c.fault(pos, "bad_key", "leave the prefix out", "%q has a prefix; elements are told apart by their local names", name)
	case c.form == formXML && !isXMLName(strings.TrimPrefix(name, "xmlns:")):
		c.fault(pos, "bad_key", "", "%q is no name of XML", name)
	case c.form == formHTML && (!isXMLName(name) || strings.ContainsAny(name, "._-")):
		c.fault(pos, "bad_key", "", "%q is no element of HTML", name)
	}
}

// rest compiles the entry that takes every other member: $field: T, where the
// name is an attribute, or $any=name: T, where it is skipped.
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
		target, known := parseTarget(name[1:])
		if known != nil {
			c.unknown(at(k), "unknown_attribute", "attribute", name[1:], known)
			return
		}
		if target.owner != field {
			c.fault(at(k), "bad_key", "use $field, $field.code or $field.message, or $any=name", "the names of members can be an attribute of a field only, not %s", target)
			return
		}
		t.key = target
	}
	m.value = c.template(v)
	if t.key.attr != attrNone {
		t.reads |= t.key.bit()
		t.writes |= t.key.bit()
	}
	t.repeat(m.value)
	t.rest = &m
	t.entries = &template{op: opList, pos: at(v), elems: []*template{m.value}, reads: t.key.bit() | m.value.reads, deep: m.value.deep}
}
