package dialect

import (
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Unguided is a Dialect that reads as d does, from trees that hold all of a body
// and not only what its shapes ask for. Their members have no numbers, so all of
// them are weighed and none is fitted straight; and no status is believed alone.
func Unguided(d *Dialect) *Dialect {
	all := *d.core.Spec
	for f := range all.guide {
		if all.guide[f] != nil {
			all.guide[f] = tree.NewGuide()
			all.guide[f].All()
		}
	}
	for i, p := range d.core.byStatus {
		if i > 0 && p == d.core.byStatus[i-1] { // as most are
			all.byStatus[i] = all.byStatus[i-1]
			continue
		}
		asking := *p
		asking.fields, asking.moulds = nil, false
		all.byStatus[i] = &asking
	}
	return &Dialect{newWriter(newReader(newTable(&all))), d.extensions}
}

// Forgetful is a Dialect that reads and writes as d does, and has kept no choice, no
// program and no mould yet.
func Forgetful(d *Dialect) *Dialect {
	return &Dialect{newWriter(newReader(newTable(d.core.Spec))), d.extensions}
}

// Straight reports whether the body of an answer is fitted by one walk, and not
// weighed.
func Straight(d *Dialect, req Request, res Response) bool {
	m := matchers.Get().(*matcher)
	defer m.release()
	m.reset(&res, 0)
	p := d.core.planFor(res.Status)
	form, ok := m.parse(d.core.Spec, p.wanted, res.Header, res.Body)
	return ok && form == formJSON && slices.ContainsFunc(p.shapes, func(s *shape) bool {
		return s.form == formJSON && p.concerns(s, &req) && m.straight(s.body)
	})
}

// Recasts reports that such an answer is read by a mould: one that was made of
// an answer before.
func Recasts(d *Dialect, req Request, res Response) bool {
	var texts stretches
	g := d.core.recast(d.core.planFor(res.Status), &req, &res, &texts)
	return g != nil && g.fill(new(parlance.Outcome), &res, &texts, everyAttribute, false)
}
