package write

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// verify reads the written response again, so that its Losses are exactly what does not
// come back. The writer knows where an attribute stands. Whether a reader finds it there
// depends on everything around it: a member that must be there, an earlier shape, or a text
// that means something else. It reports whether everything comes back that has a place.
func (w *output) verify(m *wire.Encoded, o *parlance.Outcome) bool {
	body := w.dst[w.start:]
	if w.depth > 0 || w.shape == nil && (!w.headed || len(body) > 0) || len(body) > read.MaxBody {
		return true // the response around it is verified, or there is nothing to read
	}
	fields := make(wire.HeaderMap, len(m.Header))
	for _, h := range m.Header {
		name := httpheader.Canonical(h.Name)
		fields[name] = append(fields[name], h.Value)
	}
	back := w.d.Decode(*w.req, wire.Response{Status: m.Status, Header: fields, Body: body, Received: w.Now()}, 0)
	s := settlement{losses: m.Losses, wrote: w.wrote, guessed: back.Common != wire.CommonNone}
	own := *o
	if own.Title == w.row.Title {
		own.Title = "" // the row's own words need no place
	}
	if own.Help == w.row.Help {
		own.Help = ""
	}
	s.texts("", &own, &back.Outcome)
	s.notes(o, &back.Outcome)
	s.extra(o, &back.Outcome)
	s.fields(o, &back.Outcome)
	s.items(o, &back.Outcome)
	if s.spoils {
		w.spoil() // with other texts it may come back
	}
	m.Losses = s.losses
	return !s.missed
}

// weightOf is how bad Losses are together.
func weightOf(losses []parlance.Loss) (sum int) {
	for _, l := range losses {
		switch l.Attribute {
		case "kind":
			sum += 16
		case "items", "fields", "data", "notes":
			sum += 8
		case "detail", "code":
			sum += 2
		default:
			sum++
		}
	}
	return sum
}

// settlement holds what was written against what is read.
type settlement struct {
	losses  []parlance.Loss
	changed bool  // they were copied
	spoils  bool  // they depend on texts
	missed  bool  // an attribute has a place and does not come back
	guessed bool  // texts are read by the forms that most APIs use, and not by the file
	wrote   []int // the records that were written, in the order of the response
}

const (
	notRead = "it does not come back when the response is read"
	gained  = "it has none, and is read with that of the whole"
)

func (s *settlement) has(attribute string) bool {
	return slices.ContainsFunc(s.losses, func(l parlance.Loss) bool { return l.Attribute == attribute })
}

// own makes the Losses a copy, since those of a choice are shared.
func (s *settlement) own() {
	if !s.changed {
		s.losses, s.changed = slices.Clone(s.losses), true
	}
}

// settle reports an attribute that did not come back, and takes back the Loss of one that
// did.
func (s *settlement) settle(attribute string, set, same bool) {
	switch lost := s.has(attribute); {
	case !set || same != lost:
	case same && s.guessed:
	case same:
		s.own()
		s.spoils = true
		s.losses = slices.DeleteFunc(s.losses, func(l parlance.Loss) bool { return l.Attribute == attribute })
	default:
		s.lose(attribute, notRead)
	}
}

func (s *settlement) lose(attribute, reason string) {
	s.own()
	s.missed = s.missed || reason == notRead
	s.spoils = s.spoils || reason != gained
	s.losses = append(s.losses, parlance.Loss{Attribute: attribute, Reason: reason})
}

// texts settles what an Outcome says by itself. at stands before the names.
func (s *settlement) texts(at string, o, back *parlance.Outcome) {
	s.settle(at+"kind", true, o.Kind == back.Kind)
	s.settle(at+"reason", o.Reason != "", o.Reason == back.Reason)
	s.settle(at+"status", o.Status != 0, o.Status == back.Status)
	s.settle(at+"retry_after", o.RetryAfter > 0, o.RetryAfter == back.RetryAfter)
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
// then as what the Losses leave of it, then by its path. Those that are left then are taken
// for each other in their order.
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
	left, found := slices.Clone(back.Fields), make([]bool, len(o.Fields))
	for _, fits := range [...]func(i int, f, b parlance.Field) bool{
		func(_ int, f, b parlance.Field) bool { return f == b },
		s.leaves,
		func(_ int, f, b parlance.Field) bool { return f.Path == b.Path && f.Message == b.Message },
		func(_ int, f, b parlance.Field) bool { return f.Path == b.Path },
		func(i int, f, b parlance.Field) bool {
			return !s.has(fieldAt(i)) && !ofWhole(s.rest(i, f), back) && !ofWhole(b, back)
		},
	} {
		for i, f := range o.Fields {
			if found[i] {
				continue
			}
			if at := slices.IndexFunc(left, func(b parlance.Field) bool { return fits(i, f, b) }); at >= 0 {
				s.field(i, f, left[at])
				left, found[i] = slices.Delete(left, at, at+1), true
			}
		}
	}
	s.missing(o, back, found)
	if slices.ContainsFunc(left, func(b parlance.Field) bool {
		return !ofWhole(b, back) && !strings.Contains(back.Detail, cmp.Or(b.Path, b.Code))
	}) {
		s.settle("fields", true, false) // more than were written
	}
}

func fieldAt(i int) string { return "fields[" + strconv.Itoa(i) + "]" }

// ofWhole reports that a Field without a path says no more than the whole.
func ofWhole(f parlance.Field, back *parlance.Outcome) bool {
	return f.Path == "" && (f.Message == "" || f.Message == back.Detail) && (f.Code == "" || f.Code == back.Code)
}

// rest is a Field without what is reported as lost.
func (s *settlement) rest(i int, f parlance.Field) parlance.Field {
	at := fieldAt(i)
	if s.has(at + ".path") {
		f.Path = ""
	}
	if s.has(at + ".code") {
		f.Code = ""
	}
	if s.has(at + ".message") {
		f.Message = ""
	}
	return f
}

// leaves reports that a Field is another one without what is reported as lost.
func (s *settlement) leaves(i int, f, b parlance.Field) bool {
	at := fieldAt(i)
	return !s.has(at) && (f.Path == b.Path || s.has(at+".path")) && (f.Code == b.Code || s.has(at+".code")) && (f.Message == b.Message || s.has(at+".message"))
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
		s.settle(at+".outcome.fields", len(was.Outcome.Fields) > 0, slices.Equal(was.Outcome.Fields, is.Outcome.Fields))
	}
	for i, is := range read {
		s.settle("items["+strconv.Itoa(i)+"]", true, is)
	}
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
		for at := range len(wrote) - (len(is) - n) + 1 {
			if alike := similarity(&was[wrote[at]], &is[n]); alike > most {
				best, most = at, alike
			}
		}
		places, wrote = append(places, wrote[best]), wrote[best+1:]
	}
	return places
}

// similarity counts what two records have in common, their IDs most.
func similarity(a, b *parlance.Item) int {
	return 4*spec.Btoi(a.ID != "" && a.ID == b.ID) + 2*spec.Btoi(a.Outcome.Kind == b.Outcome.Kind) +
		spec.Btoi(a.Outcome.Detail == b.Outcome.Detail) + spec.Btoi(a.Outcome.Code == b.Outcome.Code)
}
