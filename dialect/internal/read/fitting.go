package read

import (
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Fitting is a shape that a body fits, with the attributes that it takes from it.
type Fitting struct {
	Shape *spec.Shape
	Takes spec.Set
}

// Fittings are all shapes that a response fits strictly, in the order in which they are
// tried. Only the first one reads it.
func (d *Reader) Fittings(req *wire.Request, res *wire.Response) (all []Fitting) {
	p := d.PlanFor(res.Status)
	wanted, _ := p.Forms(req)
	if p.Bodyless(req, res) || wanted == (spec.Forms{}) {
		return nil
	}
	m := Matchers.Get().(*Matcher)
	defer m.Release()
	m.Reset(res, 0)
	m.form = d.open(m, wanted, res)
	for _, s := range p.Shapes {
		if s.Form != m.form || !p.Concerns(s, req) {
			continue
		}
		before := m.Mark()
		m.steps, m.limit = 0, minSteps+stepsPerNode*len(m.Tree.Nodes)
		if (len(s.Headers) == 0 || m.Header(s, res.Header)) && m.body(s, res.Body) {
			all = append(all, Fitting{s, m.bound})
		}
		m.Back(before)
	}
	return all
}
