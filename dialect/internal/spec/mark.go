package spec

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// A mark is something in the body of a failure that no success carries. A good status
// with a mark in its body is no plain success. There are two kinds of them:
//
//   - a member that a failure's shape asks for and that is named after an error
//   - a constant that stands in a failure's shape, and in no other at that place

// marks finds the marks in the shapes of failures.
func (d *Spec) marks() {
	good := map[string]bool{}
	for _, s := range d.Shapes {
		if s.Body != nil && !s.fails() {
			s.Body.constants("", func(at string, _ *Member) { good[at] = true })
		}
	}
	for _, s := range d.Shapes {
		if s.Body == nil || s.WriteOnly || !s.fails() || s.Form != FormJSON && s.Form != FormXML {
			continue
		}
		s.Body.constants("", func(at string, w *Member) { w.Mark = !good[at] })
		s.Marks = s.Body.mark(nil, map[*Instance]bool{})
	}
}

// fails reports that a shape is that of a failure: it says so, or no good status has it.
func (s *Shape) fails() bool {
	if s.Is == "failed" {
		return true
	}
	return len(s.Status) > 0 && !slices.ContainsFunc(s.Status, func(sp Span) bool { return sp.From < 400 })
}

// constants calls yield with each constant of an object, or of the objects in it, and
// with its place and value.
func (t *Template) constants(at string, yield func(at string, w *Member)) {
	if t.Op != OpObject {
		return
	}
	for i := range t.Members {
		w := &t.Members[i]
		switch place := at + "/" + w.Names[0]; {
		case w.Text || w.Optional || w.Value.WriteOnly:
		case w.Value.Op == OpConst && w.Value.Kind != tree.Null:
			yield(place+"="+w.Value.Text+"/"+string('0'+rune(w.Value.Kind)), w)
		default:
			w.Value.constants(place, yield)
		}
	}
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
		if w.Optional || w.Text || w.Value.Op == OpAbsent || w.Value.WriteOnly {
			continue
		}
		if w.Value.Op != OpConst && namesError(w.Names[0]) {
			w.Mark = true
		}
		if w.Mark {
			names = append(names, w.Names...)
		}
		names = w.Value.mark(names, seen)
	}
	return names
}

// namesError reports a name that only failures have.
func namesError(name string) bool {
	name = strings.ToLower(tree.LocalName(name))
	for _, word := range [...]string{"error", "fault", "exception", "failure"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "err"
}
