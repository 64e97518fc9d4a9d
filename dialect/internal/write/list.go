package write

import (
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// turns calls write for each element that a list is written with.
func (w *output) turns(t *spec.Template, must bool, write func(*spec.Template)) {
	if len(t.Elems) == 0 {
		return
	}
	mine := len(w.scratch)
	for _, o := range [...]spec.Owner{spec.Item, spec.Field} {
		if chosen := w.pick(t, o); len(chosen) > 0 {
			w.write(t, o, chosen, write)
			w.rests(t, false, write)
			w.scratch = w.scratch[:mine]
			return
		}
	}
	e := t.Elems[0]
	switch {
	case w.holdsNotes(e):
		w.itemNotes(e, write)
	case w.item != nil && (e.Resolve().Shallow()&w.recordSet()).Of(spec.Item) != 0, e.Resolve().Shallow().Of(spec.Item) != 0 && len(w.implied()) > 0:
		w.errors(e.Resolve().Shallow(), e, nil, func() { write(e) })
	case t.Writes.Has(spec.Whole, spec.AttrNote):
		i := slices.IndexFunc(t.Elems, func(e *spec.Template) bool { return e.Writes.Has(spec.Whole, spec.AttrNote) })
		switch {
		case i > 0:
			w.rests(t, true, write)
		case takesOthers(e) && w.present&e.Writes.Of(spec.Whole)&^spec.BitOf(spec.Whole, spec.AttrNote) != 0:
			write(e) // the first of several texts, of which the others are notes
		case len(w.o.Notes) == 0 && w.lacksNote(e):
			write(e)
		}
		if !w.carried.Has(spec.Whole, spec.AttrNote) {
			w.notes(w.o.Notes, t.Elems[i], write)
		}
		w.carried |= spec.BitOf(spec.Whole, spec.AttrNote)
	case e.Op == spec.OpConst, e.Op == spec.OpAny && e.Text != "":
		write(e)
	case t.Apart(0) || len(t.Elems) > 1 && t.Apart(1):
		w.rests(t, true, write)
	case e.Writes.Of(spec.Whole) != 0 && (must || e.StandsIn() || w.standsAlone(e)):
		write(e)
	}
}

// lacksNote reports that an element holds a text of the whole that was not written yet, and is
// read again without the note that it has a place for.
func (w *output) lacksNote(e *spec.Template) bool {
	others := e.Writes.Of(spec.Whole) & w.present &^ w.carried &^ (spec.BitOf(spec.Whole, spec.AttrNote) | spec.BitOf(spec.Whole, spec.AttrStatus))
	return others != 0 && w.standsAlone(e)
}

// notes writes an element for each note.
func (w *output) notes(all []string, e *spec.Template, write func(*spec.Template)) {
	for _, n := range all {
		w.note = n
		if write(e); w.note == "" {
			return // a list in the element holds them all
		}
	}
	w.note = ""
}

// holdsNotes reports that an element holds a note of the record that is being written, or a
// text of it of which the others are notes.
func (w *output) holdsNotes(e *spec.Template) bool {
	note := spec.BitOf(spec.Item, spec.AttrNote)
	return w.item != nil && e.Writes&note != 0 && (e.Writes.Of(spec.Item) == note || takesOthers(e))
}

// itemNotes writes the notes of a record, after the text that is the first of several.
func (w *output) itemNotes(e *spec.Template, write func(*spec.Template)) {
	if e.Writes.Of(spec.Item)&^spec.BitOf(spec.Item, spec.AttrNote)&w.recordSet() != 0 {
		write(e)
	}
	if !w.noted {
		w.notes(w.item.Outcome.Notes, e, write)
	}
	w.noted = true
}

// takesOthers reports that an element holds a text of which the others are notes.
func takesOthers(e *spec.Template) bool {
	return e.Op == spec.OpHole && e.Hole.Others() || slices.ContainsFunc(e.Members, func(m spec.Member) bool { return takesOthers(m.Value) })
}

// tells reports that an element holds a text of the whole. The status is none, and neither
// is a code that is only lent to it.
func (w *output) tells(e *spec.Template) bool {
	said := e.Writes.Of(spec.Whole) &^ spec.BitOf(spec.Whole, spec.AttrStatus)
	if w.lent {
		said &^= spec.BitOf(spec.Whole, spec.AttrCode)
	}
	return w.has(&spec.Template{Writes: said})
}

// standsAlone reports that an element holds a text of the whole, and is read again without
// a record in it.
func (w *output) standsAlone(e *spec.Template) bool {
	return w.tells(e) && !e.NeedsField() && e.Stands(w.present.Of(spec.Whole))
}

// rests writes the elements that a constant or a text distinguishes and that hold a text
// of the whole, but no note. Without records these are also those that a record would share.
func (w *output) rests(t *spec.Template, alone bool, write func(*spec.Template)) {
	for i, e := range t.Elems {
		records := (e.Writes | e.Copies) &^ spec.OwnerBits[spec.Whole]
		if alone {
			records = 0
		}
		if t.Apart(i) && e.Writes.Of(spec.Whole)&w.present&^w.carried != 0 && !e.Writes.Has(spec.Whole, spec.AttrNote) &&
			records == 0 && !(alone && e.NeedsField()) && !e.ReadOnly && w.recognized(e) && w.says(e) {
			write(e)
		}
	}
}

// says reports that an element has a text of the whole in the notation of its place.
func (w *output) says(e *spec.Template) bool {
	switch e.Op {
	case spec.OpConst, spec.OpAny:
		return false
	case spec.OpObject:
		return slices.ContainsFunc(e.Members, func(m spec.Member) bool { return w.says(m.Value) })
	case spec.OpHole:
		if r := &e.Hole.Readings[0]; r.Target.Attr == spec.AttrCode && r.Pattern == nil && e.Hole.Guard == nil {
			text, ok := r.Conv.Wire(w.render(e.Hole), w)
			return ok && text != ""
		}
	}
	return true
}

// recognized reports that the texts which tell an element from others are those of the
// Outcome, or that it has none for them.
func (w *output) recognized(e *spec.Template) bool {
	if e.Op == spec.OpHole && e.Hole.Guard != nil && e.Hole.Readings[0].Pattern == nil {
		text := w.shared(e.Hole)
		return text == "" || e.Hole.Guard.Fits([]byte(text))
	}
	return !slices.ContainsFunc(e.Members, func(m spec.Member) bool { return !w.recognized(m.Value) })
}

// write writes each record as an element. Records that share the texts outside of a
// repetition are written as one element.
func (w *output) write(t *spec.Template, o spec.Owner, chosen []int, write func(*spec.Template)) {
	if e := t.Elems[0].Resolve(); o == spec.Field && w.item != nil && e.Shallow().Of(spec.Item) != 0 {
		w.errors(e.Shallow(), e, chosen, func() { write(t.Elems[0]) })
		return
	}
	if o == spec.Field && t.Elems[0].Writes.Of(spec.Whole) != 0 && (!t.Elems[0].Tagged || t.Elems[0].Copies.Of(spec.Field) != 0) && w.item == nil {
		chosen = w.first(t, chosen, write)
	}
	outer := w.follows
	defer func() { w.follows = outer }()
	for ; len(chosen) > 0; w.follows = true {
		i := chosen[0]
		e := w.elementFor(t, o, i)
		if w.leaf(e, o, i) {
			w.within(o, chosen[:1:1], 0, func() { w.one(o, i, e, t, write) })
			chosen = chosen[1:]
			continue
		}
		if s := &w.shape.Sites[w.of(o).site[i]]; o == spec.Item && w.lacks(&w.o.Items[i], s) {
			w.items.done[i] = true
			w.lost("items["+strconv.Itoa(i)+"]", "it lacks what must be there for it to be read")
			chosen = chosen[1:]
			continue
		}
		n := 1
		for n < len(chosen) && !w.shape.Sites[w.of(o).site[i]].Single && w.elementFor(t, o, chosen[n]) == e && w.alike(o, i, chosen[n], e.Shallow()) {
			n++
		}
		w.group(o, chosen[:n], e, write)
		chosen = chosen[n:]
	}
}

// elementFor is the template of a list for a record.
func (w *output) elementFor(t *spec.Template, o spec.Owner, i int) *spec.Template {
	for _, e := range t.Elems {
		if w.placed(e, o, i) {
			return e
		}
	}
	return t.Elems[0]
}

// leaf reports that this template writes a record, and not a repetition in it.
func (w *output) leaf(e *spec.Template, o spec.Owner, i int) bool {
	switch e = e.Resolve(); e.Op {
	case spec.OpEither:
		return slices.ContainsFunc(e.Elems, func(one *spec.Template) bool { return w.leaf(one, o, i) })
	}
	id := e.Site[o-spec.Item]
	if id != 0 && w.shape.Sites[id].Tree {
		return w.rest(o, i) == ""
	}
	return id != 0 && id == w.of(o).site[i]
}

// alike reports that two records have the same attributes of a set.
func (w *output) alike(o spec.Owner, i, j int, of spec.Set) bool {
	for a := spec.AttrNone + 1; a < spec.AttrCount; a++ {
		if o == spec.Field && a != spec.AttrCode && a != spec.AttrMessage && a != spec.AttrPath || !of.Has(o, a) {
			continue
		}
		if o == spec.Field && spec.FieldText(&w.o.Fields[i], a) != spec.FieldText(&w.o.Fields[j], a) || o == spec.Item && spec.ItemText(&w.o.Items[i], a) != spec.ItemText(&w.o.Items[j], a) {
			return false
		}
	}
	return true
}

// group writes an element whose repetition holds the records. The texts outside of the
// repetition are those of the first record.
func (w *output) group(o spec.Owner, chosen []int, e *spec.Template, write func(*spec.Template)) {
	w.within(o, chosen, 0, func() {
		outer := w.around
		w.around |= e.Shallow()
		if o == spec.Item {
			it := &w.o.Items[chosen[0]]
			w.item, w.itemAt = it, chosen[0]
			site := &w.shape.Sites[w.items.site[chosen[0]]]
			w.itemCode, w.itemStatus = w.itemMeaning(it, site.Written, site)
			write(e)
			w.item, w.itemCode, w.itemStatus, w.noted = nil, "", 0, false
		} else {
			w.field, w.fieldAt = &w.o.Fields[chosen[0]], chosen[0]
			write(e)
			w.field = nil
		}
		w.around = outer
	})
}

// one writes a record as an element.
func (w *output) one(o spec.Owner, i int, e, t *spec.Template, write func(*spec.Template)) {
	outer := w.record
	if o == spec.Item {
		w.withItem(i, e, write)
	} else {
		w.withField(i, e, t, write)
	}
	w.record = outer
	w.of(o).done[i] = true
}

// first writes the element with the texts of the whole. The first record is written into
// the same element if their texts agree. It returns the remaining records.
func (w *output) first(t *spec.Template, chosen []int, write func(*spec.Template)) []int {
	e := t.Elems[0]
	if w.wholeWritten {
		return chosen
	}
	w.wholeWritten = true
	w.merged = w.merges(e, &w.o.Fields[chosen[0]])
	switch {
	case w.merged && !w.leaf(e, spec.Field, chosen[0]) && e.Deep.Of(spec.Field) != 0:
		n := 1
		for n < len(chosen) && w.alike(spec.Field, chosen[0], chosen[n], e.Shallow()) {
			n++
		}
		w.group(spec.Field, chosen[:n], e, write)
		w.merged, chosen = false, chosen[n:]
	case w.merged:
		if i := chosen[0]; w.o.Fields[i].Path == "" {
			w.lost("fields["+strconv.Itoa(i)+"]", "without a path it reads as the whole's own")
		}
		w.within(spec.Field, chosen[:1:1], 0, func() { w.one(spec.Field, chosen[0], e, t, write) })
		w.merged, chosen = false, chosen[1:]
	case t.Guarded() || w.standsAlone(e) && e.Writes.Of(spec.Whole)&w.present&^w.shape.Body.Sure() != 0:
		w.within(spec.Field, []int{}, 0, func() { write(e) })
	}
	return chosen
}

// merges reports that the first Field can share an element with the whole: each text that
// is read as both is equal, or the whole does not have it.
func (w *output) merges(e *spec.Template, f *parlance.Field) bool {
	if e = e.Resolve(); e.Op == spec.OpHole {
		first := e.Hole.Readings[0]
		if first.Pattern != nil || first.Target.Owner != spec.Whole {
			return true
		}
		for _, c := range e.Hole.Readings[1:] {
			if c.Pattern == nil && c.Target.Owner == spec.Field {
				text := w.value(first.Target)
				if e.Hole.Guard != nil {
					text = w.render(e.Hole)
				}
				if text != "" && text != spec.FieldText(f, c.Target.Attr) {
					return false
				}
			}
		}
		return true
	}
	for i := range e.Members {
		if !w.merges(e.Members[i].Value, f) {
			return false
		}
	}
	return true
}
