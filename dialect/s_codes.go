package dialect

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// codes is the table: rows by exact key, then globs, then ranges from narrow to
// wide. Of the rows of one key, those with conditions come first.
type codes struct {
	rows   []*row // in the order of the file
	exact  map[string][]*row
	status map[int][]*row // the exact numeric keys, for a look-up without text
	globs  []keyed
	ranges []ranged
	merged bool // codes and statuses are one list
	formed bool // a row asks for what the form says
}

type keyed struct {
	glob string
	rows []*row
}

type ranged struct {
	span
	pos  position
	rows []*row
}

// byCode finds the row of a vendor's code, nil for an unlisted one. A row whose
// key is a number from 100 to 999 is about HTTP statuses and not found here,
// unless it says under which status the code travels, or the file says that
// codes and statuses are one list.
func (c *codes) byCode(code, is string, req *Request) *row {
	n, err := number(code)
	about := func(r *row) bool { return r.status != 0 || c.merged || err != nil || n < 100 || n > 999 }
	for _, r := range c.exact[code] {
		if about(r) && r.applies(req, is) {
			return r
		}
	}
	for _, g := range c.globs {
		if glob(g.glob, code) {
			if r := choose(g.rows, is, req); r != nil {
				return r
			}
		}
	}
	if err != nil {
		return nil
	}
	return c.inRange(n, is, req, about)
}

var errNoNumber = errors.New("no number")

// number is strconv.Atoi without what the error of a text costs.
func number(code string) (int, error) {
	if code == "" || code[0] != '-' && (code[0] < '0' || code[0] > '9') {
		return 0, errNoNumber
	}
	return strconv.Atoi(code)
}

// inBodies reports that the table lists codes that stand in bodies, so that an
// unlisted one is a stranger.
func (c *codes) inBodies() bool {
	return c.merged || slices.ContainsFunc(c.rows, func(r *row) bool {
		_, numeric := r.number()
		return r.status != 0 || !numeric
	})
}

// byStatus finds the row of an HTTP status, nil for an unlisted one. A row that
// says under which status its code travels is about a code and not found here,
// unless the file says that codes and statuses are one list.
func (c *codes) byStatus(status int, is string, req *Request) *row {
	about := func(r *row) bool { return r.status == 0 || c.merged }
	for _, r := range c.status[status] {
		if about(r) && r.applies(req, is) {
			return r
		}
	}
	return c.inRange(status, is, req, about)
}

// about are the lists of rows that speak of a status.
func (c *codes) about(status int) (all [][]*row) {
	if rows := c.status[status]; rows != nil {
		all = append(all, rows)
	}
	for _, g := range c.ranges {
		if g.from <= status && status <= g.to {
			all = append(all, g.rows)
		}
	}
	return all
}

func (c *codes) inRange(n int, is string, req *Request, about func(*row) bool) *row {
	for _, g := range c.ranges {
		if g.from <= n && n <= g.to {
			for _, r := range g.rows {
				if about(r) && r.applies(req, is) {
					return r
				}
			}
		}
	}
	return nil
}

func choose(rows []*row, is string, req *Request) *row {
	for _, r := range rows {
		if r.applies(req, is) {
			return r
		}
	}
	return nil
}

// codes compiles the table.
func (r *reporter) codes(n *yaml.Node, merged bool) codes {
	c := codes{exact: map[string][]*row{}, status: map[int][]*row{}, merged: merged}
	r.pairs(n, "codes", func(k, v *yaml.Node) {
		var rows []*row
		variants := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			variants = v.Content
		}
		for _, one := range variants {
			if row := r.row(k, one); row != nil {
				rows = append(rows, row)
			}
		}
		c.rows = append(c.rows, rows...)
		// With a condition beats without; otherwise the order of the file holds.
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b *row) int {
			switch {
			case a.conditional() == b.conditional():
				return 0
			case a.conditional():
				return -1
			}
			return 1
		})
		for i, row := range rows[:max(len(rows)-1, 0)] {
			if !row.conditional() {
				r.warn(rows[i+1].pos, "shadowed", "give it a method, path or request condition, or remove it", "this row of %q is never taken: the one on line %d has no condition", k.Value, row.pos.line)
			}
		}
		first, named := "", false
		for one := range strings.SplitSeq(k.Value, ",") {
			one = strings.TrimSpace(one)
			if one == "" {
				r.fault(at(k), "bad_code", "write 200, 201", "an empty code in %q", k.Value)
				continue
			}
			sp, ok := parseSpan(one)
			switch {
			case ok && sp.from != sp.to:
				for _, other := range c.ranges {
					if other.from <= sp.to && sp.from <= other.to && !inside(other.span, sp) && !inside(sp, other.span) {
						r.fault(at(k), "overlap", "let one of them end where the other begins", "the range %s overlaps the one on line %d, and neither lies within the other", one, other.pos.line)
					}
					if other.span == sp {
						r.fault(at(k), "duplicate_code", "make one list of rows of them", "the range %s stands on line %d already", one, other.pos.line)
					}
				}
				c.ranges = append(c.ranges, ranged{sp, at(k), rows})
			case strings.Contains(one, "*"):
				c.globs = append(c.globs, keyed{one, rows})
			default:
				if old := c.exact[one]; old != nil {
					r.fault(at(k), "duplicate_code", "make one list of rows of them", "the code %s stands on line %d already", one, old[0].pos.line)
				}
				c.exact[one] = rows
				if ok {
					c.status[sp.from] = rows
				}
			}
			// What is written is the first that names one code.
			if definite := ok && sp.from == sp.to || !ok && !strings.Contains(one, "*"); first == "" || definite && !named {
				first, named = one, definite
			}
		}
		for _, row := range rows {
			row.first = first
			row.span, row.numeric = parseSpan(first)
			if sp, ok := parseSpan(first); ok && sp.from == sp.to && row.status == 0 && (sp.from >= 0 && sp.from < 200 || sp.from > 999) {
				r.warn(row.pos, "unsendable_status", "say under which HTTP status the code travels: status: 400", "%s cannot be sent as a final HTTP status", first)
			}
		}
	})
	r.defaults(c.rows)
	c.sort()
	return c
}

// defaults checks the rows whose codes are written for an Outcome that has none.
func (r *reporter) defaults(rows []*row) {
	for i, w := range rows {
		if !w.byDefault {
			continue
		}
		if w.status == 0 || strings.Contains(w.first, "*") || w.numeric && w.span.from != w.span.to {
			r.fault(w.pos, "contradiction", "give it one code as its key, and the status under which that travels: status: 404", "%q is no code that can be written by default", w.key)
			continue
		}
		for _, before := range rows[:i] {
			if before.byDefault && before.status == w.status && before.kind == w.kind && before.reason == w.reason && !before.conditional() {
				r.warn(w.pos, "shadowed", "keep one default for each kind, reason and status", "the code %s is never written by default: %s on line %d is", w.first, before.first, before.pos.line)
				break
			}
		}
	}
}

// sort puts narrow ranges before wide ones, and globs with more letters before
// those with fewer.
func (c *codes) sort() {
	c.formed = slices.ContainsFunc(c.rows, func(r *row) bool { return r.is != "" })
	slices.SortStableFunc(c.ranges, func(a, b ranged) int { return (a.to - a.from) - (b.to - b.from) })
	slices.SortStableFunc(c.globs, func(a, b keyed) int { return len(b.glob) - len(a.glob) })
}

// add puts the rows of an operation before those of the file: they ask for a
// request, so they come first.
func (c *codes) add(of codes) {
	c.rows = append(c.rows, of.rows...)
	for key, rows := range of.exact {
		c.exact[key] = append(rows, c.exact[key]...)
	}
	for key, rows := range of.status {
		c.status[key] = append(rows, c.status[key]...)
	}
	c.globs = append(of.globs, c.globs...)
	for _, g := range of.ranges {
		if i := slices.IndexFunc(c.ranges, func(o ranged) bool { return o.span == g.span }); i >= 0 {
			c.ranges[i].rows = append(g.rows, c.ranges[i].rows...)
			continue
		}
		c.ranges = append(c.ranges, g)
	}
	c.sort()
}

// of are the lists of rows that speak of a code, in the order in which they
// count.
func (c *codes) of(code string, n int, numeric bool) (all [][]*row) {
	if rows := c.exact[code]; rows != nil {
		all = append(all, rows)
	}
	for _, g := range c.globs {
		if glob(g.glob, code) {
			all = append(all, g.rows)
		}
	}
	if !numeric {
		return all
	}
	for _, g := range c.ranges {
		if g.from <= n && n <= g.to {
			all = append(all, g.rows)
		}
	}
	return all
}
