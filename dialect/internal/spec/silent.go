package spec

import "github.com/parlance-api/parlance"

// failedForms marks the forms of records that say nothing of themselves beside one that says
// success: theirs is a failure, unless the code or the status of the record says otherwise.
func (d *Spec) failedForms(s *Shape) {
	if s.Body == nil {
		return
	}
	var silent []*Template
	if good := d.recordForms(s.Body, map[*Instance]bool{}, &silent); good {
		for _, t := range silent {
			t.Fails = true
		}
	}
}

// checkForms warns of forms of records that a constant tells apart, if none of them says
// success: each would be one without its code.
func (d *Spec) checkForms(r *Reporter, s *Shape) {
	if s.Body == nil || s.WriteOnly || s.FailuresOnly {
		return
	}
	var silent []*Template
	if good := d.recordForms(s.Body, map[*Instance]bool{}, &silent); good || len(silent) < 2 {
		return
	}
	meant := BitOf(Item, AttrCode) | BitOf(Item, AttrStatus) | BitOf(Item, AttrKind) | BitOf(Item, AttrBody)
	for _, t := range silent {
		if t.Tagged && t.Reads&meant != 0 && t.RequiredOf(Item)&meant == 0 {
			r.Warn(t.Pos, "loose_success", "write $is: success in the form of a record that went well; then this one is a failure", "a record of this form is a success if it has no code, because the form has no $is")
		}
	}
}

// recordForms collects the forms of records that say nothing of themselves. It reports
// whether another one says success.
func (d *Spec) recordForms(t *Template, seen map[*Instance]bool, silent *[]*Template) (good bool) {
	switch {
	case t.Op == OpReference:
		if !seen[t.Def] {
			seen[t.Def] = true
			return d.recordForms(t.Def.Body, seen, silent)
		}
		return false
	case t.Op == OpList && t.Makes(Item):
		for _, e := range t.Elems {
			good = d.recordForm(e, silent) || good
		}
		return good
	case t.Is != "" && t.Reads.Of(Item) != 0:
		return false // it says so of all records in it
	}
	for below := range t.below {
		if t.Rest != nil && below == t.Rest.Value && t.Key.Owner == Item {
			good = d.recordForm(below, silent) || good
			continue
		}
		good = d.recordForms(below, seen, silent) || good
	}
	return good
}

// recordForm is recordForms for one form of a record.
func (d *Spec) recordForm(t *Template, silent *[]*Template) (good bool) {
	switch t = t.Resolve(); {
	case t.Op == OpEither:
		for _, e := range t.Elems {
			good = d.recordForm(e, silent) || good
		}
		return good
	case t.Is != "":
		return d.succeeds(t.Is)
	case t.Op == OpObject && t.Reads.Of(Item) != 0 && !t.saysAny(map[*Instance]bool{}):
		*silent = append(*silent, t)
	}
	return false
}

// succeeds reports that what a form says of itself is a success.
func (d *Spec) succeeds(is string) bool {
	for b := d; b != nil; b = b.Base {
		if rows := b.Codes.Exact[is]; len(rows) > 0 {
			return rows[0].Kind == parlance.KindSuccess
		}
	}
	return is == parlance.KindSuccess.String()
}

// saysAny reports that $is stands in a template. seen are the definitions that have been
// searched.
func (t *Template) saysAny(seen map[*Instance]bool) bool {
	if t.Op == OpReference {
		if seen[t.Def] {
			return false
		}
		seen[t.Def] = true
		return t.Def.Body.saysAny(seen)
	}
	if t.Is != "" {
		return true
	}
	for below := range t.below {
		if below.saysAny(seen) {
			return true
		}
	}
	return false
}
