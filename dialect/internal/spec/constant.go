package spec

import (
	"strconv"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// checkConstants warns of a constant that is the code of a row, in a place where nothing
// reads a code: the row looks as if it counted there, and does not.
func (d *Spec) checkConstants(r *Reporter) {
	for _, s := range d.Shapes {
		if s.Inherited || s.WriteOnly || s.Is != "" {
			continue
		}
		c := constantChecker{d, r, map[*Instance]bool{}}
		for i := range s.Headers {
			c.check(s.Headers[i].Value, s.Reads, Whole)
		}
		if s.Body != nil {
			var header Set
			for i := range s.Headers {
				header |= s.Headers[i].Value.Reads
			}
			c.check(s.Body, header, Whole)
		}
	}
}

// constantChecker looks for such constants in one shape.
type constantChecker struct {
	*Spec
	r    *Reporter
	seen map[*Instance]bool // the definitions that have been searched
}

// telling are the attributes of the whole, or of a record, that give it a meaning.
func telling(o Owner) Set {
	s := BitOf(o, AttrCode) | BitOf(o, AttrFamily) | BitOf(o, AttrKind)
	if o == Item {
		s |= BitOf(o, AttrBody)
	}
	return s
}

// check looks at a template. around are the attributes that are read beside it, and the
// owner is whose code stands there.
func (c *constantChecker) check(t *Template, around Set, o Owner) {
	if t == nil || t.WriteOnly || t.Is != "" || around&telling(o) != 0 {
		return
	}
	switch t.Op {
	case OpConst:
		c.constant(t, o)
	case OpObject:
		c.members(t, around, o)
	case OpEither:
		for _, e := range t.Elems {
			c.check(e, around, o)
		}
	case OpList:
		for i, e := range beside(t.Elems, around) {
			c.element(t.Elems[i], e, around, o)
		}
	case OpReference:
		if !c.seen[t.Def] {
			c.seen[t.Def] = true
			c.check(t.Def.Body, around, o)
		}
	}
}

// members looks at the members of an object.
func (c *constantChecker) members(t *Template, around Set, o Owner) {
	around |= t.Key.Bit()
	values := make([]*Template, 0, len(t.Members)+1)
	for i := range t.Members {
		values = append(values, t.Members[i].Value)
	}
	if t.Rest != nil {
		values = append(values, t.Rest.Value)
	}
	for i, read := range beside(values, around) {
		if t.Rest != nil && values[i] == t.Rest.Value && t.Key.Owner == Item {
			c.element(values[i], read, around, o)
			continue
		}
		c.check(values[i], read, o)
	}
}

// element looks at an element of a list or a map. If it is about a record, only what is
// read in it and around it counts, and otherwise what the other elements hold too.
func (c *constantChecker) element(e *Template, beside, around Set, o Owner) {
	if e.AboutItem() {
		c.check(e, around, Item)
		return
	}
	c.check(e, beside, o)
}

// beside is for each of some templates what is read in the others and around them.
func beside(all []*Template, around Set) []Set {
	sets := make([]Set, len(all))
	before := around
	for i, t := range all {
		sets[i] = before
		before |= t.Reads
	}
	after := Set(0)
	for i := len(all) - 1; i >= 0; i-- {
		sets[i] |= after
		after |= all[i].Reads
	}
	return sets
}

// constant warns of one constant.
func (c *constantChecker) constant(t *Template, o Owner) {
	if t.Kind != tree.Text && t.Kind != tree.Number {
		return
	}
	for _, w := range c.Codes.Exact[t.Text] {
		if _, numeric := w.Number(); numeric && w.Status == 0 {
			continue // it is about the HTTP status
		}
		hint := "write is: " + t.Text + " in the shape, or $code in place of the constant"
		if o == Item {
			hint = "write $is: " + t.Text + " in the element, or $item.code in place of the constant"
		}
		c.r.Warn(t.Pos, "constant_code", hint,
			"the constant %s has the name of the row on line %d, but nothing reads a code here, so that row does not count for it", strconv.Quote(t.Text), w.Pos.Line)
		return
	}
}
