package authoring

import (
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// unfitPatterns warns of a pattern beside an attribute that fits only a part of the text that
// a sample has there: it must fit all of it, and nothing is read.
func (d author) unfitPatterns(r *spec.Reporter) {
	told := map[spec.Position]bool{}
	for i := range d.Samples {
		s := &d.Samples[i]
		m := read.Matchers.Get().(*read.Matcher)
		m.Reset(&s.Response, 0)
		shape, _ := d.Read(m, d.PlanFor(s.Response.Status), &s.Request, &s.Response)
		if shape == nil || shape.Inherited || shape.Form != spec.FormJSON && shape.Form != spec.FormXML {
			m.Release()
			continue
		}
		f := follower{m: m, visit: func(t *spec.Template, n uint32) {
			if t.Op != spec.OpHole || told[t.Pos] {
				return
			}
			text := m.Tree.Value(n)
			for _, one := range t.Hole.Readings[1:] {
				if one.Pattern != nil && one.Pattern.FitsPart(text, m) {
					told[t.Pos] = true
					r.Warn(t.Pos, "unfit_pattern", "write {_} where more can stand, with a text between it and the next hole", "the pattern fits only a part of a text of the sample on line %d, so it reads nothing: %s", s.Pos.Line, keyfile.Short(string(text)))
				}
			}
		}}
		f.root(shape)
		m.Release()
	}
}
