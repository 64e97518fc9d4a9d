package dialect

import "slices"

// unrolls reports that what is written by a template follows from which attributes
// are there, but for texts that are marked, inside of so many kinds of turns:
// names, and in them or alone the elements of a list.
func unrolls(t *template, present set, inside int) bool {
	same := (t.writes|t.copies|t.keys)&present&^settled == 0
	switch t.op {
	case opHole:
		return holeUnrolls(t.hole, present, inside)
	case opObject:
		if same && inside == 0 {
			return true
		}
		for i := range t.members {
			if m := &t.members[i]; !m.unwritten && !unrolls(m.value, present, inside) {
				return false
			}
		}
		switch {
		case t.indexed:
			return false
		case t.rest == nil:
			return true
		case t.key.attr != attrNone && t.single():
			return t.key.bit()&present&^settled == 0 && unrolls(t.rest.value, present, inside)
		}
		// One name after the other, and no names in names.
		return inside == 0 && t.key == target{field, attrPath} && t.keyConv.takesAll() && t.rest.value.writes.of(whole) == 0 &&
			t.rest.value.keys == 0 && unrolls(t.rest.value, present, 1)
	case opList:
		switch {
		case same && inside == 0:
			return true
		case (t.writes|t.copies).of(field)&present == 0:
			return inside == 0 && !slices.ContainsFunc(t.elems, func(e *template) bool { return !unrolls(e, present, 0) })
		}
		return inside < 2 && len(t.elems) == 1 && !t.guarded() && t.elems[0].writes.of(whole) == 0 && unrolls(t.elems[0], present, 2)
	case opEither:
		return same && inside == 0 || !t.indexes && !slices.ContainsFunc(t.elems, func(e *template) bool { return e.readOnly || !unrolls(e, present, inside) })
	case opReference:
		return same && inside == 0 || !t.def.loops && unrolls(t.def.body, present, inside)
	}
	return true
}

// holeUnrolls reports that a text is settled, or goes out as it is whatever it is.
func holeUnrolls(h *hole, present set, inside int) bool {
	first, loose := &h.readings[0], false // some of it is not settled
	if first.target.attr == attrData && first.pattern == nil && len(h.readings) == 1 {
		return inside == 0 && h.guard == nil
	}
	for i, r := range h.readings {
		if r.targets()&present&^settled == 0 {
			continue
		}
		loose = true
		if r.pattern != nil || r.bit&free == 0 || i > 0 && r.target.owner == whole {
			return false // a second one of the whole is carried if it is the same
		}
	}
	if loose && (h.guard != nil || first.pattern != nil || !first.conv.takesAll() || h.defaults && first.conv.notation != plain) {
		return false
	}
	// In a record's own element a text of both would be the record's.
	return inside == 0 || len(h.readings) == 1 || first.pattern == nil && first.target.owner == field
}

// unroller makes steps of cuts.
type unroller struct {
	cuts   []cut
	body   []byte
	pos    int  // what stands before it is in a step
	uneven bool // turns differ in more than texts
}

// steps are those up to the end of the turn, or of all.
func (u *unroller) steps() (all []step) {
	for len(u.cuts) > 0 && u.cuts[0].kind != stepTurned {
		c := u.cuts[0]
		s := step{before: string(u.body[u.pos:c.at]), kind: c.kind, from: c.from, conv: c.conv, among: c.among}
		u.cuts, u.pos = u.cuts[1:], c.past
		if c.kind == stepNames || c.kind == stepEach {
			s.turns = u.turn()
			for len(u.cuts) > 0 && u.cuts[0].kind == c.kind && string(u.body[u.pos:u.cuts[0].at]) == "," {
				u.pos, u.cuts = u.cuts[0].at, u.cuts[1:]
				u.uneven = !slices.EqualFunc(u.turn(), s.turns, step.equal) || u.uneven
			}
			s.single = !slices.ContainsFunc(s.turns, func(s step) bool { return s.kind == stepEach })
		}
		all = append(all, s)
	}
	return all
}

// turn are the steps of one turn, with its end.
func (u *unroller) turn() []step {
	all := u.steps()
	if len(u.cuts) == 0 {
		u.uneven = true
		return nil
	}
	end := u.cuts[0].at
	all = append(all, step{before: string(u.body[u.pos:end])})
	u.cuts, u.pos = u.cuts[1:], end
	return all
}

func (s step) equal(other step) bool {
	return s.before == other.before && s.kind == other.kind && s.from == other.from && s.conv == other.conv && slices.EqualFunc(s.turns, other.turns, step.equal)
}
