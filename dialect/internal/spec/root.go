package spec

import "github.com/parlance-api/parlance/dialect/internal/tree"

// Roots is a set of the kinds of values that a JSON body can be.
type Roots uint8

// The kinds of values.
const (
	RootObject Roots = 1 << iota
	RootList
	RootScalar
)

// roots are the kinds of values that a template can fit.
func (t *Template) roots() (all Roots) {
	switch t = t.Resolve(); t.Op {
	case OpObject:
		if t.Indexed {
			return RootList
		}
		return RootObject
	case OpList:
		return RootList
	case OpEither:
		for _, e := range t.Elems {
			if e.Op != OpReference { // one in it may lead back here
				all |= e.roots()
			} else {
				all = RootObject | RootList | RootScalar
			}
		}
		return all
	case OpConst:
		switch t.Kind {
		case tree.Object:
			return RootObject
		case tree.List:
			return RootList
		}
		return RootScalar
	case OpHole:
		if Textual(t.Hole) {
			return RootScalar
		}
	}
	return RootObject | RootList | RootScalar
}

// IsPayload reports that the whole body is the payload, with nothing around it.
func (s *Shape) IsPayload() bool {
	return s.Body != nil && s.Body.Op == OpHole && s.Body.Hole.Readings[0].Target.Attr == AttrData
}

// IsEnvelope reports that the body has something around its payload or its records, or
// says that it is a success.
func (s *Shape) IsEnvelope() bool {
	return (s.CarriesData() || s.CarriesItems() || s.Is == "success") && !s.IsPayload()
}
