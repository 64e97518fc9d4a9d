package spec

import (
	"slices"

	"github.com/parlance-api/parlance"
)

// checkDemanded warns of a form of a success that has a constant in a member which may be
// missing: without the member another body fits it too, that of a failure among them.
func (d *Spec) checkDemanded(r *Reporter, s *Shape) {
	if s.Body == nil || s.WriteOnly || len(s.Headers) > 0 || !s.forGood() {
		return
	}
	if form := s.form(); d.saysGood(form) || form == "" && s.CarriesData() {
		r.undemanded(s.Body)
	}
	s.Body.each(map[*Instance]bool{}, func(t *Template) {
		if t.Reads.Of(Item) != 0 && d.saysGood(t.Is) {
			r.undemanded(t)
		}
	})
}

// forGood reports that a response with a good status can have the shape.
func (s *Shape) forGood() bool {
	return len(s.Status) == 0 || slices.ContainsFunc(s.Status, func(sp Span) bool { return sp.From <= 299 && sp.To >= 200 })
}

// saysGood reports that what a form says of itself is good.
func (d *Spec) saysGood(is string) bool {
	for b := d; b != nil; b = b.Base {
		if rows := b.Codes.Exact[is]; len(rows) > 0 {
			return rows[0].Kind.Good()
		}
	}
	k, known := parlance.ParseKind(is)
	return known && k.Good()
}

// maxDemands bounds how deep a form is searched.
const maxDemands = 32

// undemanded warns of the member of a success that may be missing and holds its constant.
func (r *Reporter) undemanded(t *Template) {
	if t.demands(maxDemands) {
		return
	}
	if w, name := t.undemanded(maxDemands); w != nil {
		r.Warn(w.Value.Pos, "loose_success", "write "+name+"! if each success has it",
			"%q may be missing, with the constant in it, so a form without it would be a success too", name)
	}
}

// demands reports that a body fits the template only with something that tells it: a
// constant, a text that fits a pattern, a member that must be there, or one that must not.
func (t *Template) demands(depth int) bool {
	if t = t.Resolve(); t == nil || depth == 0 {
		return true
	}
	switch t.Op {
	case OpConst, OpAbsent:
		return true
	case OpHole:
		return t.HasGuard
	case OpList:
		return t.Some
	case OpEither:
		return !slices.ContainsFunc(t.Elems, func(e *Template) bool { return !e.WriteOnly && !e.demands(depth-1) })
	case OpObject:
		all := t.readable()
		return slices.ContainsFunc(all, func(w *Member) bool { return w.Must || !w.Optional && (w.Constant || w.Value.Op == OpAbsent) }) ||
			!slices.ContainsFunc(all, func(w *Member) bool { return w.Optional || !w.Value.demands(depth-1) })
	}
	return false
}

// readable are the members of an object that are read, and the entry for all others.
func (t *Template) readable() (all []*Member) {
	for i := range t.Members {
		if !t.Members[i].Value.WriteOnly {
			all = append(all, &t.Members[i])
		}
	}
	if t.Rest != nil {
		all = append(all, t.Rest)
	}
	return all
}

// undemanded is the outermost member that may be missing and holds something that tells the
// body, nil for none.
func (t *Template) undemanded(depth int) (found *Member, name string) {
	if t = t.Resolve(); t == nil || depth == 0 || t.Op != OpObject {
		return nil, ""
	}
	for _, w := range t.readable() {
		if w.Optional || !w.Value.Fixed() {
			continue
		}
		if w.Value.demands(depth - 1) {
			return w, t.nameOf(w)
		}
		if found, name = w.Value.undemanded(depth - 1); found != nil {
			return found, name
		}
	}
	return nil, ""
}

// nameOf is the name of a member as a file has it.
func (t *Template) nameOf(w *Member) string {
	switch {
	case w != t.Rest:
		return w.Names[0]
	case t.Key.Attr == AttrNone:
		return "$any=" + t.AnyName
	}
	return t.Key.String()
}
