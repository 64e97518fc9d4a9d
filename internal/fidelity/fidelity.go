// Package fidelity compares a written Outcome with the one that is read back. It is for
// tests of the first law: the two differ by nothing but the reported Losses.
package fidelity

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// Difference is the first difference between an Outcome and what it was read back as that
// no Loss reports, "" if there is none. A text that a row, a default or the first Field adds
// to the whole is no difference.
func Difference(o, back *parlance.Outcome, losses []parlance.Loss) string {
	lost := func(attribute string) bool {
		return slices.ContainsFunc(losses, func(l parlance.Loss) bool { return l.Attribute == attribute })
	}
	if diff := texts(o, back, "", lost); diff != "" {
		return diff
	}
	if !slices.Equal(o.Notes, back.Notes) && !lost("notes") {
		return fmt.Sprintf("notes were %q and are %q", o.Notes, back.Notes)
	}
	for name, was := range o.Extra {
		if is := back.Extra[name]; was != "" && was != is && !lost("extra."+name) {
			return fmt.Sprintf("extra.%s was %q and is %q", name, was, is)
		}
	}
	if !lost("fields") {
		if diff := fields(o, back, lost); diff != "" {
			return diff
		}
	}
	if lost("items") {
		return ""
	}
	return items(o.Items, back.Items, lost)
}

// texts compares what an Outcome says by itself. at stands before the names in Losses.
func texts(o, back *parlance.Outcome, at string, lost func(string) bool) string {
	for _, a := range []struct{ name, was, is string }{
		{"kind", o.Kind.String(), back.Kind.String()}, {"code", o.Code, back.Code}, {"title", o.Title, back.Title},
		{"detail", o.Detail, back.Detail}, {"type", o.Type, back.Type}, {"instance", o.Instance, back.Instance},
		{"request_id", o.RequestID, back.RequestID}, {"help", o.Help, back.Help}, {"reason", string(o.Reason), string(back.Reason)},
		{"family", o.Family, back.Family}, {"retryable", o.Retryable.String(), back.Retryable.String()},
		{"retry_after", wait(o), wait(back)}, {"status", status(o), status(back)},
	} {
		if a.was != "" && a.was != a.is && !lost(at+a.name) {
			return fmt.Sprintf("%s was %q and is %q", at+a.name, a.was, a.is)
		}
	}
	return ""
}

func wait(o *parlance.Outcome) string {
	if o.RetryAfter == 0 {
		return ""
	}
	return o.RetryAfter.String()
}

func status(o *parlance.Outcome) string {
	if o.Status == 0 {
		return ""
	}
	return strconv.Itoa(o.Status)
}

// fields compares the Fields. A dialect with a map of them brings those of one name
// together, so their order does not count. A Field without a path that says what the whole
// says is no difference, nor is one that the detail names.
func fields(o, back *parlance.Outcome, lost func(string) bool) string {
	ofWhole := func(f parlance.Field) bool {
		return f.Path == "" && (f.Message == "" || f.Message == back.Detail) && (f.Code == "" || f.Code == back.Code)
	}
	// kept is a Field without the attributes that are reported of the one at a place.
	kept := func(i int, f parlance.Field) parlance.Field {
		name := fmt.Sprintf("fields[%d]", i)
		return without(f, lost(name+".path"), lost(name+".code"), lost(name+".message"))
	}
	gone := func(i int) bool {
		return lost(fmt.Sprintf("fields[%d]", i)) || kept(i, o.Fields[i]) == parlance.Field{}
	}
	left := slices.Clone(back.Fields)
	slices.SortStableFunc(left, func(a, b parlance.Field) int { return compareBool(ofWhole(a), ofWhole(b)) })
	m := matching{of: make([]int, len(left)), fits: func(i, at int) bool { return kept(i, o.Fields[i]) == kept(i, left[at]) }}
	mayMiss := func(i int) bool { return gone(i) || ofWhole(kept(i, o.Fields[i])) }
	order := make([]int, len(o.Fields)) // those that may be missing come last
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return compareBool(mayMiss(i), mayMiss(j)) })
	for _, i := range order {
		if !m.place(i, make([]bool, len(left))) && !mayMiss(i) {
			return fmt.Sprintf("field %+v is not among %+v", o.Fields[i], back.Fields)
		}
	}
	return gained(left, m.of, func(f parlance.Field) bool {
		return ofWhole(f) || strings.Contains(back.Detail, cmp.Or(f.Path, f.Code))
	})
}

// gained is the first Field that is read and that none was written as, unless the whole says
// the same.
func gained(read []parlance.Field, of []int, said func(parlance.Field) bool) string {
	for at, f := range read {
		if of[at] == 0 && !said(f) {
			return fmt.Sprintf("field %+v was gained", f)
		}
	}
	return ""
}

// matching gives each record that was written one that is read.
type matching struct {
	of   []int // the record that each was, one more than its place; 0 for none
	fits func(n, at int) bool
}

// place finds one for a record, if need be by giving others another one.
func (m *matching) place(n int, tried []bool) bool {
	for at := range m.of {
		if tried[at] || !m.fits(n, at) {
			continue
		}
		if tried[at] = true; m.of[at] == 0 || m.place(m.of[at]-1, tried) {
			m.of[at] = n + 1
			return true
		}
	}
	return false
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// without is a Field without some of its attributes.
func without(f parlance.Field, path, code, message bool) parlance.Field {
	if path {
		f.Path = ""
	}
	if code {
		f.Code = ""
	}
	if message {
		f.Message = ""
	}
	return f
}

// items compares the records. Their order counts, except for those whose place is lost.
func items(was, is []parlance.Item, lost func(string) bool) string {
	left := make([]int, 0, len(was))
	for i := range was {
		if !lost(fmt.Sprintf("items[%d]", i)) {
			left = append(left, i)
		}
	}
	if len(left) != len(is) {
		return fmt.Sprintf("%d items were written and %d are read", len(left), len(is))
	}
	diff := ""
	for n, i := range left {
		diff = cmp.Or(diff, item(i, &was[i], &is[n], lost))
	}
	if diff == "" || len(left) > 16 {
		return diff
	}
	m := matching{of: make([]int, len(is)), fits: func(n, at int) bool { return item(left[n], &was[left[n]], &is[at], lost) == "" }}
	for n := range left {
		if !m.place(n, make([]bool, len(is))) {
			return diff
		}
	}
	return ""
}

// more are the Fields of a record that say more than the record that is read, in the order
// of their texts: those of one name may have been brought together.
func more(o, back *parlance.Outcome) []parlance.Field {
	all := slices.DeleteFunc(slices.Clone(o.Fields), func(f parlance.Field) bool {
		return f.Path == "" && (f.Message == "" || f.Message == back.Detail) && (f.Code == "" || f.Code == back.Code)
	})
	slices.SortFunc(all, func(a, b parlance.Field) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Code, b.Code), strings.Compare(a.Message, b.Message))
	})
	return all
}

// item compares one record with what it may have been read as.
func item(i int, was, is *parlance.Item, lost func(string) bool) string {
	at := fmt.Sprintf("items[%d].", i)
	if was.ID != is.ID && !lost(at+"id") {
		return fmt.Sprintf("%sid was %q and is %q", at, was.ID, is.ID)
	}
	if was.Index != is.Index && !lost(at+"index") {
		return fmt.Sprintf("%sindex was %d and is %d", at, was.Index, is.Index)
	}
	if !slices.Equal(was.Outcome.Notes, is.Outcome.Notes) && !lost(at+"outcome.notes") {
		return fmt.Sprintf("%soutcome.notes were %q and are %q", at, was.Outcome.Notes, is.Outcome.Notes)
	}
	if !lost(at+"outcome.fields") && !slices.Equal(more(&was.Outcome, &is.Outcome), more(&is.Outcome, &is.Outcome)) {
		return fmt.Sprintf("%soutcome.fields were %+v and are %+v", at, was.Outcome.Fields, is.Outcome.Fields)
	}
	return texts(&was.Outcome, &is.Outcome, at+"outcome.", lost)
}
