package authoring

import (
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// follower goes through a document that fits a template. visit gets each template that a
// node was read by, the outer one first.
type follower struct {
	m     *read.Matcher
	visit func(t *spec.Template, n uint32)
	only  spec.Set // follow the templates that read one of these; 0 for all
}

func (f *follower) value(t *spec.Template, n uint32) {
	if f.only != 0 && t.Reads&f.only == 0 {
		return
	}
	f.visit(t, n)
	switch t.Op {
	case spec.OpReference:
		f.value(t.Def.Body, n)
	case spec.OpEither:
		f.first(t, n)
	case spec.OpObject:
		f.members(t, n)
	case spec.OpList:
		for c := range f.m.Tree.Children(n) {
			f.first(t, c)
		}
	}
}

func (f *follower) members(t *spec.Template, n uint32) {
	for i := range t.Members {
		w := &t.Members[i]
		if f.only == 0 || w.Value.Reads&f.only != 0 {
			f.each(n, &read.Selection{Named: w}, w.Value)
		}
	}
	if t.Rest != nil && (f.only == 0 || t.Rest.Value.Reads&f.only != 0) {
		f.each(n, &read.Selection{Unnamed: t}, t.Rest.Value)
	}
}

// each follows the children that a selection takes. One of several elements of a name in
// XML is an element of the list itself.
func (f *follower) each(n uint32, of *read.Selection, value *spec.Template) {
	for c := range f.m.Tree.Children(n) {
		switch {
		case !f.m.Takes(of, c):
		case value.Op == spec.OpList && f.m.Tree.Nodes[c].Kind == tree.Element:
			f.first(value, c)
		default:
			f.value(value, c)
		}
	}
}

// root follows a whole document: in XML the root element is a member.
func (f *follower) root(s *spec.Shape) {
	if s.Form != spec.FormXML || s.Body.Op != spec.OpObject {
		f.value(s.Body, 0)
		return
	}
	if value := s.Body.Root().Value; value.Op == spec.OpList {
		f.first(value, 0)
	} else {
		f.value(value, 0)
	}
}

// first follows the first of several templates that a node fits.
func (f *follower) first(t *spec.Template, n uint32) {
	for _, a := range t.Elems {
		if f.fits(a, n) {
			f.value(a, n)
			return
		}
	}
}

// fits reports that a node fits a template, and keeps nothing of it.
func (f *follower) fits(t *spec.Template, n uint32) bool {
	before := f.m.Mark()
	defer f.m.Back(before)
	return f.m.Value(t, n)
}
