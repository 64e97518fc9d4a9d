package authoring

import (
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
			more := later.Takes &^ first.Takes & (tellingParts | spec.OwnerBits[spec.Field])
			if more == 0 || first.Takes&^later.Takes&(tellingParts|spec.OwnerBits[spec.Field]) != 0 || later.Shape.Inherited || told[later.Shape] {
				continue
			}
			told[later.Shape] = true
			r.Warn(later.Shape.Pos, "taken_sample", "put it before the other, or give the other a condition", "the shape %q would say more of the sample on line %d, but %q on line %d comes first and fits it too", later.Shape.Name, s.Pos.Line, first.Shape.Name, first.Shape.Pos.Line)
		}
	}
}
