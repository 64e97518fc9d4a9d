package spec

import (
	"slices"

	"github.com/parlance-api/parlance"
)

// checkReach warns of parts of the file that no response can reach.
func (d *Spec) checkReach(r *Reporter) {
	for _, s := range d.Shapes {
		if s.Inherited {
			continue
		}
		if s.bodiless() {
			r.Warn(s.Pos, "unreachable", "remove the body, or give the shape another status", "the body of the shape %q is never read, because a response with such a status has none", s.Name)
		}
		r.checkTemplates(s.Body, map[*Instance]bool{})
		d.checkRecords(r, s)
		d.checkForms(r, s)
		d.checkDemanded(r, s)
	}
	d.checkPrefixes(r)
	for _, w := range d.Codes.Rows {
		d.checkRow(r, w)
	}
	d.checkConstants(r)
	d.checkWithin(r)
}

// bodiless reports that every status of a shape is one of responses without a body
// (RFC 9110, 6.4.1).
func (s *Shape) bodiless() bool {
	return len(s.Status) > 0 && !s.WriteOnly && !slices.ContainsFunc(s.Status, func(sp Span) bool {
		none := sp.To < 200 || sp.From == sp.To && (sp.From == 204 || sp.From == 304)
		return !none
	})
}

// checkTemplates warns of a template in a list which is never used, because an earlier one
// takes every element that fits it. seen are the definitions that have been searched.
func (r *Reporter) checkTemplates(t *Template, seen map[*Instance]bool) {
	if t.Op == OpReference {
		if !seen[t.Def] {
			seen[t.Def] = true
			r.checkTemplates(t.Def.Body, seen)
		}
		return
	}
	if t.Op == OpList {
		for i, e := range t.Elems {
			at := slices.IndexFunc(t.Elems[:i], func(earlier *Template) bool {
				return !earlier.WriteOnly && !e.WriteOnly && earlier.coversAll(e)
			})
			if at >= 0 {
				r.Warn(e.Pos, "shadowed", "put the stricter one first", "this template is never used, because every element that fits it also fits the one on line %d, column %d", t.Elems[at].Pos.Line, t.Elems[at].Pos.Column)
			}
		}
	}
	for b := range t.below {
		r.checkTemplates(b, seen)
	}
}

// checkRecords warns of a shape of records that stands for every request, or for each of a
// method, without a shape for any other success beside it: each other body under that status is
// then noted.
func (d *Spec) checkRecords(r *Reporter, s *Shape) {
	const status = 200
	if !s.CarriesItems() || s.CarriesData() || s.WriteOnly || s.ReadOnly || len(s.Paths)+len(s.Headers) > 0 || !s.Status.Admits(status) {
		return
	}
	beside := func(o *Shape) bool {
		return o.Form == s.Form && !o.WriteOnly && o.Status.Admits(status) && !o.Fails && !o.CarriesItems() && coversWords(o.Methods, s.Methods) && len(o.Paths) == 0
	}
	if slices.ContainsFunc(d.Shapes, beside) {
		return
	}
	r.Warn(s.Pos, "records_only", "give it the path of its operation, or add a shape that names what each other success has: {name: success, status: 200, json: {result!: $data}}",
		"the shape %q is the only one for a success, so every other body under %d is noted and not a success", s.Name, status)
}

// checkRow warns of a row that no response can have.
func (d *Spec) checkRow(r *Reporter, w *Row) {
	sp, numeric := w.Number()
	if !numeric || w.Status != 0 {
		return
	}
	d.checkPartial(r, w, sp)
	if w.Is != "" && !d.formUnder(w.Is, sp) {
		r.Warn(w.Pos, "unreachable", "correct its is, or the status of the shape", "no shape with is: %s has the status %s, so this row is never used", w.Is, w.First)
	}
	if d.eachListed(w) {
		r.Warn(w.Pos, "unreachable", "remove it", "each number from %d to %d has a row of its own, so this row is never used", sp.From, sp.To)
	}
}

// checkPartial warns of a row that calls the status of a failure partial, if responses with it
// have records: only under a good status do the records say whether all of them failed.
func (d *Spec) checkPartial(r *Reporter, w *Row, sp Span) {
	if w.Kind != parlance.KindPartial || sp.From < 400 || w.Is != "" {
		return
	}
	if slices.ContainsFunc(d.Shapes, func(s *Shape) bool {
		return s.CarriesItems() && !s.WriteOnly && len(s.Status) > 0 && s.Status.Admits(sp.From)
	}) {
		r.Warn(w.Pos, "loose_success", "write a failing kind, such as failed: the records are kept, and each has its own outcome",
			"under a failing status the records do not decide, so each response with %s is partial, also if all records failed", w.First)
	}
}

// formUnder reports that a response under one of the statuses can have a form of that name.
func (d *Spec) formUnder(name string, sp Span) bool {
	for _, s := range slices.Concat(d.Shapes, d.HeaderShapes(), d.elementShapes()) {
		if s.says(name) && (len(s.Status) == 0 || slices.ContainsFunc(s.Status, func(o Span) bool { return o.From <= sp.To && sp.From <= o.To })) {
			return true
		}
	}
	return false
}

// says reports that a response of the shape can have a form of that name.
func (s *Shape) says(name string) bool {
	return s.Is == name || s.Body != nil && s.Body.says(name, map[*Instance]bool{})
}

// says reports that $is gives the name in the template. seen are the definitions that have
// been searched.
func (t *Template) says(name string, seen map[*Instance]bool) bool {
	if t.Op == OpReference && !seen[t.Def] {
		seen[t.Def] = true
		return t.Def.Body.says(name, seen)
	}
	if t.Is == name {
		return true
	}
	for b := range t.below {
		if b.says(name, seen) {
			return true
		}
	}
	return false
}

// maxCounted is the widest range whose numbers are looked at one by one.
const maxCounted = 100

// eachListed reports that a row is about a range, and that each number in it has a row of
// its own without a condition.
func (d *Spec) eachListed(w *Row) bool {
	sp, _ := w.Number()
	if w.many() && w.First != w.Key || sp.From == sp.To || sp.To-sp.From >= maxCounted {
		return false
	}
	for n := sp.From; n <= sp.To; n++ {
		if !slices.ContainsFunc(d.Codes.Status[n], func(o *Row) bool { return !o.Conditional() }) {
			return false
		}
	}
	return true
}

// onlyNumbers reports that shapes read codes as numbers alone, so that no response can have
// the code of a word.
func (d *Spec) onlyNumbers() bool {
	number := false
	for _, s := range slices.Concat(d.Shapes, d.Extras, d.elementShapes()) {
		parts := []*Template{s.Body}
		for i := range s.Headers {
			parts = append(parts, s.Headers[i].Value)
		}
		for _, t := range parts {
			if t == nil {
				continue
			}
			if t.wordCode(&number, map[*Instance]bool{}) {
				return false
			}
		}
	}
	return number
}

// wordCode reports that a template reads a code or a family that can be a word. It sets
// number if it reads one as a number.
func (t *Template) wordCode(number *bool, seen map[*Instance]bool) bool {
	if t.Op == OpReference && !seen[t.Def] {
		seen[t.Def] = true
		return t.Def.Body.wordCode(number, seen)
	}
	const codes = 1<<AttrCode | 1<<AttrFamily | 1<<(AttrCode+itemShift) | 1<<(AttrFamily+itemShift)
	if t.Key.Bit()&codes != 0 && t.Key.Attr != AttrNone {
		return true
	}
	if t.Hole != nil {
		for _, one := range t.Hole.Readings {
			switch {
			case one.Targets()&codes == 0:
			case one.Pattern == nil && one.Conv.Notation == Integer:
				*number = true
			default:
				return true
			}
		}
	}
	for b := range t.below {
		if b.wordCode(number, seen) {
			return true
		}
	}
	return false
}
