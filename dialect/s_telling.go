package dialect

import "slices"

// telling is a text by which a shape is recognised.
type telling struct {
	shape *shape
	is    string
	guard *pattern
}

// guards collects the texts that a template is recognised by.
func (t *template) guards(yield func(*pattern)) {
	if t.hole != nil && t.hole.guard != nil {
		yield(t.hole.guard)
	}
	for i := range t.members {
		t.members[i].value.guards(yield)
	}
	for _, e := range t.elems {
		e.guards(yield)
	}
	if t.rest != nil {
		t.rest.value.guards(yield)
	}
}

// sharesCode reports that a text is read as the code of the whole and of a Field.
func (t *template) sharesCode() bool {
	if t.op == opHole {
		of := t.reads
		return of.has(whole, attrCode) && of.has(field, attrCode)
	}
	for i := range t.members {
		if t.members[i].value.sharesCode() {
			return true
		}
	}
	return slices.ContainsFunc(t.elems, (*template).sharesCode) || t.rest != nil && t.rest.value.sharesCode()
}

// tellsFields reports that the shape has a place for the detail and none for Fields, so
// that people find what is wrong with each in the detail.
func (s *shape) tellsFields() bool {
	return (s.writes|s.copies).of(field) == 0 && s.writes.has(whole, attrDetail)
}
