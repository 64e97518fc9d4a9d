package spec

import "slices"

// Fillable reports that everything that must be there can be written.
func (t *Template) Fillable(present Set) bool {
	t = t.inline()
	if t.Needs()&^present != 0 {
		return false
	}
	for i := range t.Members {
		if m := &t.Members[i]; m.needed() && !m.fillable(present) {
			return false
		}
	}
	return t.Rest == nil || t.Rest.Value.Op != OpObject || t.Rest.Value.Fillable(present)
}

// needed reports that a body is read only with this member: the member must be present, or
// it is an object that is always written.
func (w *Member) needed() bool { return w.Must || !w.Optional && w.Value.Op == OpObject }

// fillable reports that a needed member can be written so that it is read again.
func (w *Member) fillable(present Set) bool {
	t := w.Value.listed()
	switch t.Op {
	case OpEither:
		return slices.ContainsFunc(t.Elems, func(e *Template) bool {
			return !e.ReadOnly && e.Fillable(present) && (e.Writes == 0 || e.Writes&present != 0)
		})
	case OpList:
		// An empty list is not read there.
		return t.HasGuard || !t.bare(present) && slices.ContainsFunc(t.Elems, func(e *Template) bool { return e.Stands(present) })
	case OpObject:
		if w.Must && !t.Tagged && (t.Writes|t.Copies)&present == 0 {
			return false
		}
		return t.Fillable(present)
	}
	return true
}

// listed follows a reference to a definition that is a list.
func (t *Template) listed() *Template {
	if in := t.inline(); in.Op == OpList {
		return in
	}
	return t
}

// inline follows a reference, but not one to a definition that contains itself.
func (t *Template) inline() *Template {
	if t.Op == OpReference && !t.Def.Loops && t.Def.Body != nil {
		return t.Def.Body
	}
	return t
}

// Stands reports that an element of a list is read again if it holds these attributes: each
// text that must be there is one of them. A record has a code that is chosen for it.
func (t *Template) Stands(present Set) bool {
	if t = t.Resolve(); t.ReadOnly {
		return false
	}
	for i := range t.Members {
		m := &t.Members[i]
		switch v := m.Value; {
		case v.Op == OpHole && m.Must && !v.Hole.given(present):
			return false
		case v.Op == OpObject && m.needed() && !v.Stands(present):
			return false
		}
	}
	return true
}

// given reports that a hole has a text if these attributes are set.
func (h *Hole) given(present Set) bool {
	if h.Guard != nil || h.StandIn != nil || h.Defaults {
		return true
	}
	for _, r := range h.Readings {
		if needed := r.needed(); needed.Of(Item) != 0 || r.Pattern == nil && needed&^present == 0 {
			return true
		}
	}
	first := &h.Readings[0]
	return first.Pattern != nil && first.needed()&^present == 0
}

// bare reports that a list has no place for any attribute that is set.
func (t *Template) bare(present Set) bool {
	for _, e := range t.Elems {
		if e.Op == OpConst || e.Op == OpAny && e.Text != "" || e.StandsIn() {
			return false
		}
	}
	if (t.Writes | t.Copies).Of(Item) != 0 {
		return false // a record has a code that is chosen for it
	}
	implicit := BitOf(Whole, AttrKind) | BitOf(Whole, AttrReason) | BitOf(Whole, AttrStatus)
	return (t.Writes|t.Copies)&present&^implicit == 0
}

// Needs are the attributes of the whole without which the template cannot be
// written so that it reads back.
func (t *Template) Needs() (s Set) {
	t = t.inline()
	for i := range t.Members {
		if m := &t.Members[i]; m.needed() {
			s |= m.needs()
		}
	}
	if t.Rest != nil && t.Rest.Value.Op == OpObject {
		s |= t.Rest.Value.Needs()
	}
	if t.Rest != nil && t.Rest.Must {
		s |= firstBit(t.Rest.Value.Writes)
		if t.Single() {
			s |= t.Key.Bit()
		}
	}
	return s.Of(Whole) | recordBit(s, Field, AttrMessage) | recordBit(s, Item, AttrKind)
}

// needs are the attributes that a needed member needs.
func (w *Member) needs() Set {
	t := w.Value.listed()
	switch {
	case t.Op == OpObject:
		return t.Needs()
	case t.Op == OpHole && t.Hole.Guard == nil && !t.StandsIn():
		return t.Writes & t.Hole.Readings[0].needed()
	case t.Op == OpList && t.Writes.Of(Whole) == 0:
		return firstBit(t.Writes)
	case t.Op == OpList && len(t.Elems) == 1:
		return t.Elems[0].RequiredOf(Whole)
	}
	return 0
}
