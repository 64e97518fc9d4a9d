package authoring

import (
	"slices"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// tellingParts are the attributes that say what failed.
const tellingParts = spec.Telling | 1<<spec.AttrReason

// takenSamples warns of a failure's shape that is not used for a sample although it would say more
// of it, because an earlier one fits too.
func takenSamples(d *dialect.Dialect, r *spec.Reporter) {
	a, told := author{d.Internal()}, map[*spec.Shape]bool{}
	for i := range a.Samples {
		s := &a.Samples[i]
		if whole := d.Decode(s.Request, s.Response); !whole.Outcome.Kind.Failing() || len(whole.Diagnostics) > 0 {
			continue
		}
		res := s.Response
		all := a.Fittings(&s.Request, &res)
		for _, later := range all[min(1, len(all)):] {
			first := all[0]
			if first.Shape.Body.HasGuard || first.Shape.Is != "" && first.Shape.Is != later.Shape.Is {
				continue // it is the special case, and means to come first
			}
			message := spec.BitOf(spec.Field, spec.AttrMessage)
			if later.Takes.Of(spec.Field) == message && copiesMessage(later.Shape.Body, 0) {
				later.Takes &^= message // without a path it is a text of the whole, and no Field
			}
			more := later.Takes &^ first.Takes & (tellingParts | spec.OwnerBits[spec.Field])
			if more == 0 || first.Takes&^later.Takes&(tellingParts|spec.OwnerBits[spec.Field]) != 0 || later.Shape.Inherited || told[later.Shape] {
				continue
			}
			told[later.Shape] = true
			r.Warn(later.Shape.Pos, "taken_sample", "put it before the other, or give the other a condition", "the shape %q would say more of the sample on line %d, but %q on line %d comes first and fits it too", later.Shape.Name, s.Pos.Line, first.Shape.Name, first.Shape.Pos.Line)
		}
	}
}

// copiesMessage reports that each message of a Field in a body is also a text of the whole,
// outside of any list.
func copiesMessage(t *spec.Template, depth int) bool {
	if t = t.Resolve(); t == nil || !t.Reads.Has(spec.Field, spec.AttrMessage) {
		return true
	}
	if t.Op == spec.OpHole {
		return slices.ContainsFunc(t.Hole.Readings, func(r spec.Reading) bool { return r.Pattern == nil && r.Target.Owner == spec.Whole })
	}
	if t.Op == spec.OpList || depth > maxProbeDepth {
		return false
	}
	for i := range t.Members {
		if !copiesMessage(t.Members[i].Value, depth+1) {
			return false
		}
	}
	return (t.Rest == nil || copiesMessage(t.Rest.Value, depth+1)) && !slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return !copiesMessage(e, depth+1) })
}
