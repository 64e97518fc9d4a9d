package dialect

import (
	"sync"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// WellFormed reports that bytes are an XML document that can be written into a
// response: complete, without a document type, and with no entities but XML's
// own. It is safe for concurrent use.
func WellFormed(document []byte) bool {
	t := trees.Get().(*tree.Tree)
	defer trees.Put(t)
	defer func() { t.Source = nil }()
	return t.XML(document, false) == nil
}

// trees are unused trees, kept for their memory.
var trees = sync.Pool{New: func() any { return new(tree.Tree) }}
