package spec

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/glob"
)

// codes is the table: rows by exact key, then globs, then ranges from narrow to
// wide. Of the rows of one key, those with conditions come first.
type codes struct {
	Rows   []*Row // in the order of the file
	Exact  map[string][]*Row
	Status map[int][]*Row // the exact numeric keys, for a look-up without text
	globs  []keyed
	Ranges []ranged
	Merged bool // codes and statuses are one list
	ByForm bool // a row asks for what the form says
}

type keyed struct {
	glob string
	rows []*Row
}

type ranged struct {
	Span
	pos  Position
	Rows []*Row
}

// ByCode finds the row of a vendor's code, nil for an unlisted one. It passes over
// a row whose key is a number from 100 to 999: that row is about an HTTP status.
// Such a row is about a code if it says under which status the code travels, or if
// the file says that codes and statuses are one list.
func (c *codes) ByCode(code, is string, req *wire.Request) *Row {
	n, err := Number(code)
	about := func(r *Row) bool { return r.Status != 0 || c.Merged || err != nil || n < 100 || n > 999 }
	for _, r := range c.Exact[code] {
		if about(r) && r.Applies(req, is) {
			return r
		}
	}
	for _, g := range c.globs {
		if glob.Match(g.glob, code) {
			if r := Choose(g.rows, is, req); r != nil {
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

// Number is strconv.Atoi without what the error of a text costs.
func Number(code string) (int, error) {
	if code == "" || code[0] != '-' && (code[0] < '0' || code[0] > '9') {
		return 0, errNoNumber
	}
	return strconv.Atoi(code)
}

// InBodies reports that the table lists codes that stand in bodies, so that an
// unlisted one is a stranger.
func (c *codes) InBodies() bool {
	return c.Merged || slices.ContainsFunc(c.Rows, func(r *Row) bool {
		_, numeric := r.Number()
		return r.Status != 0 || !numeric
	})
}

// ByStatus finds the row of an HTTP status, nil for an unlisted one. A row that
// says under which status its code travels is about a code and not found here,
// unless the file says that codes and statuses are one list.
func (c *codes) ByStatus(status int, is string, req *wire.Request) *Row {
	about := func(r *Row) bool { return r.Status == 0 || c.Merged }
	for _, r := range c.Status[status] {
		if about(r) && r.Applies(req, is) {
			return r
		}
	}
	return c.inRange(status, is, req, about)
}

// about are the lists of rows that speak of a status.
func (c *codes) about(status int) (all [][]*Row) {
	if rows := c.Status[status]; rows != nil {
		all = append(all, rows)
	}
	for _, g := range c.Ranges {
		if g.From <= status && status <= g.To {
			all = append(all, g.Rows)
		}
	}
	return all
}

func (c *codes) inRange(n int, is string, req *wire.Request, about func(*Row) bool) *Row {
	for _, g := range c.Ranges {
		if g.From <= n && n <= g.To {
			for _, r := range g.Rows {
				if about(r) && r.Applies(req, is) {
					return r
				}
			}
		}
	}
	return nil
}

// Choose finds the first of some rows that applies to a request and the form of
// its response, nil for none.
func Choose(rows []*Row, is string, req *wire.Request) *Row {
	for _, r := range rows {
		if r.Applies(req, is) {
			return r
		}
	}
	return nil
}

// codes compiles the table.
func (r *Reporter) codes(n *yaml.Node, merged bool) codes {
	c := codes{Exact: map[string][]*Row{}, Status: map[int][]*Row{}, Merged: merged}
	r.Pairs(n, "codes", func(k, v *yaml.Node) {
		rows := r.rows(k, v)
		c.Rows = append(c.Rows, rows...)
		rows = r.conditionalFirst(k, rows, merged)
		first := r.enter(&c, k, rows)
		for _, row := range rows {
			row.First = first
			row.span, row.numeric = ParseSpan(first)
			if status, ok := row.single(); ok && row.Status == 0 && (status >= 0 && status < 200 || status > 999) {
				r.Warn(row.Pos, "unsendable_status", "add the HTTP status of the code: status: 400", "%s is not a final HTTP status, so it cannot be sent as one", first)
			}
		}
	})
	r.defaults(c.Rows)
	c.sort()
	return c
}

// rows are those of a key: one, or a list of them.
func (r *Reporter) rows(k, v *yaml.Node) (all []*Row) {
	variants := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		variants = v.Content
	}
	for _, one := range variants {
		if row := r.row(k, one); row != nil {
			all = append(all, row)
		}
	}
	return all
}

// conditionalFirst puts the rows of a key that have a condition first, and otherwise keeps
// the order of the file. It warns of rows that are never used.
func (r *Reporter) conditionalFirst(k *yaml.Node, rows []*Row, merged bool) []*Row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b *Row) int { return Btoi(b.Conditional()) - Btoi(a.Conditional()) })
	for i, row := range rows {
		if row.Conditional() {
			continue
		}
		for _, later := range rows[i+1:] {
			if merged || row.sameSort(later) {
				r.Warn(later.Pos, "shadowed", "give it a condition: method, path, request, or the is of a shape; or remove it", "this row of %q is never used, because the row on line %d has no condition", k.Value, row.Pos.Line)
				break
			}
		}
	}
	return rows
}

// sameSort reports that two rows are both about a status, or both about a code in a body:
// one that names the status under which it travels.
func (r *Row) sameSort(o *Row) bool { return (r.Status != 0) == (o.Status != 0) }

// clash is a row of a list that is of the same sort as one of another list, nil for none.
func clash(old, rows []*Row, merged bool) *Row {
	for _, row := range old {
		if merged || len(rows) == 0 || slices.ContainsFunc(rows, row.sameSort) {
			return row
		}
	}
	return nil
}

// enter adds rows under each code of a key. It returns the code to write: the first single
// code, else the first one.
func (r *Reporter) enter(c *codes, k *yaml.Node, rows []*Row) (first string) {
	single := false
	for one := range strings.SplitSeq(k.Value, ",") {
		one = strings.TrimSpace(one)
		if one == "" {
			r.Fault(At(k), "bad_code", "write 200, 201", "%q contains an empty code", k.Value)
			continue
		}
		r.plainCode(k, one)
		sp, numeric := ParseSpan(one)
		wide, glob := numeric && sp.From != sp.To, strings.Contains(one, "*")
		switch {
		case wide:
			r.freeRange(c, k, one, sp, rows)
			c.Ranges = append(c.Ranges, ranged{sp, At(k), rows})
		case glob:
			c.globs = append(c.globs, keyed{one, rows})
		default:
			if old := clash(c.Exact[one], rows, c.Merged || !numeric); old != nil {
				r.Fault(At(k), "duplicate_code", "combine the rows in one list", "the code %s is already defined on line %d", one, old.Pos.Line)
			}
			c.Exact[one] = slices.Concat(c.Exact[one], rows)
			if numeric {
				c.Status[sp.From] = c.Exact[one]
			}
		}
		if definite := !wide && !glob; first == "" || definite && !single {
			first, single = one, definite
		}
	}
	return first
}

// plainCode refuses a code that is meant as something else: one with ? or x for any
// character, several with | between them, or one with quotes inside of those of YAML.
func (r *Reporter) plainCode(k *yaml.Node, code string) {
	unquoted := k.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0
	switch bare := unquote(code); {
	case bare != code:
		r.Fault(At(k), "bad_code", "write "+bare+": the quotes of YAML are enough", "the code %s has quotes inside, which would be a part of it", code)
	case strings.Contains(code, "|"):
		r.Fault(At(k), "bad_code", "write "+strings.ReplaceAll(code, "|", ", "), "the | in %s stands for itself, and not between two codes", code)
	case unquoted && isWildNumber(code):
		r.Fault(At(k), "bad_code", "write * for any run of characters, or a range such as 80000..89999; put a code with an x of its own in quotes", "the x in %s stands for itself, and not for any digit", code)
	case unquoted && strings.Contains(code, "?"):
		r.Fault(At(k), "bad_code", "write * for any run of characters, or a range such as 80000..89999; put a code with a ? of its own in quotes", "the ? in %s stands for itself, and not for any character", code)
	}
}

// isWildNumber reports that a code is digits and then an x for each digit that is open. The
// classes of statuses are such, and mean that.
func isWildNumber(code string) bool {
	digits := strings.TrimRight(code, "xX")
	_, class := ParseSpan(code)
	return !class && digits != "" && len(digits) < len(code) && tree.IsDigits(digits)
}

// freeRange refuses a range that the table already has, or that overlaps another one
// unless one contains the other.
func (r *Reporter) freeRange(c *codes, k *yaml.Node, text string, sp Span, rows []*Row) {
	for _, other := range c.Ranges {
		if clash(other.Rows, rows, c.Merged) == nil {
			continue
		}
		if other.From <= sp.To && sp.From <= other.To && !Inside(other.Span, sp) && !Inside(sp, other.Span) {
			r.Fault(At(k), "overlap", "end one before the other begins", "the range %s overlaps the range on line %d, and neither contains the other", text, other.pos.Line)
		}
		if other.Span == sp {
			r.Fault(At(k), "duplicate_code", "combine the rows in one list", "the range %s is already defined on line %d", text, other.pos.Line)
		}
	}
}

// defaults checks the rows whose codes are written for an Outcome without a code.
func (r *Reporter) defaults(rows []*Row) {
	for i, w := range rows {
		if !w.ByDefault {
			continue
		}
		if w.Status == 0 || strings.Contains(w.First, "*") || w.numeric && w.span.From != w.span.To {
			r.Fault(w.Pos, "contradiction", "use a single code as the key, and add its HTTP status: status: 404", "%q cannot be written by default, because it is not a single code with a status", w.Key)
			continue
		}
		for _, before := range rows[:i] {
			if before.ByDefault && before.Status == w.Status && before.Kind == w.Kind && before.Reason == w.Reason && !before.Conditional() {
				r.Warn(w.Pos, "shadowed", "keep one default for each kind, reason and status", "the code %s is never written by default, because %s on line %d is written first", w.First, before.First, before.Pos.Line)
				break
			}
		}
	}
}

// sort puts narrow ranges before wide ones, and globs with more letters before
// those with fewer.
func (c *codes) sort() {
	c.ByForm = slices.ContainsFunc(c.Rows, func(r *Row) bool { return r.Is != "" })
	slices.SortStableFunc(c.Ranges, func(a, b ranged) int { return (a.To - a.From) - (b.To - b.From) })
	slices.SortStableFunc(c.globs, func(a, b keyed) int { return len(b.glob) - len(a.glob) })
}

// add puts the rows of an operation before those of the file: they ask for a
// request, so they come first.
func (c *codes) add(of codes) {
	c.Rows = append(c.Rows, of.Rows...)
	for key, rows := range of.Exact {
		c.Exact[key] = append(rows, c.Exact[key]...)
	}
	for key, rows := range of.Status {
		c.Status[key] = append(rows, c.Status[key]...)
	}
	c.globs = append(of.globs, c.globs...)
	for _, g := range of.Ranges {
		if i := slices.IndexFunc(c.Ranges, func(o ranged) bool { return o.Span == g.Span }); i >= 0 {
			c.Ranges[i].Rows = append(g.Rows, c.Ranges[i].Rows...)
			continue
		}
		c.Ranges = append(c.Ranges, g)
	}
	c.sort()
}

// RowsFor are the lists of rows that speak of a code, in the order in which they
// count.
func (c *codes) RowsFor(code string, n int, numeric bool) (all [][]*Row) {
	if rows := c.Exact[code]; rows != nil {
		all = append(all, rows)
	}
	for _, g := range c.globs {
		if glob.Match(g.glob, code) {
			all = append(all, g.rows)
		}
	}
	if !numeric {
		return all
	}
	for _, g := range c.Ranges {
		if g.From <= n && n <= g.To {
			all = append(all, g.Rows)
		}
	}
	return all
}
