package dialect

import (
	"math/bits"
	"slices"

	"github.com/parlance-api/parlance"
)

// chooseShape is the shape that loses least, among these the smallest, among
// these the first; nil where none may be written.
func (w *output) chooseShape() *shape {
	form := w.negotiate()
	var best *shape
	least, size := 0, 0
	named := slices.ContainsFunc(w.d.shapes, func(s *shape) bool { return s.is != "" && s.is == w.row.first })
	weigh := w.present &^ (bitOf(whole, attrKind) | bitOf(whole, attrReason) | bitOf(whole, attrStatus) |
		bitOf(item, attrKind) | bitOf(item, attrReason) | bitOf(item, attrIndex))
	for _, s := range w.d.shapes {
		if s.form != form || !w.eligible(s, named) {
			continue
		}
		if s.graft && len(w.req.Body) > 0 && w.grafts(s) {
			return s
		}
		if len(s.writeFor) > 0 && !admitsPath(s.writeFor, w.req.Path) {
			continue // of another resource: its names would be wrong
		}
		lost := bits.OnesCount64(uint64(weigh&^(s.writes|s.copies))) + 4*w.misfits(s)
		n := s.size
		if len(w.o.Items) > 0 && !s.carriesItems() {
			lost += 64 // without its records a bulk answer says nothing
		}
		if len(s.codes) > 0 && w.code != "" {
			lost -= 32 // it is the shape of this very code
		}
		if len(s.writeFor) > 0 {
			lost -= 64 // the caller's own resource comes first
		}
		if best == nil || lost < least || lost == least && n < size {
			best, least, size = s, lost, n
		}
	}
	return best
}

// eligible reports that a shape may be written for this outcome.
func (w *output) eligible(s *shape, named bool) bool {
	if s.body.integers().has(whole, attrCode) && s.body.needs().has(whole, attrCode) && !isWhole(w.code) {
		return false // the code would be no number, and the body not be read
	}
	if s.readOnly || !s.concerns(w.req, w.status) || !s.body.fillable(w.present) || !w.codeFits(s) {
		return false
	}
	if w.row.is != "" && w.o.Kind == w.row.kind {
		return s.is == w.row.is
	}
	if named && w.o.Kind == w.row.kind {
		return s.is == w.row.first
	}
	if s.is != "" {
		k, isKind := parlance.ParseKind(s.is)
		switch {
		case !isKind:
			return false
		case s.is == "failed":
			return w.o.Kind.Failing()
		}
		return k == w.o.Kind
	}
	if w.o.Kind.Failing() {
		return !s.carriesData()
	}
	// Under a good status only what has a place there: the payload's envelope,
	// records, a kind that is no plain success, or a code that says more.
	switch {
	case s.carriesData(), s.carriesItems() && len(w.o.Items) > 0:
		return true
	case s.writes.has(whole, attrKind) && w.o.Kind == parlance.Partial:
		return true
	}
	return w.code != "" && s.body.needs().has(whole, attrCode)
}

// codeFits reports that a shape which is written for some codes only is so for
// this one, or that there is none.
func (w *output) codeFits(s *shape) bool {
	if len(s.codes) == 0 || w.code == "" {
		return true
	}
	family := "" // a shape with a place for both is that of the coarser one's too
	if s.writes.has(whole, attrCode) && s.writes.has(whole, attrFamily) {
		family = w.family()
	}
	return slices.ContainsFunc(s.codes, func(c string) bool { return glob(c, w.code) || family != "" && glob(c, family) })
}

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

// recordBit stands for "there is a record of the owner".
func recordBit(s set, o owner, a attribute) set {
	if s.of(o) == 0 {
		return 0
	}
	return bitOf(o, a)
}

func firstBit(s set) set { return s & -s }
