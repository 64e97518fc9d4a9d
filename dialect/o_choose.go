package dialect

import (
	"math/bits"
	"slices"

	"github.com/parlance-api/parlance"
)

// chooseShape is the shape that loses least, among these the smallest, among
// these the first; nil where none may be written.
func (w *output) chooseShape() *shape {
	form := w.negotiate()
	var best *shape
	least, size := 0, 0
	named := slices.ContainsFunc(w.d.shapes, func(s *shape) bool { return s.is != "" && s.is == w.row.first })
	weigh := w.present &^ (bitOf(whole, attrKind) | bitOf(whole, attrReason) | bitOf(whole, attrStatus) |
		bitOf(item, attrKind) | bitOf(item, attrReason) | bitOf(item, attrIndex))
	for _, s := range w.d.shapes {
		if s.form != form || !w.eligible(s, named) {
			continue
		}
		if s.graft && len(w.req.Body) > 0 && w.grafts(s) {
			return s
		}
		if len(s.writeFor) > 0 && !admitsPath(s.writeFor, w.req.Path) {
			continue // of another resource: its names would be wrong
		}
		lost := bits.OnesCount64(uint64(weigh&^(s.writes|s.copies))) + 4*w.misfits(s)
		n := s.size
		if len(w.o.Items) > 0 && !s.carriesItems() {
			lost += 64 // without its records a bulk answer says nothing
		}
		if len(s.codes) > 0 && w.code != "" {
			lost -= 32 // it is the shape of this very code
		}
		if len(s.writeFor) > 0 {
			lost -= 64 // the caller's own resource comes first
		}
		if best == nil || lost < least || lost == least && n < size {
			best, least, size = s, lost, n
		}
	}
	return best
}

// eligible reports that a shape may be written for this outcome.
func (w *output) eligible(s *shape, named bool) bool {
	if s.body.integers().has(whole, attrCode) && s.body.needs().has(whole, attrCode) && !isWhole(w.code) {
		return false // the code would be no number, and the body not be read
	}
	if s.readOnly || !s.concerns(w.req, w.status) || !s.body.fillable(w.present) || !w.codeFits(s) {
		return false
	}
	if w.row.is != "" && w.o.Kind == w.row.kind {
		return s.is == w.row.is
	}
	if named && w.o.Kind == w.row.kind {
		return s.is == w.row.first
	}
	if s.is != "" {
		k, isKind := parlance.ParseKind(s.is)
		switch {
		case !isKind:
			return false
		case s.is == "failed":
			return w.o.Kind.Failing()
		}
		return k == w.o.Kind
	}
	if w.o.Kind.Failing() {
		return !s.carriesData()
	}
	// Under a good status only what has a place there: the payload's envelope,
	// records, a kind that is no plain success, or a code that says more.
	switch {
	case s.carriesData(), s.carriesItems() && len(w.o.Items) > 0:
		return true
	case s.writes.has(whole, attrKind) && w.o.Kind == parlance.Partial:
		return true
	}
	return w.code != "" && s.body.needs().has(whole, attrCode)
}

// codeFits reports that a shape which is written for some codes only is so for
// this one, or that there is none.
func (w *output) codeFits(s *shape) bool {
	if len(s.codes) == 0 || w.code == "" {
		return true
	}
	family := "" // a shape with a place for both is that of the coarser one's too
	if s.writes.has(whole, attrCode) && s.writes.has(whole, attrFamily) {
		family = w.family()
	}
	return slices.ContainsFunc(s.codes, func(c string) bool { return glob(c, w.code) || family != "" && glob(c, family) })
}
