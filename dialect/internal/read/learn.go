package read

import (
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/read/replay"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Recall finds the replay that a body fits, and the places of its texts; nil if
// none fits. It makes a replay of some of the bodies that fit none (see
// replay.Memory).
func (d *Reader) Recall(p *spec.Plan, req *wire.Request, res *wire.Response, at *replay.Spans) *replay.Replay {
	if !p.Replays || res.Cut || len(res.Body) > 2*replay.MaxBody || p.Bodyless(req, res) {
		return nil
	}
	if g := d.memory.Find(p, req, res, at); g != nil {
		return g
	}
	if place := d.memory.Missed(res.Status); place != nil {
		if g := d.learn(p, req, res.Body); g != nil {
			place.Store(g)
		}
	}
	return nil
}

// learn makes a replay of a body. It returns nil if the fast walk does not fit the body, or
// if the bytes between the texts do not determine the shape.
func (d *Reader) learn(p *spec.Plan, req *wire.Request, body []byte) *replay.Replay {
	if len(body) > replay.MaxBody || body[0] != '{' && body[0] != '[' {
		return nil
	}
	m := &Matcher{origins: []replay.Origin{}}
	m.Reset(&wire.Response{Body: body}, 0)
	m.form = spec.FormJSON
	every := new(tree.Tree)
	if m.Tree.JSONBy(d.Guide[spec.FormJSON], body, false) != nil || m.Tree.Repaired || every.JSON(body, false) != nil {
		return nil
	}
	first := true
	for i, s := range p.Shapes {
		m.origins = m.origins[:0]
		switch {
		case s.Form != spec.FormJSON || !p.Concerns(s, req):
			continue
		case m.Fast(s.Body) && m.data == 0:
			if m.saysMore(p, s, req) {
				return nil
			}
			n := i + 1
			g := replay.Replay{Plan: p, Shapes: n, Of: p.ShapesFor(req, n), Asks: p.Asking(n), Shape: s, Fields: len(m.fields), Bound: m.bound}
			return replay.New(&g, m.walk(every, first))
		case !m.rulesOut(s.Body, 0):
			return nil
		}
		first = false
	}
	return nil
}

// saysMore reports that something in the body or the header counts beside what a shape took.
func (m *Matcher) saysMore(p *spec.Plan, s *spec.Shape, req *wire.Request) bool {
	return len(m.overlooked(p, s, req)) > 0 || m.missed(p, s, req) || m.yields(p)
}

// yields reports that a copy was taken for what a header may have a text of its own.
func (m *Matcher) yields(p *spec.Plan) bool {
	return slices.ContainsFunc(m.binds, func(b bind) bool {
		return b.copy && slices.ContainsFunc(p.Extras, func(s *spec.Shape) bool { return s.Reads&b.target.Bit() != 0 })
	})
}

// rulesOut reports that a template does not fit a node, whatever the texts in it.
func (m *Matcher) rulesOut(t *spec.Template, n uint32) bool {
	node := &m.Tree.Nodes[n]
	switch t.Op {
	case spec.OpConst:
		return node.Kind != t.Kind
	case spec.OpList:
		return node.Kind != tree.List
	case spec.OpEither:
		return !slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return e.WriteOnly || !m.rulesOut(e, n) })
	case spec.OpObject:
		if node.Kind != tree.Object {
			return !t.Indexed
		}
		for i := range t.Members {
			if m.rulesOutMember(&t.Members[i], n) {
				return true
			}
		}
	}
	return false
}

// rulesOutMember is rulesOut for one member of an object.
func (m *Matcher) rulesOutMember(w *spec.Member, n uint32) bool {
	if w.Value.WriteOnly {
		return false // it is not looked for
	}
	absent, there, fits := w.Value.Op == spec.OpAbsent, false, false
	for c := range m.Tree.Children(n) {
		if slices.Contains(w.Slots, m.Tree.Nodes[c].Slot) {
			there, fits = true, fits || !absent && !m.rulesOut(w.Value, c)
		}
	}
	return absent && there || !absent && w.Must && !fits
}

// walk is the result of the walk over the body.
func (m *Matcher) walk(every *tree.Tree, first bool) *replay.Walk {
	w := &replay.Walk{Asked: &m.Tree, Every: every, First: first, Origins: m.origins, Own: m.own}
	for _, b := range m.binds {
		w.Taken = append(w.Taken, replay.Taken{Target: b.target, Text: b.Extent})
	}
	for i, f := range m.fields {
		w.Taken = append(w.Taken,
			replay.Taken{Target: spec.Target{Owner: spec.Field, Attr: spec.AttrPath}, Text: f.path, Field: i},
			replay.Taken{Target: spec.Target{Owner: spec.Field, Attr: spec.AttrCode}, Text: f.code, Field: i},
			replay.Taken{Target: spec.Target{Owner: spec.Field, Attr: spec.AttrMessage}, Text: f.message, Field: i})
	}
	return w
}
