package spec

// GuardedShape is a shape that is recognized by a text in the body.
type GuardedShape struct {
	Shape *Shape
	Is    string
	Guard *Pattern
}

// Guards collects the patterns of the texts that a template is recognized by.
func (t *Template) Guards(yield func(*Pattern)) {
	if t.Hole != nil && t.Hole.Guard != nil {
		yield(t.Hole.Guard)
	}
	for b := range t.below {
		b.Guards(yield)
	}
}

// sharesCode reports that a text is read as the code of the whole and of a Field.
func (t *Template) sharesCode() bool {
	if t.Op == OpHole {
		return t.Reads.Has(Whole, AttrCode) && t.Reads.Has(Field, AttrCode)
	}
	for b := range t.below {
		if b.sharesCode() {
			return true
		}
	}
	return false
}

// FieldsInDetail reports that the shape has a place for the detail and none for Fields, so
// that people find what is wrong with each in the detail.
func (s *Shape) FieldsInDetail() bool {
	return (s.Writes|s.Copies).Of(Field) == 0 && s.Writes.Has(Whole, AttrDetail)
}
