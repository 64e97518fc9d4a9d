package read

import (
	"cmp"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

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
	if len(all) == 1 && len(made) == 1 && repeats(o, &all[0].Field) {
		return nil
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

// repeats reports that a Field without a path says only what its item says.
func repeats(o *parlance.Outcome, f *parlance.Field) bool {
	return f.Path == "" && (f.Code == "" || f.Code == o.Code) && (f.Message == "" || f.Message == o.Detail || f.Message == o.Title)
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
		one := f.fieldTurn(s)
		if one.code > 0 && to.Code == "" {
			to.Code = f.text(int(one.code - 1))
		}
		if one.message > 0 && to.Message == "" {
			to.Message = f.text(int(one.message - 1))
		}
		if one.below > 0 && !path.whole {
			path.begin(f.text(int(one.below - 1)))
			path.open = true
		}
		if one.path > 0 {
			path.around(f.text(int(one.path-1)), f.m.binds[one.path-1].key)
		}
	}
	to.Path = path.text
}

// fieldBinds are one more than the places of the texts of a Field; 0 for none.
type fieldBinds struct{ path, below, code, message int32 }

// fieldTurn is what one turn says of a Field.
func (f *filler) fieldTurn(s int32) (one fieldBinds) {
	for i := f.m.scopes[s].last; i > 0; i = f.m.binds[i-1].before {
		switch b := &f.m.binds[i-1]; {
		case b.target.Attr == spec.AttrPath && (!b.key || one.path == 0): // a value before a name
			one.path = i
		case b.target.Attr == spec.AttrBelow:
			one.below = i
		case b.target.Attr == spec.AttrCode && f.precedes(b, one.code):
			one.code = i
		case b.target.Attr == spec.AttrMessage && f.precedes(b, one.message):
			one.message = i
		}
	}
	return one
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
