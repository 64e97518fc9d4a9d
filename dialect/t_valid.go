package dialect

import (
	"sync"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// validJSON reports that a payload is JSON.
func validJSON(body []byte) bool {
	t := validators.Get().(*tree.Tree)
	err := t.JSONBy(unasked, body, false)
	t.Source = nil
	validators.Put(t)
	return err == nil
}

// unasked asks for no part of a document, which is validated all the same.
var unasked = tree.NewGuide()

var validators = sync.Pool{New: func() any { return new(tree.Tree) }}
