package dialect

import (
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
)

// turns calls write for each element that a list is written with.
func (w *output) turns(t *template, must bool, write func(*template)) {
	if len(t.elems) == 0 {
		return
	}
	mine := len(w.scratch)
	for _, o := range [...]owner{item, field} {
		if chosen := w.pick(t, o); len(chosen) > 0 {
			w.write(t, o, chosen, write)
			w.rests(t, write)
			w.scratch = w.scratch[:mine]
			return
		}
	}
	e := t.elems[0]
	switch {
	case t.writes.has(whole, attrNote):
		for _, n := range w.o.Notes {
			w.note = n
			write(e)
		}
		w.note = ""
		w.carried |= bitOf(whole, attrNote)
	case e.op == opConst, e.op == opAny && e.text != "":
		write(e)
	case e.apart || len(t.elems) > 1 && t.elems[1].apart:
		w.rests(t, write)
	case e.writes.of(whole) != 0 && (must || e.standsIn() || w.tells(e)):
		write(e)
	}
}

// tells reports that an element says something of the whole.
func (w *output) tells(e *template) bool {
	return w.has(&template{writes: e.writes.of(whole) &^ bitOf(whole, attrStatus)})
}

// rests writes the elements that a constant tells apart and that say something
// of the whole.
func (w *output) rests(t *template, write func(*template)) {
	for _, e := range t.elems {
		if e.apart && e.writes.of(whole)&w.present&^w.carried != 0 && (e.writes|e.copies).of(item)|(e.writes|e.copies).of(field) == 0 && !e.readOnly {
			write(e)
		}
	}
}

// write writes records: each as an element, or several that share what stands
// outside of a repetition in it.
func (w *output) write(t *template, o owner, chosen []int, write func(*template)) {
	if o == field && t.elems[0].writes.of(whole) != 0 && !t.elems[0].apart && w.item == nil {
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
		if s := &w.shape.sites[w.of(o).site[i]]; o == item && w.lacks(&w.o.Items[i], s) {
			w.items.done[i] = true
			w.lost("items["+strconv.Itoa(i)+"]", "it lacks what must be there for it to be read")
			chosen = chosen[1:]
			continue
		}
		n := 1
		for n < len(chosen) && !w.shape.sites[w.of(o).site[i]].single && w.elementFor(t, o, chosen[n]) == e && w.alike(o, i, chosen[n], e.shallow()) {
			n++
		}
		w.group(o, chosen[:n], e, write)
		chosen = chosen[n:]
	}
}

// elementFor is the template of a list that a record is written with.
func (w *output) elementFor(t *template, o owner, i int) *template {
	for _, e := range t.elems {
		if w.placed(e, o, i) {
			return e
		}
	}
	return t.elems[0]
}

// leaf reports that a record is written by this template, and not by a
// repetition in it.
func (w *output) leaf(e *template, o owner, i int) bool {
	switch e = e.resolve(); e.op {
	case opEither:
		return slices.ContainsFunc(e.elems, func(one *template) bool { return w.leaf(one, o, i) })
	}
	id := e.site[o-item]
	if id != 0 && w.shape.sites[id].tree {
		return w.rest(o, i) == ""
	}
	return id != 0 && id == w.of(o).site[i]
}

// alike reports that two records have the same attributes of a set.
func (w *output) alike(o owner, i, j int, of set) bool {
	for a := attrNone + 1; a < attrCount; a++ {
		if o == field && a != attrCode && a != attrMessage && a != attrPath || !of.has(o, a) {
			continue
		}
		if o == field && fieldText(&w.o.Fields[i], a) != fieldText(&w.o.Fields[j], a) || o == item && itemText(&w.o.Items[i], a) != itemText(&w.o.Items[j], a) {
			return false
		}
	}
	return true
}

// group writes an element whose repetition holds the records; what stands
// outside of that is the first one's.
func (w *output) group(o owner, chosen []int, e *template, write func(*template)) {
	w.within(o, chosen, 0, func() {
		outer := w.around
		w.around |= e.shallow()
		if o == item {
			it := &w.o.Items[chosen[0]]
			w.item, w.itemAt = it, chosen[0]
			site := &w.shape.sites[w.items.site[chosen[0]]]
			w.itemCode, w.itemStatus = w.itemMeaning(it, site.written, site)
			write(e)
			w.item, w.itemCode, w.itemStatus = nil, "", 0
		} else {
			w.field, w.fieldAt = &w.o.Fields[chosen[0]], chosen[0]
			write(e)
			w.field = nil
		}
		w.around = outer
	})
}

// one writes a record as an element.
func (w *output) one(o owner, i int, e, t *template, write func(*template)) {
	outerField, outerAt, outerItem, outerCode, outerStatus := w.field, w.fieldAt, w.item, w.itemCode, w.itemStatus
	if o == item {
		w.withItem(i, e, write)
	} else {
		w.withField(i, e, t, write)
	}
	w.field, w.fieldAt, w.item, w.itemCode, w.itemStatus = outerField, outerAt, outerItem, outerCode, outerStatus
	w.of(o).done[i] = true
}

// first writes the element that tells of the whole, together with the first
// record where both say the same. It returns the records that are left.
func (w *output) first(t *template, chosen []int, write func(*template)) []int {
	e := t.elems[0]
	if w.told {
		return chosen
	}
	w.told = true
	w.merged = w.merges(e, &w.o.Fields[chosen[0]])
	switch {
	case w.merged && !w.leaf(e, field, chosen[0]) && e.deep.of(field) != 0:
		n := 1
		for n < len(chosen) && w.alike(field, chosen[0], chosen[n], e.shallow()) {
			n++
		}
		w.group(field, chosen[:n], e, write)
		w.merged, chosen = false, chosen[n:]
	case w.merged:
		if i := chosen[0]; w.o.Fields[i].Path == "" {
			w.lost("fields["+strconv.Itoa(i)+"]", "without a path it reads as the whole's own")
		}
		w.within(field, chosen[:1:1], 0, func() { w.one(field, chosen[0], e, t, write) })
		w.merged, chosen = false, chosen[1:]
	case t.guarded() || w.tells(e):
		w.within(field, []int{}, 0, func() { write(e) })
	}
	return chosen
}

// merges reports that the first Field can stand in the same element as the
// whole: every text that is read as both is equal, or the whole has none.
func (w *output) merges(e *template, f *parlance.Field) bool {
	if e.op == opHole {
		first := e.hole.readings[0]
		if first.pattern != nil || first.target.owner != whole {
			return true
		}
		for _, c := range e.hole.readings[1:] {
			if c.pattern == nil && c.target.owner == field {
				text := w.value(first.target)
				if e.hole.guard != nil {
					text = w.render(e.hole)
				}
				if text != "" && text != fieldText(f, c.target.attr) {
					return false
				}
			}
		}
		return true
	}
	for i := range e.members {
		if !w.merges(e.members[i].value, f) {
			return false
		}
	}
	return true
}
