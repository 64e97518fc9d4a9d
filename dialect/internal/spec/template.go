package spec

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	yaml "go.yaml.in/yaml/v4"
)

// Called is the place in named of the member that has a name of that number,
// looked for from one of them on; negative for none.
func (t *Template) Called(slot uint16, from int) int {
	for range t.Named {
		if from >= len(t.Named) {
			from = 0
		}
		if t.Named[from].slot == slot {
			return from
		}
		from++
	}
	return -1
}

// Names reports that a template has a member of that name.
func (t *Template) Names(name []byte) bool {
	for i := range t.Members {
		for _, known := range t.Members[i].Names {
			if string(name) == known {
				return true
			}
		}
	}
	return false
}

// op is the kind of a template.
type op uint8

// Template is one place of a body, written once and read and written by the
// same text.
type Template struct {
	Op        op
	Pos       Position
	Kind      tree.Kind   // of a constant
	Text      string      // of a constant, and what $any writes, "" for nothing
	Hole      *Hole       //
	Members   []Member    //
	Rest      *Member     // takes every member that has no name of its own
	Entries   *Template   // rest as a list
	Key       Target      // what the name of such a member is, AttrNone if it is skipped
	KeyConv   Conversion  // in which notation
	Indexed   bool        // the members are the elements of a list, and their names its indexes
	KeyPrefix string      // of such a name in XML, with its colon
	Space     string      // the namespace of that prefix, if the shape declares it
	AnyName   string      // what a skipped name is written as
	Is        string      // what the form says by itself: $is
	Fails     bool        // of a record: it failed, unless its code or status says otherwise
	Elems     []*Template // of a list, or alternatives
	Def       *Instance   // what a reference refers to
	ReadOnly  bool        // {$read: …}
	WriteOnly bool        // {$write: …}
	Reads     Set         // every attribute read at or below this place
	Writes    Set         // those that are written
	Copies    Set         // those that are read from a text that another attribute writes
	Implied   Set         // those that are read from a part of a text, if it says them
	Deep      Set         // those that are read inside a list below this place
	Both      bool        // of a list: an element can have a text of its own beside deeper ones
	inner     Set         // of a list: those that are read inside another one in its elements
	Keys      Set         // those that a name of a member gives at or below it
	HasGuard  bool        // a text at or below it must fit a pattern
	Indexes   bool        // of alternatives: one of them is a list in which the place counts
	Loops     bool        // a definition stands in it without the name of a member before it
	Tagged    bool        // a constant at or below it tells it from others
	Some      bool        // of a list that must be there: a template other than $any has to take an element
	guarded   bool        // of a list: see Guarded
	skipped   bool        // of members as a list: their names are skipped
	Guided    bool        // of an object: its members have their numbers in the guide
	Named     []numbered  // the names of its members by these
	Needed    uint64      // and which of the first 64 must be there, in JSON
	size      int         // members at and below it, for choosing the smallest
	Site      [2]uint16   // this place's number if an element here makes an Item or a Field, else 0
	Sites     sites       // the numbers of those at and below it
	Near      sites       // those that no name of a member stands before
}

// Member is one named part of an object or element.
type Member struct {
	Names     []string // the first one is written
	Slots     []uint16 // their numbers in the guide of the dialect
	Spaces    []string // the namespaces of its names, as far as the shape declares them; nil for none
	Attribute bool     // an XML attribute
	Text      bool     // the element's own text
	JSON      string   // its first name as JSON, with the colon
	Unwritten bool     // it is for reading alone
	Simple    bool     // it has one name, and its value is one text
	Optional  bool     // key?: left out if there is nothing to write
	Must      bool     // key!: must be there and not empty for the shape to fit
	Constant  bool     // its value is a constant, or one of several
	Mark      bool     // only failures carry it
	Status    bool     // it holds the status, which only failures have from 400 on
	Value     *Template
}

// below yields the templates directly below a template: of its members, its elements or
// alternatives, and the members without a name.
func (t *Template) below(yield func(*Template) bool) {
	for i := range t.Members {
		if !yield(t.Members[i].Value) {
			return
		}
	}
	for _, e := range t.Elems {
		if !yield(e) {
			return
		}
	}
	if t.Rest != nil {
		yield(t.Rest.Value)
	}
}

// numbered is a member's name, as its number in the guide of the dialect.
type numbered struct {
	slot   uint16
	Member uint16
}

// definition is a template that has a name: define: {name: …}.
type definition struct {
	name string
	pos  Position
	node *yaml.Node
	used bool
}

// Instance is a definition in one shape.
type Instance struct {
	def   *definition
	Body  *Template
	refs  []*Instance // those that its body refers to
	Loops bool        // it refers to itself, perhaps through others
	flat  Set         // what stands in it outside of repetitions
	both  bool        // it can hold a text beside deeper ones
}

// Makes reports that an element of this list makes a record of the owner, rather
// than one below it. Below an Item are its errors, unless they have an ID, a place or a
// status of their own.
func (t *Template) Makes(o Owner) bool {
	if o == Item && !t.skipped {
		return t.Reads.Of(Item) != 0 && t.inner&identity == 0
	}
	return t.Reads.Of(o) != 0 && t.inner.Of(o) == 0
}

// AboutItem reports that a template says something of a record.
func (t *Template) AboutItem() bool {
	return t.Reads.Of(Item) != 0 || t.Resolve().Is != "" || t.Op == OpEither && slices.ContainsFunc(t.Elems, (*Template).AboutItem)
}

// identity are the attributes that only a record of its own has.
var identity = BitOf(Item, AttrID) | BitOf(Item, AttrIndex) | BitOf(Item, AttrStatus) | BitOf(Item, AttrKind) | BitOf(Item, AttrBody) | BitOf(Item, AttrHeaders)

// HoldsErrors reports that the lists in a template of a record hold its errors, and no
// records of their own.
func (t *Template) HoldsErrors() bool { return t.Deep.Of(Item) != 0 && t.Deep&identity == 0 }

// Guarded reports that a list is recognized by a text in the first of its
// templates alone: an element must have it, the others may follow the other templates.
func (t *Template) Guarded() bool { return t.guarded }

// Apart reports that something in a template of a list tells it from the others: a
// constant, or a text as several of them have one. The attributes of the whole come from
// one element for each such template.
func (t *Template) Apart(i int) bool { return t.Elems[i].Tagged || t.Elems[i].HasGuard && !t.guarded }

// guards finds out whether a list is recognized by the first of its templates.
func (t *Template) guards() {
	for i, e := range t.Elems {
		t.guarded = e.HasGuard && i == 0 || t.guarded && !e.HasGuard
		e.summed()
	}
}

// summed lets a title be the first element's where each element is a record: it only sums up
// the text that the record keeps.
func (t *Template) summed() {
	if t.Reads.Of(Field)|t.Reads.Of(Item) == 0 {
		return
	}
	for i := range t.Members {
		if h := t.Members[i].Value.Hole; h != nil && h.Readings[0].Target == (Target{Whole, AttrTitle}) {
			h.Sole = false
		}
	}
}

// constant reports that a template is a constant, or a choice of constants.
func (t *Template) constant() bool {
	return t.Op == OpConst || t.Op == OpEither && len(t.Elems) > 0 && !slices.ContainsFunc(t.Elems, func(e *Template) bool { return e.Op != OpConst || e.WriteOnly })
}

// tags reports that a template holds a constant that must be equal.
func (t *Template) tags() bool {
	switch t.Op {
	case OpConst:
		return true
	case OpEither:
		return len(t.Elems) > 0 && !slices.ContainsFunc(t.Elems, func(e *Template) bool { return !e.tags() })
	}
	return t.Tagged
}

// Fixed reports that a constant must stand at or below a place, also below members without
// a name.
func (t *Template) Fixed() bool {
	fixed := func(w Member) bool { return !w.Optional && w.Value.Fixed() }
	return t.tags() || slices.ContainsFunc(t.Members, fixed) || t.Op == OpObject && t.Rest != nil && (t.Rest.Must || fixed(*t.Rest))
}

// StandsIn reports that a hole is written with a text of its own if nothing is set.
func (t *Template) StandsIn() bool { return t.Op == OpHole && t.Hole.StandIn != nil }

// AllOptional reports that an object with none of the members fits too: each may be
// left out, or must be.
func (t *Template) AllOptional() bool {
	for i := range t.Members {
		if m := &t.Members[i]; !m.Optional && m.Value.Op != OpAbsent {
			return false
		}
	}
	return true
}

// hasBoth reports that an element can have a text beside the texts of its repetitions.
func (t *Template) hasBoth() bool {
	if t.Op == OpReference {
		return t.Def.both
	}
	return t.Shallow()&t.Deep&Texts != 0 || t.Op == OpEither && slices.ContainsFunc(t.Elems, (*Template).hasBoth)
}

// Resolve follows a reference.
func (t *Template) Resolve() *Template {
	if t.Op == OpReference {
		return t.Def.Body
	}
	return t
}

// Root is the one member of an XML body.
func (t *Template) Root() *Member {
	if t.Rest != nil {
		return t.Rest
	}
	return &t.Members[0]
}

// Single reports that the name of just one member is taken: it is an attribute of
// the record around it.
func (t *Template) Single() bool {
	return t.Key.Attr != AttrNone && t.Key.Attr != AttrPath && t.Key.Attr != AttrID && t.Key.Owner != Field
}

// alike reports that two compilations of a definition read and write the same.
func (t *Template) alike(o *Template) bool {
	return t.Reads == o.Reads && t.Writes == o.Writes && t.Copies == o.Copies && t.Deep == o.Deep && t.Keys == o.Keys &&
		t.Implied == o.Implied && t.HasGuard == o.HasGuard && t.Tagged == o.Tagged && t.Shallow() == o.Shallow() && t.hasBoth() == o.hasBoth()
}

// reaches reports that an instance refers to another one, perhaps through
// others.
func (in *Instance) reaches(to *Instance, seen map[*Instance]bool) bool {
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
	OpConst     op = iota // must be equal, is written
	OpHole                // names attributes
	OpAny                 // anything, passed over
	OpAbsent              // must not be there
	OpObject              // members by name, and perhaps any other
	OpList                // each element takes the first of the templates that it fits
	OpEither              // the first of the templates that fits
	OpReference           // a definition
)

// Demanded reports a member that what fits the template has to have, as far as it is read.
func (w *Member) Demanded() bool {
	return !w.Optional && !w.Text && w.Value.Op != OpAbsent && !w.Value.WriteOnly
}

// Local is the name by which a member is found.
func (w *Member) Local(f Form, name string) string {
	if f != FormXML || w.Attribute && strings.HasPrefix(name, "xmlns") {
		return name
	}
	return tree.LocalName(name)
}
