package dialect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// Groups are all rows, class by class, then those of codes that stand in bodies
// alone. A class that the file says nothing of is left out.
func Groups(d *Dialect) []Group { return author{d.core}.groups() }

func (d author) groups() (all []Group) {
	for class := 1; class <= 5; class++ {
		g, _ := d.within(strconv.Itoa(class) + "xx")
		if len(g.Rows) > 0 || slices.ContainsFunc(g.Class, func(e Entry) bool { return !e.Builtin }) {
			all = append(all, g)
		}
	}
	var bodies Group
	for _, r := range d.rows {
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
func Range(d *Dialect, text string) (Group, bool) { return author{d.core}.within(text) }

func (d author) within(text string) (Group, bool) {
	sp, ok := parseSpan(text)
	if !ok || sp.from == sp.to {
		return Group{}, false
	}
	g := Group{Name: text}
	var class []*row
	for b := d.Table; b != nil && len(class) == 0; b = b.base {
		for _, of := range b.codes.ranges {
			if inside(sp, of.span) { // the narrowest that holds all of it
				class = of.rows
				break
			}
		}
		for _, r := range class {
			e := d.entry(r, sp.from, text)
			e.Builtin = b.base == nil && b != d.Table
			g.Class = append(g.Class, e)
		}
	}
	type placed struct {
		at  span
		row Entry
	}
	var rows []placed
	for _, r := range d.rows {
		at, classed := d.classed(r)
		if !classed && sp.from < 1000 || at == sp || !inside(at, sp) {
			continue
		}
		rows = append(rows, placed{at, d.among(r, at, sp)})
	}
	slices.SortStableFunc(rows, func(a, b placed) int {
		return cmp.Or(a.at.to-b.at.to, (a.at.to-a.at.from)-(b.at.to-b.at.from))
	})
	for _, p := range rows {
		g.Rows = append(g.Rows, p.row)
	}
	return g, true
}

// classed is where a row stands among the statuses. It reports false for one
// that is about a code in bodies alone.
func (d author) classed(r *row) (span, bool) {
	sp, numeric := r.number()
	switch {
	case numeric && (r.status == 0 || d.codes.merged) && sp.from >= firstStatus && sp.to <= lastStatus:
		return sp, true
	case !numeric && d.named(r.first):
		if r.status != 0 {
			return span{r.status, r.status}, true
		}
		for _, s := range d.shapes {
			if s.is == r.first && len(s.status) > 0 {
				return s.status[0], true
			}
		}
	}
	return sp, false
}

// among is a row among others of its class: told by its codes without that of the
// class, or by the status if a shape gives it its name.
func (d author) among(r *row, at, class span) Entry {
	if _, numeric := r.number(); !numeric && d.named(r.first) {
		e := d.entry(r, at.from, strconv.Itoa(at.from))
		e.Status = 0
		var when []string
		for _, s := range slices.Concat(d.shapes, d.extras) {
			if w := shapeWords(s); s.is == r.first && !slices.Contains(when, w) {
				when = append(when, w)
			}
		}
		e.When = strings.Join(when, orElse)
		return e
	}
	var keys []string
	for key := range strings.SplitSeq(r.key, ",") {
		if sp, ok := parseSpan(strings.TrimSpace(key)); !ok || sp != class {
			keys = append(keys, strings.TrimSpace(key))
		}
	}
	return d.entry(r, statusOf(r), strings.Join(keys, ", "))
}

func statusOf(r *row) int {
	if r.status != 0 {
		return r.status
	}
	sp, _ := r.number()
	return sp.from
}

func (d author) entry(r *row, status int, code string) Entry {
	o := &parlance.Outcome{Kind: r.kind, Reason: r.reason, Status: status, Code: cmp.Or(code, r.first)}
	req := &Request{Method: "POST"}
	var p parlance.Decision
	d.plan(&p, o, r, nil)
	if r.why != "" {
		p.Why = r.explain(cmp.Or(code, r.key))
	}
	p.RepeatSafe = d.repeatSafe(o, r, req)
	return Entry{
		Key: r.key, Code: code, Kind: r.kind, Reason: r.reason, Title: r.title, Help: r.help, Status: r.status,
		When: d.when(r), Decision: p, Line: r.line, NotUsed: r.notUsed, Reset: r.retry.reset,
	}
}

// when is the conditions of a row in words.
func (d author) when(r *row) string {
	var parts []string
	if r.of != nil {
		parts = append(parts, concerning(r.of.methods, r.of.paths)...)
	}
	parts = append(parts, concerning(r.methods, r.paths)...)
	for _, h := range r.headers {
		parts = append(parts, "the request has "+h.name+": "+strings.ReplaceAll(h.glob, "*", "…"))
	}
	if r.is != "" {
		var forms []string
		for _, s := range slices.Concat(d.shapes, d.extras) {
			if w := shapeWords(s); s.is == r.is && !slices.Contains(forms, w) {
				forms = append(forms, w)
			}
		}
		parts = append(parts, strings.Join(forms, orElse))
	}
	return strings.Join(parts, " and ")
}
