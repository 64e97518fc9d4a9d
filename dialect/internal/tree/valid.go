package tree

import (
	"sync"
)

// ValidJSON reports that a payload is JSON.
func ValidJSON(body []byte) bool {
	t := validators.Get().(*Tree)
	err := t.JSONBy(unasked, body, false)
	t.Source = nil
	validators.Put(t)
	return err == nil
}

// unasked asks for no part of a document, which is validated all the same.
var unasked = NewGuide()

var validators = sync.Pool{New: func() any { return new(Tree) }}
