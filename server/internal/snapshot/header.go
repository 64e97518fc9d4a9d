// Package snapshot holds a header as it was at one time.
package snapshot

import (
	"net/http"
	"slices"
)

// Header is a header as it was at one time. It keeps the old values, because the values
// of a header are replaced and never written to. A response has few fields, so a list
// is cheaper to make than another map.
type Header []Field

// Field is one field of a Header.
type Field struct {
	Name   string
	Values []string
}

// Of takes a snapshot of the header.
func Of(h http.Header) Header {
	if len(h) == 0 {
		return nil
	}
	s := make(Header, 0, len(h))
	for name, values := range h {
		s = append(s, Field{name, values})
	}
	return s
}

// Values are the values that a field had.
func (s Header) Values(name string) []string {
	for _, f := range s {
		if f.Name == name {
			return f.Values
		}
	}
	return nil
}

// Equal reports whether a header is unchanged.
func (s Header) Equal(h http.Header) bool {
	if len(s) != len(h) {
		return false
	}
	for _, f := range s {
		if values, there := h[f.Name]; !there || !slices.Equal(values, f.Values) {
			return false
		}
	}
	return true
}

// Restore sets a header back to the snapshot.
func (s Header) Restore(h http.Header) {
	clear(h)
	for _, f := range s {
		h[f.Name] = f.Values
	}
}

// Copy makes a new header of the snapshot.
func (s Header) Copy() http.Header {
	h := make(http.Header, len(s)+1)
	s.Restore(h)
	return h
}
