package authoring

import (
	"fmt"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// Coverage is how much of a file was reached by a test.
type Coverage struct {
	Shapes       Covered `json:"shapes"`
	Codes        Covered `json:"codes"`        // rows of the table
	Examples     Covered `json:"examples"`     // those of them that no sample or case reached, by their Example
	Alternatives Covered `json:"alternatives"` // of $either, of lists with several templates, and of the elements of streams
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
	Why    string `json:"why,omitempty"` // why a row has no Example
}

// reached is what the cases of a test came by.
type reached struct {
	shapes       map[*spec.Shape]bool
	rows         map[*spec.Row]bool
	alternatives map[spec.Position]bool // by their places: a definition is one place in every shape that uses it
}

func newReached() *reached {
	return &reached{map[*spec.Shape]bool{}, map[*spec.Row]bool{}, map[spec.Position]bool{}}
}

// by adds what one case came by.
func (e *reached) by(d author, c *Case, r *Result) {
	e.rows[d.RowOf(&r.Outcome, &c.Request)] = true
	for i := range r.Outcome.Items {
		e.rows[d.RowOf(&r.Outcome.Items[i].Outcome, &c.Request)] = true
	}
	if d.byStream(e, c) {
		return
	}
	m := read.Matchers.Get().(*read.Matcher)
	defer m.Release()
	m.Reset(&c.Response, 0)
	if s, _ := d.Read(m, d.PlanFor(c.Response.Status), &c.Request, &c.Response); s != nil {
		e.shapes[s] = true
		if s.Form == spec.FormJSON || s.Form == spec.FormXML && s.Body.Op == spec.OpObject {
			f := follower{m: m, visit: func(t *spec.Template, _ uint32) { e.alternatives[t.Pos] = true }}
			f.root(s)
		}
	}
	for _, s := range d.Extras {
		if s.Fits(&c.Request, c.Response.Status) && m.Header(s, c.Response.Header) {
			e.shapes[s] = true
		}
	}
	// A shape that is only written is reached where the outcome is written by it.
	req := asked(c.Request, &c.Response)
	if s := d.ShapeFor(&req, &r.Outcome); s != nil && s.WriteOnly {
		e.shapes[s] = true
	}
}

// byStream adds what the elements of a stream came by. It reports false for a response that
// is none.
func (d author) byStream(e *reached, c *Case) bool {
	of := d.Spec.StreamOf(&c.Request, c.Response.Status, c.Response.Header)
	if of == nil {
		return false
	}
	e.shapes[of.Shape] = true
	back := d.Reader.StreamOf(&c.Request, &c.Response, func(one *read.StreamElement) {
		for _, t := range of.Elements {
			if t.Name == one.Shape {
				e.alternatives[t.Pos] = true
			}
		}
	})
	back.Feed(c.Response.Body)
	back.End(read.Whole)
	return true
}

// streams counts the streams and the templates of their elements.
func (d author) streams(e *reached, c *Coverage) {
	for _, of := range d.Spec.Streams {
		if of.Inherited || of.WriteOnly {
			continue
		}
		c.Shapes.count(e.shapes[of.Shape], Place{Name: of.Name, File: d.File, Line: of.Pos.Line, Column: of.Pos.Column})
		for i, t := range of.Elements {
			if !t.WriteOnly {
				name := fmt.Sprintf("%s: element %d of %d", of.Name, i+1, len(of.Elements))
				c.Alternatives.count(e.alternatives[t.Pos], Place{Name: name, File: d.File, Line: t.Pos.Line, Column: t.Pos.Column})
			}
		}
	}
}

// coverage counts what was reached of what there is in the file itself, and not
// in the one that it extends.
func (d author) coverage(e *reached) (c Coverage) {
	file := d.File
	n := alternatives{&c.Alternatives, e, file, "", map[spec.Position]bool{}, map[*spec.Instance]bool{}}
	for _, s := range slices.Concat(d.Shapes, d.Extras) {
		if s.Inherited {
			continue
		}
		c.Shapes.count(e.shapes[s], Place{Name: s.Name, File: file, Line: s.Pos.Line, Column: s.Pos.Column})
		if s.Body != nil && !s.WriteOnly {
			n.shape = s.Name
			n.of(s.Body)
		}
	}
	d.streams(e, &c)
	for _, r := range d.Codes.Rows {
		c.Codes.count(e.rows[r], d.placeOf(r))
	}
	return c
}

// placeOf is the place of a row.
func (d author) placeOf(r *spec.Row) Place {
	name := r.Key
	if when := whenWords(d.conditions(r)); when != "" {
		name += " if " + when
	}
	return Place{Name: name, File: d.File, Line: r.Pos.Line, Column: r.Pos.Column}
}

// tryExamples tries the rows that no case reached by their examples. It returns the
// failures.
func (d author) tryExamples(in *dialect.Dialect, e *reached, c *Coverage) (failed []Result) {
	for _, r := range d.Codes.Rows {
		if e.rows[r] {
			continue
		}
		at := d.placeOf(r)
		_, u := d.exampleOf(in, r)
		if u != nil {
			at.Why = u.Why
		}
		c.Examples.count(u == nil, at)
		if u != nil && u.Fault {
			failed = append(failed, Result{
				Name: "example of " + at.Name, File: at.File, Line: at.Line, Outcome: parlance.Outcome{Kind: r.Kind, Reason: r.Reason},
				Differences: []Difference{{Part: PartWrites, Message: u.Why, Line: at.Line, Column: at.Column}},
			})
		}
	}
	return failed
}

// alternatives counts those of a file's templates.
type alternatives struct {
	to    *Covered
	e     *reached
	file  string
	shape string
	seen  map[spec.Position]bool
	open  map[*spec.Instance]bool // definitions may refer to themselves
}

func (n *alternatives) of(t *spec.Template) {
	if t.Op == spec.OpReference && !n.open[t.Def] {
		n.open[t.Def] = true
		n.of(t.Def.Body)
	}
	for i, a := range t.Elems {
		if len(t.Elems) > 1 && !n.seen[a.Pos] && !a.WriteOnly {
			n.seen[a.Pos] = true
			name := fmt.Sprintf("%s: alternative %d of %d", n.shape, i+1, len(t.Elems))
			n.to.count(n.e.alternatives[a.Pos], Place{Name: name, File: n.file, Line: a.Pos.Line, Column: a.Pos.Column})
		}
		n.of(a)
	}
	for i := range t.Members {
		n.of(t.Members[i].Value)
	}
	if t.Rest != nil {
		n.of(t.Rest.Value)
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
