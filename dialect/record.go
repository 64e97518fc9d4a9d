package dialect

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// records is what is being written of the Items or the Fields.
type records struct {
	site     []uint16 // of each record: where it is written, 0 for nowhere
	done     []bool   // it was written
	chosen   []int    // those that a repetition around this place writes; nil is all
	consumed int      // segments of their paths that names around this place have said
}

// assign chooses for every record the site of the shape that loses least, and
// in which it reads back as what it is.
func (w *output) assign() {
	for i := range w.o.Items {
		id, _ := w.itemSite(i)
		w.items.site, w.items.done = append(w.items.site, id), append(w.items.done, false)
	}
	for i := range w.o.Fields {
		id, _ := w.fieldSite(i)
		w.fields.site, w.fields.done = append(w.fields.site, id), append(w.fields.done, false)
	}
}

// misplaced is the least that it costs where a record would not be read again
// as what it is.
const misplaced = 32

// misfits are the records that a shape has no good place for.
func (w *output) misfits(s *shape) (n int) {
	outer := w.shape
	w.shape = s
	for i := range w.o.Items {
		_, cost := w.itemSite(i)
		n += btoi(cost >= misplaced)
	}
	for i := range w.o.Fields {
		_, cost := w.fieldSite(i)
		n += btoi(cost >= misplaced)
	}
	w.shape = outer
	return n
}

func (w *output) itemSite(i int) (id uint16, least int) {
	it := &w.o.Items[i]
	for n := 1; n < len(w.shape.sites); n++ {
		if s := &w.shape.sites[n]; s.owner == item {
			if c := w.itemCost(it, s); id == 0 || c < least {
				id, least = uint16(n), c
			}
		}
	}
	if id == 0 {
		return 0, misplaced
	}
	return id, least
}

// fieldSite is the place of a Field. Of equal ones in a tree the deepest counts:
// a record is written at its own place.
func (w *output) fieldSite(i int) (id uint16, least int) {
	f := &w.o.Fields[i]
	sites := w.shape.sites
	have := fieldSet(f)
	for n := 1; n < len(sites); n++ {
		s := &sites[n]
		if s.owner != field {
			continue
		}
		lost := bits.OnesCount64(uint64(have &^ s.written))
		if s.tree && s.keys > segmentsOf(f.Path) || s.must&^have != 0 || s.indexed && !beginsWithNumber(f.Path) {
			lost += misplaced
		}
		if s.keys > 0 && f.Path == "" && !s.tree {
			lost++ // its name would be empty
		}
		if id == 0 || lost < least || lost == least && s.tree && s.keys > sites[id].keys {
			id, least = uint16(n), lost
		}
	}
	if id == 0 {
		return 0, misplaced
	}
	return id, least
}

func beginsWithNumber(path string) bool {
	head, _, _ := strings.Cut(path, ".")
	return isDigits(head)
}

func segmentsOf(path string) int {
	if path == "" {
		return 0
	}
	return strings.Count(path, ".") + 1
}

func (w *output) itemCost(it *parlance.Item, s *site) int {
	weigh := itemSet(it) &^ (bitOf(item, attrIndex) | bitOf(item, attrKind) | bitOf(item, attrReason) | bitOf(item, attrStatus))
	written := s.written
	if written.has(item, attrBody) {
		written |= ownerBits[item]
	}
	lost := bits.OnesCount64(uint64(weigh &^ written))
	if w.lacks(it, s) {
		lost += 2 * misplaced // it would not be read
	}
	if back := w.readsBack(it, s, s.written); back.kind != it.Outcome.Kind {
		lost += misplaced
		if back.kind.Failing() != it.Outcome.Kind.Failing() {
			lost += 3 * misplaced // rather not at all
		}
	}
	return lost
}

// lacks reports that a record does not have what must be there for it to be read
// at a site. The code is chosen later.
func (w *output) lacks(it *parlance.Item, s *site) bool {
	return s.must&^(itemSet(it)|bitOf(item, attrCode)|bitOf(item, attrStatus)) != 0
}

// readsBack is what a record reads as that is written with these attributes in
// such a form.
func (w *output) readsBack(it *parlance.Item, s *site, written set) *row {
	switch {
	case written.has(item, attrKind), written.has(item, attrBody):
		return &row{kind: it.Outcome.Kind, reason: it.Outcome.Reason}
	}
	m := w.meaningOf(it, written, s)
	code, status := m.code, m.status
	have := itemSet(it) &^ (bitOf(item, attrCode) | bitOf(item, attrStatus))
	if code != "" {
		have |= bitOf(item, attrCode)
	}
	if status != 0 {
		have |= bitOf(item, attrStatus)
	}
	if s.must&^have != 0 {
		return &row{kind: parlance.Noted} // a record without what must be there is not read
	}
	if m.back == nil {
		o := parlance.Outcome{}
		if written.has(item, attrCode) {
			o.Code = code
		}
		if written.has(item, attrFamily) {
			o.Family = it.Outcome.Family
		}
		if written.has(item, attrStatus) {
			o.Status = status
		}
		m.back = w.d.itemMeaning(&o, w.o, s.is, w.req)
	}
	return m.back
}

// itemMeant is how a record is written, and what that reads as. Most records of an
// answer mean the same, and each is asked after more than once.
type itemMeant struct {
	kind    parlance.Kind
	reason  parlance.Reason
	given   int // the record's own status
	own     string
	family  string
	written set
	site    *site // nil where nothing is kept

	code   string
	status int
	back   *row // nil where nobody has asked
}

// meaningOf is that of a record which is written with these attributes in such a form.
func (w *output) meaningOf(it *parlance.Item, written set, s *site) *itemMeant {
	o := &it.Outcome
	for i := range w.meant {
		if m := &w.meant[i]; m.site == s && m.kind == o.Kind && m.given == o.Status && m.written == written &&
			m.reason == o.Reason && m.own == o.Code && m.family == o.Family {
			return m
		}
	}
	w.meant[0], w.meant[1] = itemMeant{kind: o.Kind, reason: o.Reason, given: o.Status, own: o.Code, family: o.Family, written: written, site: s}, w.meant[0]
	m := &w.meant[0]
	m.code, m.status = w.meanItem(it, written, s)
	return m
}

// of are the records of an owner.
func (w *output) of(o owner) *records {
	if o == item {
		return &w.items
	}
	return &w.fields
}

// path is what names of members say of a record.
func (w *output) path(o owner, i int) string {
	if o == item {
		return w.o.Items[i].ID
	}
	return w.o.Fields[i].Path
}

// rest is the part of it that names around have not said yet.
func (w *output) rest(o owner, i int) string {
	path := w.path(o, i)
	for range w.of(o).consumed {
		_, path, _ = strings.Cut(path, ".")
	}
	return path
}

// placed reports that a record is to be written at or below a place.
func (w *output) placed(t *template, o owner, i int) bool {
	r := w.of(o)
	id := r.site[i]
	if id == 0 || r.done[i] || !t.sites.has(id) && !w.shape.sites[id].tree {
		return false
	}
	if !w.shape.sites[id].tree {
		return true
	}
	// In a tree every place where a path may end will do for it.
	if w.rest(o, i) == "" {
		return w.shape.ends(t.near, o)
	}
	return t.keys.of(o) != 0
}

// ends reports that a record whose path has been said is written at one of the
// sites.
func (s *shape) ends(at sites, o owner) bool {
	for _, id := range at {
		if s.sites[id].owner == o && s.sites[id].tree {
			return true
		}
	}
	return false
}

// pick are the records that are to be written at or below a place. They lie in
// the writer's own memory until the caller gives it back.
func (w *output) pick(t *template, o owner) []int {
	r := w.of(o)
	start := len(w.scratch)
	switch {
	case len(t.sites) == 0 || len(r.site) == 0:
		return nil
	case r.chosen != nil:
		for _, i := range r.chosen {
			if w.placed(t, o, i) {
				w.scratch = append(w.scratch, i)
			}
		}
	default:
		for i := range r.site {
			if w.placed(t, o, i) {
				w.scratch = append(w.scratch, i)
			}
		}
	}
	return w.scratch[start:]
}

// picks reports that there are such records.
func (w *output) picks(t *template, o owner) bool {
	r := w.of(o)
	if len(t.sites) == 0 {
		return false
	}
	if r.chosen != nil {
		return slices.ContainsFunc(r.chosen, func(i int) bool { return w.placed(t, o, i) })
	}
	for i := range r.site {
		if w.placed(t, o, i) {
			return true
		}
	}
	return false
}

// within writes with a part of the records.
func (w *output) within(o owner, chosen []int, consumed int, write func()) {
	r := w.of(o)
	outer := *r
	r.chosen, r.consumed = chosen, r.consumed+consumed
	write()
	r.chosen, r.consumed = outer.chosen, outer.consumed
}

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

// itemSaid are the attributes of a record that were written.
func (w *output) itemSaid(it *parlance.Item, written set) set {
	have := itemSet(it) &^ (bitOf(item, attrCode) | bitOf(item, attrStatus))
	if w.itemCode != "" {
		have |= bitOf(item, attrCode)
	}
	if w.itemStatus != 0 {
		have |= bitOf(item, attrStatus)
	}
	return have & written
}

func (w *output) withItem(i int, e *template, write func(*template)) {
	it := &w.o.Items[i]
	w.item, w.itemAt = it, i
	site := &w.shape.sites[w.items.site[i]]
	written := e.writes | e.copies | w.around
	w.itemCode, w.itemStatus = w.itemMeaning(it, written, site)
	if site.must&^w.itemSaid(it, ownerBits[item]) != 0 {
		w.lost("items["+strconv.Itoa(i)+"]", "it lacks what must be there for it to be read")
		return
	}
	at := func(name string) string { return "items[" + strconv.Itoa(i) + "].outcome." + name }
	if written.has(item, attrBody) {
		w.answer(it, at(""))
	}
	write(e)
	if w.itemBody == nil && site.is == "" && w.itemSaid(it, written) == 0 {
		w.lost("items["+strconv.Itoa(i)+"]", "it has nothing that stands in such a place")
		return
	}
	back := w.readsBack(it, site, written)
	if w.itemBody != nil {
		back = &row{kind: w.itemBack.Kind, reason: w.itemBack.Reason}
	}
	w.back = append(w.back, parlance.Item{Outcome: parlance.Outcome{Kind: back.kind, Reason: back.reason}})
	if back.kind != it.Outcome.Kind {
		w.lost(at("kind"), "it is written as "+back.kind.String())
	}
	if it.Outcome.Reason != "" && back.reason != it.Outcome.Reason {
		w.lost(at("reason"), "there is no place for it")
	}
	if it.Index != len(w.back)-1 && !written.has(item, attrIndex) && !w.grafted {
		w.lost("items["+strconv.Itoa(i)+"].index", "records have no number of their own here")
	}
	lost := itemSet(it) &^ (bitOf(item, attrKind) | bitOf(item, attrReason) | bitOf(item, attrIndex))
	if w.itemBody != nil {
		lost &= bitOf(item, attrStatus) | bitOf(item, attrID)
	}
	same := written // those that are written as they are
	if w.itemCode != it.Outcome.Code {
		same &^= bitOf(item, attrCode)
	}
	if w.itemStatus != it.Outcome.Status {
		same &^= bitOf(item, attrStatus)
	}
	if lost &^= same; lost != 0 {
		for a := attrNone + 1; a < attrCount; a++ {
			if !lost.has(item, a) {
				continue
			}
			name := at(a.String())
			if a == attrID {
				name = "items[" + strconv.Itoa(i) + "].id"
			}
			w.lost(name, "there is no place for it")
		}
	}
	if len(it.Outcome.Notes) > 0 && w.itemBody == nil {
		w.lost(at("notes"), "there is no place for them")
	}
	if len(it.Outcome.Fields) > 0 && w.itemBody == nil {
		w.lost(at("fields"), "there is no place for them")
	}
	w.itemBody, w.itemHeader = nil, nil
}

// answer writes a record as an answer of its own, with a body and a header.
func (w *output) answer(it *parlance.Item, at string) {
	o := it.Outcome
	var m Message
	w.d.encode(&m, nil, &Request{Path: w.req.Path, Now: w.req.Now, Header: acceptJSON}, &o, &Payload{}, w.depth+1)
	w.itemStatus = m.Status
	w.itemBody, w.itemHeader = m.Body, m.Header
	if w.itemBody == nil {
		w.itemBody = []byte{}
	}
	var t tree.Tree
	if len(m.Body) > 0 && t.JSON(m.Body, false) != nil {
		w.itemBody = appendJSONText(nil, string(m.Body))
	}
	w.itemBack = o
	for _, l := range m.Losses {
		w.lost(at+l.Attribute, l.Reason)
		switch l.Attribute {
		case "kind":
			w.itemBack.Kind, w.itemBack.Reason = w.d.statusRow(m.Status, w.req).kind, ""
		case "reason":
			w.itemBack.Reason = ""
		}
	}
}

var acceptJSON = Fields{"Accept": {"application/json"}}

// itemMeaning is the code and the status that a record is written with, so that
// it reads back as its kind.
func (w *output) itemMeaning(it *parlance.Item, written set, s *site) (code string, status int) {
	m := w.meaningOf(it, written, s)
	return m.code, m.status
}

// meanItem is itemMeaning for a record that means something else than those before.
func (w *output) meanItem(it *parlance.Item, written set, s *site) (code string, status int) {
	o := &it.Outcome
	if written.has(item, attrKind) {
		return o.Code, o.Status // the kind is told by itself
	}
	row, fallback := w.d.writable(&parlance.Outcome{Kind: o.Kind, Reason: o.Reason}, w.req)
	status = o.Status
	if status < 100 || status > 999 || w.d.statusRow(status, w.req).kind != o.Kind {
		status = fallback // what is no status of three digits would not be read as one
	}
	code = o.Code
	if allowed := w.shape.itemCodes; len(allowed) > 0 && !slices.Contains(allowed, code) {
		code = ""
		for _, c := range allowed {
			r := w.d.codeRow(c, anyForm, w.req)
			if r == nil {
				continue
			}
			if r.kind == o.Kind || code == "" && r.kind.Failing() == o.Kind.Failing() {
				code = c
			}
			if r.kind == o.Kind {
				break
			}
		}
		return code, status
	}
	if s.whole.has(item, attrCode) && !isWhole(code) {
		code = "" // it would be no number
	}
	own := w.d.codeRow(code, anyForm, w.req)
	if said, _ := w.d.said(&parlance.Outcome{Status: -1}, s.is, w.req); said != nil && said.kind == o.Kind && (code == "" || own == nil || own.kind == o.Kind) {
		return code, status // the form says it, and needs no code
	}
	if !written.has(item, attrStatus) {
		status = 0
		if code == "" || own != nil && own.kind != o.Kind || own == nil && w.d.inBodies() {
			code = w.d.recordCode(o, row, w.req)
		}
	} else if w.d.codes.merged && (own == nil || own.kind != o.Kind) {
		code = strconv.Itoa(status) // codes are statuses: a foreign one has no place
	} else if own != nil && own.kind != o.Kind {
		code = ""
	}
	return code, status
}

// recordCode is the code that a record of a kind is written with: one that
// stands in bodies, else a status, where a status is what the dialect has for
// it; "" where no code says it.
func (d *Writer) recordCode(o *parlance.Outcome, fallback *row, req *Request) string {
	try := func(fits func(*row) bool) string {
		for _, r := range d.rows {
			if _, numeric := r.number(); fits(r) && r.is == "" && r.applies(req, "") && !strings.Contains(r.first, "*") && (!numeric || r.status != 0) && !d.codes.merged && !d.named(r.first) {
				return r.first
			}
		}
		return ""
	}
	if code := try(func(r *row) bool { return r.kind == o.Kind }); code != "" {
		return code
	}
	if d.inBodies() && !d.codes.merged {
		return try(func(r *row) bool { return slices.Contains(r.standsFor, o.Kind) })
	}
	return fallback.first
}
