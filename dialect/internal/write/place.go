package write

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// records is the state of writing the Items or the Fields.
type records struct {
	site     []uint16 // of each record: where it is written, 0 for nowhere
	done     []bool   // it was written
	chosen   []int    // those that a repetition around this place writes; nil is all
	consumed int      // segments of their paths that names around this place have said
}

// assign chooses a site of the shape for each record: the one that loses least of those in
// which the record is read with its meaning.
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

// misplaced is the least cost of a site in which a record is read with another meaning.
const misplaced = 32

// misfits is the number of records for which a shape has no good place, or whose place holds
// only one and has another already.
func (w *output) misfits(s *spec.Shape) (n int) {
	outer := w.shape
	w.shape = s
	taken := uint16(0)
	count := func(id uint16, cost int) {
		single := id != 0 && s.Sites[id].Single
		n += spec.Btoi(cost >= misplaced || single && id == taken)
		if single {
			taken = id
		}
	}
	for i := range w.o.Items {
		count(w.itemSite(i))
	}
	for i := range w.o.Fields {
		count(w.fieldSite(i))
	}
	w.shape = outer
	return n
}

func (w *output) itemSite(i int) (id uint16, least int) {
	it := &w.o.Items[i]
	for n := 1; n < len(w.shape.Sites); n++ {
		if s := &w.shape.Sites[n]; s.Owner == spec.Item {
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

// fieldSite is the place of a Field. Of equal places in a tree, it takes the deepest.
func (w *output) fieldSite(i int) (id uint16, least int) {
	f := &w.o.Fields[i]
	sites := w.shape.Sites
	for n := 1; n < len(sites); n++ {
		s := &sites[n]
		if s.Owner != spec.Field || s.Within != w.inside {
			continue
		}
		lost := fieldCost(f, s) + bits.OnesCount64(uint64(w.overwritten(f, s)))
		if s.Root && len(w.o.Fields) > 1 {
			lost += 2 // it is not read beside others
		}
		if id == 0 || lost < least || lost == least && s.Tree && s.Keys > sites[id].Keys {
			id, least = uint16(n), lost
		}
	}
	if id == 0 {
		return 0, misplaced
	}
	return id, least
}

// fieldCost is the cost of a site for a Field, by the attributes that it loses.
func fieldCost(f *parlance.Field, s *spec.Site) int {
	have := spec.FieldSet(f)
	lost := bits.OnesCount64(uint64(have &^ s.Written))
	if s.Tree && s.Keys > segmentsOf(f.Path) || s.Must&^have != 0 || s.Indexed && !beginsWithNumber(f.Path) {
		lost += misplaced
	}
	if s.Keys > 0 && f.Path == "" && !s.Tree {
		lost++ // its name would be empty
	}
	return lost
}

// overwritten are the attributes of a Field that a site has only as copies of other texts
// of the whole.
func (w *output) overwritten(f *parlance.Field, s *spec.Site) (lost spec.Set) {
	for _, a := range [...]spec.Attribute{spec.AttrCode, spec.AttrMessage} {
		if !s.Copied.Has(spec.Field, a) {
			continue
		}
		text := w.code
		if a == spec.AttrMessage {
			text = w.o.Detail
		}
		if is := spec.FieldText(f, a); is != "" && text != "" && is != text {
			lost |= spec.BitOf(spec.Field, a)
		}
	}
	return lost
}

func beginsWithNumber(path string) bool {
	head, _, _ := strings.Cut(path, ".")
	return tree.IsDigits(head)
}

func segmentsOf(path string) int {
	if path == "" {
		return 0
	}
	return strings.Count(path, ".") + 1
}

func (w *output) itemCost(it *parlance.Item, s *spec.Site) int {
	weigh := spec.ItemSet(it) &^ (spec.BitOf(spec.Item, spec.AttrIndex) | spec.BitOf(spec.Item, spec.AttrKind) | spec.BitOf(spec.Item, spec.AttrReason) | spec.BitOf(spec.Item, spec.AttrStatus))
	written := s.Written
	if written.Has(spec.Item, spec.AttrBody) {
		written |= spec.OwnerBits[spec.Item]
	}
	lost := bits.OnesCount64(uint64(weigh&^written)) + spec.Btoi(len(it.Outcome.Fields) > 0 && !s.Fields)
	if w.lacks(it, s) {
		lost += 2 * misplaced // it would not be read
	}
	if back := w.readsBack(it, s, s.Written); back.Kind != it.Outcome.Kind {
		lost += misplaced
		if back.Kind.Failing() != it.Outcome.Kind.Failing() {
			lost += 3 * misplaced // rather not at all
		}
	}
	return lost
}

// lacks reports that a record lacks an attribute that a site needs to be read. The code is
// chosen later.
func (w *output) lacks(it *parlance.Item, s *spec.Site) bool {
	return s.Must&^(spec.ItemSet(it)|spec.BitOf(spec.Item, spec.AttrCode)|spec.BitOf(spec.Item, spec.AttrStatus)) != 0
}

// readsBack is the row by which a record is read, if it is written with these attributes in
// this form.
func (w *output) readsBack(it *parlance.Item, s *spec.Site, written spec.Set) *spec.Row {
	switch {
	case written.Has(spec.Item, spec.AttrKind), written.Has(spec.Item, spec.AttrBody):
		return &spec.Row{Kind: it.Outcome.Kind, Reason: it.Outcome.Reason}
	}
	m := w.meaningOf(it, written, s)
	code, status := m.code, m.status
	have := spec.ItemSet(it) &^ (spec.BitOf(spec.Item, spec.AttrCode) | spec.BitOf(spec.Item, spec.AttrStatus))
	if code != "" {
		have |= spec.BitOf(spec.Item, spec.AttrCode)
	}
	if status != 0 {
		have |= spec.BitOf(spec.Item, spec.AttrStatus)
	}
	if s.Must&^have != 0 {
		return &spec.Row{Kind: parlance.KindNoted} // a record without what must be there is not read
	}
	if m.back == nil {
		o := parlance.Outcome{}
		if written.Has(spec.Item, spec.AttrCode) {
			o.Code = code
		}
		if written.Has(spec.Item, spec.AttrFamily) {
			o.Family = it.Outcome.Family
		}
		if written.Has(spec.Item, spec.AttrStatus) {
			o.Status = status
		}
		m.back = w.d.ItemMeaning(&o, w.o, s.Is, w.shape.FailuresOnly || s.Fails, w.req)
	}
	return m.back
}

// itemMeant is how a record is written, and how that is read. It is kept, since most records
// of a response have the same meaning and each is looked up several times.
type itemMeant struct {
	kind    parlance.Kind
	reason  parlance.Reason
	given   int // the record's own status
	own     string
	family  string
	written spec.Set
	site    *spec.Site // nil where nothing is kept

	code   string
	status int
	back   *spec.Row // nil where nobody has asked
}

// meaningOf is the itemMeant of a record, if it is written with these attributes in this
// form.
func (w *output) meaningOf(it *parlance.Item, written spec.Set, s *spec.Site) *itemMeant {
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
func (w *output) of(o spec.Owner) *records {
	if o == spec.Item {
		return &w.items
	}
	return &w.fields
}

// path is the part of a record's attribute that names of members hold.
func (w *output) path(o spec.Owner, i int) string {
	if o == spec.Item {
		return w.o.Items[i].ID
	}
	return w.o.Fields[i].Path
}

// rest is the part that the names around do not hold yet.
func (w *output) rest(o spec.Owner, i int) string {
	path := w.path(o, i)
	for range w.of(o).consumed {
		_, path, _ = strings.Cut(path, ".")
	}
	return path
}

// placed reports that the site of a record is at or below a place.
func (w *output) placed(t *spec.Template, o spec.Owner, i int) bool {
	r := w.of(o)
	id := r.site[i]
	if id == 0 || r.done[i] || !t.Sites.Has(id) && !w.shape.Sites[id].Tree {
		return false
	}
	if !w.shape.Sites[id].Tree {
		return true
	}
	// In a tree, each place where a path can end fits.
	if w.rest(o, i) == "" {
		return w.shape.Ends(t.Near, o)
	}
	return t.Keys.Of(o) != 0
}

// pick are the records whose site is at or below a place. The list is in memory of the
// writer that the caller has to return.
func (w *output) pick(t *spec.Template, o spec.Owner) []int {
	r := w.of(o)
	start := len(w.scratch)
	switch {
	case len(t.Sites) == 0 || len(r.site) == 0:
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
func (w *output) picks(t *spec.Template, o spec.Owner) bool {
	r := w.of(o)
	if len(t.Sites) == 0 {
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

// within writes some of the records.
func (w *output) within(o spec.Owner, chosen []int, consumed int, write func()) {
	r := w.of(o)
	outer := *r
	r.chosen, r.consumed = chosen, r.consumed+consumed
	write()
	r.chosen, r.consumed = outer.chosen, outer.consumed
}

// inTree reports that the records are in a definition that refers to itself.
func (w *output) inTree(chosen []int, r *records) bool {
	return slices.ContainsFunc(chosen, func(i int) bool { return w.shape.Sites[r.site[i]].Tree })
}
