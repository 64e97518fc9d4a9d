package dialect

import (
	"cmp"
	"slices"
)

// ends reports that a record whose path has been said is written at one of the
// sites.
func (s *shape) ends(at sites, o owner) bool {
	for _, id := range at {
		if s.sites[id].owner == o && s.sites[id].tree {
			return true
		}
	}
	return false
}

// site is a place of a shape where a record is written: an element of a
// repetition, or the value behind a name.
type site struct {
	owner   owner
	written set    // the attributes of the record that stand there and around it
	whole   set    // those that are whole numbers
	must    set    // those without which it is not read
	keys    int    // names of members before it, at least
	tree    bool   // it lies in a definition that refers to itself
	indexed bool   // the first name before it is the place in a list
	root    bool   // it is the body itself
	single  bool   // what it stands in holds one record
	is      string // what the form says of it
}

// sites is a set of numbers of sites, in ascending order.
type sites []uint16

func (s sites) has(id uint16) bool { return slices.Contains(s, id) }

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
func (s *shape) locate() {
	s.sites = make([]site, 1, 4) // number 0 is none
	if s.body == nil || s.readOnly {
		return
	}
	l := locator{shape: s, seen: map[*instance]bool{}}
	l.root(s.body)
	l.walk(s.body, passage{})
	for changed := true; changed; {
		changed = false
		l.done = map[*instance]bool{}
		l.spread(s.body, &changed)
	}
}

type locator struct {
	shape *shape
	seen  map[*instance]bool
	done  map[*instance]bool
}

// passage is what lies between the root and a place.
type passage struct {
	around [3]set // by owner: what repetitions around it hold of a record
	keys   [3]int
	is     string
	tree   bool
	index  bool
	single bool
}

// root makes a site of the body itself, where the path of a Field or the id of
// an Item stands outside of any repetition: there is place for one.
func (l *locator) root(t *template) {
	own := t.shallow()
	for _, o := range [...]owner{item, field} {
		located := pathBit
		if o == item {
			located = bitOf(item, attrID)
		}
		if own&located != 0 && l.shape.form != formText {
			t.site[o-item] = uint16(len(l.shape.sites))
			l.shape.sites = append(l.shape.sites, site{owner: o, written: own.of(o), must: located, single: true, root: true})
		}
	}
}

func (l *locator) walk(t *template, p passage) {
	if t.readOnly {
		return
	}
	switch t.op {
	case opObject:
		for i := range t.members {
			l.walk(t.members[i].value, p)
		}
		if t.rest == nil {
			return
		}
		if t.single() {
			l.walk(t.rest.value, p)
			return
		}
		in := p
		if t.key.attr != attrNone {
			in.around[t.key.owner] |= t.key.bit()
			in.index = in.index || t.indexed && in.keys[t.key.owner] == 0
			in.keys[t.key.owner]++
		} else if t.rest.value.op != opList {
			in.single = true
		}
		l.turn(t.rest.value, in, t.key)
	case opList:
		for _, e := range t.elems {
			l.turn(e, p, target{})
		}
	case opEither:
		for _, e := range t.elems {
			l.walk(e, p)
		}
	case opReference:
		if !l.seen[t.def] {
			l.seen[t.def] = true
			p.tree = p.tree || t.def.loops
			l.walk(t.def.body, p)
		}
	}
}

// turn goes into an element of a repetition: a site where it makes a record,
// else what is around deeper ones. key is what its name is.
func (l *locator) turn(e *template, p passage, key target) {
	switch e.op {
	case opEither:
		if e.readOnly {
			return
		}
		for _, one := range e.elems {
			l.turn(one, p, key)
		}
		return
	case opReference:
		if !l.seen[e.def] {
			l.seen[e.def] = true
			p.tree = p.tree || e.def.loops
			l.turn(e.def.body, p, key)
		}
		return
	}
	if e.readOnly {
		return
	}
	own, is := e.shallow(), cmp.Or(e.is, p.is)
	deeper := false
	for _, o := range [...]owner{item, field} {
		all := (e.writes | e.copies).of(o)
		if all == 0 && (key.attr == attrNone || key.owner != o) && (e.is == "" || o == field) {
			continue
		}
		p.around[o] |= own.of(o)
		if e.deep.of(o) != 0 && (e.writes|e.copies)&e.deep.of(o) != 0 {
			deeper = true
			if own&texts == 0 {
				continue // a record is made further down only
			}
		}
		if len(l.shape.sites) < maxSites {
			e.site[o-item] = uint16(len(l.shape.sites))
			l.shape.sites = append(l.shape.sites, site{owner: o, written: p.around[o] | own.of(o), keys: p.keys[o], tree: p.tree, indexed: p.index, single: p.single, is: is, must: e.musts().of(o), whole: e.integers().of(o)})
		}
	}
	if deeper {
		p.is = is
		l.walk(e, p)
	}
}

// shallow are the attributes that stand in a template outside of any
// repetition in it.
func (t *template) shallow() (s set) {
	switch {
	case t.readOnly:
		return 0
	case t.op == opHole:
		return (t.writes | t.copies) &^ t.implied
	case t.op == opObject:
		for i := range t.members {
			s |= t.members[i].value.shallow()
		}
		if t.rest != nil && t.single() {
			s |= t.key.bit() | t.rest.value.shallow()
		}
	case t.op == opEither:
		for _, e := range t.elems {
			s |= e.shallow()
		}
	case t.op == opReference && !t.def.loops:
		return t.def.flat
	}
	return s
}

// musts are the attributes without which a template does not fit.
func (t *template) musts() (s set) {
	if t.op == opHole {
		return t.hole.readings[0].needed() // an element that is one text
	}
	for i := range t.members {
		switch m := &t.members[i]; {
		case m.value.op == opHole && m.must:
			s |= m.value.hole.readings[0].needed()
		case m.value.op == opObject && !m.optional:
			s |= m.value.musts()
		}
	}
	return s
}

// integers are the attributes that stand in a template as whole numbers.
func (t *template) integers() (s set) {
	if t.op == opHole && t.hole.readings[0].conv.notation == integer && t.hole.readings[0].pattern == nil {
		return t.hole.readings[0].bit
	}
	for i := range t.members {
		s |= t.members[i].value.integers()
	}
	for _, e := range t.elems {
		s |= e.integers()
	}
	return s
}

// spread tells a template which sites lie at and below it.
func (l *locator) spread(t *template, changed *bool) {
	all, near := t.sites, t.near
	for _, id := range t.site {
		if id != 0 {
			all, near = all.with(sites{id}), near.with(sites{id})
		}
	}
	take := func(below *template, keyed bool) {
		l.spread(below, changed)
		all = all.with(below.sites)
		if !keyed {
			near = near.with(below.near)
		}
	}
	for i := range t.members {
		take(t.members[i].value, false)
	}
	if t.rest != nil {
		take(t.rest.value, t.key.attr != attrNone && !t.single())
	}
	for _, e := range t.elems {
		take(e, false)
	}
	if t.op == opReference && !l.done[t.def] {
		l.done[t.def] = true
		take(t.def.body, false)
	} else if t.op == opReference {
		all, near = all.with(t.def.body.sites), near.with(t.def.body.near)
	}
	if len(all) != len(t.sites) || len(near) != len(t.near) {
		t.sites, t.near, *changed = all, near, true
	}
}

// loopsBack reports that a definition stands in a template without a name of a
// member before it.
func (t *template) loopsBack() bool {
	if t.op == opReference {
		return true
	}
	for i := range t.members {
		if t.members[i].value.loopsBack() {
			return true
		}
	}
	return slices.ContainsFunc(t.elems, (*template).loopsBack)
}
