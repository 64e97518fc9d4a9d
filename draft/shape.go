package draft

import (
	"fmt"
	"slices"
)

// shape is how one kind of body looks.
type shape struct {
	name    string
	classes []string // 2xx, 4xx 5xx
	form    string
	media   string // the content type that is written, "" for the usual one
	marked  bool   // under a good status, a member says that it failed
	body    *place
	ruled   bool     // a member says whether it went well
	status  bool     // an HTTP status in the body tells that it failed
	is      string   // the row that has its meaning, "" for none
	labeled bool     // a document tells where the code and the message are
	good    bool     // it tells of a success
	codes   []string // those that it is for, nil for all
	failed  bool     // it tells of a failure under a good status
	of      []*sample
	gone    bool // it did not hold
}

// demand says that a body has a member if it fits the shape.
func (s *shape) demand(name string) {
	for _, p := range s.body.kids {
		if p.base() == name {
			p.key = name + "!"
		}
	}
}

// classesOf is the condition under which a shape is tried.
func classesOf(status int, complains bool) []string {
	switch {
	case status >= 400:
		return []string{"4xx", "5xx"}
	case complains:
		return []string{"2xx"}
	}
	return []string{fmt.Sprint(status)}
}

// merge makes one shape of those that look alike: what only some have may be
// left out.
func (d *drafted) merge() {
	var kept []*shape
	d.onlyStatuses()
	for _, s := range d.shapes {
		i := s.joins(kept)
		if i >= 0 && s.media != "" && kept[i].media == "" {
			kept[i].media = s.media
		}
		if i < 0 {
			at := slices.IndexFunc(kept, func(k *shape) bool { return k.form == s.form && covers(k.body, s.body) })
			if at < 0 {
				at = len(kept)
			}
			kept = slices.Insert(kept, at, s)
			continue
		}
		kept[i].join(s)
	}
	arrange(kept)
	sure := slices.DeleteFunc(slices.Clone(kept), func(s *shape) bool { return !s.proven() })
	kept = append(sure, slices.DeleteFunc(kept, (*shape).proven)...) // else a failure with any code takes the code for none
	d.shapes = kept
	names := map[string]int{}
	for _, s := range kept {
		slices.Sort(s.classes)
		if names[s.name]++; names[s.name] > 1 {
			s.name = fmt.Sprintf("%s %d", s.name, names[s.name])
		}
	}
}

// join takes what another shape has that looks alike.
func (k *shape) join(s *shape) {
	k.body = unite(k.body, s.body)
	k.of = append(k.of, s.of...)
	k.failed = k.failed || s.failed
	for _, code := range s.codes {
		if !slices.Contains(k.codes, code) {
			k.codes = append(k.codes, code)
		}
	}
	for _, sample := range s.of {
		sample.shape = k
	}
	for _, c := range s.classes {
		if !slices.Contains(k.classes, c) {
			k.classes = append(k.classes, c)
		}
	}
}

// onlyStatuses lets the HTTP statuses in bodies be what they are, unless other codes there are
// numbers too.
func (d *drafted) onlyStatuses() {
	for _, s := range d.shapes {
		s.status = s.status && !d.numbers
	}
}

// arrange lets shapes be tried that another one would take all bodies of: the one in which
// a text is the code requires its message, and comes before the one in which that text is
// the message. A shape before others does not fit every object.
func arrange(all []*shape) {
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			a, b := all[i], all[j]
			if a.form != b.form || a.labeled || b.labeled {
				continue
			}
			switch {
			case swapped(a.body, b.body):
				tighten(a.body)
			case swapped(b.body, a.body):
				tighten(b.body)
				all[i], all[j] = b, a
			}
			loosen(all[i].body)
		}
	}
}

// traits are what two shapes have in common if they can be one.
func (s *shape) traits() any {
	return struct {
		form, is                           string
		good, marked, ruled, status, coded bool
	}{s.form, s.is, s.good, s.marked, s.ruled, s.status, s.codes != nil}
}

// joins finds the shape that can be one with this one; -1 if there is none. One that does
// not require more than this one is preferred.
func (s *shape) joins(kept []*shape) int {
	last := -1
	for i, k := range kept {
		if k.traits() != s.traits() || k.is != "" || !alike(k.body, s.body) || s.labeled && k.labeled && stricter(k.body, s.body) && stricter(s.body, k.body) {
			continue
		}
		if last = i; !stricter(k.body, s.body) {
			return i
		}
	}
	return last
}
