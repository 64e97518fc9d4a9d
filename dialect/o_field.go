package dialect

import (
	"math/bits"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
)

func (w *output) withField(i int, e, t *template, write func(*template)) {
	f := &w.o.Fields[i]
	w.field, w.fieldAt = f, i
	if t.guarded() && !w.merged && len(t.elems) > 1 {
		e = t.elems[1] // the first one says what the shape is recognised by
	}
	if t.op == opList && len(t.elems) > 1 {
		for _, other := range t.elems {
			if bits.OnesCount64(uint64(fieldSet(f)&^(other.writes|other.copies))) < bits.OnesCount64(uint64(fieldSet(f)&^(e.writes|e.copies))) && w.leaf(other, field, i) {
				e = other
			}
		}
	}
	if e.op == opHole && w.render(e.hole) == "" && !e.hole.defaults || w.shape.sites[w.fields.site[i]].must&^fieldSet(f) != 0 {
		w.lost("fields["+strconv.Itoa(i)+"]", "it has nothing that stands in such a list")
		return
	}
	write(e)
	w.loseField(i, (e.writes|e.copies)&^e.implied|w.around|w.saidBy(e, i))
}

// atRoot takes the first record whose place is the body itself.
func (w *output) atRoot(o owner) {
	r := w.of(o)
	for i, id := range r.site {
		if id == 0 || !w.shape.sites[id].root || w.path(o, i) == "" {
			continue
		}
		r.done[i] = true
		if o == item {
			w.withItem(i, w.shape.body, func(*template) { w.item = nil })
			w.item, w.itemAt = &w.o.Items[i], i
			w.itemCode, w.itemStatus = w.itemMeaning(w.item, w.shape.sites[id].written, &w.shape.sites[id])
			return
		}
		w.field, w.fieldAt, w.merged = &w.o.Fields[i], i, true
		f := w.field
		own, direct := w.shape.sites[id].written, w.shape.body.writes
		for _, a := range [...]attribute{attrCode, attrMessage} {
			text := w.code
			if a == attrMessage {
				text = w.o.Detail
			}
			// A copy of what the whole says.
			if is := fieldText(f, a); is != "" && text != "" && is != text && !direct.has(field, a) {
				own &^= bitOf(field, a)
			}
		}
		w.loseField(i, own)
		return
	}
}

// saidBy are the attributes of a Field that a text which was written says in a
// part of it.
func (w *output) saidBy(e *template, i int) (s set) {
	if e.implied == 0 {
		return 0
	}
	if e.op == opHole {
		text := []byte(w.render(e.hole))
		for _, r := range e.hole.readings[1:] {
			if r.pattern == nil {
				continue
			}
			all, _ := r.pattern.read(text, w, nil)
			for _, one := range all {
				if one.hole.owner == field && string(one.text) == fieldText(&w.o.Fields[i], one.hole.attr) {
					s |= one.hole.bit()
				}
			}
		}
	}
	for m := range e.members {
		s |= w.saidBy(e.members[m].value, i)
	}
	return s
}

func (w *output) loseField(i int, written set) {
	missing := fieldSet(&w.o.Fields[i]) &^ written
	if missing == 0 {
		return
	}
	for _, a := range [...]attribute{attrPath, attrCode, attrMessage} {
		if missing.has(field, a) {
			w.lost("fields["+strconv.Itoa(i)+"]."+a.String(), "there is no place for it")
		}
	}
}

// copiedField reports the Fields that what was written does not say in the text
// of another attribute, where the shape reads them out of it.
func (w *output) copiedField() {
	var found []parlance.Field
	if w.shape != nil && w.shape.copies.of(field) != 0 && len(w.dst) > w.start {
		found = w.d.fieldsIn(w.req, &Response{Status: w.status, Header: Fields{"Content-Type": {w.shape.media}}, Body: w.dst[w.start:]}, w.depth)
	}
	if slices.Equal(found, w.o.Fields) {
		return
	}
	switch {
	case len(found) == 0 && w.fieldsTold && w.carried.has(whole, attrDetail):
		w.lost("fields", "there is no place for them; the detail holds their texts")
		return
	case len(found) == 0:
		w.lost("fields", "there is no place for them")
		return
	}
	for i, f := range w.o.Fields {
		if !slices.Contains(found, f) {
			w.lost("fields["+strconv.Itoa(i)+"]", "it does not stand in the text")
		}
	}
}
