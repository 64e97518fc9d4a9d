package write

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// settlement holds what was written against what is read. Its work grows with the number
// of attributes and Losses, for an Outcome can have thousands of records.
type settlement struct {
	losses    []parlance.Loss
	lost      map[string]bool // their attributes; one that was taken back is false
	takenBack bool
	spoils    bool  // they depend on texts
	missed    bool  // an attribute has a place and does not come back
	guessed   bool  // texts are read by the forms that most APIs use, and not by the file
	wrote     []int // the records that were written, in the order of the response
}

func newSettlement(losses []parlance.Loss) *settlement {
	s := &settlement{losses: losses[:len(losses):len(losses)], lost: make(map[string]bool, len(losses))} // those of a choice are shared
	for _, l := range losses {
		s.lost[l.Attribute] = true
	}
	return s
}

// left are the Losses in the end.
func (s *settlement) left() []parlance.Loss {
	if !s.takenBack {
		return s.losses
	}
	return slices.DeleteFunc(slices.Clone(s.losses), func(l parlance.Loss) bool { return !s.lost[l.Attribute] })
}

const (
	notRead = "it does not come back when the response is read"
	gained  = "it has none, and is read with that of the whole"
)

func (s *settlement) has(attribute string) bool { return s.lost[attribute] }

// settle reports an attribute that did not come back, and takes back the Loss of one that
// did.
func (s *settlement) settle(attribute string, set, same bool) {
	switch lost := s.has(attribute); {
	case !set || same != lost:
	case same && s.guessed:
	case same:
		s.spoils, s.takenBack = true, true
		s.lost[attribute] = false
	default:
		s.lose(attribute, notRead)
	}
}

func (s *settlement) lose(attribute, reason string) {
	s.missed = s.missed || reason == notRead
	s.spoils = s.spoils || reason != gained
	s.losses = append(s.losses, parlance.Loss{Attribute: attribute, Reason: reason})
	s.lost[attribute] = true
}

// texts settles what an Outcome says by itself. at stands before the names.
func (s *settlement) texts(at string, o, back *parlance.Outcome) {
	s.settle(at+"kind", true, o.Kind == back.Kind)
	s.settle(at+"reason", o.Reason != "", o.Reason == back.Reason)
	s.settle(at+"status", o.Status != 0, o.Status == back.Status)
	s.settle(at+"retry_after", o.RetryAfter != 0, o.RetryAfter == back.RetryAfter)
	s.settle(at+"retryable", o.Retryable != 0, o.Retryable == back.Retryable)
	for _, a := range [...]struct{ name, was, is string }{
		{"code", o.Code, back.Code}, {"family", o.Family, back.Family}, {"title", o.Title, back.Title}, {"detail", o.Detail, back.Detail},
		{"type", o.Type, back.Type}, {"instance", o.Instance, back.Instance}, {"request_id", o.RequestID, back.RequestID}, {"help", o.Help, back.Help},
	} {
		s.settle(at+a.name, a.was != "", sameText(a.was, a.is))
	}
}

// sameText compares a text with the one that is read. Bytes that are no UTF-8 cannot be
// written.
func sameText(was, is string) bool {
	return was == is || !utf8.ValidString(was) && strings.ToValidUTF8(string([]rune(was)), "") == strings.ToValidUTF8(is, "")
}

// notes settles the notes. Texts that are taken for notes, where there are none, are a Loss
// as well.
func (s *settlement) notes(o, back *parlance.Outcome) {
	s.settle("notes", len(o.Notes)+len(back.Notes) > 0, slices.EqualFunc(o.Notes, back.Notes, sameText))
}

// extra settles what a vendor adds.
func (s *settlement) extra(o, back *parlance.Outcome) {
	for _, name := range slices.Sorted(maps.Keys(o.Extra)) {
		s.settle("extra."+name, o.Extra[name] != "", sameText(o.Extra[name], back.Extra[name]))
	}
}

// missing settles the Fields that were not found.
func (s *settlement) missing(o, back *parlance.Outcome, found []bool) {
	for i, f := range o.Fields {
		if !found[i] && !ofWhole(s.rest(i, f), back) {
			s.settle(fieldAt(i), true, false)
		}
	}
}

// fields settles the Fields. Each is looked for among those that are read: first as it is,
// then as what the Losses leave of it, then by its path, then by its texts. Those that are
// left then are taken for each other in their order.
func (s *settlement) fields(o, back *parlance.Outcome) {
	switch {
	case slices.Equal(o.Fields, back.Fields):
		for i, f := range o.Fields {
			s.field(i, f, f)
		}
		s.settle("fields", len(o.Fields) > 0, true)
		return
	case s.has("fields"):
		return
	}
	m := newMatching(back.Fields, len(o.Fields))
	for _, same := range [...]func(i int) mask{
		func(int) mask { return 0 },
		s.lostOf,
		func(int) mask { return codeLost },
		func(int) mask { return codeLost | messageLost },
		func(int) mask { return pathLost },
	} {
		for i, f := range o.Fields {
			if is, ok := m.take(i, f, same(i)); ok {
				s.field(i, f, is)
			}
		}
	}
	s.others(o, back, m)
	s.missing(o, back, m.found)
	for at, b := range back.Fields {
		if !m.taken[at] && !ofWhole(b, back) && !strings.Contains(back.Detail, cmp.Or(b.Path, b.Code)) {
			s.settle("fields", true, false) // more than were written
			return
		}
	}
}

// others takes the Fields that are left, and say more than the whole, for each other in
// their order.
func (s *settlement) others(o, back *parlance.Outcome, m *matching) {
	at := 0
	for i, f := range o.Fields {
		if m.found[i] || s.has(fieldAt(i)) || ofWhole(s.rest(i, f), back) {
			continue
		}
		for at < len(back.Fields) && (m.taken[at] || ofWhole(back.Fields[at], back)) {
			at++
		}
		if at == len(back.Fields) {
			return
		}
		m.found[i], m.taken[at] = true, true
		s.field(i, f, back.Fields[at])
	}
}

func fieldAt(i int) string { return "fields[" + strconv.Itoa(i) + "]" }

// ofWhole reports that a Field without a path says no more than the whole.
func ofWhole(f parlance.Field, back *parlance.Outcome) bool {
	return f.Path == "" && (f.Message == "" || f.Message == back.Detail) && (f.Code == "" || f.Code == back.Code)
}

// rest is a Field without what is reported as lost.
func (s *settlement) rest(i int, f parlance.Field) parlance.Field {
	if s.has(fieldAt(i)) {
		return f
	}
	return s.lostOf(i).of(f)
}

// lostOf are the attributes of a Field that are reported as lost.
func (s *settlement) lostOf(i int) (m mask) {
	at := fieldAt(i)
	if s.has(at) {
		return allLost
	}
	if s.has(at + ".path") {
		m |= pathLost
	}
	if s.has(at + ".code") {
		m |= codeLost
	}
	if s.has(at + ".message") {
		m |= messageLost
	}
	return m
}

// field settles one Field.
func (s *settlement) field(i int, was, is parlance.Field) {
	at := fieldAt(i)
	s.settle(at, true, true)
	s.settle(at+".path", true, sameText(was.Path, is.Path))
	for _, a := range [...]struct{ name, was, is string }{{".code", was.Code, is.Code}, {".message", was.Message, is.Message}} {
		switch {
		case a.was == "" && a.is != "" && !s.has(at+a.name):
			s.lose(at+a.name, gained)
		default:
			s.settle(at+a.name, true, sameText(a.was, a.is))
		}
	}
}

// items settles the records: those that were written are read in that order.
func (s *settlement) items(o, back *parlance.Outcome) {
	if len(o.Items) == 0 || s.has("items") {
		return
	}
	if len(back.Items) == 0 {
		s.settle("items", true, false)
		return
	}
	if len(back.Items) > len(s.wrote) {
		s.settle("items", true, false)
		return
	}
	wrote := aligned(o.Items, s.wrote, back.Items)
	read := make([]bool, len(o.Items))
	for n, i := range wrote {
		read[i] = true
		was, is, at := &o.Items[i], &back.Items[n], "items["+strconv.Itoa(i)+"]"
		s.settle(at+".id", true, was.ID == is.ID)
		s.settle(at+".index", true, was.Index == is.Index)
		s.texts(at+".outcome.", &was.Outcome, &is.Outcome)
		s.settle(at+".outcome.notes", len(was.Outcome.Notes)+len(is.Outcome.Notes) > 0, slices.EqualFunc(was.Outcome.Notes, is.Outcome.Notes, sameText))
		s.settle(at+".outcome.fields", len(was.Outcome.Fields)+len(is.Outcome.Fields) > 0, sameFields(&was.Outcome, &is.Outcome))
	}
	for i, is := range read {
		s.settle("items["+strconv.Itoa(i)+"]", true, is)
	}
}

// sameFields reports that two records have the same Fields, in any order. A Field that says
// no more than the record does not count.
func sameFields(was, is *parlance.Outcome) bool {
	if slices.Equal(was.Fields, is.Fields) {
		return true
	}
	left := make(map[parlance.Field]int, len(was.Fields))
	for _, f := range was.Fields {
		if !ofWhole(f, is) {
			left[f]++
		}
	}
	for _, f := range is.Fields {
		if !ofWhole(f, is) {
			if left[f]--; left[f] < 0 {
				return false
			}
		}
	}
	for _, n := range left {
		if n > 0 {
			return false
		}
	}
	return true
}

// aligned are the places of the records that are read. They are some of those that were
// written, in the same order: each is the most similar one that leaves enough for the rest.
func aligned(was []parlance.Item, wrote []int, is []parlance.Item) []int {
	if len(wrote) == len(is) {
		return wrote
	}
	places := make([]int, 0, len(is))
	for n := range is {
		best, most := 0, -1
		for at := range min(len(wrote)-(len(is)-n)+1, maxSkipped) {
			if alike := similarity(&was[wrote[at]], &is[n]); alike > most {
				best, most = at, alike
			}
		}
		places, wrote = append(places, wrote[best]), wrote[best+1:]
	}
	return places
}

// maxSkipped bounds how many records are passed over to find the most similar one.
const maxSkipped = 64

// similarity counts what two records have in common, their IDs most.
func similarity(a, b *parlance.Item) int {
	return 4*spec.Btoi(a.ID != "" && a.ID == b.ID) + 2*spec.Btoi(a.Outcome.Kind == b.Outcome.Kind) +
		spec.Btoi(a.Outcome.Detail == b.Outcome.Detail) + spec.Btoi(a.Outcome.Code == b.Outcome.Code)
}
