package write

import (
	"math/bits"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// ChooseShape is the shape that loses least, among these the smallest, among
// these the first; nil where none may be written.
func (w *Output) ChooseShape() *spec.Shape {
	form := w.negotiate()
	var best *spec.Shape
	least := 0
	named := w.named()
	for _, s := range w.D.Shapes {
		if s.Form != form || !w.eligible(s, named) {
			continue
		}
		if s.Graft && len(w.Req.Body) > 0 && w.grafts(s) {
			return s
		}
		if len(s.WriteFor) > 0 && !spec.AdmitsPath(s.WriteFor, w.Req.Path) {
			continue // of another resource: its names would be wrong
		}
		if lost := w.weigh(s); best == nil || lost < least || lost == least && s.Size < best.Size {
			best, least = s, lost
		}
	}
	return best
}

// named reports that a shape says of itself what the chosen row is called.
func (w *Output) named() bool {
	return slices.ContainsFunc(w.D.Shapes, func(s *spec.Shape) bool { return s.Is != "" && s.Is == w.Row.First })
}

// told are the attributes that need no place of their own: the status says them, or
// the order of the records.
var told = spec.BitOf(spec.Whole, spec.AttrKind) | spec.BitOf(spec.Whole, spec.AttrReason) | spec.BitOf(spec.Whole, spec.AttrStatus) |
	spec.BitOf(spec.Item, spec.AttrKind) | spec.BitOf(spec.Item, spec.AttrReason) | spec.BitOf(spec.Item, spec.AttrIndex)

// weigh is what is lost in a shape: the less, the better it suits.
func (w *Output) weigh(s *spec.Shape) int {
	lost := bits.OnesCount64(uint64(w.present&^told&^(s.Writes|s.Copies))) + 4*w.misfits(s)
	if len(w.O.Items) > 0 && !s.CarriesItems() {
		lost += 64 // without its records a bulk answer says nothing
	}
	if len(s.Codes) > 0 && w.Code != "" {
		lost -= 32 // it is the shape of this very code
	}
	if len(s.WriteFor) > 0 {
		lost -= 64 // the caller's own resource comes first
	}
	return lost
}

// eligible reports that a shape may be written for this outcome.
func (w *Output) eligible(s *spec.Shape, named bool) bool {
	if s.Body.Integers().Has(spec.Whole, spec.AttrCode) && s.Body.Needs().Has(spec.Whole, spec.AttrCode) && !tree.IsWhole(w.Code) {
		return false // the code would be no number, and the body not be read
	}
	if s.ReadOnly || !s.Concerns(w.Req, w.Status) || !s.Body.Fillable(w.present) || !w.codeFits(s) {
		return false
	}
	switch {
	case w.Row.Is != "" && w.O.Kind == w.Row.Kind:
		return s.Is == w.Row.Is
	case named && w.O.Kind == w.Row.Kind:
		return s.Is == w.Row.First
	case s.Is == parlance.Failed.String():
		return w.O.Kind.Failing()
	case s.Is != "":
		k, isKind := parlance.ParseKind(s.Is)
		return isKind && k == w.O.Kind
	case w.O.Kind.Failing():
		return !s.CarriesData()
	}
	// Under a good status only what has a place there: the payload's envelope,
	// records, a kind that is no plain success, or a code that says more.
	return s.CarriesData() || s.CarriesItems() && len(w.O.Items) > 0 ||
		s.Writes.Has(spec.Whole, spec.AttrKind) && w.O.Kind == parlance.Partial ||
		w.Code != "" && s.Body.Needs().Has(spec.Whole, spec.AttrCode)
}

// codeFits reports that a shape which is written for some codes only is so for
// this one, or that there is none.
func (w *Output) codeFits(s *spec.Shape) bool {
	if len(s.Codes) == 0 || w.Code == "" {
		return true
	}
	family := "" // a shape with a place for both is that of the coarser one's too
	if s.Writes.Has(spec.Whole, spec.AttrCode) && s.Writes.Has(spec.Whole, spec.AttrFamily) {
		family = w.family()
	}
	return slices.ContainsFunc(s.Codes, func(c string) bool { return spec.Glob(c, w.Code) || family != "" && spec.Glob(c, family) })
}
