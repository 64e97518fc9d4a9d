package spec

import (
	"cmp"
	"slices"
)

// Ends reports that a record whose path has been said is written at one of the
// sites.
func (s *Shape) Ends(at sites, o Owner) bool {
	for _, id := range at {
		if s.Sites[id].Owner == o && s.Sites[id].Tree {
			return true
		}
	}
	return false
}

// Site is the place of a record in a shape, for writing: an element of a list, or
// the value behind a name.
type Site struct {
	Owner   Owner
	Copied  Set    // of the body itself: those that are only copies of texts of the whole
	Written Set    // the attributes of the record that stand there and around it
	Whole   Set    // those that are whole numbers
	Must    Set    // those without which it is not read
	Keys    int    // names of members before it, at least
	Tree    bool   // it lies in a definition that refers to itself
	Indexed bool   // the first name before it is the place in a list
	Root    bool   // it is the body itself
	Single  bool   // what it stands in holds one record
	Is      string // what the form says of it
	Fails   bool   // it failed, unless its code or status says otherwise
	Within  uint16 // of a Field of an Item: the site of the Item, else 0
	Fields  bool   // of an Item: there is a place for its Fields
}

// sites is a set of numbers of sites, in ascending order.
type sites []uint16

// Has reports that a number is in the set.
func (s sites) Has(id uint16) bool { return slices.Contains(s, id) }

func (s sites) with(other sites) sites {
	for _, id := range other {
		if i, found := slices.BinarySearch(s, id); !found {
			s = slices.Insert(slices.Clone(s), i, id)
		}
	}
	return s
}

const maxSites = 256 // of one shape; what is beyond is read and not written

// locate numbers the sites of a shape, and gives each template the sites below it.
func (s *Shape) locate() {
	s.Sites = make([]Site, 1, 4) // number 0 is none
	if s.Body == nil || s.ReadOnly {
		return
	}
	l := locator{shape: s, seen: map[*Instance]bool{}}
	l.root(s.Body)
	l.walk(s.Body, route{})
	for changed := true; changed; {
		changed = false
		l.done = map[*Instance]bool{}
		l.spread(s.Body, &changed)
	}
}

type locator struct {
	shape *Shape
	seen  map[*Instance]bool
	done  map[*Instance]bool
}

// route is the way from the root to a place.
type route struct {
	around [3]Set // by owner: what repetitions around it hold of a record
	keys   [3]int
	is     string
	tree   bool
	index  bool
	skip   bool   // names that are skipped stand before it, and no list
	item   uint16 // the site of the record around it, to which a Field there belongs; 0 for none
	errors bool   // what stands there of a record is one of its errors
	single bool
}

// root makes the body itself a site, if the path of a Field or the ID of an Item is outside
// of any repetition. The body then holds one record.
func (l *locator) root(t *Template) {
	own := t.Shallow()
	for _, o := range [...]Owner{Item, Field} {
		located := PathBit
		if o == Item {
			located = BitOf(Item, AttrID)
		}
		if own&located != 0 && l.shape.Form != FormText {
			t.Site[o-Item] = uint16(len(l.shape.Sites))
			l.shape.Sites = append(l.shape.Sites, Site{Owner: o, Written: own.Of(o), Copied: own.Of(o) &^ t.direct(), Must: located, Single: true, Root: true})
		}
	}
}

// walk visits the templates outside of a repetition.
func (l *locator) walk(t *Template, p route) {
	if t.ReadOnly {
		return
	}
	switch t.Op {
	case OpObject:
		for i := range t.Members {
			l.walk(t.Members[i].Value, p)
		}
		if t.Rest != nil {
			l.others(t, p)
		}
	case OpList:
		for _, e := range t.Elems {
			l.element(e, p, Target{})
		}
	case OpEither:
		for _, e := range t.Elems {
			l.walk(e, p)
		}
	case OpReference:
		if l.enters(t.Def, &p) {
			l.walk(t.Def.Body, p)
		}
	}
}

// others visits the value of the members without a name of their own.
func (l *locator) others(t *Template, p route) {
	switch {
	case t.Entries != nil && t.Single() && p.item != 0:
		p.errors = true
	case t.Single():
		l.walk(t.Rest.Value, p)
		return
	case t.Key.Attr != AttrNone:
		p.around[t.Key.Owner] |= t.Key.Bit()
		p.index = p.index || t.Indexed && p.keys[t.Key.Owner] == 0
		p.keys[t.Key.Owner]++
	case t.Rest.Value.Op != OpList:
		p.single, p.skip = true, true
	}
	l.element(t.Rest.Value, p, t.Key)
}

// enters reports that the body of a definition has not been visited yet.
func (l *locator) enters(in *Instance, p *route) bool {
	if l.seen[in] {
		return false
	}
	l.seen[in] = true
	p.tree = p.tree || in.Loops
	return true
}

// element visits an element of a repetition. key is the attribute that is its name.
func (l *locator) element(e *Template, p route, key Target) {
	switch {
	case e.Op == OpReference:
		if l.enters(e.Def, &p) {
			l.element(e.Def.Body, p, key)
		}
	case e.ReadOnly:
	case e.Op == OpEither:
		for _, one := range e.Elems {
			l.element(one, p, key)
		}
	default:
		l.record(e, p, key)
	}
}

// record makes an element a site if a record is written there. If records are written
// further down, the attributes here are around them.
func (l *locator) record(e *Template, p route, key Target) {
	own, writes := e.Shallow(), e.Writes|e.Copies
	p.is = cmp.Or(e.Is, p.is)
	deeper := false
	for _, o := range [...]Owner{Item, Field} {
		named := key.Attr != AttrNone && key.Owner == o || e.Is != "" && o == Item
		if writes.Of(o) == 0 && !named || o == Item && p.errors {
			continue
		}
		p.around[o] |= own.Of(o)
		if o == Item && !p.skip && e.Op != OpList && e.HoldsErrors() {
			p.around[o] |= writes.Of(o)
			p.errors = true
		} else if writes&e.Deep.Of(o) != 0 {
			deeper = true
			if own&Texts == 0 {
				continue // a record is made further down only
			}
		}
		if len(l.shape.Sites) < maxSites {
			e.Site[o-Item] = uint16(len(l.shape.Sites))
			l.shape.Sites = append(l.shape.Sites, Site{Owner: o, Written: p.around[o], Keys: p.keys[o], Tree: p.tree, Indexed: p.index, Single: p.single, Is: p.is, Fails: e.Fails, Must: e.RequiredOf(o), Whole: e.Integers().Of(o)})
			if o == Item {
				p.item = e.Site[0]
				l.shape.Sites[p.item].Fields = p.errors || e.errorsByName()
			} else if p.item != 0 {
				l.shape.Sites[e.Site[1]].Within, l.shape.Sites[p.item].Fields = p.item, true
			}
		}
	}
	if deeper {
		p.skip = false
		l.walk(e, p)
	}
}

// Shallow are the attributes that stand in a template, and not in the lists and
// the members without a name in it.
func (t *Template) Shallow() Set { return t.outside(false) }

// Sure are the attributes that are always written into a template if they are set. They
// stand in no list, in no alternative and in no member without a name.
func (t *Template) Sure() (s Set) {
	switch {
	case t.ReadOnly:
	case t.Op == OpHole && t.Hole.Guard == nil:
		return t.Writes
	case t.Op == OpObject:
		for i := range t.Members {
			s |= t.Members[i].Value.Sure()
		}
	case t.Op == OpReference && !t.Def.Loops:
		return t.Def.Body.Sure()
	}
	return s
}

// Outside are the attributes that stand in the template of a record outside of its errors.
func (t *Template) Outside() Set { return t.outside(true) }

// outside is Shallow, with or without errors that stand there by their names.
func (t *Template) outside(errors bool) (s Set) {
	switch {
	case t.ReadOnly:
		return 0
	case t.Op == OpHole:
		return (t.Writes | t.Copies) &^ t.Implied
	case t.Op == OpObject:
		for i := range t.Members {
			s |= t.Members[i].Value.outside(errors)
		}
		if t.Rest != nil && t.Single() && !(errors && t.Entries != nil) {
			s |= t.ofNames()
		}
	case t.Op == OpEither:
		for _, e := range t.Elems {
			s |= e.outside(errors)
		}
	case t.Op == OpReference && !t.Def.Loops:
		return t.Def.flat
	}
	return s
}

// ofNames are the attributes of the one member without a name of its own. If it can be one
// of several errors of a record, its Fields are further down.
func (t *Template) ofNames() Set {
	s := t.Key.Bit() | t.Rest.Value.Shallow()
	if t.Entries != nil {
		s &^= OwnerBits[Field]
	}
	return s
}

// errorsByName reports that a template has the errors of its record as members without a
// name of their own.
func (t *Template) errorsByName() bool {
	if t.Op == OpObject && t.Entries != nil && t.Single() {
		return true
	}
	for i := range t.Members {
		if t.Members[i].Value.errorsByName() {
			return true
		}
	}
	return t.Op == OpEither && slices.ContainsFunc(t.Elems, (*Template).errorsByName)
}

// direct are the attributes that stand in a template outside of repetitions and are no
// copies.
func (t *Template) direct() (s Set) {
	switch {
	case t.ReadOnly:
		return 0
	case t.Op == OpHole:
		return t.Writes
	case t.Op == OpReference && !t.Def.Loops:
		return t.Def.Body.direct()
	case t.Op == OpObject || t.Op == OpEither:
		for below := range t.below {
			if t.Rest == nil || below != t.Rest.Value || t.Single() {
				s |= below.direct()
			}
		}
	}
	return s
}

// RequiredOf are the attributes of an owner that a template must have to fit.
func (t *Template) RequiredOf(o Owner) (s Set) {
	if t.Op == OpHole {
		return t.Hole.neededOf(o) // an element that is one text
	}
	for i := range t.Members {
		switch m := &t.Members[i]; {
		case m.Value.Op == OpHole && m.Must:
			s |= m.Value.Hole.neededOf(o)
		case m.Value.Op == OpObject && (!m.Optional || m.Must):
			s |= m.Value.RequiredOf(o)
		case o == Item && m.Value.Op == OpList && m.Must && len(m.Value.Elems) > 0:
			s |= m.Value.Elems[0].Resolve().RequiredOf(o) // the first of its errors
		}
	}
	return s
}

// neededOf are the attributes of an owner without which a hole is empty. In a record's own
// element a text of both is the record's.
func (h *Hole) neededOf(o Owner) Set {
	first := &h.Readings[0]
	switch {
	case h.StandIn != nil, h.Guard != nil, o == Whole && h.shares():
		return 0 // a record can give it, or the file
	case first.Pattern != nil:
		return first.needed().Of(o)
	case first.Target.Owner == o:
		return first.Bit
	}
	for _, r := range h.Readings[1:] {
		if r.Pattern == nil && r.Target.Owner == o && first.Target.Owner == Whole {
			return r.Bit
		}
	}
	return 0
}

// NeedsField reports that an element is read only with an attribute that a Field alone can
// give.
func (t *Template) NeedsField() bool {
	if t.Op == OpHole {
		first := &t.Hole.Readings[0]
		return first.Pattern == nil && first.Target.Owner == Field && !t.Hole.Defaults && t.Hole.StandIn == nil
	}
	return slices.ContainsFunc(t.Members, func(m Member) bool {
		return (m.Must && m.Value.Op == OpHole || !m.Optional && m.Value.Op == OpObject) && m.Value.NeedsField()
	})
}

// shares reports that a text is read as an attribute of a record too.
func (h *Hole) shares() bool {
	return slices.ContainsFunc(h.Readings, func(r Reading) bool { return r.Pattern == nil && r.Target.Owner != Whole })
}

// Integers are the attributes that stand in a template as whole numbers.
func (t *Template) Integers() (s Set) {
	if t.Op == OpHole && t.Hole.Readings[0].Conv.Notation == Integer && t.Hole.Readings[0].Pattern == nil {
		return t.Hole.Readings[0].Bit
	}
	for i := range t.Members {
		s |= t.Members[i].Value.Integers()
	}
	for _, e := range t.Elems {
		s |= e.Integers()
	}
	return s
}

// spread gives a template the sites at and below it.
func (l *locator) spread(t *Template, changed *bool) {
	all, near := t.Sites, t.Near
	for _, id := range t.Site {
		if id != 0 {
			all, near = all.with(sites{id}), near.with(sites{id})
		}
	}
	take := func(below *Template, keyed bool) {
		l.spread(below, changed)
		all = all.with(below.Sites)
		if !keyed {
			near = near.with(below.Near)
		}
	}
	for i := range t.Members {
		take(t.Members[i].Value, false)
	}
	if t.Rest != nil {
		take(t.Rest.Value, t.Key.Attr != AttrNone && !t.Single())
	}
	for _, e := range t.Elems {
		take(e, false)
	}
	if t.Op == OpReference && !l.done[t.Def] {
		l.done[t.Def] = true
		take(t.Def.Body, false)
	} else if t.Op == OpReference {
		all, near = all.with(t.Def.Body.Sites), near.with(t.Def.Body.Near)
	}
	if len(all) != len(t.Sites) || len(near) != len(t.Near) {
		t.Sites, t.Near, *changed = all, near, true
	}
}

// loopsBack reports that a template refers to a definition outside of any named member.
func (t *Template) loopsBack() bool {
	if t.Op == OpReference {
		return true
	}
	for i := range t.Members {
		if t.Members[i].Value.loopsBack() {
			return true
		}
	}
	return slices.ContainsFunc(t.Elems, (*Template).loopsBack)
}
