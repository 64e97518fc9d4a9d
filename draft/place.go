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
		return true
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
				if k.text != unknown {
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

// unite is one place for two: what only one has may be left out, and of what
// differs the first is kept.
func unite(a, b *place) *place {
	switch {
	case a.text == unknown && b.text != unknown:
		return optional(b)
	case b.text == unknown && a.text != unknown:
		return optional(a)
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
