package write

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write/replay"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// json writes a template as JSON.
func (w *output) json(t *spec.Template) {
	if t.WriteOnly {
		carried := w.carried
		defer func() { w.carried = carried }() // nobody reads it again
	}
	switch t.Op {
	case spec.OpConst:
		w.dst = appendConstant(w.dst, t)
	case spec.OpHole:
		w.jsonHole(t.Hole)
	case spec.OpAny:
		if t.Text == "" {
			w.dst = append(w.dst, "null"...)
		}
		w.dst = append(w.dst, t.Text...)
	case spec.OpObject:
		if t.Indexed {
			w.jsonIndexed(t)
			return
		}
		w.jsonObject(t)
	case spec.OpEither:
		w.json(w.alternative(t))
	case spec.OpList:
		w.jsonList(t, false)
	case spec.OpReference:
		if w.nested++; w.nested > maxNested {
			w.dst = append(w.dst, "null"...)
		} else {
			w.json(t.Def.Body)
		}
		w.nested--
	}
}

// maxNested is the maximum depth of a definition inside itself.
const maxNested = 64

// alternative is the alternative that places most of the records that are being written;
// of several the one that loses least of the whole, and of those the first.
func (w *output) alternative(t *spec.Template) *spec.Template {
	var best *spec.Template
	most, least := -1, 0
	for _, e := range t.Elems {
		if e.ReadOnly {
			continue
		}
		placed := w.places(e)
		lost := bits.OnesCount64(uint64((t.Writes | t.Copies) & w.present &^ (e.Writes | e.Copies)))
		if !e.Fillable(w.present) || w.empties(e) {
			lost += misplaced // it would not be read
		}
		if w.field != nil && placed <= 0 {
			lost += bits.OnesCount64(uint64(spec.FieldSet(w.field) &^ (e.Writes | e.Copies)))
		}
		if lost == 0 && placed > 0 && best == nil && !t.Indexes {
			return e // nothing can be better
		}
		if best == nil || placed > most || placed == most && lost < least {
			best, most, least = e, placed, lost
		}
	}
	return cmp.Or(best, t.Elems[0])
}

// empties reports that a template is a text of which a hole would be empty.
func (w *output) empties(e *spec.Template) bool {
	return e.Op == spec.OpHole && e.Hole.Readings[0].Pattern != nil && w.render(e.Hole) == ""
}

// places is the weight of the records that have a place in a template. It is negative for a
// list that cannot hold them.
func (w *output) places(e *spec.Template) (placed int) {
	for _, o := range [...]spec.Owner{spec.Item, spec.Field} {
		mine := len(w.scratch)
		chosen := w.pick(e, o)
		w.scratch = w.scratch[:mine] // it is only looked at
		if len(chosen) == 0 {
			continue
		}
		placed += 3 * len(chosen)
		if w.leaf(e, o, chosen[0]) || !e.Loops && e.Near.Has(w.of(o).site[chosen[0]]) {
			placed++ // its own place, before one further down
		}
		if e := e.Resolve(); e.Op == spec.OpObject && e.Indexed {
			if w.indexes(o, chosen) {
				placed++ // a list before names that are numbers
			} else {
				placed = -1
			}
		}
	}
	return placed
}

// indexes reports that the next part in the paths of the records is a number.
func (w *output) indexes(o spec.Owner, chosen []int) bool {
	for _, i := range chosen {
		head, _, _ := strings.Cut(w.rest(o, i), ".")
		if !tree.IsDigits(head) {
			return false
		}
	}
	return true
}

func appendConstant(dst []byte, t *spec.Template) []byte {
	switch t.Kind {
	case tree.Null:
		return append(dst, "null"...)
	case tree.True:
		return append(dst, "true"...)
	case tree.False:
		return append(dst, "false"...)
	case tree.Number:
		return append(dst, t.Text...)
	}
	return jsontext.Append(dst, t.Text)
}

// jsonHole writes the value of a hole.
func (w *output) jsonHole(h *spec.Hole) {
	first := &h.Readings[0]
	if len(h.Readings) == 1 && (h.Plain || h.IsStatus()) {
		w.jsonText(h, first)
		return
	}
	if first.Pattern == nil && w.jsonDocument(h, first.Target.Attr) {
		return
	}
	text := w.render(h)
	if text == "" && !h.Defaults && !first.Conv.Structured() {
		w.null(first)
		return
	}
	encoded, ok := w.encoded(h, text)
	if !ok {
		w.unwritable(first, text)
		w.dst = append(w.dst, "null"...)
		return
	}
	w.carry(h, text)
	at := len(w.dst)
	switch {
	case first.Conv.Structured():
		w.dst = first.Conv.AppendStructured(w.dst, text)
	case first.Pattern == nil && first.Conv.Bare() && isBare(encoded):
		w.dst = append(w.dst, encoded...)
	default:
		w.dst = jsontext.Append(w.dst, encoded)
	}
	w.marked(h, at)
}

// isBare reports a text that JSON can hold without quotes.
func isBare(text string) bool { return tree.IsNumber(text) || text == "true" || text == "false" }

// encoded is a text in the notation of a hole. It reports false for a text that the
// notation cannot hold.
func (w *output) encoded(h *spec.Hole, text string) (string, bool) {
	first := &h.Readings[0]
	if first.Pattern != nil || h.Defaults && text == h.Fallback {
		return text, true
	}
	return first.Conv.Wire(text, w)
}

// jsonText writes the commonest values: an attribute as it is, and the status.
func (w *output) jsonText(h *spec.Hole, r *spec.Reading) {
	text, at := w.value(r.Target), len(w.dst)
	if text == "" && h.StandIn != nil {
		text = w.render(h)
	}
	switch {
	case text == "":
		w.null(r)
		return
	case h.Plain:
		w.dst = jsontext.Append(w.dst, text)
		w.marked(h, at)
	default:
		w.dst = append(w.dst, text...)
	}
	if r.Target.Owner == spec.Whole {
		w.carried |= r.Bit
	} else if r.Target.Attr == spec.AttrNote {
		w.noted = true
	}
}

// jsonDocument writes an attribute that is a document: a payload, or the body or header of
// the response inside a record. It reports false for any other attribute.
func (w *output) jsonDocument(h *spec.Hole, a spec.Attribute) bool {
	switch a {
	case spec.AttrData:
		w.payload(h.NoData)
	case spec.AttrBody:
		if len(w.itemBody) == 0 {
			w.dst = append(w.dst, "null"...)
		}
		w.dst = append(w.dst, w.itemBody...)
	case spec.AttrHeaders:
		w.embedHeader(h.Readings[0].Conv)
	default:
		return false
	}
	return true
}

// null writes an attribute that is not set.
func (w *output) null(r *spec.Reading) {
	w.dst = append(w.dst, "null"...)
	if r.Pattern == nil && r.Target.Owner == spec.Whole && w.item == nil && w.field == nil {
		w.unset = append(w.unset, r.Target.Attr.String())
	}
}

// unwritable reports a value of a record that the notation cannot hold.
func (w *output) unwritable(r *spec.Reading, text string) {
	switch {
	case r.Target.Owner == spec.Field && w.field != nil:
		w.lost("fields["+strconv.Itoa(w.fieldAt)+"]."+r.Target.Attr.String(), "it is no "+spec.NotationNames[r.Conv.Notation])
	case r.Target.Owner == spec.Item && w.item != nil:
		name := "items[" + strconv.Itoa(w.itemAt) + "].outcome." + r.Target.Attr.String()
		if r.Target.Attr == spec.AttrID {
			name = "items[" + strconv.Itoa(w.itemAt) + "].id"
		}
		w.lost(name, "it is no "+spec.NotationNames[r.Conv.Notation])
	}
}

// embedHeader writes the header of a response inside a body: an object, or a list of pairs.
func (w *output) embedHeader(as spec.Conversion) {
	if as.Structured() {
		w.dst = append(w.dst, '[')
		for i, p := range w.itemHeader {
			if i > 0 {
				w.dst = append(w.dst, ',')
			}
			w.dst = append(as.AppendPair(w.dst, p.Name, jsontext.Append(nil, p.Value)), '}')
		}
		w.dst = append(w.dst, ']')
		return
	}
	w.dst = append(w.dst, '{')
	for i, p := range w.itemHeader {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(jsontext.Append(w.dst, p.Name), ':')
		w.dst = jsontext.Append(w.dst, p.Value)
	}
	w.dst = append(w.dst, '}')
}

// payload writes the success value into the envelope, or the text for a missing value.
func (w *output) payload(without string) {
	if len(w.data.Body) == 0 {
		w.dst = append(w.dst, cmp.Or(without, "null")...)
		return
	}
	w.carried |= spec.BitOf(spec.Whole, spec.AttrData)
	if tree.ValidJSON(w.data.Body) {
		at := len(w.dst)
		w.dst = append(w.dst, w.data.Body...)
		w.markData(replay.StepJSON, at)
		return
	}
	// A payload that is not JSON is written into the envelope as a text.
	w.spoil()
	w.dst = jsontext.Append(w.dst, string(w.data.Body))
}

func (w *output) jsonObject(t *spec.Template) {
	w.dst = append(w.dst, '{')
	first := len(w.dst)
	if w.shape != nil && t == w.shape.Body && len(w.data.Body) > 0 && t.Reads == 0 && t.Rest == nil && w.o.Kind.Good() && w.beside(t) {
		return
	}
	for i := range t.Members {
		m := &t.Members[i]
		if (m.Optional || m.Unwritten) && w.leavesOut(m) {
			continue
		}
		if len(w.dst) > first {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(w.dst, m.JSON...)
		if m.Must {
			if value := m.Value.Resolve(); value.Op == spec.OpList {
				w.jsonList(value, true)
				continue
			}
		}
		w.json(m.Value)
	}
	if t.Rest != nil && t.Key.Attr == spec.AttrExtra {
		w.jsonExtras(t, first)
	} else if t.Rest != nil {
		w.others(t, func(key string, value *spec.Template) {
			if len(w.dst) > first {
				w.dst = append(w.dst, ',')
			}
			if t.Key != (spec.Target{Owner: spec.Field, Attr: spec.AttrPath}) {
				w.dst = append(jsontext.Append(w.dst, key), ':')
				w.json(value)
				return
			}
			w.markNames(t)
			at := len(w.dst)
			w.dst = jsontext.Append(w.dst, key)
			w.markText(t.Key, &t.KeyConv, at)
			w.dst = append(w.dst, ':')
			w.json(value)
			w.markTurn(replay.StepEnd)
		})
	}
	w.dst = append(w.dst, '}')
}

// jsonExtras writes each extra without a place as a member of its own, behind the members
// from first on.
func (w *output) jsonExtras(t *spec.Template, first int) {
	for _, name := range w.otherExtras() {
		if t.Names([]byte(name)) {
			continue
		}
		if len(w.dst) > first {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(jsontext.Append(w.dst, name), ':')
		w.dst = jsontext.Append(w.dst, w.extra(name))
		w.carried |= t.Key.Bit()
	}
}

// beside writes the payload of a shape that has only constants: the members of the payload
// are written beside them. It reports false for a payload that is not a JSON object.
func (w *output) beside(t *spec.Template) bool {
	w.spoil()
	var p tree.Tree
	if p.JSON(w.data.Body, false) != nil || p.Nodes[0].Kind != tree.Object {
		return false
	}
	first := len(w.dst)
	for i := range t.Members {
		if m := &t.Members[i]; !w.leavesOut(m) {
			if len(w.dst) > first {
				w.dst = append(w.dst, ',')
			}
			w.dst = append(w.dst, m.JSON...)
			w.json(m.Value)
		}
	}
	for c := range p.Children(0) {
		named := slices.IndexFunc(t.Members, func(m spec.Member) bool {
			return slices.ContainsFunc(m.Names, func(name string) bool { return p.KeyIs(c, name) })
		})
		if named >= 0 {
			if m := t.Members[named].Value; m.Op != spec.OpConst || m.Kind != p.Nodes[c].Kind || m.Kind >= tree.Number && m.Text != string(p.Value(c)) {
				w.lost("data", "its member "+t.Members[named].Names[0]+" says something else here")
			}
			continue
		}
		if len(w.dst) > first {
			w.dst = append(w.dst, ',')
		}
		node := &p.Nodes[c]
		w.dst = append(append(append(w.dst, '"'), p.Source[node.KeyStart:node.KeyEnd]...), '"', ':')
		if node.Kind == tree.Text {
			w.dst = append(append(append(w.dst, '"'), p.Raw(c)...), '"')
		} else {
			w.dst = append(w.dst, p.Raw(c)...)
		}
	}
	w.dst = append(w.dst, '}')
	// The payload may have another meaning in another shape.
	read := w.d.Decode(*w.req, wire.Response{Status: w.status, Header: wire.HeaderMap{"Content-Type": {w.shape.Media}}, Body: w.dst[w.start:]}, w.depth)
	if read.Outcome.Kind != w.o.Kind {
		w.dst = w.dst[:first]
		return false
	}
	w.carried |= spec.BitOf(spec.Whole, spec.AttrData)
	return true
}

// leavesOut reports that a member is not written: it is only read, or it is optional and
// has no value. A constant and a value with a default always have one.
func (w *output) leavesOut(m *spec.Member) bool {
	switch {
	case m.Value.ReadOnly, m.Value.Op == spec.OpAbsent, m.Value.Op == spec.OpAny && m.Value.Text == "":
		return true
	case !m.Optional, m.Value.Op == spec.OpConst, m.Value.Op == spec.OpAny, m.Value.Op == spec.OpHole && m.Value.Hole.Defaults:
		return false
	case m.Value.Op == spec.OpHole && m.Value.Hole.Guard == nil:
		switch first := &m.Value.Hole.Readings[0]; {
		case first.Pattern != nil:
		case first.Target.Attr == spec.AttrData:
			return len(w.data.Body) == 0
		case first.Target.Attr == spec.AttrBody:
			return len(w.itemBody) == 0
		case first.Target.Attr == spec.AttrHeaders:
			return len(w.itemHeader) == 0
		}
		return w.render(m.Value.Hole) == ""
	}
	return !w.has(m.Value) || w.item == nil && w.field == nil && m.Value.Op == spec.OpObject && !m.Value.Fillable(w.present)
}

// jsonList writes a list. If must is set, it cannot be empty.
func (w *output) jsonList(t *spec.Template, must bool) {
	w.dst = append(w.dst, '[')
	first := true
	w.turns(t, must, func(e *spec.Template) {
		if !first {
			w.dst = append(w.dst, ',')
		}
		first = false
		own := w.field != nil && !w.merged
		if own {
			w.markTurn(replay.StepEach)
		}
		w.json(e)
		if own {
			w.markTurn(replay.StepEnd)
		}
	})
	w.dst = append(w.dst, ']')
}
