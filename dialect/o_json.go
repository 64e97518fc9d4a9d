package dialect

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// json writes a template as JSON.
func (w *output) json(t *template) {
	if t.writeOnly {
		carried := w.carried
		defer func() { w.carried = carried }() // nobody reads it again
	}
	switch t.op {
	case opConst:
		w.dst = appendConstant(w.dst, t)
	case opHole:
		w.jsonHole(t.hole)
	case opAny:
		if t.text == "" {
			w.dst = append(w.dst, "null"...)
		}
		w.dst = append(w.dst, t.text...)
	case opObject:
		if t.indexed {
			w.jsonIndexed(t)
			return
		}
		w.jsonObject(t)
	case opEither:
		w.json(w.alternative(t))
	case opList:
		w.jsonList(t, false)
	case opReference:
		if w.nested++; w.nested > maxNested {
			w.dst = append(w.dst, "null"...)
		} else {
			w.json(t.def.body)
		}
		w.nested--
	}
}

// maxNested bounds a definition that is written in itself.
const maxNested = 64

// alternative is the one that places most of the records that are being
// written, among these the one that loses least of the whole, among equals the
// first.
func (w *output) alternative(t *template) *template {
	var best *template
	most, least := -1, 0
	for _, e := range t.elems {
		if e.readOnly {
			continue
		}
		placed := 0
		for _, o := range [...]owner{item, field} {
			mine := len(w.scratch)
			chosen := w.pick(e, o)
			w.scratch = w.scratch[:mine] // it is only looked at
			placed += 3 * len(chosen)
			if len(chosen) > 0 && (w.leaf(e, o, chosen[0]) || !e.loops && e.near.has(w.of(o).site[chosen[0]])) {
				placed++ // its own place, before one further down
			}
			if e := e.resolve(); e.op == opObject && e.indexed && len(chosen) > 0 {
				if w.indexes(o, chosen) {
					placed++ // a list before names that are numbers
				} else {
					placed = -1
				}
			}
		}
		lost := bits.OnesCount64(uint64((t.writes | t.copies) & w.present &^ (e.writes | e.copies)))
		if !e.fillable(w.present) {
			lost += misplaced // it would not be read
		}
		if w.field != nil && placed <= 0 {
			lost += bits.OnesCount64(uint64(fieldSet(w.field) &^ (e.writes | e.copies)))
		}
		if lost == 0 && placed > 0 && best == nil && !t.indexes {
			return e // nothing can be better
		}
		if best == nil || placed > most || placed == most && lost < least {
			best, most, least = e, placed, lost
		}
	}
	if best == nil {
		return t.elems[0]
	}
	return best
}

// indexes reports that what comes next in the paths of the records are numbers.
func (w *output) indexes(o owner, chosen []int) bool {
	for _, i := range chosen {
		head, _, _ := strings.Cut(w.rest(o, i), ".")
		if !isDigits(head) {
			return false
		}
	}
	return true
}

func appendConstant(dst []byte, t *template) []byte {
	switch t.kind {
	case tree.Null:
		return append(dst, "null"...)
	case tree.True:
		return append(dst, "true"...)
	case tree.False:
		return append(dst, "false"...)
	case tree.Number:
		return append(dst, t.text...)
	}
	return appendJSONText(dst, t.text)
}

func (w *output) jsonHole(h *hole) {
	first := &h.readings[0]
	if len(h.readings) == 1 && (h.plain || first.target.attr == attrStatus && first.conv.notation == integer && first.target.owner == whole && !h.defaults) {
		// The commonest places: an attribute as it is, and the status.
		text, at := w.value(first.target), len(w.dst)
		if text == "" && h.standIn != nil {
			text = w.render(h)
		}
		switch {
		case text == "":
			w.null(first)
			return
		case h.plain:
			w.dst = appendJSONText(w.dst, text)
			w.marked(h, at)
		default:
			w.dst = append(w.dst, text...)
		}
		if first.target.owner == whole {
			w.carried |= first.bit
		}
		return
	}
	if first.pattern == nil {
		switch first.target.attr {
		case attrData:
			w.payload(h.noData)
			return
		case attrBody:
			if len(w.itemBody) == 0 {
				w.dst = append(w.dst, "null"...)
			}
			w.dst = append(w.dst, w.itemBody...)
			return
		case attrHeaders:
			w.embedHeader()
			return
		}
	}
	text := w.render(h)
	if text == "" && !h.defaults && !first.conv.structured() {
		w.null(first)
		return
	}
	wire, ok := text, true
	if first.pattern == nil && !(h.defaults && text == h.fallback) {
		wire, ok = first.conv.wire(text, w)
	}
	if !ok {
		w.unwritable(first, text)
		w.dst = append(w.dst, "null"...)
		return
	}
	w.carry(h, text)
	at := len(w.dst)
	switch {
	case first.conv.structured():
		w.dst = first.conv.appendStructured(w.dst, text)
	case first.pattern == nil && first.conv.bare() && (isNumber(wire) || wire == "true" || wire == "false"):
		w.dst = append(w.dst, wire...)
	default:
		w.dst = appendJSONText(w.dst, wire)
	}
	w.marked(h, at)
}

// null writes that an attribute is not set.
func (w *output) null(r *reading) {
	w.dst = append(w.dst, "null"...)
	if r.pattern == nil && r.target.owner == whole && w.item == nil && w.field == nil {
		w.unset = append(w.unset, r.target.attr.String())
	}
}

// unwritable reports a value of a record that the notation cannot hold.
func (w *output) unwritable(r *reading, text string) {
	switch {
	case r.target.owner == field && w.field != nil:
		w.lost("fields["+strconv.Itoa(w.fieldAt)+"]."+r.target.attr.String(), "it is no "+notationNames[r.conv.notation])
	case r.target.owner == item && w.item != nil:
		name := "items[" + strconv.Itoa(w.itemAt) + "].outcome." + r.target.attr.String()
		if r.target.attr == attrID {
			name = "items[" + strconv.Itoa(w.itemAt) + "].id"
		}
		w.lost(name, "it is no "+notationNames[r.conv.notation])
	}
}

// embedHeader writes the header of an answer that stands in a body.
func (w *output) embedHeader() {
	w.dst = append(w.dst, '{')
	for i, p := range w.itemHeader {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(appendJSONText(w.dst, p.Name), ':')
		w.dst = appendJSONText(w.dst, p.Value)
	}
	w.dst = append(w.dst, '}')
}

// payload writes the success value into the envelope, or what stands there without one.
func (w *output) payload(without string) {
	if len(w.data.Body) == 0 {
		w.dst = append(w.dst, cmp.Or(without, "null")...)
		return
	}
	w.carried |= bitOf(whole, attrData)
	if validJSON(w.data.Body) {
		at := len(w.dst)
		w.dst = append(w.dst, w.data.Body...)
		w.markData(stepJSON, at)
		return
	}
	// A payload that is no JSON goes into the envelope as a text.
	w.spoil()
	w.dst = appendJSONText(w.dst, string(w.data.Body))
}

func (w *output) jsonObject(t *template) {
	w.dst = append(w.dst, '{')
	first := len(w.dst)
	if w.shape != nil && t == w.shape.body && len(w.data.Body) > 0 && t.reads == 0 && t.rest == nil && w.o.Kind.Good() && w.beside(t) {
		return
	}
	for i := range t.members {
		m := &t.members[i]
		if (m.optional || m.unwritten) && w.leavesOut(m) {
			continue
		}
		if len(w.dst) > first {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(w.dst, m.json...)
		if m.must {
			if value := m.value.resolve(); value.op == opList {
				w.jsonList(value, true)
				continue
			}
		}
		w.json(m.value)
	}
	if t.rest != nil {
		w.others(t, func(key string, value *template) {
			if len(w.dst) > first {
				w.dst = append(w.dst, ',')
			}
			if t.key != (target{field, attrPath}) {
				w.dst = append(appendJSONText(w.dst, key), ':')
				w.json(value)
				return
			}
			w.markNames(t)
			at := len(w.dst)
			w.dst = appendJSONText(w.dst, key)
			w.markText(t.key, &t.keyConv, at)
			w.dst = append(w.dst, ':')
			w.json(value)
			w.markTurn(stepTurned)
		})
	}
	w.dst = append(w.dst, '}')
}

// beside writes the payload of a shape that is constants alone: what the
// constants mark stands beside them. It reports false for a payload that is no
// JSON object.
func (w *output) beside(t *template) bool {
	w.spoil()
	var p tree.Tree
	if p.JSON(w.data.Body, false) != nil || p.Nodes[0].Kind != tree.Object {
		return false
	}
	first := len(w.dst)
	for i := range t.members {
		if m := &t.members[i]; !w.leavesOut(m) {
			if len(w.dst) > first {
				w.dst = append(w.dst, ',')
			}
			w.dst = append(w.dst, m.json...)
			w.json(m.value)
		}
	}
	for c := range p.Children(0) {
		named := slices.IndexFunc(t.members, func(m member) bool {
			return slices.ContainsFunc(m.names, func(name string) bool { return p.KeyIs(c, name) })
		})
		if named >= 0 {
			if m := t.members[named].value; m.op != opConst || m.kind != p.Nodes[c].Kind || m.kind >= tree.Number && m.text != string(p.Value(c)) {
				w.lost("data", "its member "+t.members[named].names[0]+" says something else here")
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
	// What stands in the payload may mean something else to another shape.
	read := w.d.decode(*w.req, Response{Status: w.status, Header: Fields{"Content-Type": {w.shape.media}}, Body: w.dst[w.start:]}, w.depth)
	if read.Outcome.Kind != w.o.Kind {
		w.dst = w.dst[:first]
		return false
	}
	w.carried |= bitOf(whole, attrData)
	return true
}

// leavesOut reports that a member is not written: it is for reading alone, or it
// is optional and has nothing to say. A constant and a value with a default
// always have.
func (w *output) leavesOut(m *member) bool {
	switch {
	case m.value.readOnly, m.value.op == opAbsent, m.value.op == opAny && m.value.text == "":
		return true
	case !m.optional, m.value.op == opConst, m.value.op == opAny, m.value.op == opHole && m.value.hole.defaults:
		return false
	case m.value.op == opHole && m.value.hole.guard == nil:
		switch first := &m.value.hole.readings[0]; {
		case first.pattern != nil:
		case first.target.attr == attrData:
			return len(w.data.Body) == 0
		case first.target.attr == attrBody:
			return len(w.itemBody) == 0
		case first.target.attr == attrHeaders:
			return len(w.itemHeader) == 0
		}
		return w.render(m.value.hole) == ""
	}
	return !w.has(m.value)
}

// jsonList writes a list, which must not be empty where must says so.
func (w *output) jsonList(t *template, must bool) {
	w.dst = append(w.dst, '[')
	first := true
	w.turns(t, must, func(e *template) {
		if !first {
			w.dst = append(w.dst, ',')
		}
		first = false
		own := w.field != nil && !w.merged
		if own {
			w.markTurn(stepEach)
		}
		w.json(e)
		if own {
			w.markTurn(stepTurned)
		}
	})
	w.dst = append(w.dst, ']')
}
