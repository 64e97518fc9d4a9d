package dialect

// page reads an HTML page: the text of the first element of each name.
func (m *matcher) page(t *template, body []byte) bool {
	present := 0
	for i := range t.members {
		w := &t.members[i]
		text, found := htmlText(body, w.names[0])
		if !found {
			if w.must {
				return false
			}
			continue
		}
		present++
		if w.value.op == opHole && !m.text(w.value.hole, text) && !w.optional {
			if w.value.hole.readings[0].target.attr == attrStatus {
				continue // a page may say more than its number
			}
			return false
		}
	}
	return present > 0
}
