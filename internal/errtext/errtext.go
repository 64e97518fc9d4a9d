// Package errtext recognizes errors by their texts. net/http has no types for most of its
// errors.
package errtext

import (
	"errors"
	"slices"
	"strings"
)

// Begins reports that an error, or one that it wraps, begins with one of the texts.
func Begins(err error, texts ...string) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		text := err.Error()
		if slices.ContainsFunc(texts, func(t string) bool { return strings.HasPrefix(text, t) }) {
			return true
		}
	}
	return false
}
