package write

import (
	"math/bits"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

func (w *output) withField(i int, e, t *spec.Template, write func(*spec.Template)) {
	f := &w.o.Fields[i]
	w.field, w.fieldAt = f, i
	if t.Guarded() && !w.merged && len(t.Elems) > 1 {
		e = t.Elems[1] // the first one says what the shape is recognized by
	}
	if t.Op == spec.OpList && len(t.Elems) > 1 {
		for _, other := range t.Elems {
			if bits.OnesCount64(uint64(spec.FieldSet(f)&^(other.Writes|other.Copies))) < bits.OnesCount64(uint64(spec.FieldSet(f)&^(e.Writes|e.Copies))) && w.leaf(other, spec.Field, i) {
				e = other
			}
		}
	}
	if e.Op == spec.OpHole && w.render(e.Hole) == "" && !e.Hole.Defaults || w.shape.Sites[w.fields.site[i]].Must&^spec.FieldSet(f) != 0 {
		w.lost("fields["+strconv.Itoa(i)+"]", "it has nothing that stands in such a list")
		return
	}
	write(e)
	w.loseField(i, (e.Writes|e.Copies)&^e.Implied|w.around|w.saidBy(e, i))
}

// atRoot selects the first record whose place is the body itself.
func (w *output) atRoot(o spec.Owner) {
	r := w.of(o)
	for i, id := range r.site {
		if id == 0 || !w.shape.Sites[id].Root || w.path(o, i) == "" {
			continue
		}
		r.done[i] = true
		if o == spec.Item {
			w.withItem(i, w.shape.Body, func(*spec.Template) { w.item = nil })
			w.item, w.itemAt = &w.o.Items[i], i
			w.itemCode, w.itemStatus = w.itemMeaning(w.item, w.shape.Sites[id].Written, &w.shape.Sites[id])
			return
		}
		w.field, w.fieldAt, w.merged = &w.o.Fields[i], i, true
		site := &w.shape.Sites[id]
		w.loseField(i, site.Written&^w.overwritten(w.field, site))
		return
	}
}

// saidBy are the attributes of a Field that are a part of a written text.
func (w *output) saidBy(e *spec.Template, i int) (s spec.Set) {
	if e.Implied == 0 {
		return 0
	}
	if e.Op == spec.OpHole {
		text := []byte(w.render(e.Hole))
		for _, r := range e.Hole.Readings[1:] {
			if r.Pattern == nil {
				continue
			}
			all, _ := r.Pattern.Read(text, w, nil)
			for _, one := range all {
				if one.Hole.Owner == spec.Field && string(one.Text) == spec.FieldText(&w.o.Fields[i], one.Hole.Attr) {
					s |= one.Hole.Bit()
				}
			}
		}
	}
	for m := range e.Members {
		s |= w.saidBy(e.Members[m].Value, i)
	}
	return s
}

func (w *output) loseField(i int, written spec.Set) {
	missing := spec.FieldSet(&w.o.Fields[i]) &^ written
	if missing == 0 {
		return
	}
	for _, a := range [...]spec.Attribute{spec.AttrPath, spec.AttrCode, spec.AttrMessage} {
		if missing.Has(spec.Field, a) {
			w.lost("fields["+strconv.Itoa(i)+"]."+a.String(), "there is no place for it")
		}
	}
}

// copiedField is for shapes that read the Fields out of the text of another attribute. It
// reports the Fields that the written text does not contain.
func (w *output) copiedField() {
	var found []parlance.Field
	if w.shape != nil && w.shape.Copies.Of(spec.Field) != 0 && len(w.dst) > w.start {
		found = w.d.FieldsIn(w.req, &wire.Response{Status: w.status, Header: wire.HeaderMap{"Content-Type": {w.shape.Media}}, Body: w.dst[w.start:]}, w.depth)
	}
	if slices.Equal(found, w.o.Fields) {
		return
	}
	switch {
	case len(found) == 0 && w.fieldsInDetail && w.carried.Has(spec.Whole, spec.AttrDetail):
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
