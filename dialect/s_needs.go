package dialect

import "slices"

// fillable reports that everything that must be there can be written.
func (t *template) fillable(present set) bool {
	if t.needs()&^present != 0 {
		return false
	}
	for i := range t.members {
		switch m := &t.members[i]; {
		case m.value.op == opEither && m.must:
			if !slices.ContainsFunc(m.value.elems, func(e *template) bool {
				return !e.readOnly && e.fillable(present) && (e.writes == 0 || e.writes&present != 0)
			}) {
				return false
			}
		case m.value.op == opList && m.must && !m.value.tells && m.value.bare(present):
			return false // an empty list is not read there
		case m.value.op == opObject && (m.must || !m.optional) && !m.value.fillable(present),
			m.value.op == opObject && m.must && !m.value.apart && (m.value.writes|m.value.copies)&present == 0:
			return false
		}
	}
	return t.rest == nil || t.rest.value.op != opObject || t.rest.value.fillable(present)
}

// bare reports that a list has nothing to hold of what there is.
func (t *template) bare(present set) bool {
	for _, e := range t.elems {
		if e.op == opConst || e.op == opAny && e.text != "" || e.standsIn() {
			return false
		}
	}
	if (t.writes | t.copies).of(item) != 0 {
		return false // a record has a code that is chosen for it
	}
	told := bitOf(whole, attrKind) | bitOf(whole, attrReason) | bitOf(whole, attrStatus)
	return (t.writes|t.copies)&present&^told == 0
}

// needs are the attributes of the whole without which the template cannot be
// written so that it reads back.
func (t *template) needs() (s set) {
	for i := range t.members {
		m := &t.members[i]
		if !m.must {
			if m.value.op == opObject && !m.optional {
				s |= m.value.needs()
			}
			continue
		}
		switch m.value.op {
		case opHole:
			if m.value.hole.guard == nil && !m.value.standsIn() {
				s |= m.value.writes & m.value.hole.readings[0].needed()
			}
		case opList:
			if m.value.writes.of(whole) == 0 {
				s |= firstBit(m.value.writes)
			}
		case opObject:
			s |= m.value.needs()
		}
	}
	if t.rest != nil && t.rest.value.op == opObject {
		s |= t.rest.value.needs()
	}
	if t.rest != nil && t.rest.must {
		s |= firstBit(t.rest.value.writes)
	}
	return s.of(whole) | recordBit(s, field, attrMessage) | recordBit(s, item, attrKind)
}
