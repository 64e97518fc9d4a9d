package draft

import (
	"slices"
	"strings"
)

// place is one place of a shape that is drafted: a text (a hole, a constant), an
// object, or a list.
type place struct {
	kind    kind
	key     string // as it is written, with its ? or !
	text    string
	kids    []*place
	comment string
	other   string // that a document tells to be neither code nor message: the value; "" if it does not tell
}

// base is the name without its mark.
func (p *place) base() string { return strings.TrimRight(p.key, "?!") }

// says reports that a place holds an attribute.
func says(p *place) bool {
	return strings.Contains(p.text, "$") && p.text != unknown || slices.ContainsFunc(p.kids, says)
}

// mentions reports that a place holds that attribute.
func mentions(p *place, attribute string) bool {
	first, _, _ := strings.Cut(p.text, " ")
	first, _, _ = strings.Cut(first, ":")
	return first == attribute || slices.ContainsFunc(p.kids, func(k *place) bool { return mentions(k, attribute) })
}

// alike reports that two places can be one: what both have is the same.
func alike(a, b *place) bool {
	if a.text == unknown || b.text == unknown {
		return !a.clashes(b) && !b.clashes(a)
	}
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case object:
		common := 0
		for _, k := range a.kids {
			if i := slices.IndexFunc(b.kids, func(o *place) bool { return overlap(o, k) }); i >= 0 {
				if !alike(k, b.kids[i]) {
					return false
				}
				if k.text != unknown || k.key == "$code!" {
					common++
				}
			}
		}
		return common > 0
	case list:
		return alike(a.kids[0], b.kids[0])
	}
	return a.text == b.text || samePath(a.text, b.text) != ""
}

// clashes reports that a place holds something else than the code or the message that
// another one holds. A code of 0 is none.
func (p *place) clashes(o *place) bool {
	return p.other != "" && (strings.HasPrefix(o.text, "$code") && p.other != "0" || strings.HasPrefix(o.text, "$detail"))
}

// covers reports that a shape reads another one's bodies, and takes something else in them
// for the code or the message, so that the other one has to be tried before.
func covers(a, b *place) bool { return conflict(a, b) && stricter(b, a) }

// swapped reports that a text is the code in one place and the message in another one.
func swapped(code, detail *place) bool {
	if code.kind == textual && detail.kind == textual {
		return mentions(code, "$code") && mentions(detail, "$detail")
	}
	return slices.ContainsFunc(code.kids, func(k *place) bool {
		return slices.ContainsFunc(detail.kids, func(o *place) bool { return (overlap(o, k) || code.kind == list) && swapped(k, o) })
	})
}

// tighten requires the message.
func tighten(p *place) {
	for _, k := range p.kids {
		if k.kind == textual && strings.HasPrefix(k.text, "$detail") {
			k.key = k.base() + "!"
		}
		tighten(k)
	}
}

// loosen makes one of the members that say something be there, if none has to.
func loosen(p *place) {
	if p.kind != object || slices.ContainsFunc(p.kids, func(k *place) bool { return !strings.HasSuffix(k.key, "?") }) {
		return
	}
	for _, k := range p.kids {
		if says(k) {
			k.key = k.base()
		}
	}
}

// conflict reports that two places hold something else, one of them the code or the message.
func conflict(a, b *place) bool {
	if a.clashes(b) || b.clashes(a) {
		return true
	}
	if a.kind == textual && b.kind == textual && says(a) && says(b) {
		return swapped(a, b) || swapped(b, a)
	}
	return slices.ContainsFunc(a.kids, func(k *place) bool {
		return slices.ContainsFunc(b.kids, func(o *place) bool { return (overlap(o, k) || a.kind == list) && conflict(k, o) })
	})
}

// stricter reports that a place requires a member that the bodies of another one lack.
func stricter(a, b *place) bool {
	return slices.ContainsFunc(a.kids, func(k *place) bool {
		i := slices.IndexFunc(b.kids, func(o *place) bool { return overlap(o, k) || b.kind == list })
		required := strings.HasSuffix(k.key, "!")
		if i < 0 {
			return required
		}
		o := b.kids[i]
		return required && strings.HasSuffix(o.key, "?") && o.other == "" || stricter(k, o)
	})
}

// unite is one place for two: what only one has may be left out, and of what
// differs the first is kept.
func unite(a, b *place) *place {
	switch {
	case a.text == unknown && b.text != unknown:
		return optional(b).eased().or(a.other)
	case b.text == unknown && a.text != unknown:
		return optional(a).eased().or(b.other)
	}
	if a.kind != b.kind {
		return a
	}
	u := *a
	if path := samePath(a.text, b.text); path != "" {
		u.text = path
	}
	switch a.kind {
	case object:
		u.kids = nil
		for _, k := range a.kids {
			i := slices.IndexFunc(b.kids, func(o *place) bool { return overlap(o, k) })
			if i < 0 {
				k = optional(k)
			} else {
				k = unite(k, b.kids[i])
			}
			u.kids = append(u.kids, k)
		}
		for _, k := range b.kids {
			if !slices.ContainsFunc(a.kids, func(o *place) bool { return overlap(o, k) }) {
				u.kids = append(u.kids, optional(k))
			}
		}
		u.kids = folded(u.kids)
	case list:
		u.kids = []*place{unite(a.kids[0], b.kids[0])}
	}
	if strings.HasSuffix(b.key, "?") && !strings.HasSuffix(u.key, "?") {
		u.key = b.key
	}
	return &u
}

// eased is the place without requirements within: there are bodies that do not meet them.
func (p *place) eased() *place {
	if p.kind != object {
		return p
	}
	var kids []*place
	for _, k := range p.kids {
		if strings.HasSuffix(k.key, "!") && !strings.HasPrefix(k.key, "$") {
			k = optional(k).eased()
		}
		kids = append(kids, k)
	}
	p.kids = kids
	return p
}

// or is the place of a code with the value that stands for none.
func (p *place) or(none string) *place {
	if none == "0" && p.text == "$code:int" {
		p.text += " = 0"
	}
	return p
}

// folded makes one member of several that are the same attribute: which one is
// filled differs from response to response.
func folded(kids []*place) (all []*place) {
	for _, k := range kids {
		i := slices.IndexFunc(all, func(o *place) bool { return k.kind == textual && says(k) && o.kind == textual && o.text == k.text })
		if i < 0 {
			all = append(all, k)
			continue
		}
		names := append(strings.Split(all[i].base(), "|"), strings.Split(k.base(), "|")...)
		rank := func(name string) int {
			if at := slices.Index(codeNames, plain(name)); at >= 0 && strings.Contains(k.text, "code") {
				return at
			}
			return slices.Index(detailNames, plain(name))
		}
		slices.Sort(names)
		names = slices.Compact(names)
		slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
		one := *all[i]
		one.key = strings.Join(names, "|")
		all[i] = &one
	}
	return all
}

// overlap reports that two places have a name in common.
func overlap(a, b *place) bool {
	return slices.ContainsFunc(strings.Split(a.base(), "|"), func(name string) bool {
		return slices.Contains(strings.Split(b.base(), "|"), name)
	})
}

func optional(p *place) *place {
	o := *p
	if !strings.HasPrefix(o.key, "$field") {
		o.key = p.base() + "?"
	}
	return &o
}

// isName reports a name that a shape can hold as it is.
func isName(name string) bool {
	return name != "" && name[0] != '$' && !strings.Contains(name, "|") && !strings.HasSuffix(name, "?") && !strings.HasSuffix(name, "!") &&
		len(name) < 100 && name != "<<" && strings.TrimSpace(name) == name && printable(name)
}
