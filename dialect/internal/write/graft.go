package write

import (
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// grafts reports that the records of the shape are in the document of the caller.
func (w *output) grafts(s *spec.Shape) bool {
	var t tree.Tree
	return t.XML(w.req.Body, false) == nil && len(recordsOf(&t, s.Body)) > 0
}

// graft writes the response into the document of the caller. The members of the shape that
// the document does not have are added to each record, as its last children and in order.
func (w *output) graft() bool {
	var t tree.Tree
	if t.XML(w.req.Body, false) != nil {
		return false
	}
	records := recordsOf(&t, w.shape.Body)
	if len(records) == 0 {
		return false
	}
	list := recordList(w.shape.Body)
	w.grafted = true
	from := 0
	for i := range w.o.Items {
		it := &w.o.Items[i]
		if it.Index < 0 || it.Index >= len(records) || i > 0 && it.Index <= w.o.Items[i-1].Index {
			continue // reported as a loss at the end
		}
		r := records[it.Index]
		end := int(t.Nodes[r].Close)
		w.dst = append(w.dst, w.req.Body[from:end]...)
		from = end
		selfClosed := w.req.Body[end] == '/'
		if selfClosed {
			w.dst = append(w.dst, '>')
			from = end + len("/>")
		}
		w.one(spec.Item, i, list.Elems[0], list, func(e *spec.Template) {
			for m := range e.Members {
				// The element with the ID is in the document already.
				if e.Members[m].Must {
					w.element(e.Members[m].Names[0], e.Members[m].Value)
				}
			}
		})
		if selfClosed {
			name := startName(w.req.Body, int(t.Nodes[r].KeyStart), int(t.Nodes[r].KeyEnd))
			w.dst = append(append(append(w.dst, "</"...), name...), '>')
		}
	}
	w.dst = append(w.dst, w.req.Body[from:]...)
	return true
}

// startName is the full name of a start tag, prefix included.
func startName(src []byte, local, end int) []byte {
	for local > 0 && src[local-1] != '<' {
		local--
	}
	return src[local:end]
}

// recordList is the list of records in an XML body: root, then its elements.
func recordList(body *spec.Template) *spec.Template {
	root := body.Root().Value
	for i := range root.Members {
		if root.Members[i].Value.Op == spec.OpList {
			return root.Members[i].Value
		}
	}
	if root.Rest != nil && root.Rest.Value.Op == spec.OpList {
		return root.Rest.Value
	}
	return nil
}

// recordsOf finds the record elements of a document.
func recordsOf(t *tree.Tree, body *spec.Template) []uint32 {
	root := body.Root()
	if body.Rest == nil && !t.KeyIs(0, root.Names[0]) {
		return nil
	}
	var records []uint32
	for c := range t.Children(0) {
		if t.Nodes[c].Kind != tree.Element {
			continue
		}
		if root.Value.Rest != nil {
			records = append(records, c)
			continue
		}
		for i := range root.Value.Members {
			m := &root.Value.Members[i]
			if m.Value.Op == spec.OpList && t.KeyIs(c, m.Names[0]) {
				records = append(records, c)
			}
		}
	}
	return records
}
