package write

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// others writes the members whose name is an attribute: one for each name, with all records
// of that name. If the name is skipped on reading, it writes one member.
func (w *output) others(t *spec.Template, write func(key string, value *spec.Template)) {
	mine := len(w.scratch)
	defer func() { w.scratch = w.scratch[:mine] }()
	value := t.Rest.Value
	o := t.Key.Owner
	switch {
	case value.ReadOnly:
	case t.Key.Attr == spec.AttrNone:
		w.anyNamed(t, write)
	case t.Key.Attr == spec.AttrExtra:
		w.carried |= t.Key.Bit()
	case t.Entries != nil && t.Single() && w.inside != 0:
		var names []string
		w.errors(t.Key.Bit()|value.Shallow(), value, w.pick(value, spec.Field), func() {
			if name := w.value(t.Key); !slices.Contains(names, name) {
				names = append(names, name)
				w.only(t, write)
			}
		})
	case t.Single():
		w.only(t, write)
	case o == spec.Field && t.Key.Attr != spec.AttrPath:
		w.byName(o, w.pick(t, o), func(i int) string { return spec.FieldText(&w.o.Fields[i], t.Key.Attr) }, 0, t, write)
	case w.nests(t):
		// A record whose path is complete belongs to the members beside.
		chosen := slices.DeleteFunc(w.pick(value, o), func(i int) bool { return w.rest(o, i) == "" })
		w.byName(o, chosen, func(i int) string { head, _, _ := strings.Cut(w.rest(o, i), "."); return head }, 1, t, write)
	default:
		w.byName(o, w.pick(value, o), func(i int) string { return w.rest(o, i) }, 0, t, write)
	}
}

// only writes the one member whose name is an attribute.
func (w *output) only(t *spec.Template, write func(key string, value *spec.Template)) {
	name, ok := t.KeyConv.Wire(w.value(t.Key), w)
	switch {
	case !ok || name == "":
		return
	case w.shape != nil && w.shape.Form == spec.FormXML && !tree.IsXMLName(name):
		w.unnamable(t.Key, name)
		return
	case t.Key.Owner == spec.Whole:
		w.carried |= t.Key.Bit()
	}
	write(name, t.Rest.Value)
}

// unnamable reports that an attribute cannot be the name of an element.
func (w *output) unnamable(t spec.Target, name string) {
	at := t.Attr.String()
	if t.Owner == spec.Item {
		at = "items[" + strconv.Itoa(w.itemAt) + "].outcome." + at
	}
	if t.Owner == spec.Whole {
		w.present &^= t.Bit() // it is reported
	}
	w.lost(at, "an element cannot be named "+strconv.Quote(name))
}

// nests reports that names below continue the same path.
func (w *output) nests(t *spec.Template) bool { return t.Rest.Value.Keys.HasTarget(t.Key) }

// anyNamed writes the member whose name is skipped, with all records that it can hold.
func (w *output) anyNamed(t *spec.Template, write func(key string, value *spec.Template)) {
	value := t.Rest.Value
	for _, o := range [...]spec.Owner{spec.Item, spec.Field} {
		if chosen := w.pick(value, o); len(chosen) > 0 && value.Op != spec.OpList {
			if w.leaf(value, o, chosen[0]) {
				w.one(o, chosen[0], value, t, func(e *spec.Template) { write(t.AnyName, e) })
				return
			}
			w.within(o, chosen, 0, func() { write(t.AnyName, value) })
			return
		}
	}
	if w.has(value) || !t.Rest.Optional && (t.Rest.Must && value.Op == spec.OpObject || value.Fixed()) {
		write(t.AnyName, value)
	}
}

// byName writes a member for each name that records have, in the order in which
// the names first occur.
func (w *output) byName(o spec.Owner, chosen []int, name func(int) string, consumed int, t *spec.Template, write func(string, *spec.Template)) {
	w.grouped(chosen, name, func(group []int) {
		key, ok := t.KeyConv.Wire(name(group[0]), w)
		if !ok {
			return // reported as a loss at the end
		}
		if t.Names([]byte(key)) {
			for _, i := range group {
				w.of(o).done[i] = true
				w.lost(recordName(o)+"["+strconv.Itoa(i)+"]", "the member "+strconv.Quote(key)+" means something else here")
			}
			return
		}
		outer := w.around
		w.around |= t.Key.Bit()
		defer func() { w.follows = true }()
		w.within(o, group, consumed, func() {
			value := t.Rest.Value
			for value.Op == spec.OpEither || value.Op == spec.OpReference {
				if value = value.Resolve(); value.Op == spec.OpEither {
					value = w.alternative(value)
				}
			}
			own := slices.IndexFunc(group, func(i int) bool { return w.leaf(value, o, i) })
			if own < 0 {
				write(key, value)
				return
			}
			// Deeper records of the tree are in the same value.
			w.one(o, group[own], value, t, func(e *spec.Template) { write(key, e) })
			for _, i := range group {
				if !w.of(o).done[i] {
					w.of(o).done[i] = true
					w.lost(recordName(o)+"["+strconv.Itoa(i)+"]", "there is place for one of a name")
				}
			}
		})
		w.around = outer
	})
}

func recordName(o spec.Owner) string {
	if o == spec.Item {
		return "items"
	}
	return "fields"
}

// maxPadding is the most empty elements before one whose index is part of a path.
const maxPadding = 1000

// jsonIndexed writes a list in which the index of an element is a part of the path of its
// records. The other elements are empty.
func (w *output) jsonIndexed(t *spec.Template) {
	o := t.Key.Owner
	mine := len(w.scratch)
	defer func() { w.scratch = w.scratch[:mine] }()
	chosen := w.pick(t.Rest.Value, o)
	if !w.inTree(chosen, w.of(o)) {
		chosen = w.pick(t, o)
	}
	w.dst = append(w.dst, '[')
	place := 0
	head := func(i int) string { head, _, _ := strings.Cut(w.rest(o, i), "."); return head }
	var all [][]int
	w.grouped(chosen, head, func(group []int) { all = append(all, slices.Clone(group)) })
	slices.SortStableFunc(all, func(a, b []int) int {
		x, _ := strconv.Atoi(head(a[0]))
		y, _ := strconv.Atoi(head(b[0]))
		return x - y
	})
	for _, group := range all {
		at, err := strconv.Atoi(head(group[0]))
		if err != nil || at < place || at > maxPadding {
			continue
		}
		for ; place < at; place++ {
			if place > 0 {
				w.dst = append(w.dst, ',')
			}
			w.dst = append(w.dst, "{}"...)
		}
		if place > 0 {
			w.dst = append(w.dst, ',')
		}
		place++
		outer := w.around
		w.around |= t.Key.Bit()
		w.within(o, group, 1, func() {
			if e := t.Rest.Value; w.leaf(e, o, group[0]) {
				w.one(o, group[0], e, t, w.json)
			} else {
				w.json(e)
			}
		})
		w.around = outer
	}
	w.dst = append(w.dst, ']')
}

// grouped calls write with the records that share a name, in the order in which
// the names first occur.
func (w *output) grouped(chosen []int, name func(int) string, write func([]int)) {
	if len(chosen) > maxCompared {
		of := make(map[string][]int, len(chosen))
		for _, i := range chosen {
			of[name(i)] = append(of[name(i)], i)
		}
		for _, i := range chosen {
			if group := of[name(i)]; group[0] == i {
				write(group)
			}
		}
		return
	}
	for at, i := range chosen {
		key, first := name(i), true
		for _, earlier := range chosen[:at] {
			first = first && name(earlier) != key
		}
		if !first {
			continue
		}
		start := len(w.scratch)
		for _, j := range chosen[at:] {
			if name(j) == key {
				w.scratch = append(w.scratch, j)
			}
		}
		write(w.scratch[start:])
		w.scratch = w.scratch[:start]
	}
}

// maxCompared is the most records that are compared with each other. More are looked up in
// a map.
const maxCompared = 32
