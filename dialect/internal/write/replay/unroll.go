package replay

import (
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// Unrolls reports that the attributes that are present decide what a template
// writes, except for marked texts. inside counts the kinds of iterations around
// it. They are names, and the elements of a list in them or alone.
func Unrolls(t *spec.Template, present spec.Set, inside int) bool {
	if t.Op == spec.OpHole {
		return holeUnrolls(t.Hole, present, inside)
	}
	if inside == 0 && (t.Writes|t.Copies|t.Keys)&present&^spec.ChoiceKey == 0 {
		return true
	}
	switch t.Op {
	case spec.OpObject:
		return objectUnrolls(t, present, inside)
	case spec.OpList:
		return listUnrolls(t, present, inside)
	case spec.OpEither:
		return !t.Indexes && !slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return e.ReadOnly || !Unrolls(e, present, inside) })
	case spec.OpReference:
		return !t.Def.Loops && Unrolls(t.Def.Body, present, inside)
	}
	return true
}

// objectUnrolls is Unrolls for an object.
func objectUnrolls(t *spec.Template, present spec.Set, inside int) bool {
	for i := range t.Members {
		if m := &t.Members[i]; !m.Unwritten && !Unrolls(m.Value, present, inside) {
			return false
		}
	}
	switch {
	case t.Indexed:
		return false
	case t.Rest == nil:
		return true
	case t.Key.Attr != spec.AttrNone && t.Single():
		return t.Key.Bit()&present&^spec.ChoiceKey == 0 && Unrolls(t.Rest.Value, present, inside)
	}
	// One name after the other, and no names in names.
	below := t.Rest.Value
	return inside == 0 && t.Key == spec.Target{Owner: spec.Field, Attr: spec.AttrPath} && t.KeyConv.TakesAll() &&
		below.Writes.Of(spec.Whole) == 0 && below.Keys == 0 && Unrolls(below, present, 1)
}

// listUnrolls is Unrolls for a list.
func listUnrolls(t *spec.Template, present spec.Set, inside int) bool {
	if (t.Writes|t.Copies).Of(spec.Field)&present == 0 {
		return inside == 0 && !slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return !Unrolls(e, present, 0) })
	}
	return inside < 2 && len(t.Elems) == 1 && !t.Guarded() && t.Elems[0].Writes.Of(spec.Whole) == 0 && Unrolls(t.Elems[0], present, 2)
}

// holeUnrolls reports that a text is fixed, or is written unchanged whatever it is.
func holeUnrolls(h *spec.Hole, present spec.Set, inside int) bool {
	first := &h.Readings[0]
	loose, pattern := false, false // the text may be another one, which may fit a pattern
	if first.Target.Attr == spec.AttrData && first.Pattern == nil && len(h.Readings) == 1 {
		return inside == 0 && h.Guard == nil
	}
	for i, r := range h.Readings {
		set := r.Targets() & present
		second := i > 0 && r.Target.Owner == spec.Whole // it is carried if it is the same as the first
		if set&^spec.ChoiceKey == 0 && !(second && loose && set != 0) {
			pattern = pattern || r.Pattern != nil
			continue
		}
		loose = true
		if second || r.Pattern != nil || r.Bit&Free == 0 {
			return false
		}
	}
	if loose && (pattern || h.Guard != nil || !first.Conv.TakesAll() || h.Defaults && (first.Conv.Notation != spec.Plain || h.Fallback != "")) {
		return false
	}
	// In a record's own element a text of both would be the record's.
	return inside == 0 || len(h.Readings) == 1 || first.Pattern == nil && first.Target.Owner == spec.Field
}

// unroller makes steps of cuts.
type unroller struct {
	cuts   []Cut
	body   []byte
	pos    int  // what stands before it is in a step
	uneven bool // turns differ in more than texts
}

// steps are the steps up to the end of the iteration, or of the body.
func (u *unroller) steps() (all []step) {
	for len(u.cuts) > 0 && u.cuts[0].Kind != StepEnd {
		c := u.cuts[0]
		s := step{before: string(u.body[u.pos:c.At]), kind: c.Kind, from: c.From, conv: c.Conv, among: c.Among}
		u.cuts, u.pos = u.cuts[1:], c.Past
		if c.Kind == StepNames || c.Kind == StepEach {
			s.turns = u.turn()
			for len(u.cuts) > 0 && u.cuts[0].Kind == c.Kind && string(u.body[u.pos:u.cuts[0].At]) == "," {
				u.pos, u.cuts = u.cuts[0].At, u.cuts[1:]
				u.uneven = !slices.EqualFunc(u.turn(), s.turns, step.equal) || u.uneven
			}
			s.single = !slices.ContainsFunc(s.turns, func(s step) bool { return s.kind == StepEach })
		}
		all = append(all, s)
	}
	return all
}

// turn are the steps of one iteration, with its end.
func (u *unroller) turn() []step {
	all := u.steps()
	if len(u.cuts) == 0 {
		u.uneven = true
		return nil
	}
	end := u.cuts[0].At
	all = append(all, step{before: string(u.body[u.pos:end])})
	u.cuts, u.pos = u.cuts[1:], end
	return all
}

func (s step) equal(other step) bool {
	return s.before == other.before && s.kind == other.kind && s.from == other.from && s.conv == other.conv && slices.EqualFunc(s.turns, other.turns, step.equal)
}
