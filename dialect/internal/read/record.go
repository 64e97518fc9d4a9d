package read

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/meaning"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// records marks the iterations that make a record of the owner, and returns their number. An
// iteration makes a record if it holds an attribute and no iteration inside it makes one.
// Copies of attributes of the whole do not count, except beside a path or an ID.
func (f *filler) records(o spec.Owner, of *parlance.Outcome) int {
	scopes := f.m.scopes
	if !f.thread(o) {
		return 0
	}
	count := 0
	for s := len(scopes) - 1; s >= 0; s-- {
		sc := &scopes[s]
		if f.makes(s, o, of) {
			sc.makes = true
			count++
		}
		if (sc.makes || sc.inner) && s > 0 {
			scopes[sc.parent].inner = true
		}
	}
	return count
}

// thread lists the binds of the owner in each scope, the last one first. It reports false if
// there are none.
func (f *filler) thread(o spec.Owner) (relevant bool) {
	binds, scopes := f.m.binds, f.m.scopes
	if f.marked { // for another owner
		for s := range scopes {
			scopes[s].last, scopes[s].makes, scopes[s].inner = 0, false, false
		}
	}
	f.marked = true
	for i := range binds {
		if b := &binds[i]; b.target.Owner == o {
			b.before, scopes[b.scope].last = scopes[b.scope].last, int32(i)+1
			relevant = true
		}
	}
	return relevant
}

// makes reports that a scope makes a record of the owner.
func (f *filler) makes(s int, o spec.Owner, of *parlance.Outcome) bool {
	sc := &f.m.scopes[s]
	if o == spec.Item && (sc.item || sc.within) {
		return sc.item // also without anything but its place
	}
	if sc.last == 0 {
		return false
	}
	keyOnly, copies, located, text := true, true, false, false
	for i := sc.last; i > 0; i = f.m.binds[i-1].before {
		b := &f.m.binds[i-1]
		keyOnly = keyOnly && b.key
		copies = copies && b.copy && f.copied(int(i-1), of)
		text = text || sc.both && !b.key && b.target.Bit()&spec.Texts != 0
		located = located || locates(b.target.Attr)
	}
	innermost := s > 0 && (o == spec.Field && sc.field || o == spec.Item && sc.item)
	return (!sc.inner || text) && (!keyOnly || innermost) && (!copies || located || f.located(sc.parent))
}

// located reports that a path or an ID stands around a scope.
func (f *filler) located(s int32) bool {
	for ; s >= 0; s = f.m.scopes[s].parent {
		for i := f.m.scopes[s].last; i > 0; i = f.m.binds[i-1].before {
			if locates(f.m.binds[i-1].target.Attr) {
				return true
			}
		}
	}
	return false
}

// locates reports that an attribute says which record it is.
func locates(a spec.Attribute) bool {
	return a == spec.AttrPath || a == spec.AttrID || a == spec.AttrBelow
}

// copied reports that the whole has the text of a copy: another place may have been the
// one that counts.
func (f *filler) copied(i int, of *parlance.Outcome) bool {
	from := i
	for from > 0 && f.m.binds[from].copy {
		from--
	}
	b := &f.m.binds[from]
	return b.target.Owner != spec.Whole || spec.OutcomeText(of, b.target.Attr) == f.text(from)
}

// made are the iterations that make records, in the order of the document.
func (f *filler) made(n int) []int32 {
	all := f.m.made[:0]
	sorted := true
	for s := range int32(len(f.m.scopes)) {
		if !f.m.scopes[s].makes {
			continue
		}
		if n := len(all); n > 0 && f.m.scopes[all[n-1]].node > f.m.scopes[s].node {
			sorted = false
		}
		all = append(all, s)
	}
	if !sorted {
		scopes := f.m.scopes
		slices.SortStableFunc(all, func(a, b int32) int { return cmp.Compare(scopes[a].node, scopes[b].node) })
	}
	f.m.made = all
	return all
}

// get is an attribute of a record: from its own iteration, else from those around it.
// Names of members that nest make one path.
func (f *filler) get(scope int32, a spec.Attribute) string {
	if a != spec.AttrID && !f.bound.Has(spec.Item, a) {
		return "" // most records have three or four; an id can be a name as well
	}
	for ; scope >= 0; scope = f.m.scopes[scope].parent {
		found := int32(0)
		for i := f.m.scopes[scope].last; i > 0; i = f.m.binds[i-1].before {
			// The first of the turn counts, and a value before a name.
			if b := &f.m.binds[i-1]; b.target.Attr == a && !(b.key && found > 0) {
				found = i
			}
		}
		if found > 0 {
			text := f.text(int(found - 1))
			if f.m.binds[found-1].key && (a == spec.AttrPath || a == spec.AttrID) {
				if around := f.keys(f.m.scopes[scope].parent, a); around != "" {
					return around + "." + text
				}
			}
			return text
		}
	}
	return ""
}

// itself is the first text that an iteration itself has for an attribute.
func (f *filler) itself(scope int32, a spec.Attribute) string {
	found := int32(0)
	for i := f.m.scopes[scope].last; i > 0; i = f.m.binds[i-1].before {
		if f.m.binds[i-1].target.Attr == a {
			found = i
		}
	}
	if found == 0 {
		return ""
	}
	return f.text(int(found - 1))
}

// inside is the first text for an attribute in the iterations inside of an error.
func (f *filler) inside(fault int32, a spec.Attribute) string {
	scopes := f.m.scopes
	for s := fault + 1; scopes[fault].deeper && int(s) < len(scopes) && scopes[s].parent >= fault; s++ {
		if text := f.itself(s, a); text != "" {
			return text
		}
	}
	return ""
}

// keys joins the names around an iteration.
func (f *filler) keys(scope int32, a spec.Attribute) string {
	for ; scope >= 0; scope = f.m.scopes[scope].parent {
		for i := f.m.scopes[scope].last; i > 0; i = f.m.binds[i-1].before {
			if b := &f.m.binds[i-1]; b.target.Attr == a && b.key {
				text := f.text(int(i - 1))
				if around := f.keys(f.m.scopes[scope].parent, a); around != "" {
					return around + "." + text
				}
				return text
			}
		}
	}
	return ""
}

func (f *filler) fields(o *parlance.Outcome) {
	if !f.held(spec.Field) {
		return
	}
	if taken := f.m.fields; len(taken) > 0 {
		o.Fields = make([]parlance.Field, len(taken))
		for i := range taken {
			to, of := &o.Fields[i], &taken[i]
			// A pointer that is written costs, also where it is to no text.
			if of.path.Size > 0 {
				to.Path = f.lying(of.path)
			}
			if of.code.Size > 0 {
				to.Code = f.lying(of.code)
			}
			if of.message.Size > 0 {
				to.Message = f.lying(of.message)
			}
		}
		return
	}
	n := f.records(spec.Field, o)
	if n == 0 {
		return
	}
	o.Fields = make([]parlance.Field, 0, n)
	for _, s := range f.made(n) {
		var one parlance.Field
		f.field(&one, s)
		if it := f.itemOf(s); it > 0 {
			f.ofItems = append(f.ofItems, one)
			f.m.scopes[s].made = int32(len(f.ofItems))
			for ; s != it; s = f.m.scopes[s].parent {
				f.m.scopes[s].covered = true
			}
			continue
		}
		o.Fields = append(o.Fields, one)
	}
	if len(o.Fields) == 0 {
		o.Fields = nil
	}
}

// itemOf is the scope of the item that a scope stands in, 0 for none.
func (f *filler) itemOf(s int32) int32 {
	for ; s > 0; s = f.m.scopes[s].parent {
		if f.m.scopes[s].item {
			return s
		}
	}
	return 0
}

// fault is the scope of the error of an item: of several the worst, and of those the
// first; 0 for none.
func (f *filler) fault(of *parlance.Outcome, item int32, req *wire.Request) (scope int32) {
	scopes, worst := f.m.scopes, 0
	for s := item + 1; int(s) < len(scopes) && scopes[s].parent >= item; s++ {
		if scopes[s].last == 0 {
			continue
		}
		o := parlance.Outcome{Code: f.get(s, spec.AttrCode), Family: f.get(s, spec.AttrFamily)}
		bad := 1 + meaning.Worse(f.d.ItemMeaning(&o, of, f.get(s, spec.AttrIs), f.failuresOnly, req).Kind)
		if bad > worst {
			scope, worst = s, bad
		}
	}
	return scope
}

// nestErrors marks the iterations inside of items that hold a deeper error of the item.
func (f *filler) nestErrors() {
	scopes := f.m.scopes
	for s := len(scopes) - 1; s > 0; s-- {
		if sc := &scopes[s]; sc.within && (sc.last > 0 || sc.deeper) {
			scopes[sc.parent].deeper = true
		}
	}
}

// itemFields are the Fields of an item: those that its template makes, and its errors, if
// there are several or if one says something else than the item. A Field takes the code and
// the text of its error if it has none of its own.
func (f *filler) itemFields(o *parlance.Outcome, item int32) []parlance.Field {
	type placed struct {
		parlance.Field
		node uint32
	}
	var made, all []placed
	scopes, errors, more := f.m.scopes, 0, false
	for s := item; int(s) < len(scopes) && (s == item || scopes[s].parent >= item); s++ {
		sc := &scopes[s]
		if s == item && sc.made == 0 {
			continue
		}
		errors += spec.Btoi(s != item && sc.last > 0 && !sc.deeper)
		one := parlance.Field{Code: f.ofError(item, s, spec.AttrCode, spec.AttrFamily), Message: f.ofError(max(item, sc.parent), s, spec.AttrDetail, spec.AttrTitle)}
		switch {
		case sc.made > 0:
			f.dropped(o, s, one.Message)
			own := f.ofItems[sc.made-1]
			made = append(made, placed{own, sc.node})
			all = append(all, placed{parlance.Field{Path: own.Path, Code: cmp.Or(own.Code, one.Code), Message: cmp.Or(own.Message, one.Message)}, sc.node})
		case sc.last == 0, sc.deeper && one.Message == "", sc.covered && one.Message == "", one == parlance.Field{}, one.Code == "" && one.Message == f.itself(s, spec.AttrNote):
		default:
			f.dropped(o, s, one.Message)
			more = more || one.Code != "" && one.Code != o.Code || one.Message != "" && one.Message != o.Detail && one.Message != o.Title
			all = append(all, placed{one, sc.node})
		}
	}
	if errors < 2 && !more {
		all = made
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.node, b.node) })
	fields := make([]parlance.Field, len(all))
	for i := range all {
		fields[i] = all[i].Field
	}
	return fields
}

// dropped notes what an error of an item says that neither its Field nor the item keeps: a
// Field has a path, a code and a message.
func (f *filler) dropped(o *parlance.Outcome, s int32, message string) {
	for _, a := range [...]spec.Attribute{spec.AttrType, spec.AttrTitle, spec.AttrInstance, spec.AttrRequestID, spec.AttrHelp} {
		if !f.bound.Has(spec.Item, a) {
			continue
		}
		if text := f.itself(s, a); text != "" && text != message && text != spec.OutcomeText(o, a) {
			f.m.noteNode(f.m.scopes[s].node, "unkept_text", "the %s of a further error of an item is not kept, for a Field has a path, a code and a message", a)
		}
	}
}

// ofError is an attribute of an error of an item, or else another one: what the iterations
// from s to the one before around have.
func (f *filler) ofError(around, s int32, a, or spec.Attribute) string {
	for ; s > around; s = f.m.scopes[s].parent {
		if text := cmp.Or(f.itself(s, a), f.itself(s, or)); text != "" {
			return text
		}
	}
	return ""
}

// field fills a Field from its iteration and from those around it.
func (f *filler) field(to *parlance.Field, s int32) {
	var path fieldPath
	for ; s >= 0; s = f.m.scopes[s].parent {
		var found, below int32 // of this turn
		var code, message int32
		for i := f.m.scopes[s].last; i > 0; i = f.m.binds[i-1].before {
			switch b := &f.m.binds[i-1]; b.target.Attr {
			case spec.AttrPath:
				if !b.key || found == 0 { // a value before a name
					found = i
				}
			case spec.AttrBelow:
				below = i
			case spec.AttrCode:
				code = i
			case spec.AttrMessage:
				message = i
			}
		}
		if code > 0 && to.Code == "" {
			to.Code = f.text(int(code - 1))
		}
		if message > 0 && to.Message == "" {
			to.Message = f.text(int(message - 1))
		}
		if below > 0 && !path.whole {
			path.begin(f.text(int(below - 1)))
			path.open = true
		}
		if found > 0 {
			path.around(f.text(int(found-1)), f.m.binds[found-1].key)
		}
	}
	to.Path = path.text
}

// fieldPath is a path that is put together from the inside to the outside.
type fieldPath struct {
	text  string
	open  bool // it goes below whatever stands around it
	whole bool // nothing around it belongs to it
}

func (p *fieldPath) begin(with string) {
	if p.text != "" {
		with += "." + p.text
	}
	p.text = with
}

// around puts a name or a value around it before the path: names that nest are one path,
// and a value is all of one.
func (p *fieldPath) around(text string, name bool) {
	switch {
	case p.whole || !name && !p.open && p.text != "":
		return
	case name:
		p.open = false
	default:
		p.whole = true
	}
	p.begin(text)
}

func (f *filler) items(o *parlance.Outcome, req *wire.Request) {
	if !f.held(spec.Item) {
		return
	}
	n := f.records(spec.Item, o)
	if n == 0 {
		return
	}
	o.Items = make([]parlance.Item, n)
	made := f.made(n)
	f.nestErrors()
	// Where all stand in one list, each keeps its place, also beside one that could not be read.
	own := true
	for i, s := range made {
		own = own && f.m.scopes[s].parent == 0 && (i == 0 || f.m.scopes[s].place > f.m.scopes[made[i-1]].place)
	}
	for i, s := range made {
		it := &o.Items[i]
		if it.Index = i; own {
			it.Index = int(f.m.scopes[s].place)
		}
		f.item(it, o, s, req)
	}
}

// itemAttributeOrder are the attributes that an item takes unchanged.
var itemAttributeOrder = [...]spec.Attribute{spec.AttrCode, spec.AttrFamily, spec.AttrTitle, spec.AttrDetail, spec.AttrType, spec.AttrInstance, spec.AttrRequestID, spec.AttrHelp, spec.AttrRetryAfter, spec.AttrRetryable, spec.AttrKind, spec.AttrReason}

// itemNotes gives an item the notes of its iteration and of those inside of it, else the one
// around it. A text that is the detail as well, say, is no note.
func (f *filler) itemNotes(o *parlance.Outcome, item int32) {
	note := spec.Target{Owner: spec.Item, Attr: spec.AttrNote}
	if f.bound&note.Bit() == 0 {
		return
	}
	own := false
	for i := range f.m.binds {
		if b := &f.m.binds[i]; b.target == note && f.itemOf(b.scope) == item {
			own = true
			if text := f.text(i); !f.doubles(i, o) {
				o.Notes = append(o.Notes, text)
			}
		}
	}
	if text := f.get(item, spec.AttrNote); !own && text != "" {
		o.Notes = append(o.Notes, text)
	}
}

// doubles reports that the text of a note was taken for another attribute of the item too,
// and that the item has it there.
func (f *filler) doubles(i int, o *parlance.Outcome) bool {
	if i == 0 {
		return false
	}
	b, before := &f.m.binds[i], &f.m.binds[i-1]
	return before.target.Owner == spec.Item && before.Extent == b.Extent && spec.OutcomeText(o, before.target.Attr) == f.text(i)
}

// item fills an item from its iteration.
func (f *filler) item(it *parlance.Item, of *parlance.Outcome, scope int32, req *wire.Request) {
	it.ID = f.get(scope, spec.AttrID)
	get := func(a spec.Attribute) string { return f.get(scope, a) }
	if fault := f.fault(of, scope, req); fault > 0 {
		get = func(a spec.Attribute) string {
			return cmp.Or(f.itself(scope, a), f.get(fault, a), f.inside(fault, a))
		}
	}
	if text := f.get(scope, spec.AttrIndex); text != "" {
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			it.Index = n
		}
	}
	o := &it.Outcome
	for _, a := range itemAttributeOrder {
		if v := get(a); v != "" {
			spec.SetWhole(o, a, v)
		}
	}
	f.itemNotes(o, scope)
	o.Fields = f.itemFields(o, scope)
	if text := f.get(scope, spec.AttrStatus); text != "" { // the error of "" would be an allocation for each
		o.Status, _ = strconv.Atoi(text)
	}
	if body, headers := f.get(scope, spec.AttrBody), f.get(scope, spec.AttrHeaders); body != "" || headers != "" {
		f.nestedResponse(o, of, body, headers, req)
	}
	if o.Kind == 0 {
		r := f.d.ItemMeaning(o, of, get(spec.AttrIs), f.failuresOnly, req)
		o.Kind, o.Reason = r.Kind, r.Reason
		if r.Kind == parlance.KindNoted && r.Key == "" {
			f.m.unread++
			f.m.note("unlisted_code", "the code %q of item %d is not listed", o.Code, it.Index)
		}
	}
}
