package spec

import (
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Suspects are the failures whose marks a good response can have that no shape is about. A
// file without a shape for any good status has none: there the status alone decides.
type Suspects struct {
	Shapes   []*Shape
	Forms    Forms
	Marks    []string  // the names of their marks in JSON, between quotes
	Errors   []string  // those that are named after an error
	First    [256]bool // the first letters of those
	Elements []string  // the local names of their marks in XML
}

// suspects finds the suspects.
func (d *Spec) suspects() {
	if !slices.ContainsFunc(d.Shapes, (*Shape).good) {
		return
	}
	of := &d.Suspects
	for _, s := range d.Shapes {
		if len(s.Marks) == 0 {
			continue
		}
		of.Shapes, of.Forms[s.Form] = append(of.Shapes, s), true
		for _, name := range s.Marks {
			of.add(s.Form, name)
		}
	}
}

// good reports that a shape reads the bodies of a good status.
func (s *Shape) good() bool {
	return s.Body != nil && !s.WriteOnly && slices.ContainsFunc(goodStatuses[:], s.Status.Admits)
}

// add adds the name of a mark.
func (of *Suspects) add(form Form, name string) {
	to := &of.Elements
	if form == FormXML {
		name = tree.LocalName(name)
	} else {
		named := NamesError(name)
		name, to = `"`+name+`"`, &of.Marks
		if named && !slices.Contains(of.Errors, name) {
			of.Errors = append(of.Errors, name)
			of.First[name[1]] = true
		}
	}
	if !slices.Contains(*to, name) {
		*to = append(*to, name)
	}
}

// goodStatuses are the good statuses of responses that have a body.
var goodStatuses = [...]int{200, 201, 202, 203, 206, 207, 208, 226}
