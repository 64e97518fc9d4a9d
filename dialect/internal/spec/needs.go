package spec

import "slices"

// Fillable reports that everything that must be there can be written.
func (t *Template) Fillable(present Set) bool {
	if t.Needs()&^present != 0 {
		return false
	}
	for i := range t.Members {
		switch m := &t.Members[i]; {
		case m.Value.Op == OpEither && m.Must:
			if !slices.ContainsFunc(m.Value.Elems, func(e *Template) bool {
				return !e.ReadOnly && e.Fillable(present) && (e.Writes == 0 || e.Writes&present != 0)
			}) {
				return false
			}
		case m.Value.Op == OpList && m.Must && !m.Value.Tells && m.Value.bare(present):
			return false // an empty list is not read there
		case m.Value.Op == OpObject && (m.Must || !m.Optional) && !m.Value.Fillable(present),
			m.Value.Op == OpObject && m.Must && !m.Value.Apart && (m.Value.Writes|m.Value.Copies)&present == 0:
			return false
		}
	}
	return t.Rest == nil || t.Rest.Value.Op != OpObject || t.Rest.Value.Fillable(present)
}

// bare reports that a list has nothing to hold of what there is.
func (t *Template) bare(present Set) bool {
	for _, e := range t.Elems {
		if e.Op == OpConst || e.Op == OpAny && e.Text != "" || e.StandsIn() {
			return false
		}
	}
	if (t.Writes | t.Copies).Of(Item) != 0 {
		return false // a record has a code that is chosen for it
	}
	told := BitOf(Whole, AttrKind) | BitOf(Whole, AttrReason) | BitOf(Whole, AttrStatus)
	return (t.Writes|t.Copies)&present&^told == 0
}

// Needs are the attributes of the whole without which the template cannot be
// written so that it reads back.
func (t *Template) Needs() (s Set) {
	for i := range t.Members {
		m := &t.Members[i]
		if !m.Must {
			if m.Value.Op == OpObject && !m.Optional {
				s |= m.Value.Needs()
			}
			continue
		}
		switch m.Value.Op {
		case OpHole:
			if m.Value.Hole.Guard == nil && !m.Value.StandsIn() {
				s |= m.Value.Writes & m.Value.Hole.Readings[0].needed()
			}
		case OpList:
			if m.Value.Writes.Of(Whole) == 0 {
				s |= firstBit(m.Value.Writes)
			}
		case OpObject:
			s |= m.Value.Needs()
		}
	}
	if t.Rest != nil && t.Rest.Value.Op == OpObject {
		s |= t.Rest.Value.Needs()
	}
	if t.Rest != nil && t.Rest.Must {
		s |= firstBit(t.Rest.Value.Writes)
	}
	return s.Of(Whole) | recordBit(s, Field, AttrMessage) | recordBit(s, Item, AttrKind)
}
