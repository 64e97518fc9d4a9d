package write

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/meaning"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// withFields writes a record with its Fields. It reports whether all of them were written.
// The Losses say later whether they are read again.
func (w *output) withFields(it *parlance.Item, i int, e *spec.Template, write func(*spec.Template)) bool {
	if len(it.Outcome.Fields) == 0 || w.itemBody != nil {
		write(e)
		return true
	}
	whole, fields, present, inside, outside := w.o, w.fields, w.present, w.inside, w.outside
	own := *whole
	own.Fields = it.Outcome.Fields
	w.o, w.fields, w.inside, w.outside = &own, records{}, w.items.site[i], e.Outside().Of(spec.Item)
	w.present &^= spec.OwnerBits[spec.Field]
	for f := range own.Fields {
		w.present |= spec.FieldSet(&own.Fields[f])
		id, _ := w.fieldSite(f)
		w.fields.site, w.fields.done = append(w.fields.site, id), append(w.fields.done, false)
	}
	w.ownField(e)
	write(e)
	all := !slices.Contains(w.fields.done, false)
	w.losses = slices.DeleteFunc(slices.Clone(w.losses), func(l parlance.Loss) bool { // those of a choice are shared
		of := strings.HasPrefix(l.Attribute, "fields[")
		all = all && !of
		return of
	})
	w.o, w.fields, w.present, w.inside, w.outside = whole, fields, present, inside, outside
	return all
}

// ownField selects the first Field whose place is the element of its record.
func (w *output) ownField(e *spec.Template) {
	for i, id := range w.fields.site {
		if id != 0 && id == e.Resolve().Site[spec.Field-spec.Item] {
			w.field, w.fieldAt, w.fields.done[i] = &w.o.Fields[i], i, true
			return
		}
	}
}

// errors writes the errors of a record: its own one, and its Fields. e is the template of
// each, and holds are the attributes that it has of an error. Fields that have no other
// place are errors too.
func (w *output) errors(holds spec.Set, e *spec.Template, chosen []int, write func()) {
	if w.inside == 0 {
		write()
		return
	}
	real, code := w.item, w.itemCode
	defer func() { w.item, w.itemCode = real, code }()
	chosen = append(slices.Clone(chosen), w.implied()...)
	groups := w.byError(e, chosen)
	own := slices.IndexFunc(groups, func(group []int) bool { return w.sameError(holds, e, group[0]) })
	switch {
	case own >= 0:
		w.ownError(holds, e, groups[own][0])
		w.error(e, groups[own], write)
		w.item, w.itemCode = real, code
	case holds&^w.outside&w.recordSet()&spec.OwnerBits[spec.Item] != 0 && e.RequiredOf(spec.Field) == 0:
		w.within(spec.Field, []int{}, 0, write)
	}
	for n, group := range groups {
		if n != own && w.asError(holds, e, group[0], real, code) {
			w.error(e, group, write)
		}
	}
}

// implied are the Fields that have no other place than the errors of their record.
func (w *output) implied() (all []int) {
	if w.inside == 0 {
		return nil
	}
	if w.fields.chosen != nil {
		return slices.DeleteFunc(slices.Clone(w.fields.chosen), func(i int) bool { return w.fields.site[i] != 0 || w.fields.done[i] })
	}
	for i, id := range w.fields.site {
		if id == 0 && !w.fields.done[i] {
			all = append(all, i)
		}
	}
	return all
}

// byError are the Fields that one error each holds: a Field that is one, or all of one code
// if their places are further down.
func (w *output) byError(e *spec.Template, chosen []int) (groups [][]int) {
	of := map[string]int{}
	for _, i := range chosen {
		code := w.o.Fields[i].Code
		at, found := of[code]
		if deeper := w.deeper(e, i); !deeper || !found {
			groups = append(groups, []int{i})
			if deeper {
				of[code] = len(groups) - 1
			}
			continue
		}
		groups[at] = append(groups[at], i)
	}
	return groups
}

// deeper reports that the place of a Field is inside of an error.
func (w *output) deeper(e *spec.Template, i int) bool {
	if w.fields.site[i] == 0 {
		return e.Resolve().Op == spec.OpList
	}
	return !w.leaf(e, spec.Field, i)
}

// error writes the Fields of one error.
func (w *output) error(e *spec.Template, group []int, write func()) {
	field, at := w.field, w.fieldAt
	if i := group[0]; !w.deeper(e, i) {
		w.field, w.fieldAt, w.fields.done[i] = &w.o.Fields[i], i, true
		group = []int{}
	}
	w.within(spec.Field, group, 0, write)
	w.field, w.fieldAt = field, at
}

// sameError reports that a Field is of the error that the record itself has.
func (w *output) sameError(holds spec.Set, e *spec.Template, i int) bool {
	f := w.o.Fields[i]
	code, text := ofErrors(holds)
	own := w.value(spec.Target{Owner: spec.Item, Attr: code})
	if w.deeper(e, i) {
		return f.Code == "" || f.Code == own
	}
	holds &^= w.outside
	return (!holds.Has(spec.Item, code) || f.Code == own || f.Code == "" && len(w.o.Fields) == 1) && (!holds.Has(spec.Item, text) || f.Message == w.value(spec.Target{Owner: spec.Item, Attr: text}))
}

// ownError makes a Field the error of its record in what the record has outside of its
// errors.
func (w *output) ownError(holds spec.Set, e *spec.Template, i int) {
	code, text := ofErrors(holds)
	if w.deeper(e, i) || !w.outside.Has(spec.Item, code) && !w.outside.Has(spec.Item, text) {
		return
	}
	one, f := *w.item, &w.o.Fields[i]
	if w.outside.Has(spec.Item, code) {
		w.putCode(&one.Outcome, code, f.Code)
	}
	if w.outside.Has(spec.Item, text) {
		putText(&one.Outcome, text, f.Message)
	}
	w.item = &one
}

// putCode sets the code of the record that is being written, or its coarser one.
func (w *output) putCode(o *parlance.Outcome, a spec.Attribute, code string) {
	if a == spec.AttrFamily {
		o.Family = code
		return
	}
	o.Code, w.itemCode = code, code
}

// putText sets the detail or the title.
func putText(o *parlance.Outcome, a spec.Attribute, text string) {
	if a == spec.AttrTitle {
		o.Title = text
		return
	}
	o.Detail = text
}

// ofErrors are the attributes that hold the code and the text of an error.
func ofErrors(holds spec.Set) (code, text spec.Attribute) {
	code, text = spec.AttrCode, spec.AttrDetail
	if !holds.Has(spec.Item, code) {
		code = spec.AttrFamily
	}
	if !holds.Has(spec.Item, text) {
		text = spec.AttrTitle
	}
	return code, text
}

// asError makes a Field the error of its record that is being written. It reports false if
// it has nothing that stands there, would not be read as an error, or would be read as worse
// than the record.
func (w *output) asError(holds spec.Set, e *spec.Template, i int, of *parlance.Item, itemCode string) bool {
	f := &w.o.Fields[i]
	one := parlance.Item{ID: of.ID, Index: of.Index}
	code, text := ofErrors(holds)
	w.itemCode = ""
	w.putCode(&one.Outcome, code, f.Code)
	needs := e.RequiredOf(spec.Item) &^ spec.ItemSet(&one)
	if !w.deeper(e, i) {
		putText(&one.Outcome, text, f.Message)
		needs = e.RequiredOf(spec.Item)&^spec.ItemSet(&one) | e.RequiredOf(spec.Field)&^spec.FieldSet(f)
		if holds&spec.ItemSet(&one)|(e.Writes|e.Copies)&spec.FieldSet(f) == 0 {
			return false
		}
	}
	if needs != 0 || w.badness(&one.Outcome) > w.badness(&parlance.Outcome{Code: itemCode, Family: of.Outcome.Family}) {
		return false
	}
	w.item = &one
	return true
}

// badness is how bad an error makes its record.
func (w *output) badness(of *parlance.Outcome) int {
	whole := parlance.Outcome{}
	if w.status >= 400 {
		whole = *w.o
	}
	return meaning.Worse(w.d.ItemMeaning(of, &whole, w.shape.Sites[w.inside].Is, w.shape.FailuresOnly || w.shape.Sites[w.inside].Fails, w.req).Kind)
}
