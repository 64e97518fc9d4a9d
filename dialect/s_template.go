package dialect

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	yaml "go.yaml.in/yaml/v4"
)

// called is the place in named of the member that has a name of that number,
// looked for from one of them on; negative for none.
func (t *template) called(slot uint16, from int) int {
	for range t.named {
		if from >= len(t.named) {
			from = 0
		}
		if t.named[from].slot == slot {
			return from
		}
		from++
	}
	return -1
}

// names reports that a template has a member of that name.
func (t *template) names(name []byte) bool {
	for i := range t.members {
		for _, known := range t.members[i].names {
			if string(name) == known {
				return true
			}
		}
	}
	return false
}

// op is what a template does at its place in the body.
type op uint8

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

// root is the one member of an XML body.
func (t *template) root() *member {
	if t.rest != nil {
		return t.rest
	}
	return &t.members[0]
}

// single reports that the name of just one member is taken, as an attribute of
// what is around it.
func (t *template) single() bool {
	return t.key.attr != attrNone && t.key.attr != attrPath && t.key.attr != attrID && t.key.owner != field
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

// local is the name by which a member is found.
func (w *member) local(f form, name string) string {
	if f != formXML || w.attribute && strings.HasPrefix(name, "xmlns") {
		return name
	}
	return local(name)
}
