package dialect

import (
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// recast finds the mould that a body fits, and where its texts lie; nil where
// none fits. Of a few that fit none, one is made.
func (d *Reader) recast(p *plan, req *Request, res *Response, at *stretches) *mould {
	if !p.moulds || res.Cut || len(res.Body) > 2*maxMould || p.bodyless(req, res) {
		return nil
	}
	of := p.of(req)
	if g := d.moulds.find(p, of, res, at); g != nil {
		return g
	}
	if place := d.moulds.missed(res.Status); place != nil {
		if g := d.learn(p, of, res.Body); g != nil {
			place.Store(g)
		}
	}
	return nil
}

// learn makes a mould of a body, nil where its shape does not follow from what
// stands between the texts, or it is not fitted straight.
func (d *Reader) learn(p *plan, of uint64, body []byte) *mould {
	if len(body) > maxMould || body[0] != '{' && body[0] != '[' {
		return nil
	}
	m := &matcher{origins: []origin{}}
	m.reset(&Response{Body: body}, 0)
	every := new(tree.Tree)
	if m.tree.JSONBy(d.guide[formJSON], body, false) != nil || m.tree.Repaired || every.JSON(body, false) != nil {
		return nil
	}
	first := true
	for i, s := range p.shapes {
		m.origins = m.origins[:0]
		switch {
		case s.form != formJSON || of>>i&1 == 0:
			continue
		case m.straight(s.body) && m.data == 0:
			return newMould(&mould{plan: p, of: of, shape: s, fields: len(m.fields), bound: m.bound}, m.walk(every, first))
		case !m.rulesOut(s.body, 0):
			return nil
		}
		first = false
	}
	return nil
}

// rulesOut reports that a template does not fit a node, whatever the texts in it.
func (m *matcher) rulesOut(t *template, n uint32) bool {
	node := &m.tree.Nodes[n]
	switch t.op {
	case opConst:
		return node.Kind != t.kind
	case opList:
		return node.Kind != tree.List
	case opEither:
		return !slices.ContainsFunc(t.elems, func(e *template) bool { return e.writeOnly || !m.rulesOut(e, n) })
	case opObject:
		if node.Kind != tree.Object {
			return !t.indexed
		}
		for i := range t.members {
			w := &t.members[i]
			there, fits := false, false
			for c := range m.tree.Children(n) {
				if slices.Contains(w.slots, m.tree.Nodes[c].Slot) {
					there, fits = true, fits || w.value.op == opAbsent || !m.rulesOut(w.value, c)
				}
			}
			if w.value.op == opAbsent && there || w.must && !fits {
				return true
			}
		}
	}
	return false
}

// walk is what the walk over the body found.
func (m *matcher) walk(every *tree.Tree, first bool) *walk {
	w := &walk{asked: &m.tree, every: every, first: first, origins: m.origins, own: m.own}
	for _, b := range m.binds {
		w.taken = append(w.taken, use{target: b.target, lies: b.lies})
	}
	for i, f := range m.fields {
		w.taken = append(w.taken,
			use{target: target{field, attrPath}, lies: f.path, field: i},
			use{target: target{field, attrCode}, lies: f.code, field: i},
			use{target: target{field, attrMessage}, lies: f.message, field: i})
	}
	return w
}
