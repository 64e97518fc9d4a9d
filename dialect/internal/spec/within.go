package spec

// checkWithin refuses an attribute that would mean something else in its place than it seems
// to: a code or a text of the whole inside of a record, and a path that would replace the
// name around it.
func (d *Spec) checkWithin(r *Reporter) {
	w := withinChecker{r, map[use]bool{}, map[*Template]bool{}}
	for _, s := range d.Shapes {
		if !s.Inherited && s.Body != nil {
			w.check(s.Body, around{})
		}
	}
}

// around is what stands around a template.
type around struct {
	record bool // it is in an element that is a record
	named  bool // it is in a member whose name is a path
}

// withinChecker looks for such attributes.
type withinChecker struct {
	r    *Reporter
	seen map[use]bool
	told map[*Template]bool
}

// use is a definition in a place.
type use struct {
	*Instance
	around
}

// ofWhole are the attributes of the whole that a record has too.
const ofWhole = Set(1<<AttrCode | 1<<AttrFamily | 1<<AttrTitle | 1<<AttrDetail)

// check looks at a template and at what is in it.
func (w *withinChecker) check(t *Template, in around) {
	switch {
	case t == nil || t.WriteOnly:
		return
	case t.Op == OpHole:
		w.hole(t, in)
		return
	case t.Op == OpReference:
		if of := (use{t.Def, in}); !w.seen[of] {
			w.seen[of] = true
			w.check(t.Def.Body, in)
		}
		return
	}
	for below := range t.below {
		inside := in
		inside.record = inside.record || t.Op == OpList && below.Reads.Of(Item) != 0
		if t.Rest != nil && below == t.Rest.Value {
			inside.named = inside.named || t.Key == Target{Owner: Field, Attr: AttrPath}
			inside.record = inside.record || t.Key.Owner == Item
		}
		w.check(below, inside)
	}
}

// hole looks at one hole.
func (w *withinChecker) hole(t *Template, in around) {
	first := t.Hole.Readings[0].Target
	switch {
	case w.told[t]:
		return
	case in.record && first.Attr != AttrNone && t.Reads&ofWhole != 0 && t.Reads.Of(Item)|t.Reads.Of(Field) == 0:
		w.r.Fault(t.Pos, "bad_place", "write $item."+first.Attr.String()+" for that of the record", "%s is the response's, and would be taken from one of its records", first)
	case in.named && first == Target{Owner: Field, Attr: AttrPath}:
		w.r.Fault(t.Pos, "bad_place", "write $field.below to add it to that name, or $any=name in place of the outer $field", "this path would replace the one that the name of the member around it is")
	default:
		return
	}
	w.told[t] = true
}
