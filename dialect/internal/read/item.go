package read

import (
	"cmp"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/meaning"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

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
		bad := 1 + meaning.Worse(f.d.ItemMeaning(&o, of, f.get(s, spec.AttrIs), f.failuresOnly || scopes[item].fails, req).Kind)
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
		r := f.d.ItemMeaning(o, of, get(spec.AttrIs), f.failuresOnly || f.m.scopes[scope].fails, req)
		o.Kind, o.Reason = r.Kind, r.Reason
		if r.Kind == parlance.KindNoted && r.Key == "" {
			f.m.unread++
			f.m.note("unlisted_code", "the code %q of item %d is not listed", o.Code, it.Index)
		}
	}
}
