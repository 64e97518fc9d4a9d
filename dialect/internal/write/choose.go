package write

import (
	"math/bits"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/internal/glob"
)

// chooseShape is the shape that loses least; of several the smallest, and of those the
// first. It is nil if no shape may be written.
func (w *output) chooseShape() *spec.Shape {
	form := w.negotiate()
	var best *spec.Shape
	least := 0
	named := w.named()
	for _, s := range w.d.Shapes {
		if s.Form != form || !w.eligible(s, named) {
			continue
		}
		if s.Graft && len(w.req.Body) > 0 && w.grafts(s) {
			return s
		}
		if len(s.WriteFor) > 0 && !spec.AdmitsPath(s.WriteFor, w.req.Path) {
			continue // of another resource: its names would be wrong
		}
		if lost := w.weigh(s); best == nil || lost < least || lost == least && s.Size < best.Size {
			best, least = s, lost
		}
	}
	return best
}

// named reports that a shape has the name of the chosen row.
func (w *output) named() bool {
	return slices.ContainsFunc(w.d.Shapes, func(s *spec.Shape) bool { return s.Is != "" && s.Is == w.row.First })
}

// implicit are the attributes that need no place of their own, because the status or the
// order of the records gives them.
var implicit = spec.BitOf(spec.Whole, spec.AttrKind) | spec.BitOf(spec.Whole, spec.AttrReason) | spec.BitOf(spec.Whole, spec.AttrStatus) |
	spec.BitOf(spec.Item, spec.AttrKind) | spec.BitOf(spec.Item, spec.AttrReason) | spec.BitOf(spec.Item, spec.AttrIndex)

// weigh is the cost of a shape, by the attributes that it loses. The lowest cost is best.
func (w *output) weigh(s *spec.Shape) int {
	set := w.present &^ implicit
	lost := 4*bits.OnesCount64(uint64(set&^(s.Writes|s.Copies))) + 16*w.misfits(s)
	lost += bits.OnesCount64(uint64(set.Of(spec.Whole) & s.Copies &^ s.Writes)) // a copy has the text of another attribute
	if len(w.o.Items) > 0 && !s.CarriesItems() {
		lost += 256 // without its records a bulk response says nothing
	}
	if len(s.Codes) > 0 && w.code != "" {
		lost -= 128 // it is the shape of this very code
	}
	if len(s.WriteFor) > 0 {
		lost -= 256 // the caller's own resource comes first
	}
	return lost
}

// eligible reports that a shape may be written for this outcome.
func (w *output) eligible(s *spec.Shape, named bool) bool {
	if s.Body.Integers().Has(spec.Whole, spec.AttrCode) && s.Body.Needs().Has(spec.Whole, spec.AttrCode) && !tree.IsWhole(w.code) {
		return false // the code would be no number, and the body not be read
	}
	if s.ReadOnly || slices.Contains(w.avoid, s) || !s.Concerns(w.req, w.status) || !s.Body.Fillable(w.present) || !w.codeFits(s) {
		return false
	}
	return w.formSays(s, named)
}

// formSays reports that the form of a shape says what the outcome says, or is needed for it.
func (w *output) formSays(s *spec.Shape, named bool) bool {
	switch {
	case w.row.Is != "" && w.o.Kind == w.row.Kind:
		return s.Is == w.row.Is
	case named && w.o.Kind == w.row.Kind:
		return s.Is == w.row.First
	case s.Is == parlance.KindFailed.String():
		return w.o.Kind.Failing()
	case s.Is != "":
		k, isKind := parlance.ParseKind(s.Is)
		return isKind && k == w.o.Kind
	case w.o.Kind.Failing():
		return !s.CarriesData()
	}
	// Under a good status, only these need a shape: the envelope of a payload,
	// records, a kind other than success, or a code.
	return s.CarriesData() || s.CarriesItems() && len(w.o.Items) > 0 ||
		s.Writes.Has(spec.Whole, spec.AttrKind) && w.o.Kind == parlance.KindPartial ||
		w.code != "" && s.Body.Needs().Has(spec.Whole, spec.AttrCode)
}

// codeFits reports that a shape may be written for this code. A shape without a list of
// codes may be written for all of them.
func (w *output) codeFits(s *spec.Shape) bool {
	if len(s.Codes) == 0 || w.code == "" {
		return true
	}
	family := "" // a shape with a place for both is that of the coarser one's too
	if s.Writes.Has(spec.Whole, spec.AttrCode) && s.Writes.Has(spec.Whole, spec.AttrFamily) {
		family = w.family()
	}
	return slices.ContainsFunc(s.Codes, func(c string) bool { return glob.Match(c, w.code) || family != "" && glob.Match(c, family) })
}
