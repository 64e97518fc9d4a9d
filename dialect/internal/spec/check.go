package spec

import "slices"

// meetable warns of codes that no shape can read, that have no status to travel
// under, or that could be taken for a status.
func (d *Spec) meetable(r *Reporter) {
	named, reads := map[string]bool{}, false
	for _, s := range slices.Concat(d.Shapes, d.Extras) {
		named[s.Is] = true
		reads = reads || s.Reads.Has(Whole, AttrCode) || s.Reads.Has(Item, AttrCode)
	}
	for _, name := range d.Names {
		named[name] = true
	}
	ambiguous := reads && !d.separate && d.numericCodes()
	for _, w := range d.Codes.Rows {
		sp, numeric := w.Number()
		inBody := !numeric || w.Status != 0 && !d.Codes.Merged
		if inBody && !reads && !named[w.First] {
			r.warn(w.Pos, "unreadable_code", "let a shape read $code, or give the name with is:", "no shape can read the code %q", w.First)
		}
		if !numeric && w.Status == 0 && w.Kind.Failing() && !d.reachable(w) {
			r.warn(w.Pos, "unsendable_code", "say under which HTTP status it travels: status: 400", "the code %q has no HTTP status of its own", w.First)
		}
		if ambiguous && numeric && sp.From == sp.To && sp.From >= 100 && sp.From <= 999 && w.Status == 0 {
			ambiguous = false // once is enough
			r.warn(w.Pos, "code_or_status", "add codes_are_statuses: true where a code in the body means the same, or false where it does not",
				"shapes read codes as numbers, and %d could be such a code: it is taken for an HTTP status only", sp.From)
		}
	}
}

// reachable reports that another row gives the kind a status.
func (d *Spec) reachable(w *Row) bool {
	return slices.ContainsFunc(d.Codes.Rows, func(o *Row) bool {
		sp, numeric := o.Number()
		return o.Kind == w.Kind && numeric && sp.From == sp.To
	})
}

// numericCodes reports that a shape reads $code:int.
func (d *Spec) numericCodes() bool {
	var inside func(t *Template) bool
	inside = func(t *Template) bool {
		if t == nil || t.Op == OpReference {
			return false
		}
		if t.Hole != nil {
			for _, r := range t.Hole.Readings {
				if r.Target.Attr == AttrCode && r.Target.Owner != Field && r.Conv.Notation == Integer {
					return true
				}
			}
		}
		for _, m := range t.Members {
			if inside(m.Value) {
				return true
			}
		}
		return slices.ContainsFunc(t.Elems, inside) || t.Rest != nil && inside(t.Rest.Value)
	}
	return slices.ContainsFunc(d.Shapes, func(s *Shape) bool { return inside(s.Body) })
}

// shadows warns of a shape that an earlier one always takes the body from.
func (d *Spec) shadows(r *Reporter) {
	for i, s := range d.Shapes {
		for _, e := range d.Shapes[:i] {
			if e.Form != s.Form || e.WriteOnly || s.WriteOnly || len(e.Methods)+len(e.Paths)+len(e.Headers) > 0 || !covers(e.Status, s.Status) {
				continue
			}
			if e.Body.coversAll(s.Body) {
				r.warn(s.Pos, "shadowed", "put the one that asks for more first", "the shape %q is never read: %q on line %d takes every body that fits it", s.Name, e.Name, e.Pos.Line)
				break
			}
		}
	}
}

// coversAll reports that every body which fits s fits t too. It errs on the
// side of no.
func (t *Template) coversAll(s *Template) bool {
	if t.Op == OpAny {
		return true
	}
	if t.Op == OpHole && t.Hole.Guard == nil && t.Hole.Readings[0].Pattern == nil && !t.Hole.Readings[0].Conv.Structured() {
		return s.Op == OpHole && t.Hole.Readings[0].Conv.Notation == Plain
	}
	if t.Op == OpObject && s.Op == OpObject && !t.Indexed && !s.Indexed {
		if len(t.Members) == 0 && t.Rest == nil {
			return true
		}
		found := false
		for _, m := range t.Members {
			i := slices.IndexFunc(s.Members, func(o Member) bool { return slices.Equal(o.Names, m.Names) && o.Attribute == m.Attribute })
			if i < 0 {
				if m.Must || m.Value.Op == OpConst {
					return false
				}
				continue
			}
			o := s.Members[i]
			if m.Must && !o.Must || !m.Value.coversAll(o.Value) {
				return false
			}
			found = found || o.Must || o.Value.Op == OpConst || len(s.Members) == len(t.Members)
		}
		return found && t.Rest == nil
	}
	return t.Op == OpConst && s.Op == OpConst && t.Kind == s.Kind && t.Text == s.Text
}
