package spec

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// A mark is something in the body of a failure that no success carries. A good status
// with a mark in its body is no plain success. There are three kinds of them:
//
//   - a member that a failure's shape asks for and that is named after an error
//   - a constant that stands in a failure's shape, and in no other at that place
//   - the status of a failure, in the member that has it in a failure's shape
//
// A shape that leaves it to the status, the code or the elements of a list whether the
// response failed counts as a failure's for a body that it does not fit.

// marks finds the marks in the shapes of failures.
func (d *Spec) marks() {
	var good []fixed
	for _, s := range d.Shapes {
		s.Fails = s.failingStatuses() || d.failing(s.form())
		if s.Body != nil && !s.Fails && !d.listsFailures(s.Body) {
			s.Body.constants(nil, func(f fixed, _ *Member) { good = append(good, f) })
		}
	}
	for _, s := range d.Shapes {
		if s.Body == nil || s.WriteOnly || s.Form != FormJSON && s.Form != FormXML || !s.Fails && !s.silent() {
			continue
		}
		if s.Fails || d.listsFailures(s.Body) {
			s.Body.constants(nil, func(f fixed, w *Member) { w.Mark = !slices.ContainsFunc(good, f.same) })
		}
		s.Marks = s.Body.mark(nil, map[*Instance]bool{})
		if s.Body.Op == OpList {
			for _, e := range s.Body.Elems {
				s.Marks = e.mark(s.Marks, map[*Instance]bool{})
			}
		}
		if s.Form == FormXML && d.limitsRoot(s) {
			s.Body.Root().Mark = false
		}
	}
}

// limitsRoot reports that the file says of which good responses the root element of a failure
// is one. The others can be contents that look so.
func (d *Spec) limitsRoot(s *Shape) bool {
	return slices.ContainsFunc(d.Shapes, func(o *Shape) bool {
		return o.Form == FormXML && o.Fails && o.asks() && o.good() && o.Body.Root().Names[0] == s.Body.Root().Names[0]
	})
}

// failingStatuses reports that a shape is for failing statuses only.
func (s *Shape) failingStatuses() bool {
	return len(s.Status) > 0 && !slices.ContainsFunc(s.Status, func(sp Span) bool { return sp.From < 400 })
}

// form is what the whole form of a shape says of itself.
func (s *Shape) form() string {
	if s.Is == "" && s.Body != nil {
		return s.Body.Is
	}
	return s.Is
}

// silent reports that a shape is neither a success's nor a failure's: it leaves that to the
// status, the code or the elements of a list.
func (s *Shape) silent() bool { return s.form() == "" && !s.CarriesData() && !s.CarriesItems() }

// failing reports that what a form says of itself is a failure.
func (d *Spec) failing(is string) bool {
	for b := d; b != nil && is != ""; b = b.Base {
		if rows := b.Codes.Exact[is]; len(rows) > 0 {
			return slices.ContainsFunc(rows, func(r *Row) bool { return r.Kind.Failing() })
		}
	}
	k, _ := parlance.ParseKind(is)
	return k.Failing()
}

// listsFailures reports that a list of a template, outside of records, holds elements that say
// that the whole failed. So other elements than the file knows may say so too.
func (d *Spec) listsFailures(t *Template) bool {
	t = t.inline()
	if t.Op == OpList && t.Reads.Of(Item) == 0 && slices.ContainsFunc(t.Elems, func(e *Template) bool { return d.failing(e.Is) }) {
		return true
	}
	return t.Op == OpObject && slices.ContainsFunc(t.Members, func(w Member) bool { return d.listsFailures(w.Value) })
}

// fixed is a constant at a place of a body. A name of the place is "" if any member can be
// meant there.
type fixed struct {
	place []string
	kind  tree.Kind
	text  string
}

// same reports that two can be the same constant at the same place.
func (f fixed) same(o fixed) bool {
	return f.kind == o.kind && f.text == o.text && slices.EqualFunc(f.place, o.place, func(a, b string) bool { return a == b || a == "" || b == "" })
}

// constants calls yield with each constant of an object, or of the objects in it.
func (t *Template) constants(at []string, yield func(f fixed, w *Member)) {
	if t = t.inline(); t.Op != OpObject {
		return
	}
	for i := range t.Members {
		w := &t.Members[i]
		switch place := append(slices.Clip(at), w.Names[0]); {
		case w.Text || w.Optional || w.Value.WriteOnly:
		case w.Value.Op == OpConst && w.Value.Kind != tree.Null:
			yield(fixed{place, w.Value.Kind, w.Value.Text}, w)
		default:
			w.Value.constants(place, yield)
		}
	}
	if t.AnyMember() {
		t.Rest.Value.constants(append(slices.Clip(at), ""), yield)
	}
}

// AnyMember reports that an object has a member of any name, such as $any=NAME: {…}, that the
// body needs.
func (t *Template) AnyMember() bool {
	return t.Rest != nil && t.Key.Attr == AttrNone && !t.Rest.Optional && t.Rest.Value.Op == OpObject
}

// mark marks the members that are named after an error. It adds the names of all marks in
// the template.
func (t *Template) mark(names []string, seen map[*Instance]bool) []string {
	if t.Op == OpReference && !seen[t.Def] {
		seen[t.Def] = true
		return t.Def.Body.mark(names, seen)
	}
	if t.Op != OpObject {
		return names
	}
	for i := range t.Members {
		w := &t.Members[i]
		if !w.Demanded() {
			continue
		}
		if w.Value.Op != OpConst && NamesError(w.Names[0]) {
			w.Mark = true
		}
		w.Status = w.Value.status()
		if w.Mark || w.Status {
			names = append(names, w.Names...)
		}
		names = w.Value.mark(names, seen)
	}
	if t.AnyMember() {
		names = t.Rest.Value.mark(names, seen)
	}
	return names
}

// status reports that a template is a hole for the status.
func (t *Template) status() bool {
	return t.Op == OpHole && t.Hole.Readings[0].Target == Target{Owner: Whole, Attr: AttrStatus}
}

// Under is what an object says of its member by the first of some names, nil for nothing.
func (t *Template) Under(names []string) *Template {
	if t == nil {
		return nil
	}
	if t = t.Resolve(); t.Op != OpObject {
		return nil
	}
	for i := range t.Members {
		if w := &t.Members[i]; !w.Text && w.Names[0] == names[0] {
			return w.Value
		}
	}
	return nil
}

// HasConstant reports that what fits a template has a constant: the file says what it looks
// like.
func (t *Template) HasConstant() bool {
	if t == nil {
		return false
	}
	if t = t.Resolve(); t.Op == OpList {
		return len(t.Elems) > 0 && !slices.ContainsFunc(t.Elems, func(e *Template) bool { return !e.Fixed() })
	}
	return t.Fixed()
}

// NamesError reports a name that only failures have.
func NamesError(name string) bool {
	name = strings.ToLower(tree.LocalName(name))
	for _, word := range [...]string{"error", "fault", "exception", "failure"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "err"
}
