package read

import (
	"cmp"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
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
		if sc.placeless = (sc.placeless || sc.makes) && !f.placed(s); s > 0 {
			around := &scopes[sc.parent]
			around.inner, around.placeless = around.inner || sc.makes || sc.inner, around.placeless || sc.placeless
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
			scopes[s].last, scopes[s].makes, scopes[s].inner, scopes[s].placeless = 0, false, false, false
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
	return (!sc.inner || text || !sc.placeless && f.placed(s)) && (!keyOnly || innermost) && (!copies || located || f.located(sc.parent))
}

// placed reports that an iteration itself has the path of a Field. It belongs to the Fields in
// it that have none, and makes one of its own if each has.
func (f *filler) placed(s int) bool {
	for i := f.m.scopes[s].last; i > 0; i = f.m.binds[i-1].before {
		if b := &f.m.binds[i-1]; b.target.Attr == spec.AttrPath && !b.key {
			return true
		}
	}
	return false
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
			// The first of the turn counts, a value before a name, and a copy last.
			if b := &f.m.binds[i-1]; b.target.Attr == a && !(b.key && found > 0) && f.precedes(b, found) {
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
		if b := &f.m.binds[i-1]; b.target.Attr == a && f.precedes(b, found) {
			found = i
		}
	}
	if found == 0 {
		return ""
	}
	return f.text(int(found - 1))
}

// precedes reports that a text comes before the one that was found so far, 0 for none: a copy
// counts only if the attribute has no text of its own.
func (f *filler) precedes(b *bind, found int32) bool {
	return found == 0 || !b.copied() || f.m.binds[found-1].copied()
}

// copied reports that the text was taken for another attribute too, of the record or of the whole.
func (b *bind) copied() bool { return b.beside || b.copy }

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
