package dialect

import (
	"fmt"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Coverage is how much of a file was reached by a test.
type Coverage struct {
	Shapes       Covered `json:"shapes"`
	Codes        Covered `json:"codes"`        // rows of the table
	Alternatives Covered `json:"alternatives"` // of $either, and of lists with several templates
}

// Covered counts the places of one sort, and names those that nothing reached.
type Covered struct {
	Reached int     `json:"reached"`
	Total   int     `json:"total"`
	Missing []Place `json:"missing,omitempty"`
}

// Place is a part of a dialect file.
type Place struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// reached is what the cases of a test came by.
type reached struct {
	shapes       map[*shape]bool
	rows         map[*row]bool
	alternatives map[position]bool // by their places: a definition is one place in every shape that uses it
}

func newReached() *reached {
	return &reached{map[*shape]bool{}, map[*row]bool{}, map[position]bool{}}
}

// by adds what one case came by.
func (e *reached) by(d author, c *Case, r *Result) {
	e.rows[d.rowOf(&r.Outcome, &c.Request)] = true
	for i := range r.Outcome.Items {
		e.rows[d.rowOf(&r.Outcome.Items[i].Outcome, &c.Request)] = true
	}
	m := matchers.Get().(*matcher)
	defer m.release()
	m.reset(&c.Response, 0)
	if s, _ := d.read(m, d.planFor(c.Response.Status), &c.Request, &c.Response); s != nil {
		e.shapes[s] = true
		if s.form == formJSON || s.form == formXML && s.body.op == opObject {
			e.walk(m, s.body, 0)
		}
	}
	for _, s := range d.extras {
		if s.fits(&c.Request, c.Response.Status) && m.header(s, c.Response.Header) {
			e.shapes[s] = true
		}
	}
	// A shape that is only written is reached where the outcome is written by it.
	if s := d.writtenBy(c, &r.Outcome); s != nil && s.writeOnly {
		e.shapes[s] = true
	}
}

// writtenBy is the shape that an outcome is written by, nil for none.
func (d author) writtenBy(c *Case, o *parlance.Outcome) *shape {
	req := asked(c.Request, &c.Response)
	w := output{d: d.Writer, req: &req, o: o}
	w.row, w.status = d.writable(o, &req)
	w.code = w.chooseCode()
	w.attributes()
	return w.chooseShape()
}

// walk follows a document that fitted a template, and notes which alternatives
// it took.
func (e *reached) walk(m *matcher, t *template, n uint32) {
	switch t.op {
	case opReference:
		e.walk(m, t.def.body, n)
	case opEither:
		if a := e.first(m, t, n); a != nil {
			e.walk(m, a, n)
		}
	case opObject:
		for i := range t.members {
			w := &t.members[i]
			for c := range m.tree.Children(n) {
				if m.takes(&selection{named: w}, c) {
					e.element(m, w.value, c)
				}
			}
		}
		if t.rest == nil {
			return
		}
		others := selection{unnamed: t}
		for c := range m.tree.Children(n) {
			if m.takes(&others, c) {
				e.element(m, t.rest.value, c)
			}
		}
	case opList:
		for c := range m.tree.Children(n) {
			if a := e.first(m, t, c); a != nil {
				e.walk(m, a, c)
			}
		}
	}
}

// element walks a member; one of several elements of a name in XML is an
// element of the list itself.
func (e *reached) element(m *matcher, t *template, n uint32) {
	if t.op == opList && m.tree.Nodes[n].Kind == tree.Element {
		if a := e.first(m, t, n); a != nil {
			e.walk(m, a, n)
		}
		return
	}
	e.walk(m, t, n)
}

// first notes the first of the templates that a node fits.
func (e *reached) first(m *matcher, t *template, n uint32) *template {
	before := m.mark()
	defer m.back(before)
	for _, a := range t.elems {
		if m.value(a, n) {
			e.alternatives[a.pos] = true
			return a
		}
		m.back(before)
	}
	return nil
}

// coverage counts what was reached of what there is in the file itself, and not
// in the one that it extends.
func (d author) coverage(e *reached) (c Coverage) {
	file := d.file
	n := alternatives{&c.Alternatives, e, file, "", map[position]bool{}, map[*instance]bool{}}
	for _, s := range slices.Concat(d.shapes, d.extras) {
		if d.base != nil && (slices.Contains(d.base.shapes, s) || slices.Contains(d.base.extras, s)) {
			continue
		}
		c.Shapes.count(e.shapes[s], Place{s.name, file, s.pos.line, s.pos.column})
		if s.body != nil && !s.writeOnly {
			n.shape = s.name
			n.of(s.body)
		}
	}
	for _, r := range d.codes.rows {
		name := r.key
		if when := d.when(r); when != "" {
			name += " if " + when
		}
		c.Codes.count(e.rows[r], Place{name, file, r.pos.line, r.pos.column})
	}
	return c
}

// alternatives counts those of a file's templates.
type alternatives struct {
	to    *Covered
	e     *reached
	file  string
	shape string
	seen  map[position]bool
	open  map[*instance]bool // definitions may refer to themselves
}

func (n *alternatives) of(t *template) {
	if t.op == opReference && !n.open[t.def] {
		n.open[t.def] = true
		n.of(t.def.body)
	}
	for i, a := range t.elems {
		if len(t.elems) > 1 && !n.seen[a.pos] && !a.writeOnly {
			n.seen[a.pos] = true
			name := fmt.Sprintf("%s: alternative %d of %d", n.shape, i+1, len(t.elems))
			n.to.count(n.e.alternatives[a.pos], Place{name, n.file, a.pos.line, a.pos.column})
		}
		n.of(a)
	}
	for i := range t.members {
		n.of(t.members[i].value)
	}
	if t.rest != nil {
		n.of(t.rest.value)
	}
}

func (c *Covered) count(reached bool, at Place) {
	c.Total++
	if reached {
		c.Reached++
		return
	}
	c.Missing = append(c.Missing, at)
}
