package server

import (
	"net/http"
	"slices"
)

// mark is a header as it was at one time, its values those of then: nobody writes
// to the values of a header, they are replaced. Of the few fields that an answer has
// a list is less to make than another map.
type mark []field

type field struct {
	name   string
	values []string
}

func markOf(h http.Header) mark {
	if len(h) == 0 {
		return nil
	}
	m := make(mark, 0, len(h))
	for name, values := range h {
		m = append(m, field{name, values})
	}
	return m
}

// of is the values that a field had.
func (m mark) of(name string) []string {
	for _, f := range m {
		if f.name == name {
			return f.values
		}
	}
	return nil
}

// is reports that a header is as it was.
func (m mark) is(h http.Header) bool {
	if len(m) != len(h) {
		return false
	}
	for _, f := range m {
		if values, there := h[f.name]; !there || !slices.Equal(values, f.values) {
			return false
		}
	}
	return true
}

// restore makes a header what it was.
func (m mark) restore(h http.Header) {
	clear(h)
	for _, f := range m {
		h[f.name] = f.values
	}
}

// header is a header of its own.
func (m mark) header() http.Header {
	h := make(http.Header, len(m)+1)
	m.restore(h)
	return h
}
