package spec

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// checkCodes warns of codes that no shape can read, that have no status to travel
// under, or that could be taken for a status.
func (d *Spec) checkCodes(r *Reporter) {
	shapes, named := slices.Concat(d.Shapes, d.Extras, d.elementShapes()), map[string]bool{}
	for _, s := range shapes {
		named[s.Is] = true
	}
	for _, name := range d.Names {
		named[name] = true
	}
	reads, numbers := slices.ContainsFunc(shapes, (*Shape).readsCode), d.onlyNumbers()
	for _, w := range d.Codes.Rows {
		if !named[w.First] {
			d.checkReadable(r, w, reads, numbers)
		}
		if w.Kind.Failing() && !d.ReadOnly && !d.sendable(w) {
			r.Warn(w.Pos, "unsendable_code", "add the HTTP status of its responses: status: 400", "the code %q has no HTTP status", w.First)
		}
	}
	if reads && !d.separate && d.numericCodes() {
		d.ambiguous(r)
	}
}

// checkReadable warns of a row whose code no shape can read. reads is set if shapes read
// codes, and numbers if they read them as numbers alone.
func (d *Spec) checkReadable(r *Reporter, w *Row, reads, numbers bool) {
	if inBody := !w.numeric || w.Status != 0 && !d.Codes.Merged; inBody && !reads {
		r.Warn(w.Pos, "unreadable_code", "let a shape read $code, or name the code with is:", "no shape reads the code %q", w.First)
	}
	if _, word := Number(w.First); numbers && word != nil && !w.numeric && !strings.Contains(w.First, "*") {
		r.Warn(w.Pos, "unreadable_code", "remove :int from $code, or name the code with is:", "the shapes read codes as numbers, so none reads the code %q", w.First)
	}
}

// readsCode reports that a shape reads a code, of the whole or of an item.
func (s *Shape) readsCode() bool { return s.Reads.Has(Whole, AttrCode) || s.Reads.Has(Item, AttrCode) }

// ambiguous warns once, of the first row whose key is a status and could be a code in a
// body. A number with a status of its own is a code, so that a file which has one tells
// the two apart.
func (d *Spec) ambiguous(r *Reporter) {
	if slices.ContainsFunc(d.Codes.Rows, func(w *Row) bool { return w.numeric && w.Status != 0 }) {
		return
	}
	for _, w := range d.Codes.Rows {
		if n, ok := w.single(); ok && n >= 100 && n <= 999 && w.Status == 0 {
			r.Warn(w.Pos, "code_or_status", "add codes_are_statuses: true if a code in the body means the same as the status, or false if it does not",
				"shapes read codes as numbers, so %d may be a code or an HTTP status; it is read as a status only", n)
			return
		}
	}
}

// sendable reports that a response with the code of a row has a status: that of the row, or
// of another row of its kind.
func (d *Spec) sendable(w *Row) bool {
	return w.numeric || w.Status != 0 || slices.ContainsFunc(d.Codes.Rows, func(o *Row) bool {
		_, single := o.single()
		return o.Kind == w.Kind && single
	})
}

// numericCodes reports that a shape reads $code:int.
func (d *Spec) numericCodes() bool {
	return slices.ContainsFunc(d.Shapes, func(s *Shape) bool { return s.Body != nil && s.Body.numericCode() })
}

// numericCode reports that a code is read as a number, outside of definitions.
func (t *Template) numericCode() bool {
	if t.Hole != nil && slices.ContainsFunc(t.Hole.Readings, func(r Reading) bool {
		return r.Target.Attr == AttrCode && r.Target.Owner != Field && r.Conv.Notation == Integer
	}) {
		return true
	}
	for b := range t.below {
		if b.numericCode() {
			return true
		}
	}
	return false
}

// checkShadowed warns of a shape whose bodies all fit an earlier one.
func (d *Spec) checkShadowed(r *Reporter) {
	for i, s := range d.Shapes {
		for _, e := range d.Shapes[:i] {
			if e.Form != s.Form || e.WriteOnly || s.WriteOnly || len(e.Headers) > 0 || !coversWords(e.Methods, s.Methods) || !coversWords(e.Paths, s.Paths) || !covers(e.Status, s.Status) {
				continue
			}
			if e.Body.coversAll(s.Body) {
				hint := "put the stricter one first"
				if e.Body.Op == OpObject && e.Body.AllOptional() {
					hint += ", or mark a member of the other with !, for an object with none of them fits it too"
				}
				r.Warn(s.Pos, "shadowed", hint, "the shape %q is never read, because every body that fits it also fits %q on line %d", s.Name, e.Name, e.Pos.Line)
				break
			}
		}
	}
}

// coversWords reports that a condition holds wherever another one does. No words are no
// condition.
func coversWords(wide, narrow []string) bool {
	return len(wide) == 0 || len(narrow) > 0 && !slices.ContainsFunc(narrow, func(w string) bool { return !slices.Contains(wide, w) })
}

// coversAll reports that every body that fits s also fits t. It may report false although
// they do.
func (t *Template) coversAll(s *Template) bool {
	switch {
	case t.Op == OpAny:
		return true
	case t.Op == OpHole && t.Hole.Guard == nil && t.Hole.Readings[0].Pattern == nil && !t.Hole.Readings[0].Conv.Structured():
		conv := t.Hole.Readings[0].Conv
		return s.Op == OpHole && (conv.Notation == Plain || s.reads(conv)) ||
			s.Op == OpConst && s.Kind == tree.Text && s.Text != "" && conv.Notation == Plain
	case t.Op == OpObject && s.Op == OpObject && !t.Indexed && !s.Indexed:
		return t.coversMembers(s)
	}
	return t.Op == OpConst && s.Op == OpConst && t.Kind == s.Kind && t.Text == s.Text
}

// reads reports that all of a hole's value is read in that notation.
func (t *Template) reads(c Conversion) bool {
	return t.Hole.Readings[0].Pattern == nil && t.Hole.Readings[0].Conv == c
}

// namesAll reports that each member that can be there in s is one of t.
func (t *Template) namesAll(s *Template) bool {
	return s.Rest == nil && !slices.ContainsFunc(s.Members, func(o Member) bool {
		return o.Value.Op != OpAbsent && !slices.ContainsFunc(t.Members, func(m Member) bool {
			return slices.Equal(o.Names, m.Names) && o.Attribute == m.Attribute && m.Value.Op != OpAbsent
		})
	})
}

// covers reports that each value of one member fits the other.
func (w *Member) covers(o *Member) bool {
	return (!w.Must || o.Must || o.Constant) && w.Value.coversAll(o.Value)
}

// asks reports that whether a body has the member can decide whether it fits.
func (w *Member) asks() bool { return w.Must || w.Constant || w.Value.Op == OpAbsent }

// coversMembers is coversAll for two objects.
func (t *Template) coversMembers(s *Template) bool {
	if len(t.Members) == 0 && t.Rest == nil {
		return true
	}
	found := t.AllOptional() || !s.AllOptional() && t.namesAll(s)
	for _, m := range t.Members {
		i := slices.IndexFunc(s.Members, func(o Member) bool { return slices.Equal(o.Names, m.Names) && o.Attribute == m.Attribute })
		if i < 0 {
			if m.asks() {
				return false
			}
			continue
		}
		o := s.Members[i]
		if !m.covers(&o) {
			return false
		}
		found = found || o.Must || o.Value.Op == OpConst
	}
	return found && t.Rest == nil
}
