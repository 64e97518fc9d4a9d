package dialect

import "github.com/parlance-api/parlance/dialect/internal/tree"

// grafts reports that the records of the shape stand in the caller's own
// document.
func (w *output) grafts(s *shape) bool {
	var t tree.Tree
	return t.XML(w.req.Body, false) == nil && len(recordsOf(&t, s.body)) > 0
}

// graft writes the answer into the caller's document: what the shape says of a
// record and the document does not is added as the last child of each record,
// in order.
func (w *output) graft() bool {
	var t tree.Tree
	if t.XML(w.req.Body, false) != nil {
		return false
	}
	records := recordsOf(&t, w.shape.body)
	if len(records) == 0 {
		return false
	}
	list := recordList(w.shape.body)
	w.grafted = true
	from := 0
	for i := range w.o.Items {
		it := &w.o.Items[i]
		if it.Index < 0 || it.Index >= len(records) || i > 0 && it.Index <= w.o.Items[i-1].Index {
			continue // told of as lost at the end
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
		w.one(item, i, list.elems[0], list, func(e *template) {
			for m := range e.members {
				// What holds the record's id is the caller's own and stands there already.
				if e.members[m].must {
					w.element(e.members[m].names[0], e.members[m].value)
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
func recordList(body *template) *template {
	root := body.root().value
	for i := range root.members {
		if root.members[i].value.op == opList {
			return root.members[i].value
		}
	}
	if root.rest != nil && root.rest.value.op == opList {
		return root.rest.value
	}
	return nil
}

// recordsOf finds the record elements of a document.
func recordsOf(t *tree.Tree, body *template) []uint32 {
	root := body.root()
	if body.rest == nil && !t.KeyIs(0, root.names[0]) {
		return nil
	}
	var records []uint32
	for c := range t.Children(0) {
		if t.Nodes[c].Kind != tree.Element {
			continue
		}
		if root.value.rest != nil {
			records = append(records, c)
			continue
		}
		for i := range root.value.members {
			m := &root.value.members[i]
			if m.value.op == opList && t.KeyIs(c, m.names[0]) {
				records = append(records, c)
			}
		}
	}
	return records
}
