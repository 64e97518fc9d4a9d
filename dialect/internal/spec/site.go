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

// Site is a place of a shape where a record is written: an element of a
// repetition, or the value behind a name.
type Site struct {
	Owner   Owner
	Written Set    // the attributes of the record that stand there and around it
	Whole   Set    // those that are whole numbers
	Must    Set    // those without which it is not read
	Keys    int    // names of members before it, at least
	Tree    bool   // it lies in a definition that refers to itself
	Indexed bool   // the first name before it is the place in a list
	Root    bool   // it is the body itself
	Single  bool   // what it stands in holds one record
	Is      string // what the form says of it
}

// sites is a set of numbers of sites, in ascending order.
type sites []uint16

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

// locate numbers the sites of a shape, and tells every template which of them
// lie below it.
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

// route is what lies between the root and a place.
type route struct {
	around [3]Set // by owner: what repetitions around it hold of a record
	keys   [3]int
	is     string
	tree   bool
	index  bool
	single bool
}

// root makes a site of the body itself, where the path of a Field or the id of
// an Item stands outside of any repetition: there is place for one.
func (l *locator) root(t *Template) {
	own := t.Shallow()
	for _, o := range [...]Owner{Item, Field} {
		located := PathBit
		if o == Item {
			located = BitOf(Item, AttrID)
		}
		if own&located != 0 && l.shape.Form != FormText {
			t.Site[o-Item] = uint16(len(l.shape.Sites))
			l.shape.Sites = append(l.shape.Sites, Site{Owner: o, Written: own.Of(o), Must: located, Single: true, Root: true})
		}
	}
}

func (l *locator) walk(t *Template, p route) {
	if t.ReadOnly {
		return
	}
	switch t.Op {
	case OpObject:
		for i := range t.Members {
			l.walk(t.Members[i].Value, p)
		}
		if t.Rest == nil {
			return
		}
		if t.Single() {
			l.walk(t.Rest.Value, p)
			return
		}
		in := p
		if t.Key.Attr != AttrNone {
			in.around[t.Key.Owner] |= t.Key.Bit()
			in.index = in.index || t.Indexed && in.keys[t.Key.Owner] == 0
			in.keys[t.Key.Owner]++
		} else if t.Rest.Value.Op != OpList {
			in.single = true
		}
		l.turn(t.Rest.Value, in, t.Key)
	case OpList:
		for _, e := range t.Elems {
			l.turn(e, p, Target{})
		}
	case OpEither:
		for _, e := range t.Elems {
			l.walk(e, p)
		}
	case OpReference:
		if !l.seen[t.Def] {
			l.seen[t.Def] = true
			p.tree = p.tree || t.Def.Loops
			l.walk(t.Def.Body, p)
		}
	}
}

// turn goes into an element of a repetition: a site where it makes a record,
// else what is around deeper ones. key is what its name is.
func (l *locator) turn(e *Template, p route, key Target) {
	switch e.Op {
	case OpEither:
		if e.ReadOnly {
			return
		}
		for _, one := range e.Elems {
			l.turn(one, p, key)
		}
		return
	case OpReference:
		if !l.seen[e.Def] {
			l.seen[e.Def] = true
			p.tree = p.tree || e.Def.Loops
			l.turn(e.Def.Body, p, key)
		}
		return
	}
	if e.ReadOnly {
		return
	}
	own, is := e.Shallow(), cmp.Or(e.Is, p.is)
	deeper := false
	for _, o := range [...]Owner{Item, Field} {
		all := (e.Writes | e.Copies).Of(o)
		if all == 0 && (key.Attr == AttrNone || key.Owner != o) && (e.Is == "" || o == Field) {
			continue
		}
		p.around[o] |= own.Of(o)
		if e.Deep.Of(o) != 0 && (e.Writes|e.Copies)&e.Deep.Of(o) != 0 {
			deeper = true
			if own&Texts == 0 {
				continue // a record is made further down only
			}
		}
		if len(l.shape.Sites) < maxSites {
			e.Site[o-Item] = uint16(len(l.shape.Sites))
			l.shape.Sites = append(l.shape.Sites, Site{Owner: o, Written: p.around[o] | own.Of(o), Keys: p.keys[o], Tree: p.tree, Indexed: p.index, Single: p.single, Is: is, Must: e.musts().Of(o), Whole: e.Integers().Of(o)})
		}
	}
	if deeper {
		p.is = is
		l.walk(e, p)
	}
}

// Shallow are the attributes that stand in a template outside of any
// repetition in it.
func (t *Template) Shallow() (s Set) {
	switch {
	case t.ReadOnly:
		return 0
	case t.Op == OpHole:
		return (t.Writes | t.Copies) &^ t.Implied
	case t.Op == OpObject:
		for i := range t.Members {
			s |= t.Members[i].Value.Shallow()
		}
		if t.Rest != nil && t.Single() {
			s |= t.Key.Bit() | t.Rest.Value.Shallow()
		}
	case t.Op == OpEither:
		for _, e := range t.Elems {
			s |= e.Shallow()
		}
	case t.Op == OpReference && !t.Def.Loops:
		return t.Def.flat
	}
	return s
}

// musts are the attributes without which a template does not fit.
func (t *Template) musts() (s Set) {
	if t.Op == OpHole {
		return t.Hole.Readings[0].needed() // an element that is one text
	}
	for i := range t.Members {
		switch m := &t.Members[i]; {
		case m.Value.Op == OpHole && m.Must:
			s |= m.Value.Hole.Readings[0].needed()
		case m.Value.Op == OpObject && !m.Optional:
			s |= m.Value.musts()
		}
	}
	return s
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

// spread tells a template which sites lie at and below it.
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

// loopsBack reports that a definition stands in a template without a name of a
// member before it.
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
