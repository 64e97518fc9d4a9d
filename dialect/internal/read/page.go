package read

import (
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// page reads an HTML page: the text of the first element of each name.
func (m *Matcher) page(t *spec.Template, body []byte) bool {
	present := 0
	for i := range t.Members {
		w := &t.Members[i]
		text, found := tree.HtmlText(body, w.Names[0])
		if !found {
			if w.Must {
				return false
			}
			continue
		}
		present++
		if w.Value.Op == spec.OpHole && !m.text(w.Value.Hole, text) && !w.Optional {
			if w.Value.Hole.Readings[0].Target.Attr == spec.AttrStatus {
				continue // a page may say more than its number
			}
			return false
		}
	}
	return present > 0
}
