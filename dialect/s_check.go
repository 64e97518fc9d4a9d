package dialect

import "slices"

// meetable warns of codes that no shape can read, that have no status to travel
// under, or that could be taken for a status.
func (d *Spec) meetable(r *reporter) {
	named, reads := map[string]bool{}, false
	for _, s := range slices.Concat(d.shapes, d.extras) {
		named[s.is] = true
		reads = reads || s.reads.has(whole, attrCode) || s.reads.has(item, attrCode)
	}
	for _, name := range d.names {
		named[name] = true
	}
	ambiguous := reads && !d.separate && d.numericCodes()
	for _, w := range d.codes.rows {
		sp, numeric := w.number()
		inBody := !numeric || w.status != 0 && !d.codes.merged
		if inBody && !reads && !named[w.first] {
			r.warn(w.pos, "unreadable_code", "let a shape read $code, or give the name with is:", "no shape can read the code %q", w.first)
		}
		if !numeric && w.status == 0 && w.kind.Failing() && !d.reachable(w) {
			r.warn(w.pos, "unsendable_code", "say under which HTTP status it travels: status: 400", "the code %q has no HTTP status of its own", w.first)
		}
		if ambiguous && numeric && sp.from == sp.to && sp.from >= 100 && sp.from <= 999 && w.status == 0 {
			ambiguous = false // once is enough
			r.warn(w.pos, "code_or_status", "add codes_are_statuses: true where a code in the body means the same, or false where it does not",
				"shapes read codes as numbers, and %d could be such a code: it is taken for an HTTP status only", sp.from)
		}
	}
}

// reachable reports that another row gives the kind a status.
func (d *Spec) reachable(w *row) bool {
	return slices.ContainsFunc(d.codes.rows, func(o *row) bool {
		sp, numeric := o.number()
		return o.kind == w.kind && numeric && sp.from == sp.to
	})
}

// numericCodes reports that a shape reads $code:int.
func (d *Spec) numericCodes() bool {
	var inside func(t *template) bool
	inside = func(t *template) bool {
		if t == nil || t.op == opReference {
			return false
		}
		if t.hole != nil {
			for _, r := range t.hole.readings {
				if r.target.attr == attrCode && r.target.owner != field && r.conv.notation == integer {
					return true
				}
			}
		}
		for _, m := range t.members {
			if inside(m.value) {
				return true
			}
		}
		return slices.ContainsFunc(t.elems, inside) || t.rest != nil && inside(t.rest.value)
	}
	return slices.ContainsFunc(d.shapes, func(s *shape) bool { return inside(s.body) })
}

// shadows warns of a shape that an earlier one always takes the body from.
func (d *Spec) shadows(r *reporter) {
	for i, s := range d.shapes {
		for _, e := range d.shapes[:i] {
			if e.form != s.form || e.writeOnly || s.writeOnly || len(e.methods)+len(e.paths)+len(e.headers) > 0 || !covers(e.status, s.status) {
				continue
			}
			if e.body.coversAll(s.body) {
				r.warn(s.pos, "shadowed", "put the one that asks for more first", "the shape %q is never read: %q on line %d takes every body that fits it", s.name, e.name, e.pos.line)
				break
			}
		}
	}
}

// coversAll reports that every body which fits s fits t too. It errs on the
// side of no.
func (t *template) coversAll(s *template) bool {
	if t.op == opAny {
		return true
	}
	if t.op == opHole && t.hole.guard == nil && t.hole.readings[0].pattern == nil && !t.hole.readings[0].conv.structured() {
		return s.op == opHole && t.hole.readings[0].conv.notation == plain
	}
	if t.op == opObject && s.op == opObject && !t.indexed && !s.indexed {
		if len(t.members) == 0 && t.rest == nil {
			return true
		}
		found := false
		for _, m := range t.members {
			i := slices.IndexFunc(s.members, func(o member) bool { return slices.Equal(o.names, m.names) && o.attribute == m.attribute })
			if i < 0 {
				if m.must || m.value.op == opConst {
					return false
				}
				continue
			}
			o := s.members[i]
			if m.must && !o.must || !m.value.coversAll(o.value) {
				return false
			}
			found = found || o.must || o.value.op == opConst || len(s.members) == len(t.members)
		}
		return found && t.rest == nil
	}
	return t.op == opConst && s.op == opConst && t.kind == s.kind && t.text == s.text
}
