package authoring

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// Groups are all rows, class by class, then those of codes that stand in bodies
// alone. A class that the file says nothing of is left out.
func Groups(d *dialect.Dialect) []Group { return author{d.Internal()}.groups() }

func (d author) groups() (all []Group) {
	for class := 1; class <= 5; class++ {
		g, _ := d.within(strconv.Itoa(class) + "xx")
		if len(g.Rows) > 0 || slices.ContainsFunc(g.Class, func(e Entry) bool { return !e.Builtin }) {
			all = append(all, g)
		}
	}
	var bodies Group
	for _, r := range d.Rows {
		if _, classed := d.classed(r); !classed {
			bodies.Rows = append(bodies.Rows, d.entry(r, statusOf(r), ""))
		}
	}
	if len(bodies.Rows) > 0 {
		all = append(all, bodies)
	}
	return all
}

// Range is what the file says of a class or a range of codes, such as 4xx or
// 400-429, else what the dialect http does. It reports false for any other text.
func Range(d *dialect.Dialect, text string) (Group, bool) { return author{d.Internal()}.within(text) }

func (d author) within(text string) (Group, bool) {
	sp, ok := spec.ParseSpan(text)
	if !ok || sp.From == sp.To {
		return Group{}, false
	}
	g := Group{Name: text}
	var class []*spec.Row
	for b := &d.Table; b != nil && len(class) == 0; b = b.Base {
		for _, of := range b.Codes.Ranges {
			if spec.Inside(sp, of.Span) { // the narrowest that holds all of it
				class = of.Rows
				break
			}
		}
		for _, r := range class {
			e := d.entry(r, sp.From, text)
			e.Builtin = b.Base == nil && b != &d.Table
			g.Class = append(g.Class, e)
		}
	}
	type placed struct {
		at  spec.Span
		row Entry
	}
	var rows []placed
	for _, r := range d.Rows {
		at, classed := d.classed(r)
		if !classed && sp.From < 1000 || at == sp || !spec.Inside(at, sp) {
			continue
		}
		rows = append(rows, placed{at, d.among(r, at, sp)})
	}
	slices.SortStableFunc(rows, func(a, b placed) int {
		return cmp.Or(a.at.To-b.at.To, (a.at.To-a.at.From)-(b.at.To-b.at.From))
	})
	for _, p := range rows {
		g.Rows = append(g.Rows, p.row)
	}
	return g, true
}

// classed is where a row stands among the statuses. It reports false for one
// that is about a code in bodies alone.
func (d author) classed(r *spec.Row) (spec.Span, bool) {
	sp, numeric := r.Number()
	switch {
	case numeric && (r.Status == 0 || d.Codes.Merged) && sp.From >= spec.FirstStatus && sp.To <= spec.LastStatus:
		return sp, true
	case !numeric && d.Named(r.First):
		if r.Status != 0 {
			return spec.Span{From: r.Status, To: r.Status}, true
		}
		for _, s := range d.Shapes {
			if s.Is == r.First && len(s.Status) > 0 {
				return s.Status[0], true
			}
		}
	}
	return sp, false
}

// among is a row among others of its class: shown by its codes without that of the
// class, or by the status if a shape gives it its name.
func (d author) among(r *spec.Row, at, class spec.Span) Entry {
	if _, numeric := r.Number(); !numeric && d.Named(r.First) {
		e := d.entry(r, at.From, strconv.Itoa(at.From))
		e.Status = 0
		e.Conditions = []Condition{d.formed(r.First)}
		e.When = whenWords(e.Conditions)
		return e
	}
	var keys []string
	for key := range strings.SplitSeq(r.Key, ",") {
		if sp, ok := spec.ParseSpan(strings.TrimSpace(key)); !ok || sp != class {
			keys = append(keys, strings.TrimSpace(key))
		}
	}
	return d.entry(r, statusOf(r), strings.Join(keys, ", "))
}

func statusOf(r *spec.Row) int {
	if r.Status != 0 {
		return r.Status
	}
	sp, _ := r.Number()
	return sp.From
}

func (d author) entry(r *spec.Row, status int, code string) Entry {
	o := &parlance.Outcome{Kind: r.Kind, Reason: r.Reason, Status: status, Code: cmp.Or(code, r.First)}
	req := &dialect.Request{Method: "POST"}
	var p parlance.Decision
	d.Plan(&p, o, r, nil)
	if r.Why != "" {
		p.Why = r.Explain(cmp.Or(code, r.Key))
	}
	p.RetrySafe = d.RetrySafe(o, r, req)
	conditions := d.conditions(r)
	return Entry{
		Key: r.Key, Code: code, Kind: r.Kind, Reason: r.Reason, Title: r.Title, Help: r.Help, Status: r.Status,
		When: whenWords(conditions), Conditions: conditions, Decision: p, Line: r.Line, NotUsed: r.NotUsed, Reset: r.Retry.Reset,
	}
}

// conditions are those of a row.
func (d author) conditions(r *spec.Row) (all []Condition) {
	one := func(terms ...Term) {
		for _, t := range terms {
			all = append(all, Condition{[][]Term{{t}}})
		}
	}
	if r.Of != nil {
		one(concerning(r.Of.Methods, r.Of.Paths)...)
	}
	one(concerning(r.Methods, r.Paths)...)
	for _, h := range r.Headers {
		one(Term{Word: "request", Name: h.Name, Value: strings.ReplaceAll(h.Glob, "*", "…")})
	}
	if r.Is != "" {
		all = append(all, d.formed(r.Is))
	}
	return all
}

// formed is the condition that one of the shapes of a name reads the response.
func (d author) formed(name string) (c Condition) {
	for _, s := range slices.Concat(d.Shapes, d.Extras) {
		if s.Is == name {
			c.add(named(s))
		}
	}
	return c
}

// named are the terms of a shape for a row that asks for its name: the name says more than
// the members that it demands.
func named(s *spec.Shape) []Term {
	terms := slices.DeleteFunc(shapeTerms(s), func(t Term) bool { return t.Word == "has" })
	if !slices.ContainsFunc(terms, func(t Term) bool { return t.Word != "method" && t.Word != "path" }) {
		terms = append(terms, Term{Word: "form", Name: s.Is})
	}
	return terms
}

// add adds an alternative unless it is there.
func (c *Condition) add(terms []Term) {
	words := allWords(terms)
	if !slices.ContainsFunc(c.Any, func(o []Term) bool { return allWords(o) == words }) {
		c.Any = append(c.Any, terms)
	}
}
