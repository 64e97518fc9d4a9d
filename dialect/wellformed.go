package dialect

import (
	"sync"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// WellFormed reports that bytes are an XML document as this package reads one, so
// that a response can be written into it: whole, without a document type, and with
// no entities but XML's own. It is safe for concurrent use.
func WellFormed(document []byte) bool {
	t := trees.Get().(*tree.Tree)
	defer trees.Put(t)
	defer func() { t.Source = nil }()
	return t.XML(document, false) == nil
}

// trees are those that nobody uses, with their memory.
var trees = sync.Pool{New: func() any { return new(tree.Tree) }}
