package dialect

import (
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// itemSaid are the attributes of a record that were written.
func (w *output) itemSaid(it *parlance.Item, written set) set {
	have := itemSet(it) &^ (bitOf(item, attrCode) | bitOf(item, attrStatus))
	if w.itemCode != "" {
		have |= bitOf(item, attrCode)
	}
	if w.itemStatus != 0 {
		have |= bitOf(item, attrStatus)
	}
	return have & written
}

func (w *output) withItem(i int, e *template, write func(*template)) {
	it := &w.o.Items[i]
	w.item, w.itemAt = it, i
	site := &w.shape.sites[w.items.site[i]]
	written := e.writes | e.copies | w.around
	w.itemCode, w.itemStatus = w.itemMeaning(it, written, site)
	if site.must&^w.itemSaid(it, ownerBits[item]) != 0 {
		w.lost("items["+strconv.Itoa(i)+"]", "it lacks what must be there for it to be read")
		return
	}
	at := func(name string) string { return "items[" + strconv.Itoa(i) + "].outcome." + name }
	if written.has(item, attrBody) {
		w.answer(it, at(""))
	}
	write(e)
	if w.itemBody == nil && site.is == "" && w.itemSaid(it, written) == 0 {
		w.lost("items["+strconv.Itoa(i)+"]", "it has nothing that stands in such a place")
		return
	}
	back := w.readsBack(it, site, written)
	if w.itemBody != nil {
		back = &row{kind: w.itemBack.Kind, reason: w.itemBack.Reason}
	}
	w.back = append(w.back, parlance.Item{Outcome: parlance.Outcome{Kind: back.kind, Reason: back.reason}})
	if back.kind != it.Outcome.Kind {
		w.lost(at("kind"), "it is written as "+back.kind.String())
	}
	if it.Outcome.Reason != "" && back.reason != it.Outcome.Reason {
		w.lost(at("reason"), "there is no place for it")
	}
	if it.Index != len(w.back)-1 && !written.has(item, attrIndex) && !w.grafted {
		w.lost("items["+strconv.Itoa(i)+"].index", "records have no number of their own here")
	}
	lost := itemSet(it) &^ (bitOf(item, attrKind) | bitOf(item, attrReason) | bitOf(item, attrIndex))
	if w.itemBody != nil {
		lost &= bitOf(item, attrStatus) | bitOf(item, attrID)
	}
	same := written // those that are written as they are
	if w.itemCode != it.Outcome.Code {
		same &^= bitOf(item, attrCode)
	}
	if w.itemStatus != it.Outcome.Status {
		same &^= bitOf(item, attrStatus)
	}
	if lost &^= same; lost != 0 {
		for a := attrNone + 1; a < attrCount; a++ {
			if !lost.has(item, a) {
				continue
			}
			name := at(a.String())
			if a == attrID {
				name = "items[" + strconv.Itoa(i) + "].id"
			}
			w.lost(name, "there is no place for it")
		}
	}
	if len(it.Outcome.Notes) > 0 && w.itemBody == nil {
		w.lost(at("notes"), "there is no place for them")
	}
	if len(it.Outcome.Fields) > 0 && w.itemBody == nil {
		w.lost(at("fields"), "there is no place for them")
	}
	w.itemBody, w.itemHeader = nil, nil
}

// answer writes a record as an answer of its own, with a body and a header.
func (w *output) answer(it *parlance.Item, at string) {
	o := it.Outcome
	var m Message
	w.d.encode(&m, nil, &Request{Path: w.req.Path, Now: w.req.Now, Header: acceptJSON}, &o, &Payload{}, w.depth+1)
	w.itemStatus = m.Status
	w.itemBody, w.itemHeader = m.Body, m.Header
	if w.itemBody == nil {
		w.itemBody = []byte{}
	}
	var t tree.Tree
	if len(m.Body) > 0 && t.JSON(m.Body, false) != nil {
		w.itemBody = appendJSONText(nil, string(m.Body))
	}
	w.itemBack = o
	for _, l := range m.Losses {
		w.lost(at+l.Attribute, l.Reason)
		switch l.Attribute {
		case "kind":
			w.itemBack.Kind, w.itemBack.Reason = w.d.statusRow(m.Status, w.req).kind, ""
		case "reason":
			w.itemBack.Reason = ""
		}
	}
}

var acceptJSON = Fields{"Accept": {"application/json"}}

// itemMeaning is the code and the status that a record is written with, so that
// it reads back as its kind.
func (w *output) itemMeaning(it *parlance.Item, written set, s *site) (code string, status int) {
	m := w.meaningOf(it, written, s)
	return m.code, m.status
}

// meanItem is itemMeaning for a record that means something else than those before.
func (w *output) meanItem(it *parlance.Item, written set, s *site) (code string, status int) {
	o := &it.Outcome
	if written.has(item, attrKind) {
		return o.Code, o.Status // the kind is told by itself
	}
	row, fallback := w.d.writable(&parlance.Outcome{Kind: o.Kind, Reason: o.Reason}, w.req)
	status = o.Status
	if status < 100 || status > 999 || w.d.statusRow(status, w.req).kind != o.Kind {
		status = fallback // what is no status of three digits would not be read as one
	}
	code = o.Code
	if allowed := w.shape.itemCodes; len(allowed) > 0 && !slices.Contains(allowed, code) {
		code = ""
		for _, c := range allowed {
			r := w.d.codeRow(c, anyForm, w.req)
			if r == nil {
				continue
			}
			if r.kind == o.Kind || code == "" && r.kind.Failing() == o.Kind.Failing() {
				code = c
			}
			if r.kind == o.Kind {
				break
			}
		}
		return code, status
	}
	if s.whole.has(item, attrCode) && !isWhole(code) {
		code = "" // it would be no number
	}
	own := w.d.codeRow(code, anyForm, w.req)
	if said, _ := w.d.said(&parlance.Outcome{Status: -1}, s.is, w.req); said != nil && said.kind == o.Kind && (code == "" || own == nil || own.kind == o.Kind) {
		return code, status // the form says it, and needs no code
	}
	if !written.has(item, attrStatus) {
		status = 0
		if code == "" || own != nil && own.kind != o.Kind || own == nil && w.d.inBodies() {
			code = w.d.recordCode(o, row, w.req)
		}
	} else if w.d.codes.merged && (own == nil || own.kind != o.Kind) {
		code = strconv.Itoa(status) // codes are statuses: a foreign one has no place
	} else if own != nil && own.kind != o.Kind {
		code = ""
	}
	return code, status
}
